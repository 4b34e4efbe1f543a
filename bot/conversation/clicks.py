"""Buttons. A click opens a form, or does one thing at once; who clicked comes from the verified request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot import actions
from bot.actions import Target, decode
from bot.cards import Card, Form
from bot.conversation import budgets, changes, incidents, service_actions
from bot.conversation.chat import Asker, Chat, Opening, Reply
from bot.conversation.commands import bypass_form
from bot.conversation.drafts import draft_form
from bot.conversation.emergencies import extension_form_of, review_form_of
from bot.conversation.preferences import open_notifications
from bot.conversation.requesting import first_form
from bot.views import forms
from bot.views.answers import nudged_card, said
from bot.views.reopening import reopen_form
from bot.views.request_forms import TITLE, Written
from bot.views.tickets import ticket_form
from bot.views.votes import over, undone_card
from core.approvals import nudge, see_request, undo_vote, withdraw
from core.drafts import discard
from core.emergency import acknowledge, confirm_extension, decline_extension, end
from core.errors import Conflict, InvalidInput

FORM_TITLES: Final[Mapping[str, str]] = {
    actions.VOTE_APPROVE: "Approve",
    actions.VOTE_REJECT: "Reject",
    actions.ASK: "Ask the requester",
    actions.ANSWER: "Answer",
    actions.AMEND: "Change request",
    actions.REOPEN: "Ask again",
    actions.DRAFT_CONTINUE: TITLE,
    actions.DELEGATE: "Delegate",
    actions.DETAILS: "Details",
    actions.COMMENT: "Comment",
    actions.NAME_TICKET: "Name a ticket",
    actions.WHY: "Why these approvals?",
    actions.BYPASS_REVIEW: "Review",
    actions.BYPASS_EXTEND: "Extend",
    actions.OPEN_BYPASS: "Emergency bypass",
    actions.OPEN_REQUEST: TITLE,
    actions.OPEN_NOTIFICATIONS: "Notifications",
    **changes.FORM_TITLES,
    **incidents.FORM_TITLES,
    **budgets.FORM_TITLES,
    **service_actions.FORM_TITLES,
}


async def on_click(chat: Chat, asker: Asker, action_id: str, value: str) -> Reply:
    """What the button promises has happened, or is about to in a form. Raises CountersignError."""
    if action_id in actions.LEAD_AWAY:
        return None
    if action_id in FORM_TITLES:

        async def form() -> Form:
            return await form_of(chat, asker, action_id, decode(value))

        return Opening(FORM_TITLES[action_id], form)
    return await _do(chat, asker, action_id, _known(decode(value)))


async def _do(chat: Chat, asker: Asker, action_id: str, target: Target) -> Card | None:
    actor = await chat.platform.actor(asker.chat_user)
    if action_id in incidents.BUTTONS:
        return await incidents.on_button(chat, actor, action_id, target)
    match action_id:
        case actions.UNDO:
            return undone_card(await undo_vote(chat.database, actor, target.id))
        case actions.DRAFT_DISCARD:
            await discard(chat.database, actor, target.id)
            return said("The draft is gone.")
        case actions.WITHDRAW:
            request = await withdraw(chat.database, actor, target.id)
            return said(f"*{request.reference}* is withdrawn.")
        case actions.NUDGE:
            return nudged_card(await nudge(chat.database, actor, target.id))
        case actions.BYPASS_ACKNOWLEDGE:
            bypass = await acknowledge(chat.database, actor, target.id)
            return said(f"You have acknowledged *{bypass.reference}*.")
        case actions.BYPASS_END:
            bypass = await end(chat.database, actor, target.id)
            return said(f"*{bypass.reference}* is over.")
        case actions.BYPASS_EXTENSION_CONFIRM:
            bypass = await confirm_extension(chat.database, actor, target.id)
            return said(f"*{bypass.reference}* lasts longer.")
        case actions.BYPASS_EXTENSION_DECLINE:
            bypass = await decline_extension(chat.database, actor, target.id)
            return said(f"*{bypass.reference}* ends when it was to end.")
        case actions.CHANGE_SUBMIT | actions.CHANGE_START | actions.CHANGE_ROLL_OUT | actions.CHANGE_ACKNOWLEDGE:
            return await changes.on_button(chat, actor, action_id, target)
        case actions.BUDGET_ACKNOWLEDGE | actions.BUDGET_THROTTLE | actions.BUDGET_LIFT:
            return await budgets.on_button(chat, actor, action_id, target)
        case _:
            return None  # a link button: the platform has opened the address already


async def form_of(chat: Chat, asker: Asker, action_id: str, target: Target | None) -> Form:
    """The form that the button opens, with what is true now. Raises CountersignError."""
    actor = await chat.platform.actor(asker.chat_user)
    if action_id == actions.OPEN_REQUEST:
        return await first_form(chat, actor, Written(owner=asker.chat_user), channel=asker.channel)
    if action_id == actions.OPEN_BYPASS:
        return await bypass_form(chat, actor, asker.channel)
    if action_id == actions.OPEN_NOTIFICATIONS:
        return await open_notifications(chat, actor)
    target = _known(target)
    if action_id in changes.FORM_TITLES:
        return await changes.form_of(chat, actor, action_id, target.id)
    if action_id in incidents.FORM_TITLES:
        return await incidents.form_of(chat, actor, action_id, target.id)
    if action_id in budgets.FORM_TITLES:
        return await budgets.form_of(chat, actor, action_id, target.id)
    if action_id in service_actions.FORM_TITLES:
        return await service_actions.form_of(chat, actor, target.id)
    if action_id in (actions.BYPASS_REVIEW, actions.BYPASS_EXTEND):
        form = review_form_of if action_id == actions.BYPASS_REVIEW else extension_form_of
        return await form(chat, actor, target.id)
    if action_id == actions.DRAFT_CONTINUE:
        return await draft_form(chat, actor, target.id, channel=asker.channel)
    request = await see_request(chat.database, actor, target.id)
    if action_id == actions.DETAILS:
        return forms.details_form(request, now=chat.now(), console=chat.console)
    if action_id == actions.WHY:
        return forms.why_form(request)
    if action_id in (actions.VOTE_APPROVE, actions.VOTE_REJECT) and request.status != "pending":
        raise Conflict(over(request))  # an older message still has its buttons: nobody writes a reason in vain
    makers = {
        actions.VOTE_APPROVE: forms.approve_form,
        actions.VOTE_REJECT: forms.reject_form,
        actions.ASK: forms.ask_form,
        actions.ANSWER: forms.answer_form,
        actions.COMMENT: forms.comment_form,
        actions.NAME_TICKET: ticket_form,
        actions.AMEND: forms.amend_form,
        actions.REOPEN: reopen_form,
        actions.DELEGATE: forms.delegate_form,
    }
    mine = [
        stage.key
        for stage in request.stages
        if stage.status == "open" and any(person.id == actor.user for person in stage.approvers)
    ]
    stage = target.stage if target.stage in mine or not mine else mine[0]
    return makers[action_id](request, Target(id=target.id, digest=target.digest, stage=stage))


def _known(target: Target | None) -> Target:
    if target is None:
        raise InvalidInput("This button is not one of ours any more.", next_step="Use /approve show instead.")
    return target
