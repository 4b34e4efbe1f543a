"""Approving many similar requests in one form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from bot.cards import Card, Form
from bot.conversation.chat import Asker, Chat, Opening
from bot.views import many
from core.actor import Actor
from core.approvals import Seen, approve_many, similar_waiting
from core.errors import InvalidInput


def many_opening(chat: Chat, asker: Asker) -> Opening:
    """The form in which several are ticked."""

    async def form() -> Form:
        actor = await chat.platform.actor(asker.chat_user)
        return many.many_form(await similar_waiting(chat.database, actor))

    return Opening(many.TITLE, form)


async def submit_many(chat: Chat, actor: Actor, values: Mapping[str, Any]) -> Card:
    """The ticked ones are approved. Raises InvalidInput for values that are none of ours."""
    seen = [_seen(str(value)) for value in values.get("requests") or ()]
    return many.many_card(await approve_many(chat.database, actor, seen, reason=str(values.get("reason") or "")))


def _seen(value: str) -> Seen:
    request, _, digest = value.partition(":")
    try:
        return Seen(UUID(request), digest)
    except ValueError:
        raise InvalidInput("This form is not one of ours any more.", where="requests") from None
