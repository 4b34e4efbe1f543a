"""The form of /approve, sent: the gate is asked, or a draft is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from bot.cards import Card, Markup, Plain, Strong
from bot.conversation.chat import Chat
from bot.conversation.drafts import save_draft
from bot.views.answers import said
from bot.views.pieces import names
from core.actor import Actor
from core.approvals import get_request
from core.decisions.views import Answer
from core.drafts import discard
from core.errors import InvalidInput

# Why the gate refuses what was asked for -> where that stands in the form.
_DENIED_AT: Final[Mapping[str, str]] = {
    "agents.exists": "resource.name",
    "agents.unknown": "resource.name",
    "agents.wrong_state": "action",
    "approvals.invalid_suggestion": "context.suggested_approvers",
    "approvals.invalid_ticket": "context.ticket",
}


async def ask_for(chat: Chat, actor: Actor, values: Mapping[str, Any], *, draft: UUID | None) -> Card:
    """What was asked for is on its way. Raises InvalidInput where the gate denies it."""
    emails = {key: await chat.platform.person(values.get(key) or "") for key in ("owner", "sponsor")}
    resource = {
        "name": values.get("known_agent") or values.get("agent_name") or "",
        "business_service": values.get("business_service") or "",
        **emails,
    }
    if values.get("draft"):
        return await save_draft(chat, actor, values, resource=resource, draft=draft)
    decision = await chat.gate.decide(
        actor,
        action=values.get("action") or "",
        resource=resource,
        context=await _context(chat, values),
    )
    if decision.decision is Answer.DENY:
        reason = decision.reasons[0]
        raise InvalidInput(reason.message, where=_DENIED_AT.get(reason.code))
    if draft is not None:
        await discard(chat.database, actor, draft)
    if decision.request_id is None:
        return said("Allowed at once: ", (Plain(decision.reasons[0].message),))
    request = await get_request(chat.database, actor, decision.request_id)
    if request.waits_for_ticket and request.requester.id == actor.user:
        waits_for = Markup(f"*{request.reference}* is written down. "), Plain(decision.reasons[0].message)
        return said("", waits_for)
    asked = names(person.name for stage in request.stages if stage.status == "open" for person in stage.approvers)
    waits = (Markup(" It waits for "), asked, Markup("."))
    if request.requester.id != actor.user:
        whose = Strong(request.requester.name)
        return said("", (whose, Markup(f" has asked for this already: *{request.reference}*."), *waits))
    return said(f"*{request.reference}* is on its way.", waits)


async def _context(chat: Chat, values: Mapping[str, Any]) -> dict[str, Any]:
    chosen = values.get("suggested") or ()
    emails = [await chat.platform.person(user) for user in chosen]
    return {
        "justification": values.get("justification") or "",
        **({"suggested_approvers": emails} if emails else {}),
        **({"ticket": values["ticket"]} if values.get("ticket") else {}),
    }
