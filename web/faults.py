"""What pydantic found wrong, as faults with a place that the caller can find and the values that would do."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from core.one_line import as_sentences
from web.errors import Fault, Place
from web.json_text import Json
from web.schema import CURRENCY_PATTERN, EMAIL_PATTERN, LINE_PATTERN, PROSE_PATTERN

FAULTS_MAX: Final = 50  # a batch with a thousand bad rows gets the first of them
_QUOTED: Final = re.compile(r"'((?:[^'\\]|\\.)*)'")
_REF_PREFIX: Final = "#/$defs/"
_WRITTEN: Final[Mapping[str, str]] = {  # by the pattern that a text does not match
    LINE_PATTERN: "It must be one line, and not blank.",
    PROSE_PATTERN: "It must not be blank.",
    CURRENCY_PATTERN: "It must be the three capital letters of a currency, such as USD.",
    EMAIL_PATTERN: "It must be an e-mail address, such as dana@example.com.",
}
_AS_PARAMETER: Final[Mapping[str, str]] = {  # a parameter has no quotes
    'It must be a decimal number in quotes, such as "12.50".': "It must be a decimal number, such as 12.50.",
}
Schema = Mapping[str, Any]  # a JSON schema, as pydantic wrote it


def body_faults(error: ValidationError, *, value: Json, schema: Schema) -> tuple[Fault, ...]:
    """One fault for each error, placed by a pointer into `value`; `schema` tells which names would be accepted."""
    return tuple(
        _fault(found, Place.BODY, path=pointer_path(found, value), schema=schema)
        for found in _details(error)[:FAULTS_MAX]
    )


def parameter_faults(error: ValidationError, *, place: Place, schema: Schema) -> tuple[Fault, ...]:
    """One fault for each parameter that is wrong, in the query or the path."""
    return tuple(_fault(found, place, path=found["loc"][:1], schema=schema) for found in _details(error)[:FAULTS_MAX])


def pointer_path(found: ErrorDetails, value: Json) -> tuple[str | int, ...]:
    """The error's place as steps into `value`.

    pydantic's own path also names union members and validators; a step that leads nowhere in `value` is one of those,
    unless it is the name of a member that is missing.
    """
    path: list[str | int] = []
    steps = found["loc"]
    for number, step in enumerate(steps, start=1):
        if isinstance(value, dict) and isinstance(step, str):
            is_missing = found["type"] == "missing" and number == len(steps)
            if step in value or is_missing:
                path.append(step)
                value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            path.append(step)
            value = value[step]
    return tuple(path)


def pointer(path: Sequence[str | int]) -> str:
    """The path as a JSON pointer in its URI fragment form, without percent-encoding (RFC 6901)."""
    return "#" + "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def _details(error: ValidationError) -> list[ErrorDetails]:
    return error.errors(include_url=False, include_input=False)


def _fault(found: ErrorDetails, place: Place, *, path: tuple[str | int, ...], schema: Schema) -> Fault:
    name = pointer(path) if place is Place.BODY else str(path[0]) if path else ""
    accepted = _accepted(found, path=path, schema=schema)
    sentence = _sentence(found, accepted)
    return Fault(place, name, sentence if place is Place.BODY else _AS_PARAMETER.get(sentence, sentence), accepted)


def _sentence(found: ErrorDetails, accepted: tuple[str, ...]) -> str:
    match found["type"]:
        case "missing":
            return "This is required."
        case "extra_forbidden":
            near = difflib.get_close_matches(str(found["loc"][-1]), accepted, n=1)
            return f"There is no such name here; did you mean '{near[0]}'?" if near else "There is no such name here."
        case "string_pattern_mismatch":
            return _WRITTEN.get(str(found["ctx"]["pattern"]), "It is not written as it must be here.")
        case "string_too_short" | "string_too_long" | "too_short" | "too_long":
            return _length(found["type"], found["ctx"])
        case "value_error":
            reason = found["msg"].removeprefix("Value error, ")
        case _:
            reason = found["msg"].replace("Input should", "It should", 1)
    return as_sentences([reason[:1].upper() + reason[1:]])


def _length(kind: str, context: Mapping[str, Any]) -> str:
    """What a text or list must have at least or at most, and what a list has."""
    bound, is_least = (context["min_length"], True) if kind.endswith("short") else (context["max_length"], False)
    if is_least and bound == 1:
        return "It must not be empty."
    thing = "character" if kind.startswith("string") else "entry"
    things = thing if bound == 1 else {"character": "characters", "entry": "entries"}[thing]
    return f"It must have at {'least' if is_least else 'most'} {bound:,} {things}."


def _accepted(found: ErrorDetails, *, path: tuple[str | int, ...], schema: Schema) -> tuple[str, ...]:
    context = found.get("ctx", {})
    match found["type"]:
        case "literal_error" | "enum":
            return tuple(_QUOTED.findall(str(context.get("expected", ""))))
        case "union_tag_invalid":
            return tuple(_QUOTED.findall(str(context.get("expected_tags", ""))))
        case "extra_forbidden":
            return tuple(dict.fromkeys(_names_at(schema, path[:-1], root=schema)))
        case _:
            return ()


def _names_at(schema: Schema, path: Sequence[str | int], *, root: Schema) -> Iterator[str]:
    reference = schema.get("$ref")
    if isinstance(reference, str):
        yield from _names_at(root["$defs"][reference.removeprefix(_REF_PREFIX)], path, root=root)
        return
    for option in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from _names_at(option, path, root=root)
    properties = schema.get("properties", {})
    if not path:
        yield from properties
        return
    inner = schema.get("items") if isinstance(path[0], int) else properties.get(path[0])
    if inner is None and isinstance(schema.get("additionalProperties"), dict):
        inner = schema["additionalProperties"]
    if isinstance(inner, dict):
        yield from _names_at(inner, path[1:], root=root)
