"""A form made anew from what came back of it, so that an error can stand where it was caused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bot import actions
from bot.actions import decode
from bot.cards import Form
from bot.conversation import incidents
from bot.conversation.changes import new_form
from bot.conversation.chat import Asker, Chat
from bot.conversation.clicks import form_of
from bot.conversation.commands import bypass_form
from bot.conversation.drafts import draft_in
from bot.conversation.many import many_opening
from bot.conversation.requesting import form_for
from bot.views.request_forms import NEW_AGENT, Written
from core.errors import InvalidInput

# Which button opened the form.
_OPENED_BY: Final[Mapping[str, str]] = {
    actions.FORM_APPROVE: actions.VOTE_APPROVE,
    actions.FORM_REJECT: actions.VOTE_REJECT,
    actions.FORM_REOPEN: actions.REOPEN,
    actions.FORM_ASK: actions.ASK,
    actions.FORM_ANSWER: actions.ANSWER,
    actions.FORM_COMMENT: actions.COMMENT,
    actions.FORM_AMEND: actions.AMEND,
    actions.FORM_DELEGATE: actions.DELEGATE,
    actions.FORM_TICKET: actions.NAME_TICKET,
    actions.FORM_REVIEW: actions.BYPASS_REVIEW,
    actions.FORM_EXTEND: actions.BYPASS_EXTEND,
    actions.FORM_CHANGE_EVIDENCE: actions.CHANGE_EVIDENCE,
    actions.FORM_CHANGE_SCHEDULE: actions.CHANGE_SCHEDULE,
    actions.FORM_CHANGE_DONE: actions.CHANGE_DONE,
    actions.FORM_CHANGE_ROLLBACK: actions.CHANGE_ROLLBACK,
    actions.FORM_CHANGE_RECOVERY: actions.CHANGE_RECOVERY,
    actions.FORM_CHANGE_REVIEW: actions.CHANGE_REVIEW,
    actions.FORM_INCIDENT_ASSIGN: actions.INCIDENT_ASSIGN,
    actions.FORM_INCIDENT_ROLE: actions.INCIDENT_ROLE,
    actions.FORM_INCIDENT_SEVERITY: actions.INCIDENT_SEVERITY,
    actions.FORM_INCIDENT_UPDATE: actions.INCIDENT_UPDATE,
    actions.FORM_INCIDENT_NOTE: actions.INCIDENT_NOTE,
    actions.FORM_INCIDENT_LINK: actions.INCIDENT_LINK,
    actions.FORM_INCIDENT_TIMELINE: actions.INCIDENT_TIMELINE,
    actions.FORM_INCIDENT_RESOLVE: actions.INCIDENT_RESOLVE,
    actions.FORM_INCIDENT_REOPEN: actions.INCIDENT_REOPEN,
    actions.FORM_INCIDENT_REVIEW: actions.INCIDENT_REVIEW,
    actions.FORM_INCIDENT_FOLLOW_UP: actions.INCIDENT_FOLLOW_UP,
    actions.FORM_INCIDENT_FOLLOW_UP_DONE: actions.INCIDENT_FOLLOW_UP_DONE,
    actions.FORM_SERVICE_ACTION: actions.SERVICE_ACTION_FINISH,
    actions.FORM_BUDGET_RAISE: actions.BUDGET_RAISE,
    actions.FORM_NOTIFICATIONS: actions.OPEN_NOTIFICATIONS,
}


async def redrawn(chat: Chat, asker: Asker, memo: str, values: Mapping[str, Any]) -> Form:
    """The form of /approve for the action chosen in it, with what was written so far. Raises CountersignError.

    A new agent's owner is the asker until somebody else is chosen, where only its action was asked for so far.
    """
    actor = await chat.platform.actor(asker.chat_user)
    written = Written(
        action=str(values.get("action") or NEW_AGENT),
        agent=values.get("known_agent") or values.get("agent_name") or "",
        owner=values.get("owner", asker.chat_user),
        sponsor=values.get("sponsor"),
        business_service=values.get("business_service") or "",
        justification=values.get("justification") or "",
        ticket=values.get("ticket") or "",
    )
    return await form_for(chat, actor, written, channel=memo.partition(" ")[0], draft=draft_in(memo))


async def form_again(chat: Chat, asker: Asker, callback_id: str, memo: str, *, values: Mapping[str, Any]) -> Form:
    """The form as it would open now. Raises CountersignError, InvalidInput for one that is none of ours."""
    if callback_id == actions.FORM_REQUEST:
        return await redrawn(chat, asker, memo, values)
    if callback_id == actions.FORM_BYPASS:
        actor = await chat.platform.actor(asker.chat_user)
        return await bypass_form(chat, actor, memo)
    if callback_id == actions.FORM_CHANGE:
        return await new_form(chat, await chat.platform.actor(asker.chat_user))
    if callback_id == actions.FORM_INCIDENT:
        return await incidents.new_form(chat, await chat.platform.actor(asker.chat_user))
    if callback_id == actions.FORM_MANY:
        return await many_opening(chat, asker).make()
    opened_by = _OPENED_BY.get(callback_id)
    if opened_by is None:
        raise InvalidInput("This form is not one of ours any more.", next_step="Open it again.")
    return await form_of(chat, asker, opened_by, decode(memo))
