"""Submitted modals.

The use case runs before the acknowledgement, so that an error can stand at its field; should it
take too long, the modal closes in time and the outcome follows as a message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import structlog

from bot import actions
from bot.actions import Target, decode
from bot.cards import Card
from bot.slack import render
from bot.slack.context import WENT_WRONG, Chat, by_message, chat_user_of
from bot.slack.drafts import draft_in, save_draft
from bot.slack.inputs import option_value, read_inputs
from bot.slack.many import submit_many
from bot.slack.refusals import told_of_request
from bot.views import forms
from bot.views.answers import error_card, lost_card, said, sentence_of
from bot.views.pieces import names
from bot.views.reopening import reopened_card
from core.actor import Actor
from core.approvals import Choice, amend, cast_vote, comment, get_request, reassign
from core.decisions import reopen
from core.decisions.views import Answer
from core.drafts import discard
from core.emergency import grant, review
from core.errors import CountersignError, InvalidInput, Unavailable
from core.signin import StepUpRequired

log = structlog.get_logger()

# Why the gate refuses what was asked for -> where that stands in the form.
_DENIED_AT: Final[Mapping[str, str]] = {
    "agents.exists": "resource.name",
    "agents.unknown": "resource.name",
    "agents.wrong_state": "action",
}
ACK_WITHIN_S: Final = 2.0  # Slack gives up after 3
# Where an error points -> the input at which the person sees it.
_FIELDS: Final[Mapping[str, str]] = {
    "resource.name": "agent_name",
    "resource.owner": "owner",
    "resource.sponsor": "sponsor",
    "resource.business_service": "business_service",
    "context.justification": "justification",
    "to": "person",
    "resource": "agent",
    "text": "question answer comment",  # whichever of them this form has
}

Ack = Callable[..., Awaitable[Any]]


async def on_submission(chat: Chat, body: Mapping[str, Any], ack: Ack) -> None:
    """The form is done, or shows what is wrong with it."""
    work = asyncio.ensure_future(_submit(chat, body))
    done, _late = await asyncio.wait({work}, timeout=ACK_WITHIN_S)
    view = body["view"]
    if not done:
        await ack()
        await _follow_up(chat, body, work)
        return
    try:
        said_afterwards = work.result()
    except StepUpRequired as exc:  # a form shows no link: what was decided waits under it
        await ack()
        async with chat.answering(by_message(chat, chat_user_of(body))):
            await by_message(chat, chat_user_of(body), _channel(view))(error_card(exc))
        return
    except CountersignError as exc:
        await _refuse(ack, view, exc)
        return
    except Exception:
        log.exception("chat_submission_failed")
        await _refuse(ack, view, Unavailable(WENT_WRONG))
        return
    await ack()
    if said_afterwards:
        async with chat.answering(by_message(chat, chat_user_of(body))):
            await by_message(chat, chat_user_of(body), _channel(view))(said_afterwards)


async def _refuse(ack: Ack, view: Mapping[str, Any], error: CountersignError) -> None:
    field = _field(error, view)
    if field:
        await ack(response_action="errors", errors={field: sentence_of(error)[: render.LABEL_MAX]})
    else:
        form = forms.message_form(view["title"]["text"], sentence_of(error))
        await ack(response_action="update", view=render.modal(form))


async def _follow_up(chat: Chat, body: Mapping[str, Any], work: asyncio.Future[Card | None]) -> None:
    """The outcome as a message; what was written comes back with an error, as the form is gone."""
    answer = by_message(chat, chat_user_of(body))
    async with chat.answering(answer):
        try:
            card = await work or said("Done.")
        except StepUpRequired as exc:
            card = error_card(exc)
        except CountersignError as exc:
            card = lost_card(exc, _written(body["view"]))
        await answer(card)


async def _submit(chat: Chat, body: Mapping[str, Any]) -> Card | None:
    actor = await chat.workspace.actor(chat_user_of(body))
    view = body["view"]
    async with chat.once(actor, f"{view['id']}:{body.get('trigger_id', '')}") as actor:
        values = read_inputs(view)
        _refuse_blanks(view, values)
        if view["callback_id"] == actions.FORM_REQUEST:
            return await _ask_for(chat, actor, values, draft=draft_in(view))
        if view["callback_id"] == actions.FORM_MANY:
            return await submit_many(chat, actor, values)
        if view["callback_id"] == actions.FORM_BYPASS:
            return await _bypass(chat, actor, values)
        target = decode(view.get("private_metadata", ""))
        if target is None:
            raise InvalidInput("This form is not one of ours any more.", next_step="Open it again.")
        return await _on_target(chat, actor, view["callback_id"], target, values)


async def _on_target(
    chat: Chat, actor: Actor, callback_id: str, target: Target, values: Mapping[str, Any]
) -> Card | None:
    database = chat.database
    match callback_id:
        case actions.FORM_APPROVE:
            ticked = values.get("criteria")
            request = await get_request(database, actor, target.id)
            offered = next((stage.criteria for stage in request.stages if stage.key == target.stage), ())
            criteria = {} if ticked is None else {name: option_value(name) in ticked for name in offered}
            async with told_of_request(chat, actor, target.id, stage=target.stage or None):
                await cast_vote(
                    database,
                    actor,
                    target.id,
                    choice=Choice.APPROVE,
                    reason=values.get("reason") or "",
                    criteria=criteria,
                    stage=target.stage or None,
                    seen_digest=target.digest,
                )
        case actions.FORM_REJECT:
            async with told_of_request(chat, actor, target.id, stage=target.stage or None):
                await cast_vote(
                    database,
                    actor,
                    target.id,
                    choice=Choice.REJECT,
                    reason=values.get("reason") or "",
                    stage=target.stage or None,
                    seen_digest=target.digest,
                )
        case actions.FORM_ASK:
            await comment(database, actor, target.id, kind="question", text=values.get("question") or "")
        case actions.FORM_ANSWER:
            await comment(database, actor, target.id, kind="answer", text=values.get("answer") or "")
        case actions.FORM_REOPEN:
            before = await get_request(database, actor, target.id)
            reason = values.get("reason") or ""
            return reopened_card(before, await reopen(database, chat.gate, actor, target.id, reason=reason))
        case actions.FORM_COMMENT:
            await comment(database, actor, target.id, kind="comment", text=values.get("comment") or "")
        case actions.FORM_AMEND:
            await _amend(chat, actor, target, values)
        case actions.FORM_DELEGATE:
            email = await chat.workspace.person(values.get("person") or "")
            async with told_of_request(chat, actor, target.id, stage=target.stage or None):
                await reassign(
                    database,
                    actor,
                    target.id,
                    to_email=email,
                    stage=target.stage or None,
                    reason=values.get("reason") or "",
                )
        case actions.FORM_REVIEW:
            done = await review(
                database, actor, target.id, verdict=values.get("verdict") or "", notes=values.get("notes") or ""
            )
            return said(f"The review of *{done.reference}* is done.")
        case _:
            raise InvalidInput("This form is not one of ours any more.", next_step="Open it again.")
    return None


async def _amend(chat: Chat, actor: Actor, target: Target, values: Mapping[str, Any]) -> None:
    changes = {"business_service": values.get("business_service") or ""}
    for key in ("owner", "sponsor"):
        if values.get(key):
            changes[key] = await chat.workspace.person(values[key])
    await amend(
        chat.database,
        actor,
        target.id,
        changes=changes,
        justification=values.get("justification") or "",
        reason=values.get("reason") or "",
    )


async def _ask_for(chat: Chat, actor: Actor, values: Mapping[str, Any], *, draft: UUID | None) -> Card:
    emails = {key: await chat.workspace.person(values.get(key) or "") for key in ("owner", "sponsor")}
    resource = {
        "name": values.get("agent_name") or "",
        "business_service": values.get("business_service") or "",
        **emails,
    }
    if values.get("draft"):
        return await save_draft(chat, actor, values, resource=resource, draft=draft)
    decision = await chat.gate.decide(
        actor,
        action=values.get("action") or "",
        resource=resource,
        context={"justification": values.get("justification") or ""},
    )
    if decision.decision is Answer.DENY:
        reason = decision.reasons[0]
        raise InvalidInput(reason.message, where=_DENIED_AT.get(reason.code))
    if draft is not None:
        await discard(chat.database, actor, draft)
    if decision.request_id is None:
        return said(f"Allowed at once: {decision.reasons[0].message}")
    request = await get_request(chat.database, actor, decision.request_id)
    asked = names(person.name for stage in request.stages if stage.status == "open" for person in stage.approvers)
    waits = f"It waits for {render.escaped(asked.text)}."
    if request.requester.id != actor.user:
        whose = render.escaped(request.requester.name)
        return said(f"{whose} has asked for this already: *{request.reference}*. {waits}")
    return said(f"*{request.reference}* is on its way. {waits}")


async def _bypass(chat: Chat, actor: Actor, values: Mapping[str, Any]) -> Card:
    try:
        duration = timedelta(seconds=float(values.get("duration") or 0))
    except ValueError:
        raise InvalidInput("Choose a duration.", where="duration") from None
    bypass = await grant(
        chat.database,
        actor,
        action=values.get("action") or "",
        resource=values.get("agent") or "",
        justification=values.get("justification") or "",
        duration=duration,
    )
    return said(
        f"🚨 *{bypass.reference}* is active. Senior management has been told. End it with `/bypass end "
        f"{bypass.reference}` as soon as you can."
    )


def _refuse_blanks(view: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Slack insists on something in a field that must be filled; a space is enough for it."""
    for block in _inputs(view):
        name, is_text = block["block_id"], block["element"]["type"] == "plain_text_input"
        if is_text and not block.get("optional") and not (values.get(name) or "").strip():
            raise InvalidInput("Write something here.", where=name)


def _field(error: CountersignError, view: Mapping[str, Any]) -> str | None:
    """The input of this view at which the error is shown; None if the view has none.

    One that belongs to no input is shown at the last text: a page of its own would throw away what was typed.
    """
    blocks = {block["block_id"]: block["element"]["type"] for block in _inputs(view)}
    where = error.where or ""
    wanted = _FIELDS.get(where, "criteria" if where.startswith("criteria") else where)
    texts = [name for name, kind in blocks.items() if kind == "plain_text_input"]
    return next((name for name in wanted.split() if name in blocks), texts[-1] if texts else None)


def _written(view: Mapping[str, Any]) -> str:
    """What somebody wrote at the greatest length: the rest of a form is soon chosen again."""
    values = read_inputs(view)
    texts = [values.get(block["block_id"]) for block in _inputs(view) if block["element"]["type"] == "plain_text_input"]
    return max(filter(None, texts), key=len, default="")


def _inputs(view: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [block for block in view["blocks"] if block["type"] == "input"]


def _channel(view: Mapping[str, Any]) -> str | None:
    memo = (view.get("private_metadata") or "").partition(" ")[0]
    return memo if memo[:1] in ("C", "G") else None
