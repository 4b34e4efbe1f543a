"""What is to make a service better, as its owner reads it (S6, S10)."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from urllib.parse import quote

from bot import actions
from bot.actions import Target
from bot.cards import (
    Actions,
    Block,
    Button,
    Card,
    Context,
    Fields,
    Form,
    Heading,
    Instant,
    LinkButton,
    Markup,
    Option,
    Plain,
    Quote,
    Section,
    SelectInput,
    TextInput,
    Tone,
    one_line,
)
from bot.views.pieces import first_line
from core.sla import OwedAction

TEXT_MAX: Final = 2000
_ENDS: Final = {"done": "✅ Done", "dropped": "⏹️ Dropped"}
_OPTIONS: Final = (Option("done", "It is done"), Option("dropped", "It is dropped"))


def service_action_card(action: OwedAction, *, now: datetime, console: str = "") -> Card:
    """The living message of an action."""
    state = _ENDS.get(action.state) or ("⏰ Overdue" if action.due_at <= now else "🔧 Open")
    blocks: list[Block] = [
        Heading(f"Service levels · {first_line(action.service)[:80]}"),
        Section((Markup(f"*{state}* · "), one_line(action.title))),
        Fields((("Owner", (one_line(action.owner.name),)), ("Due", (Instant(action.due_at),)))),
    ]
    if action.why.strip():
        blocks.append(Quote(Plain(action.why)))
    if action.evidence.strip():
        blocks.append(Context((Markup("🔎 "), one_line(action.evidence[:500]))))
    buttons: list[Button | LinkButton] = []
    if action.state == "open":
        value = Target(id=action.id).encode()
        buttons.append(Button(actions.SERVICE_ACTION_FINISH, "Finish", value, tone=Tone.PRIMARY))
    if console:
        address = f"{console}/sla/improvements?service={quote(action.service, safe='')}"
        buttons.append(LinkButton("service_actions.open", "Open", address))
    if buttons:
        blocks.append(Actions(tuple(buttons)))
    return Card(f"{first_line(action.service)}: {first_line(action.title)} — {state}", tuple(blocks))


def service_action_line(event: str, action: OwedAction) -> Card | None:
    """The line that makes a sound under a message that stands there already; None for what needs none."""
    words = {
        "sla.action_given": "📌 This is yours to do: ",
        "sla.action_due": "⏰ This is due: ",
    }.get(event)
    if words is None:
        return None
    return Card(f"{words}{first_line(action.title)}", (Section((Markup(words), one_line(action.title))),))


def service_action_form(action: OwedAction) -> Form:
    """How it ends, and what shows it."""
    hint = "What it changes is measured for a week from then on."
    return Form(
        callback_id=actions.FORM_SERVICE_ACTION,
        title="Finish an action",
        submit="Finish",
        memo=Target(id=action.id).encode(),
        blocks=(
            Section((one_line(action.title),)),
            SelectInput("state", "How does it end?", _OPTIONS, initial="done"),
            TextInput(
                "evidence", "What shows it, or why is it dropped?", is_multiline=True, hint=hint, max_chars=TEXT_MAX
            ),
        ),
    )
