"""Inputs of a card in a person's hands: filling them in, the client's own checks, and the values as they are sent.

Every value is sent as text and an empty input not at all, as the official renderer does it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sandbox.system import ControlError

Json = dict[str, Any]
Values = dict[str, str]  # input id -> text

_REQUIRED = "This is a required input."
_WRONG = "This is not a valid value."


def initial(inputs: Iterable[Json]) -> Values:
    """What stands in the inputs before anybody touched them."""
    values: Values = {}
    for item in inputs:
        given = item.get("value")
        if item["type"] == "Input.Toggle":
            given = given if given is not None else item.get("valueOff", "false")
        if given not in (None, ""):
            values[item["id"]] = str(given)
    return values


def fields_of(inputs: Iterable[Json], values: Mapping[str, str]) -> list[Json]:
    """The inputs as the control surface names them, with their present values."""
    found = []
    for item in inputs:
        entry: Json = {
            "id": item["id"],
            "label": label_of(item),
            "type": item["type"],
            "optional": not item.get("isRequired", False),
            "value": values.get(item["id"]),
        }
        if item["type"] == "Input.ChoiceSet":
            entry["options"] = [{"text": c["title"], "value": c["value"]} for c in item.get("choices", [])]
            entry["many"] = bool(item.get("isMultiSelect", False))
        entry |= {name: item[name] for name in ("placeholder", "maxLength", "regex", "isMultiline") if name in item}
        found.append(entry)
    return found


def label_of(item: Mapping[str, Any]) -> str:
    """The words beside an input."""
    return str(item.get("label") or item.get("title") or item.get("placeholder") or item["id"])


def filled(inputs: list[Json], given: Mapping[str, Any]) -> dict[str, str | None]:
    """The values for the inputs named by id or label; None empties one. Raises ControlError for a misfit."""
    found: dict[str, str | None] = {}
    for name, value in given.items():
        item = _named(inputs, name)
        found[item["id"]] = _text(item, name, value)
    return found


def problems(inputs: Iterable[Json], values: Mapping[str, str]) -> dict[str, str]:
    """What the client holds against the values before it sends anything, by input id."""
    found = {}
    for item in inputs:
        problem = _problem(item, values.get(item["id"], ""))
        if problem is not None:
            found[item["id"]] = str(item.get("errorMessage") or problem)
    return found


def _named(inputs: list[Json], name: str) -> Json:
    for item in inputs:
        if item["id"] == name:
            return item
    wanted = name.strip().casefold()
    found = [item for item in inputs if label_of(item).strip().casefold() == wanted]
    if len(found) == 1:
        return found[0]
    if found:
        ids = tuple(item["id"] for item in found)
        raise ControlError(f"{len(found)} inputs are called {name!r}; use the id.", accepted=ids)
    known = tuple(f"{label_of(item)} ({item['id']})" for item in inputs)
    raise ControlError(f"There is no input {name!r} here.", accepted=known)


def _text(item: Json, name: str, value: Any) -> str | None:
    """The value as it would be sent."""
    if value is None or value in ("", []):
        return item.get("valueOff", "false") if item["type"] == "Input.Toggle" else None
    match item["type"]:
        case "Input.Toggle":
            return _toggle(item, name, value)
        case "Input.ChoiceSet":
            many = value if isinstance(value, list) else [value]
            if len(many) > 1 and not item.get("isMultiSelect"):
                raise ControlError(f"{name}: one value is expected, not a list of {len(many)}.")
            return ",".join(_choice(item, name, one) for one in many)
        case kind:
            if isinstance(value, dict | list | bool):
                raise ControlError(f"{name}: a text is expected.")
            if kind == "Input.Number" and not re.fullmatch(r"-?\d+(\.\d+)?", str(value)):
                raise ControlError(f"{name}: {value!r} is not a number.")
            if kind == "Input.Date" and not _is_date(str(value)):
                raise ControlError(f"{name}: {value!r} is not a date like 2027-01-31.")
            if kind == "Input.Time" and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", str(value)):
                raise ControlError(f"{name}: {value!r} is not a time like 14:30.")
            return str(value)


def _toggle(item: Json, name: str, value: Any) -> str:
    on, off = str(item.get("valueOn", "true")), str(item.get("valueOff", "false"))
    if value in (True, on):
        return on
    if value in (False, off):
        return off
    raise ControlError(f"{name}: {value!r} is no choice here.", accepted=(on, off))


def _choice(item: Json, name: str, value: Any) -> str:
    """The choice with this value, or else with this title (case aside)."""
    choices = item.get("choices", [])
    for choice in choices:
        if choice["value"] == str(value):
            return str(choice["value"])
    for choice in choices:
        if choice["title"].casefold() == str(value).casefold():
            return str(choice["value"])
    if item.get("choices.data"):  # chosen from what the service suggests, which nobody lists here
        return str(value)
    known = tuple(f"{choice['value']} ({choice['title']})" for choice in choices)
    raise ControlError(f"{name}: {value!r} is no choice here.", accepted=known)


def _problem(item: Json, value: str) -> str | None:
    if not value or (item["type"] == "Input.Toggle" and value != str(item.get("valueOn", "true"))):
        return _REQUIRED if item.get("isRequired") else None
    match item["type"]:
        case "Input.Text":
            return _text_problem(item, value)
        case "Input.Number":
            low, high = item.get("min"), item.get("max")
            outside = (low is not None and float(value) < float(low)) or (
                high is not None and float(value) > float(high)
            )
            return _WRONG if outside else None
        case "Input.Date" | "Input.Time":
            return _WRONG if value < item.get("min", value) or value > item.get("max", value) else None
        case _:
            return None


def _text_problem(item: Json, value: str) -> str | None:
    most = item.get("maxLength")
    if isinstance(most, int) and len(value) > most:
        return f"At most {most} characters are accepted."
    return None if re.search(item.get("regex", ""), value) else _WRONG


def _is_date(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return bool(re.fullmatch(r"\d{4}-\d{2}-\d{2}", value))
