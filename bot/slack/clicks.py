"""Buttons. A click opens a form, or does one thing at once; who clicked comes from the verified request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from bot import actions
from bot.actions import Target, decode
from bot.cards import Form
from bot.slack.commands import bypass_form
from bot.slack.context import Answer, Chat, by_message, chat_user_of, through
from bot.slack.drafts import draft_form
from bot.slack.inputs import clicked
from bot.views import bypass_forms, forms
from bot.views.answers import nudged_card, said
from bot.views.reopening import reopen_form
from bot.views.votes import undone_card
from core.approvals import get_request, nudge, undo_vote, withdraw
from core.drafts import discard
from core.emergency import acknowledge, end, get_bypass
from core.errors import InvalidInput

_FORM_TITLES: Final[Mapping[str, str]] = {
    actions.VOTE_APPROVE: "Approve",
    actions.VOTE_REJECT: "Reject",
    actions.ASK: "Ask the requester",
    actions.ANSWER: "Answer",
    actions.AMEND: "Change request",
    actions.REOPEN: "Ask again",
    actions.DRAFT_CONTINUE: "Ask for approval",
    actions.DELEGATE: "Delegate",
    actions.DETAILS: "Details",
    actions.COMMENT: "Comment",
    actions.WHY: "Why these approvals?",
    actions.BYPASS_REVIEW: "Review",
    actions.OPEN_BYPASS: "Emergency bypass",
    actions.OPEN_REQUEST: "Ask for approval",
}


async def on_click(chat: Chat, body: Mapping[str, Any], respond: Callable[..., Awaitable[Any]]) -> None:
    """What the button promises has happened, or the clicker knows why not."""
    action_id, value = clicked(body["actions"][0])
    answer = _answer(chat, body, respond)
    async with chat.answering(answer):
        if action_id in _FORM_TITLES:
            await _open_form(chat, body, action_id, value)
            return
        target = decode(value)
        if target is None:
            raise InvalidInput("This button is not one of ours any more.", next_step="Use /approve show instead.")
        await _do(chat, body, action_id, target, answer)


async def _do(chat: Chat, body: Mapping[str, Any], action_id: str, target: Target, answer: Answer) -> None:
    actor = await chat.workspace.actor(chat_user_of(body))
    match action_id:
        case actions.UNDO:
            await answer(undone_card(await undo_vote(chat.database, actor, target.id)))
        case actions.DRAFT_DISCARD:
            await discard(chat.database, actor, target.id)
            await answer(said("The draft is gone."))
        case actions.WITHDRAW:
            request = await withdraw(chat.database, actor, target.id)
            await answer(said(f"*{request.reference}* is withdrawn."))
        case actions.NUDGE:
            await answer(nudged_card(await nudge(chat.database, actor, target.id)))
        case actions.BYPASS_ACKNOWLEDGE:
            bypass = await acknowledge(chat.database, actor, target.id)
            await answer(said(f"You have acknowledged *{bypass.reference}*."))
        case actions.BYPASS_END:
            bypass = await end(chat.database, actor, target.id)
            await answer(said(f"*{bypass.reference}* is over."))
        case _:
            return  # a link button: Slack has opened the address already


async def _open_form(chat: Chat, body: Mapping[str, Any], action_id: str, value: str) -> None:
    async def form() -> Form:
        return await _form(chat, body, action_id, decode(value))

    await chat.open_and_fill(str(body.get("trigger_id", "")), _FORM_TITLES[action_id], form)


async def _form(chat: Chat, body: Mapping[str, Any], action_id: str, target: Target | None) -> Form:
    actor = await chat.workspace.actor(chat_user_of(body))
    channel = str(body.get("channel", {}).get("id", ""))
    if action_id == actions.OPEN_REQUEST:
        return forms.request_form(forms.Written(owner=chat_user_of(body)), channel=channel)
    if action_id == actions.OPEN_BYPASS:
        return await bypass_form(chat, actor, channel)
    if target is None:
        raise InvalidInput("This button is not one of ours any more.", next_step="Use /approve show instead.")
    if action_id == actions.BYPASS_REVIEW:
        return bypass_forms.review_form(await get_bypass(chat.database, actor, target.id))
    if action_id == actions.DRAFT_CONTINUE:
        return await draft_form(chat, actor, target.id, channel=channel)
    request = await get_request(chat.database, actor, target.id)
    if action_id == actions.DETAILS:
        return forms.details_form(request, now=chat.now(), console=chat.console)
    if action_id == actions.WHY:
        return forms.why_form(request)
    makers = {
        actions.VOTE_APPROVE: forms.approve_form,
        actions.VOTE_REJECT: forms.reject_form,
        actions.ASK: forms.ask_form,
        actions.ANSWER: forms.answer_form,
        actions.COMMENT: forms.comment_form,
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


def _answer(chat: Chat, body: Mapping[str, Any], respond: Callable[..., Awaitable[Any]]) -> Answer:
    if body.get("response_url"):
        return through(respond)
    return by_message(chat, chat_user_of(body))  # a click in a modal or on the home tab
