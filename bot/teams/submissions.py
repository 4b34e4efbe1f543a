"""Dialogs: what they show, and what becomes of them when they are sent.

The use case runs before the answer, so that an error can stand at its field and nothing that was typed is lost. Should
it take too long for Teams, the dialog closes and the outcome follows as a message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any, Final

import structlog

from bot import actions
from bot.cards import Card, Form, Input
from bot.conversation.again import form_again, redrawn
from bot.conversation.answering import Answer, answering
from bot.conversation.chat import WENT_WRONG, Opening, Reply
from bot.conversation.clicks import on_click
from bot.conversation.commands import on_command
from bot.conversation.shape import field_of, longest_text
from bot.conversation.submissions import Submission, submit
from bot.teams import render
from bot.teams.context import Desk, asker_of, dialog, dialog_says
from bot.teams.inputs import clicked, fields_of, opening_of, read_inputs, submitted
from bot.teams.openers import OPEN_TYPED, typed_in
from bot.teams.wire import Activity
from bot.views import forms
from bot.views.answers import error_card, lost_card, said, sentence_of
from core.errors import CountersignError, Unavailable
from core.signin import StepUpRequired

log = structlog.get_logger()

Json = dict[str, Any]

ANSWER_WITHIN_S: Final = 4.0  # people see an error after 5 to 10
LATE: Final = "This takes longer than usual. The outcome follows as a message."
TOO_LATE: Final = "Nothing came in time; nothing was changed. Try again."
NOT_OURS: Final = "This button is not one of ours any more."


async def on_fetch(desk: Desk, activity: Activity) -> Json:
    """The dialog that the button opens, or why there is none; nothing has been done yet that could be lost."""
    action_id, value = clicked(_data(activity))

    async def found() -> Json:
        return await _shown(await _reply(desk, activity, action_id, value))

    return await _read(found())


async def on_submit(desk: Desk, activity: Activity) -> Json | None:
    """The form is done (None closes the dialog), or shows what is wrong with it."""
    data = _data(activity)
    callback_id, memo = submitted(data)
    if callback_id == actions.FORM_CHOOSE:
        return await _read(_chosen(desk, activity, memo, read_inputs(data)))
    if not callback_id:
        return await _pressed(desk, activity, *clicked(data))
    once = opening_of(data) or activity.key
    sent = Submission(callback_id, memo, read_inputs(data), fields_of(data), once)
    work = asyncio.ensure_future(submit(desk.chat, asker_of(activity), sent))
    done, _late = await asyncio.wait({work}, timeout=ANSWER_WITHIN_S)
    if not done:
        desk.later(_follow_up(desk.privately(activity), sent, work))
        return dialog_says(LATE)
    try:
        said_afterwards = work.result()
    except StepUpRequired as exc:  # the link must be there when the dialog is not any more
        said_afterwards = error_card(exc)
    except CountersignError as exc:
        return await _refusal(desk, activity, sent, exc)
    except Exception:
        log.exception("chat_submission_failed")
        return await _refusal(desk, activity, sent, Unavailable(WENT_WRONG))
    if said_afterwards:
        desk.later(desk.privately(activity)(said_afterwards))
    return None


async def _pressed(desk: Desk, activity: Activity, action_id: str, value: str) -> Json:
    """A button within the dialog has done what it promises, and the dialog shows what came of it."""
    work = asyncio.ensure_future(_reply(desk, activity, action_id, value))
    done, _late = await asyncio.wait({work}, timeout=ANSWER_WITHIN_S)
    if not done:
        desk.later(_follow_up_press(desk.privately(activity), work))
        return dialog_says(LATE)
    return await _read(_shown_of(work))


async def _chosen(desk: Desk, activity: Activity, memo: str, values: Mapping[str, Any]) -> Json:
    """The form of what was chosen to be asked for."""
    return dialog(await redrawn(desk.chat, asker_of(activity), memo, values))


async def _shown_of(work: asyncio.Future[Reply]) -> Json:
    return await _shown(work.result())


async def _read(content: Coroutine[Any, Any, Json]) -> Json:
    """The content of a dialog, in time, or why there is none. It only reads: being cut off loses nothing."""
    try:
        return await asyncio.wait_for(content, ANSWER_WITHIN_S)
    except TimeoutError:
        return dialog_says(TOO_LATE)
    except CountersignError as exc:
        return dialog(forms.message_form("Countersign", sentence_of(exc)))
    except Exception:
        log.exception("chat_handler_failed")
        return dialog(forms.message_form("Countersign", WENT_WRONG))


async def _reply(desk: Desk, activity: Activity, action_id: str, value: str) -> Reply:
    if action_id == OPEN_TYPED:
        typed = typed_in(value, activity.key)
        return await on_command(desk.chat, asker_of(activity), typed) if typed else said(NOT_OURS)
    return await on_click(desk.chat, asker_of(activity), action_id, value)


async def _shown(reply: Reply) -> Json:
    match reply:
        case Form():
            return dialog(reply)
        case Opening():
            return dialog(await reply.form())
        case Card():
            return dialog(Form("message", reply.summary, tuple(reply.blocks)))
        case None:
            return dialog_says(NOT_OURS)


async def _refusal(desk: Desk, activity: Activity, sent: Submission, error: CountersignError) -> Json:
    """The form with the error at its field, and all that was typed.

    A form that has no such field, or cannot be made any more, gives way to the words.
    """
    field = field_of(error, sent.fields)
    try:
        form = await form_again(desk.chat, asker_of(activity), sent.callback_id, sent.memo, values=sent.values)
    except CountersignError:
        return dialog(forms.message_form("Countersign", sentence_of(error)))
    if field is None or not any(isinstance(part, Input) and part.id == field for part in form.blocks):
        return dialog(forms.message_form(form.title, sentence_of(error)))
    value = render.form_with_errors(form, sent.values, {field: sentence_of(error)}, sent.interaction)
    return {"task": {"type": "continue", "value": value}}


async def _follow_up(answer: Answer, sent: Submission, work: asyncio.Future[Card | None]) -> None:
    """The outcome as a message; what was written comes back with an error, as the dialog is gone."""
    async with answering(answer):
        try:
            card = await work or said("Done.")
        except StepUpRequired as exc:
            card = error_card(exc)
        except CountersignError as exc:
            card = lost_card(exc, longest_text(sent.fields, sent.values))
        await answer(card)


async def _follow_up_press(answer: Answer, work: asyncio.Future[Reply]) -> None:
    """The outcome as a message; a form that comes too late is not shown, as nobody has pressed anything for it."""
    async with answering(answer):
        reply = await work
        if isinstance(reply, Card):
            await answer(reply)


def _data(activity: Activity) -> Json:
    found = activity.value.get("data")
    return found if isinstance(found, dict) else {}
