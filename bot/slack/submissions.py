"""Submitted modals.

The use case runs before the acknowledgement, so that an error can stand at its field; should it
take too long, the modal closes in time and the outcome follows as a message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import structlog

from bot.cards import Card
from bot.conversation.answering import Answer, answering
from bot.conversation.chat import WENT_WRONG, Asker
from bot.conversation.shape import Field, field_of, longest_text
from bot.conversation.submissions import Submission, submit
from bot.slack import render
from bot.slack.context import Desk, chat_user_of
from bot.slack.inputs import read_inputs
from bot.views import forms
from bot.views.answers import error_card, lost_card, said, sentence_of
from core.errors import CountersignError, Unavailable
from core.signin import StepUpRequired

log = structlog.get_logger()

ACK_WITHIN_S: Final = 2.0  # Slack gives up after 3

Ack = Callable[..., Awaitable[Any]]


async def on_submission(desk: Desk, body: Mapping[str, Any], ack: Ack) -> None:
    """The form is done, or shows what is wrong with it."""
    view = body["view"]
    asker, sent = Asker(chat_user_of(body), _channel(view)), _submission(body)
    work = asyncio.ensure_future(submit(desk.chat, asker, sent))
    done, _late = await asyncio.wait({work}, timeout=ACK_WITHIN_S)
    if not done:
        await ack()
        await _follow_up(desk.by_message(Asker(asker.chat_user)), sent, work)
        return
    try:
        said_afterwards = work.result()
    except StepUpRequired as exc:  # a form shows no link: what was decided waits under it
        said_afterwards = error_card(exc)
    except CountersignError as exc:
        await _refuse(ack, view, sent, exc)
        return
    except Exception:
        log.exception("chat_submission_failed")
        await _refuse(ack, view, sent, Unavailable(WENT_WRONG))
        return
    await ack()
    if said_afterwards:
        await desk.by_message(asker)(said_afterwards)


async def _refuse(ack: Ack, view: Mapping[str, Any], sent: Submission, error: CountersignError) -> None:
    field = field_of(error, sent.fields)
    if field:
        await ack(response_action="errors", errors={field: sentence_of(error)[: render.LABEL_MAX]})
    else:
        form = forms.message_form(view["title"]["text"], sentence_of(error))
        await ack(response_action="update", view=render.modal(form))


async def _follow_up(answer: Answer, sent: Submission, work: asyncio.Future[Card | None]) -> None:
    """The outcome as a message; what was written comes back with an error, as the form is gone."""
    async with answering(answer):
        try:
            card = await work or said("Done.")
        except StepUpRequired as exc:
            card = error_card(exc)
        except CountersignError as exc:
            card = lost_card(exc, longest_text(sent.fields, sent.values))
        await answer(card)


def _submission(body: Mapping[str, Any]) -> Submission:
    view = body["view"]
    fields = tuple(
        Field(block["block_id"], block["element"]["type"] == "plain_text_input", bool(block.get("optional")))
        for block in view["blocks"]
        if block["type"] == "input"
    )
    return Submission(
        callback_id=view["callback_id"],
        memo=str(view.get("private_metadata") or ""),
        values=read_inputs(view),
        fields=fields,
        interaction=f"{view['id']}:{view['callback_id']}",  # a modal that is sent twice has the same id
    )


def _channel(view: Mapping[str, Any]) -> str:
    memo = str(view.get("private_metadata") or "").partition(" ")[0]
    return memo if memo[:1] in {"C", "G"} else ""
