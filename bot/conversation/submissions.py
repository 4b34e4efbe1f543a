"""Submitted forms: one use case each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot import actions
from bot.actions import Target, choice_value, decode
from bot.cards import Card
from bot.conversation import budgets, changes, emergencies, incidents, service_actions
from bot.conversation.asking import ask_for
from bot.conversation.chat import Asker, Chat
from bot.conversation.drafts import draft_in
from bot.conversation.home import shown_again
from bot.conversation.many import submit_many
from bot.conversation.preferences import save_notifications
from bot.conversation.refusals import told_of_request
from bot.conversation.shape import Field, refuse_blanks
from bot.views.answers import said
from bot.views.reopening import reopened_card
from core.actor import Actor
from core.approvals import Choice, amend, cast_vote, comment, get_request, name_ticket, reassign
from core.decisions import reopen
from core.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Submission:
    """A form that was sent. `values` are as `inputs.read_inputs` of each platform gives them.

    `interaction` tells which opening of the form was sent: sent twice, it is done once; refused, it can be sent again.
    """

    callback_id: str
    memo: str
    values: Mapping[str, Any]
    fields: tuple[Field, ...]
    interaction: str


async def submit(chat: Chat, asker: Asker, sent: Submission) -> Card | None:
    """What the form asks for is done; what to say of it, if anything. Raises CountersignError."""
    actor = await chat.platform.actor(asker.chat_user)
    async with chat.once(actor, sent.interaction) as actor:
        refuse_blanks(sent.fields, sent.values)
        if sent.callback_id == actions.FORM_REQUEST:
            return await ask_for(chat, actor, sent.values, draft=draft_in(sent.memo))
        if sent.callback_id == actions.FORM_MANY:
            return await submit_many(chat, actor, sent.values)
        if sent.callback_id == actions.FORM_BYPASS:
            return await emergencies.submit_bypass(chat, actor, sent.values)
        if sent.callback_id == actions.FORM_CHANGE:
            return await changes.submit_new(chat, actor, sent.values)
        if sent.callback_id == actions.FORM_INCIDENT:
            return await incidents.submit_new(chat, actor, sent.values)
        if sent.callback_id == actions.FORM_NOTIFICATIONS:
            await save_notifications(chat, actor, sent.values)
            await shown_again(chat, asker.chat_user)
            return None
        target = decode(sent.memo)
        if target is None:
            raise InvalidInput("This form is not one of ours any more.", next_step="Open it again.")
        return await _on_target(chat, actor, sent.callback_id, target, sent.values)


async def _on_target(
    chat: Chat, actor: Actor, callback_id: str, target: Target, values: Mapping[str, Any]
) -> Card | None:
    database = chat.database
    if callback_id in changes.FORMS:
        return await changes.submit_form(chat, actor, callback_id, target, values)
    if callback_id in incidents.FORMS:
        return await incidents.submit_form(chat, actor, callback_id, target, values)
    if callback_id in budgets.FORMS:
        return await budgets.submit_form(chat, actor, target, values)
    if callback_id in service_actions.FORMS:
        return await service_actions.submit_form(chat, actor, target, values)
    match callback_id:
        case actions.FORM_APPROVE:
            ticked = values.get("criteria")
            request = await get_request(database, actor, target.id)
            offered = next((stage.criteria for stage in request.stages if stage.key == target.stage), ())
            criteria = {} if ticked is None else {name: choice_value(name) in ticked for name in offered}
            await _vote(chat, actor, target, Choice.APPROVE, values, criteria=criteria)
        case actions.FORM_REJECT:
            await _vote(chat, actor, target, Choice.REJECT, values, criteria={})
        case actions.FORM_ASK:
            await comment(database, actor, target.id, kind="question", text=values.get("question") or "")
        case actions.FORM_ANSWER:
            await comment(database, actor, target.id, kind="answer", text=values.get("answer") or "")
        case actions.FORM_REOPEN:
            before = await get_request(database, actor, target.id)
            reason = values.get("reason") or ""
            return reopened_card(before, await reopen(database, chat.gate, actor, target.id, reason=reason))
        case actions.FORM_TICKET:
            named = await name_ticket(database, chat.gate.desks, actor, target.id, ticket=values.get("ticket") or "")
            return said(f"*{named.reference}*: its ticket is being checked. You are told what comes of it.")
        case actions.FORM_COMMENT:
            await comment(database, actor, target.id, kind="comment", text=values.get("comment") or "")
        case actions.FORM_AMEND:
            await _amend(chat, actor, target, values)
        case actions.FORM_DELEGATE:
            email = await chat.platform.person(values.get("person") or "")
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
            return await emergencies.submit_review(chat, actor, target, values)
        case actions.FORM_EXTEND:
            return await emergencies.submit_extension(chat, actor, target, values)
        case _:
            raise InvalidInput("This form is not one of ours any more.", next_step="Open it again.")
    return None


async def _vote(
    chat: Chat, actor: Actor, target: Target, choice: Choice, values: Mapping[str, Any], *, criteria: dict[str, bool]
) -> None:
    stage = target.stage or None
    async with told_of_request(chat, actor, target.id, stage=stage):
        await cast_vote(
            chat.database,
            actor,
            target.id,
            choice=choice,
            reason=values.get("reason") or "",
            criteria=criteria,
            stage=stage,
            seen_digest=target.digest,
        )


async def _amend(chat: Chat, actor: Actor, target: Target, values: Mapping[str, Any]) -> None:
    changes = {"business_service": values.get("business_service") or ""}
    for key in ("owner", "sponsor"):
        if values.get(key):
            changes[key] = await chat.platform.person(values[key])
    await amend(
        chat.database,
        chat.gate.catalogue,
        actor,
        target.id,
        changes=changes,
        justification=values.get("justification") or "",
        reason=values.get("reason") or "",
    )
