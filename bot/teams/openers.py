"""Buttons that open a dialog: Teams asks for its content when they are pressed (`task/fetch`).

Nothing but a press opens one. So a typed line whose answer is a form is answered with a button that repeats the line.
"""

from __future__ import annotations

import json
from typing import Final

from bot.cards import Actions, Button, Card, Markup, Section, Tone
from bot.conversation.clicks import FORM_TITLES
from bot.conversation.commands import Typed

OPEN_TYPED: Final = "teams.open"
_REPEATED_MAX: Final = 300  # characters of the line; no line that opens a form has more to say than an agent's name
DIALOGS: Final = frozenset({*FORM_TITLES, OPEN_TYPED})


def opener(title: str, typed: Typed) -> Card:
    """A button behind which the form of the typed line stands."""
    value = json.dumps({"c": typed.command, "t": typed.text[:_REPEATED_MAX]}, separators=(",", ":"))
    button = Button(OPEN_TYPED, "Open the form", value, tone=Tone.PRIMARY)
    return Card(title, (Section((Markup(f"*{title}*"),)), Actions((button,))))


def typed_in(value: str, interaction: str) -> Typed | None:
    """The line that the button repeats; None for anything that we did not write."""
    try:
        body = json.loads(value)
        command, text = body["c"], body["t"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if not isinstance(command, str) or not isinstance(text, str):
        return None
    return Typed(command, text, interaction)
