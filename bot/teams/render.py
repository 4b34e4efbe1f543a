"""Card -> Adaptive Card, and Form -> dialog, within Teams' limits. What does not fit is shortened, never an error.

In this order: what only old clients need, somebody's words at length, and at last parts of the middle.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import chain, groupby
from typing import Any, Final

from bot.cards import Card, Form, Input, Plain, Section
from bot.teams.buttons import Press, Pressed, title_of
from bot.teams.elements import Manner, elements
from bot.teams.folding import folded, sent_bytes
from bot.teams.form_inputs import input_elements
from bot.teams.inputs import submit_data
from bot.teams.limits import (
    BUTTON_TEXT_MAX,
    CARD_BYTES_MAX,
    CARD_VERSION,
    DIALOG_TITLE_MAX,
    OPTION_TEXT_LEAST,
    OPTION_TEXT_MAX,
    REFRESH_USERS_MAX,
    SUMMARY_MAX,
    TEXT_MAX,
    VALUE_MAX,
)
from bot.teams.runs import powerless, rich_text
from bot.wording import clipped

Json = dict[str, Any]

CARD_TYPE: Final = "application/vnd.microsoft.card.adaptive"
REFRESH: Final = "refresh"  # the verb with which Teams asks for somebody's own view of a card
_LONG_FORM: Final = 6  # elements; a form with more gets a tall dialog
_NO_MARKUP: Final = str.maketrans({"<": "\u2039", ">": "\u203a"})  # what is spoken may be read as SSML


@dataclass(frozen=True, slots=True)
class Refresh:
    """For whom Teams asks us for a view of their own when they look: Teams' ids (`29:…`), and what it says then."""

    user_ids: tuple[str, ...]
    value: str


def message(card: Card, *, refresh: Refresh | None = None, dialogs: AbstractSet[str] = frozenset()) -> Json:
    """The activity for a conversation: the card alone, as one with text beside it could not be changed later."""
    content = adaptive_card(card, refresh=refresh, dialogs=dialogs)
    return {"type": "message", "summary": _summary(card), "attachments": [_attachment(content)]}


def adaptive_card(card: Card, *, refresh: Refresh | None = None, dialogs: AbstractSet[str] = frozenset()) -> Json:
    """The card itself, as it also answers a click. `dialogs` are the action ids of buttons that open one."""
    summary = _summary(card)
    content = _card([]) | {"fallbackText": summary, "speak": summary.translate(_NO_MARKUP)}
    if refresh:
        content["refresh"] = _refresh(refresh)
    room = CARD_BYTES_MAX - sent_bytes(content)
    manners = (Manner(pressed=Pressed(dialogs=dialogs)), lean := Manner(pressed=Pressed(Press.EXECUTE, dialogs)))
    for manner in manners:
        body = elements(card.blocks, manner) or [rich_text((Plain(card.summary),), most=TEXT_MAX)]
        if _size(body) <= room:
            return {**content, "body": body}
    return {**content, "body": folded(elements(card.blocks, lean.brief()), size=room)}


def dialog(form: Form, once: str = "") -> Json:
    """The value of a task that continues: a dialog with the form, which `task/fetch` and `task/submit` answer with."""
    return form_with_errors(form, {}, {}, once)


def form_with_errors(form: Form, values: Mapping[str, Any], errors: Mapping[str, str], once: str = "") -> Json:
    """The dialog with what was typed (`values` as inputs.py gives them) and below each input what is wrong with it.

    `once` comes back with what is sent, so that a form that is sent twice is known.

    Inputs are always whole: what stands between them is shortened where a form would be too long.
    """
    content = _card([])
    if form.submit:
        submit = title_of(form.submit, BUTTON_TEXT_MAX)
        data = submit_data(form, once)
        content["actions"] = [{"type": "Action.Submit", "title": submit, "style": "positive", "data": data}]
    body = _form_body(form, values, errors, room=CARD_BYTES_MAX - sent_bytes(content))
    return {
        "title": title_of(form.title, DIALOG_TITLE_MAX),
        "width": "medium",
        "height": "large" if len(body) > _LONG_FORM else "medium",
        "card": _attachment({**content, "body": body}),
    }


def _form_body(form: Form, values: Mapping[str, Any], errors: Mapping[str, str], *, room: int) -> list[Json]:
    def parts(manner: Manner, option_max: int) -> list[tuple[bool, list[Json]]]:
        return list(_form_parts(form, values, errors, manner=manner, option_max=option_max))

    manner, option_max = Manner(pressed=Pressed(Press.SUBMIT)), OPTION_TEXT_MAX
    rendered = parts(manner, option_max)
    while _size(body := _flat(rendered)) > room and option_max > OPTION_TEXT_LEAST:
        option_max = max(option_max // 2, OPTION_TEXT_LEAST)
        rendered = parts(manner.brief(), option_max)
    if not body:
        return elements((Section((Plain("There is nothing to show."),)),), manner)
    if _size(body) <= room:
        return body
    inputs = _flat(part for part in rendered if part[0])
    return [*folded(_flat(part for part in rendered if not part[0]), size=room - _size(inputs)), *inputs]


def _form_parts(
    form: Form, values: Mapping[str, Any], errors: Mapping[str, str], *, manner: Manner, option_max: int
) -> Iterator[tuple[bool, list[Json]]]:
    """What stands together: blocks, or inputs; and which of them it is."""
    for is_input, group in groupby(form.blocks, lambda part: isinstance(part, Input)):
        if not is_input:
            yield False, elements((part for part in group if not isinstance(part, Input)), manner)
            continue
        for part in group:
            if isinstance(part, Input):
                typed = {"value": values[part.id]} if part.id in values else {}
                yield True, input_elements(part, error=errors.get(part.id, ""), option_max=option_max, **typed)


def _flat(parts: Iterable[tuple[bool, list[Json]]]) -> list[Json]:
    return list(chain.from_iterable(rendered for _is_input, rendered in parts))


def _card(body: list[Json]) -> Json:
    return {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": CARD_VERSION,
        "body": body,
        "msteams": {"width": "Full"},
    }


def _attachment(content: Json) -> Json:
    return {"contentType": CARD_TYPE, "content": content}


def _summary(card: Card) -> str:
    return clipped(powerless(card.summary).strip() or "Countersign", SUMMARY_MAX)


def _refresh(refresh: Refresh) -> Json:
    data = {"action": REFRESH, "value": refresh.value[:VALUE_MAX]}
    action = {"type": "Action.Execute", "title": "Refresh", "verb": REFRESH, "data": data}
    return {"action": action, "userIds": list(refresh.user_ids[:REFRESH_USERS_MAX])}


def _size(body: list[Json]) -> int:
    return sum(sent_bytes(element) + 1 for element in body)
