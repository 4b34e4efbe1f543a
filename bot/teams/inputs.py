"""What came back from Teams: the data of a submission -> {input id: value}, and what was clicked.

Teams returns our own data with the values of the inputs among it, as text all of them: of several choices their values
with commas between. So the data says what inputs the form has, as the form itself does not come back; and no value in a
list has a comma.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bot.actions import choice_value
from bot.cards import ChecksInput, Form, Input, PeopleInput, SelectInput, TextInput
from bot.conversation.shape import Field

SEPARATOR: Final = ","  # Microsoft, "Input.ChoiceSet": between the values of several choices
_FORM, _MEMO, _INPUTS, _ONCE = "form", "memo", "inputs", "once"  # no input of ours has such an id
_ONCE_MAX: Final = 64  # characters
_TEXT, _ONE, _MANY, _OPTIONAL = "text", "one", "many", "optional"


def is_there(part: Input) -> bool:
    """Whether the input stands in the card: what cannot be chosen from is said in words instead."""
    return not isinstance(part, SelectInput | ChecksInput) or bool(part.options)


def submit_data(form: Form, once: str = "") -> dict[str, Any]:
    """What a form's button sends back: which form, its memo, what inputs it has, and which opening of it this is."""
    inputs = [part for part in form.blocks if isinstance(part, Input) and is_there(part)]
    many = [part.id for part in inputs if isinstance(part, ChecksInput | PeopleInput)]
    text = [part.id for part in inputs if isinstance(part, TextInput)]
    one = [part.id for part in inputs if part.id not in {*text, *many}]
    optional = [part.id for part in inputs if part.is_optional]
    known = {_TEXT: text, _ONE: one, _MANY: many, _OPTIONAL: optional}
    data = {_FORM: form.callback_id, _MEMO: form.memo, _INPUTS: known}
    return {**data, _ONCE: once} if once else data


def listed_value(value: str) -> str:
    """What stands for a choice of which there may be several: `choice_value` without commas."""
    return choice_value(value).replace("%", "%25").replace(SEPARATOR, "%2C")


def read_inputs(data: Mapping[str, Any]) -> dict[str, Any]:
    """The submitted values: text, an option's value or several, a chat user id or several; None if untouched.

    Options are as `choice_value` gives them: what comes back from Slack and from Teams is the same.
    """
    values: dict[str, Any] = {}
    for name in (*_names(data, _TEXT), *_names(data, _ONE)):
        values[name] = _text(data.get(name)) or None
    for name in _names(data, _MANY):
        values[name] = [_chosen(value) for value in _text(data.get(name)).split(SEPARATOR) if value]
    return values


def fields_of(data: Mapping[str, Any]) -> tuple[Field, ...]:
    """The inputs of the form that was sent."""
    texts, optional = _names(data, _TEXT), _names(data, _OPTIONAL)
    every = (*texts, *_names(data, _ONE), *_names(data, _MANY))
    return tuple(Field(name, is_text=name in texts, is_optional=name in optional) for name in every)


def submitted(data: Mapping[str, Any]) -> tuple[str, str]:
    """(callback id, memo) of the form that was sent; empty for anything that we did not write."""
    return _text(data.get(_FORM)), _text(data.get(_MEMO))


def opening_of(data: Mapping[str, Any]) -> str:
    """Which opening of the form was sent: pressed twice, it is the same. Empty if the form does not say."""
    return _text(data.get(_ONCE))[:_ONCE_MAX]


def clicked(data: Mapping[str, Any]) -> tuple[str, str]:
    """(action id, value) of a button or a line of a menu, whichever way the client sent it."""
    return _text(data.get("action")), _text(data.get("value"))


def _names(data: Mapping[str, Any], key: str) -> list[str]:
    inputs = data.get(_INPUTS)
    names = inputs.get(key) if isinstance(inputs, dict) else None
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _chosen(value: str) -> str:
    return value.replace("%2C", SEPARATOR).replace("%25", "%")
