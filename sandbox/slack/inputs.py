"""Inputs of a form: the fields a person sees, the state Slack keeps, and what a person fills in.

`state` is Slack's `values`: block id -> action id -> `{type, value | selected_…}`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sandbox.slack.blockkit import elements, options_of

Json = dict[str, Any]
FindPerson = Callable[[str], str | None]  # a word for a person -> the id

_STATEFUL = {
    # element type: (key in the state, key of the initial value)
    "plain_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "users_select": ("selected_user", "initial_user"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "checkboxes": ("selected_options", "initial_options"),
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
}
_MANY = {"selected_options", "selected_users", "selected_conversations", "selected_channels"}


class FieldError(Exception):
    """What was filled in does not fit the field, as the real client would say before sending."""


def stateful(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Each block with an element that has a value, in order."""
    for block in blocks:
        for element in elements(block):
            if element.get("type") in _STATEFUL:
                yield block, element


def initial_state(blocks: list[Json], kept: Mapping[str, Any]) -> Json:
    """The state of freshly shown blocks: initial values, or what was `kept` under the same ids and type."""
    state: Json = {}
    for block, element in stateful(blocks):
        block_id, action_id = block["block_id"], element["action_id"]
        old = kept.get(block_id, {}).get(action_id)
        fresh = old if old is not None and old["type"] == element["type"] else _initial(element)
        state.setdefault(block_id, {})[action_id] = fresh
    return state


def fields_of(view: Json) -> list[Json]:
    """The inputs of a modal as the control surface names them, with their present values."""
    found = []
    for block, element in stateful(view["blocks"]):
        entry = {
            "label": label_of(block),
            "block_id": block["block_id"],
            "action_id": element["action_id"],
            "type": element["type"],
            "optional": bool(block.get("optional", False)) if block["type"] == "input" else True,
            "value": plain_value(view["state"]["values"].get(block["block_id"], {}).get(element["action_id"], {})),
        }
        if element.get("options") or element.get("option_groups"):
            entry["options"] = [{"text": o["text"]["text"], "value": o["value"]} for o in options_of(element)]
        found.append(entry)
    return found


def label_of(block: Mapping[str, Any]) -> str:
    """The words beside an input."""
    words = block.get("label") or block.get("text") or {}
    return str(words.get("text", ""))


def plain_value(entry: Mapping[str, Any]) -> Any:
    """The bare value in a state entry: text, option value, id, or a list of them; None when empty."""
    for key, value in entry.items():
        if key == "type":
            continue
        if isinstance(value, list):
            return [item["value"] if isinstance(item, dict) else item for item in value]
        if key == "selected_option" and isinstance(value, dict):
            return value["value"]
        return value
    return None


def filled(element: Json, given: Any, find_person: FindPerson) -> Json:
    """The state entry after a person chose or typed `given`; None empties it. Raises FieldError."""
    kind = element["type"]
    key, _ = _STATEFUL[kind]
    if given is None or given in ("", []):
        return {"type": kind, key: [] if key in _MANY else None}
    if key in _MANY:
        items = given if isinstance(given, list) else [given]
        return {"type": kind, key: [_one(element, key, item, find_person) for item in items]}
    if isinstance(given, list):
        raise FieldError(f"one value is expected, not a list of {len(given)}")
    return {"type": kind, key: _one(element, key, given, find_person)}


def check(element: Json, entry: Mapping[str, Any], *, optional: bool) -> str | None:
    """What the real client would hold against the value before sending it; None when it may be sent."""
    value = plain_value(entry)
    if value in (None, "", []):
        return None if optional else "Please complete this required field."
    match element["type"]:
        case "plain_text_input":
            return _length_problem(element, value)
        case "email_text_input" if not re.fullmatch(r"[^@\s]+@[^@\s]+", value):
            return "Please enter a valid email address."
        case "url_text_input" if not re.match(r"https?://\S+$", value):
            return "Please enter a valid URL."
        case "number_input":
            return _number_problem(element, value)
        case _:
            pass
    return None


def _length_problem(element: Json, value: str) -> str | None:
    least, most = element.get("min_length", 0), element.get("max_length", 3000)
    if len(value) < least:
        return f"Please enter at least {least} characters."
    return f"Please enter no more than {most} characters." if len(value) > most else None


def _number_problem(element: Json, value: str) -> str | None:
    if not re.fullmatch(r"-?\d+(\.\d+)?", value):
        return "Please enter a number."
    if "." in value and not element.get("is_decimal_allowed"):
        return "Please enter a whole number."
    if element.get("min_value") is not None and float(value) < float(element["min_value"]):
        return f"Please enter a number that is at least {element['min_value']}."
    if element.get("max_value") is not None and float(value) > float(element["max_value"]):
        return f"Please enter a number that is at most {element['max_value']}."
    return None


def _initial(element: Json) -> Json:
    key, initial = _STATEFUL[element["type"]]
    default: Any = [] if key in _MANY else None
    return {"type": element["type"], key: element.get(initial, default)}


def _one(element: Json, key: str, given: Any, find_person: FindPerson) -> Any:
    if key in {"selected_option", "selected_options"}:
        return _option(element, given)
    if key in {"selected_user", "selected_users"}:
        person = find_person(str(given))
        if person is None:
            raise FieldError(f"nobody here is called {given!r}")
        return person
    if key == "selected_date" and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(given)):
        raise FieldError(f"{given!r} is not a date like 2027-01-31")
    if key == "selected_time" and not re.fullmatch(r"\d{2}:\d{2}", str(given)):
        raise FieldError(f"{given!r} is not a time like 14:30")
    if key == "selected_date_time":
        if not str(given).isdigit():
            raise FieldError(f"{given!r} is not a number of Unix seconds")
        return int(given)
    if isinstance(given, dict | list):
        raise FieldError("a text is expected")
    return str(given)


def _option(element: Json, given: Any) -> Json:
    """The option with this value, or else with this text (case aside)."""
    options = options_of(element)
    for option in options:
        if option["value"] == str(given):
            return option
    for option in options:
        if option["text"]["text"].casefold() == str(given).casefold():
            return option
    known = ", ".join(f"{option['value']} ({option['text']['text']})" for option in options)
    raise FieldError(f"{given!r} is no choice here; accepted: {known}")
