"""Buttons -> actions. Each says its action id as its verb and in its data; inputs.py reads them all alike."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final, assert_never

from bot.cards import Button, Choice, Confirm, LinkButton, Menu, Plain, Tone
from bot.teams.limits import (
    ACTIONS_MAX,
    BUTTON_TEXT_MAX,
    CONFIRM_BUTTON_MAX,
    CONFIRM_TEXT_MAX,
    CONFIRM_TITLE_MAX,
    MENU_MAX,
    ROW_ACTIONS_MAX,
    VALUE_MAX,
)
from bot.teams.runs import powerless, rich_text
from bot.wording import clipped, is_web_address

Json = dict[str, Any]

_ROW_WIDTH: Final = 32  # characters of labels beside each other on a phone of 320 pixels
_AROUND_LABEL: Final = 4  # of them for the edges of a button
_STYLES: Final = {Tone.PRIMARY: "positive", Tone.DANGER: "destructive"}


class Press(Enum):
    """How a button comes back to us."""

    EXECUTE_OR_SUBMIT = auto()  # Action.Execute, and Action.Submit where a client does not know it
    EXECUTE = auto()  # the former alone, which takes half the bytes
    SUBMIT = auto()  # within a dialog, which knows nothing else


@dataclass(frozen=True, slots=True)
class Pressed:
    """How buttons are rendered. `dialogs` are the action ids that open one, for which Teams asks on Action.Submit."""

    how: Press = Press.EXECUTE_OR_SUBMIT
    dialogs: AbstractSet[str] = frozenset()


def action_rows(elements: Iterable[Button | LinkButton | Menu], pressed: Pressed) -> list[Json]:
    """The buttons in rows that a phone can show; nothing if none of them works.

    Teams makes buttons narrower until their row fits, and what they say is lost.
    """
    rows: list[list[Json]] = []
    room = 0
    for element in [each for each in elements if _works(each)][:ACTIONS_MAX]:
        actions = _actions(element, pressed)
        if not actions:
            continue
        width = _AROUND_LABEL + max((len(each["title"]) for each in actions if not _is_folded(each)), default=0)
        if not rows or width > room or len(rows[-1]) + len(actions) > ROW_ACTIONS_MAX:
            rows.append([])
            room = _ROW_WIDTH
        rows[-1] += actions
        room -= width
    close = {"spacing": "Small"}
    return [{"type": "ActionSet", "actions": row, **(close if at else {})} for at, row in enumerate(rows)]


def title_of(words: str, most: int) -> str:
    """The words on a button, a choice or a label: plain text everywhere."""
    return clipped(powerless(words).strip() or "–", most)


def _is_folded(action: Json) -> bool:
    return action.get("mode") == "secondary"


def _works(element: Button | LinkButton | Menu) -> bool:
    return not isinstance(element, LinkButton) or is_web_address(element.url)


def _actions(element: Button | LinkButton | Menu, pressed: Pressed) -> list[Json]:
    match element:
        case Button():
            return [_confirmed(element, element.confirm, pressed) if element.confirm else _button(element, pressed)]
        case LinkButton():
            title = title_of(element.label, BUTTON_TEXT_MAX)
            return [{"type": "Action.OpenUrl", "title": title, "url": element.url}]
        case Menu():
            return [{**_button(choice, pressed), "mode": "secondary"} for choice in element.choices[:MENU_MAX]]
        case _:
            assert_never(element)


def _button(button: Button | Choice, pressed: Pressed) -> Json:
    data: Json = {"action": button.action_id, "value": button.value[:VALUE_MAX]}
    seen: Json = {"title": title_of(button.label, BUTTON_TEXT_MAX)}
    if isinstance(button, Button):
        seen |= _style(button.tone)
    submit = {"type": "Action.Submit", **seen, "data": data}
    if button.action_id in pressed.dialogs:
        return {**submit, "data": {**data, "msteams": {"type": "task/fetch"}}}
    execute = {"type": "Action.Execute", **seen, "verb": button.action_id, "data": data}
    match pressed.how:
        case Press.EXECUTE_OR_SUBMIT:
            return {**execute, "fallback": submit}
        case Press.EXECUTE:
            return execute
        case Press.SUBMIT:
            return submit
        case _:
            assert_never(pressed.how)


def _confirmed(button: Button, confirm: Confirm, pressed: Pressed) -> Json:
    """The question with the real button unfolds under the first one; pressing that again is the way back."""
    real = Button(button.action_id, clipped(confirm.yes, CONFIRM_BUTTON_MAX), button.value, confirm.tone)
    question = [
        rich_text((Plain(confirm.title),), most=CONFIRM_TITLE_MAX, weight="Bolder"),
        {**rich_text((Plain(confirm.text),), most=CONFIRM_TEXT_MAX), "spacing": "Small"},
    ]
    return {
        "type": "Action.ShowCard",
        "title": title_of(button.label, BUTTON_TEXT_MAX),
        **_style(button.tone),
        "card": {"type": "AdaptiveCard", "body": question, "actions": [_button(real, pressed)]},
    }


def _style(tone: Tone) -> Json:
    return {"style": _STYLES[tone]} if tone in _STYLES else {}
