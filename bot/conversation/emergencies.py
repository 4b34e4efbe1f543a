"""Forms of a bypass, opened and submitted: the grant, its review, more time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from bot.actions import Target, choice_value
from bot.cards import Card, Form, one_line
from bot.conversation.chat import Chat
from bot.views.answers import said
from bot.views.bypass import risk_words
from bot.views.bypass_forms import extension_form, review_form
from core.actor import Actor
from core.emergency import (
    Circumstances,
    FollowUp,
    ask_extension,
    check_extension_offered,
    check_review_offered,
    get_bypass,
    grant,
    review,
)
from core.errors import InvalidInput


async def review_form_of(chat: Chat, actor: Actor, which: UUID | int) -> Form:
    """The form of its review, for whoever may review it."""
    bypass = await get_bypass(chat.database, actor, which)
    await check_review_offered(chat.database, actor, bypass.id)
    return review_form(bypass)


async def extension_form_of(chat: Chat, actor: Actor, which: UUID | int) -> Form:
    """The form of more time, for whoever may ask for it now."""
    bypass = await get_bypass(chat.database, actor, which)
    await check_extension_offered(chat.database, actor, bypass.id)
    return extension_form(bypass)


async def submit_bypass(chat: Chat, actor: Actor, values: Mapping[str, Any]) -> Card:
    """The bypass is active; what is said repeats its risk with what that is made of (E3)."""
    bypass = await grant(
        chat.database,
        actor,
        action=values.get("action") or "",
        resource=values.get("agent") or "",
        justification=values.get("justification") or "",
        duration=_duration(values),
        named=Circumstances(
            environment=values.get("environment") or "",
            reason=values.get("reason") or "",
            incident=values.get("incident") or "",
        ),
    )
    return said(
        f"🚨 *{bypass.reference}* is active. Senior management has been told. End it with `/bypass end "
        f"{bypass.reference}` as soon as you can. Its risk: ",
        (one_line(risk_words(bypass)),),
    )


async def submit_extension(chat: Chat, actor: Actor, target: Target, values: Mapping[str, Any]) -> Card:
    """More time waits for somebody else of senior management."""
    reason = values.get("reason") or ""
    asked = await ask_extension(chat.database, actor, target.id, extra=_duration(values), reason=reason)
    return said(f"Senior management is asked for more time for *{asked.reference}*.")


async def submit_review(chat: Chat, actor: Actor, target: Target, values: Mapping[str, Any]) -> Card:
    """The review is done; what is not ticked on its checklist is kept as not holding."""
    bypass = await get_bypass(chat.database, actor, target.id)
    ticked = values.get("checklist") or ()
    done = await review(
        chat.database,
        actor,
        target.id,
        verdict=values.get("verdict") or "",
        notes=values.get("notes") or "",
        findings={item: choice_value(item) in ticked for item in bypass.checklist},
        follow_ups=await _follow_ups(chat, values),
    )
    return said(f"The review of *{done.reference}* is done.")


async def _follow_ups(chat: Chat, values: Mapping[str, Any]) -> tuple[FollowUp, ...]:
    title = (values.get("follow_up") or "").strip()
    if not title:
        return ()
    if not values.get("owner"):
        raise InvalidInput("Say who does it.", where="owner")
    due = values.get("due") or ""
    if not due.isdecimal():
        raise InvalidInput("Say until when.", where="due")
    owner = await chat.platform.person(values["owner"])
    return (FollowUp(title, owner, chat.now() + timedelta(days=int(due))),)


def _duration(values: Mapping[str, Any]) -> timedelta:
    try:
        return timedelta(seconds=float(values.get("duration") or 0))
    except (ValueError, OverflowError):
        raise InvalidInput("Choose a duration.", where="duration") from None
