"""Drafts in chat: saved from the request form, and opened in it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from bot.cards import Card, Form
from bot.conversation.chat import Chat
from bot.conversation.requesting import form_for
from bot.views.drafts import saved_card
from bot.views.request_forms import Written
from core.access import directory
from core.actor import Actor
from core.drafts import get_draft, save


async def draft_form(chat: Chat, actor: Actor, draft_id: UUID, *, channel: str) -> Form:
    """The request form as the draft left it."""
    draft = await get_draft(chat.database, actor, draft_id)
    written = Written(
        action=draft.action,
        agent=draft.resource.get("name", ""),
        owner=await _account(chat, draft.resource.get("owner", "")),
        sponsor=await _account(chat, draft.resource.get("sponsor", "")),
        business_service=draft.resource.get("business_service", ""),
        justification=draft.justification,
    )
    return await form_for(chat, actor, written, channel=channel, draft=draft.id)


async def save_draft(
    chat: Chat, actor: Actor, values: Mapping[str, Any], *, resource: Mapping[str, str], draft: UUID | None
) -> Card:
    """What the form says is kept, and nobody is asked."""
    kept = await save(
        chat.database,
        actor,
        action=str(values.get("action") or ""),
        resource=resource,
        justification=str(values.get("justification") or ""),
        draft_id=draft,
    )
    return saved_card(kept)


def draft_in(memo: str) -> UUID | None:
    """The draft that the form writes on."""
    _channel, _, draft = memo.partition(" ")
    try:
        return UUID(draft) if draft else None
    except ValueError:
        return None


async def _account(chat: Chat, email: str) -> str | None:
    async with chat.database.tenant(chat.platform.tenant) as tx:
        person = (await directory(tx)).by_email.get(email.lower())
    return await chat.platform.chat_user(person) if person else None
