"""Inputs of a form -> elements of a dialog, each with its hint and its error below; inputs.py reads them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final, assert_never

from bot.actions import choice_value
from bot.cards import ChecksInput, Input, Option, PeopleInput, PersonInput, Plain, SelectInput, TextInput
from bot.teams.buttons import title_of
from bot.teams.elements import small_print
from bot.teams.inputs import SEPARATOR, is_there, listed_value
from bot.teams.limits import (
    COMPACT_TEXT_MAX,
    INPUT_TEXT_MAX,
    LABEL_MAX,
    OPTION_TEXT_MAX,
    OPTIONS_MAX,
    PLACEHOLDER_MAX,
)
from bot.teams.markdown import escaped
from bot.teams.runs import rich_text

Json = dict[str, Any]

_UNTOUCHED: Final = object()
# Microsoft, "People Picker in Adaptive Cards": everybody of the organisation; a value is an Entra object id.
_PEOPLE: Final = {"type": "Data.Query", "dataset": "graph.microsoft.com/users"}


def input_elements(
    part: Input, *, value: Any = _UNTOUCHED, error: str = "", option_max: int = OPTION_TEXT_MAX
) -> list[Json]:
    """The elements of one input; what cannot be chosen from is said in words.

    `value` is what was typed before, as inputs.py gives it; without it the input starts as the form says.
    """
    if not is_there(part):
        return [small_print((Plain(f"{part.label}: there is nothing to choose from."),))]
    element: Json = {
        "id": part.id,
        "label": title_of(part.label, LABEL_MAX),
        "isRequired": not part.is_optional,
        **_element(part, value, option_max),
    }
    if not part.is_optional:
        element["errorMessage"] = _MISSING[type(part)]
    hint = [small_print((Plain(part.hint),), most=LABEL_MAX)] if part.hint else []
    wrong = [{**rich_text((Plain(error),), most=LABEL_MAX, color="Attention"), "spacing": "Small"}] if error else []
    return [element, *hint, *wrong]


_MISSING: Final = {
    TextInput: "Write something here.",
    SelectInput: "Choose one.",
    ChecksInput: "Tick at least one.",
    PersonInput: "Choose a person.",
    PeopleInput: "Choose at least one person.",
}


def _element(part: Input, value: Any, option_max: int) -> Json:
    match part:
        case TextInput():
            return _text(part, part.initial if value is _UNTOUCHED else value or "")
        case SelectInput():
            chosen = part.initial if value is _UNTOUCHED else value
            return _select(part, [chosen] if chosen else [], option_max)
        case ChecksInput():
            chosen = part.initial if value is _UNTOUCHED else value or ()
            return _choices(part.options, chosen, option_max, sent=listed_value) | {
                "style": "expanded",
                "isMultiSelect": True,
            }
        case PersonInput():
            chosen = part.initial if value is _UNTOUCHED else value
            return _people([chosen] if chosen else []) | {"placeholder": "Search for a person"}
        case PeopleInput():
            chosen = [] if value is _UNTOUCHED else value or []
            return _people(chosen) | {"isMultiSelect": True, "placeholder": "Search for people"}
        case _:
            assert_never(part)


def _text(part: TextInput, words: str) -> Json:
    longest = min(part.max_chars or INPUT_TEXT_MAX, INPUT_TEXT_MAX)
    element: Json = {"type": "Input.Text", "isMultiline": part.is_multiline, "maxLength": longest}
    if words:
        element["value"] = words[:longest]
    if part.placeholder:
        element["placeholder"] = title_of(part.placeholder, PLACEHOLDER_MAX)
    return element


def _select(part: SelectInput, chosen: Collection[str], option_max: int) -> Json:
    """A drop-down list; one below the other in full, where a list would cut them."""
    options = part.options[:OPTIONS_MAX]
    if any(len(_words(option)) > COMPACT_TEXT_MAX for option in options):
        return _choices(options, chosen, option_max) | {"style": "expanded"}
    shown = _choices(options, chosen, COMPACT_TEXT_MAX)
    shown["choices"] = [
        {**choice, "title": title_of(_words(option), COMPACT_TEXT_MAX)}
        for choice, option in zip(shown["choices"], options, strict=True)
    ]
    return shown | {"style": "compact", "placeholder": "Choose"}


def _choices(
    options: Collection[Option], chosen: Collection[str], longest: int, *, sent: Callable[[str], str] = choice_value
) -> Json:
    """Choices shown in full, where Teams reads Markdown. `chosen` are values or what stands for them."""
    wanted = {sent(value) for value in chosen}
    choices = [{"title": escaped(title_of(_words(option), longest)), "value": sent(option.value)} for option in options]
    initial = [choice["value"] for choice in choices if choice["value"] in wanted]
    element: Json = {"type": "Input.ChoiceSet", "choices": choices, "wrap": True}
    return {**element, "value": SEPARATOR.join(initial)} if initial else element


def _words(option: Option) -> str:
    return f"{option.label} · {option.description}" if option.description else option.label


def _people(chosen: Collection[str]) -> Json:
    element: Json = {"type": "Input.ChoiceSet", "choices": [], "choices.data": _PEOPLE, "style": "compact"}
    return {**element, "value": SEPARATOR.join(chosen)} if chosen else element
