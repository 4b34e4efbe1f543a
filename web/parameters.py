"""Query and path parameters: text, read as JSON would be, then checked by a strict model.

What the text of a parameter stands for is decided by the JSON schema of its field, so that the document and the reader
cannot differ: `limit=10` is a number, `limit=1_0` is not one. A list field takes the parameter several times.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from core.json_bounds import is_storable
from web.errors import Fault, InvalidRequest, Place
from web.faults import Schema, parameter_faults
from web.json_text import INT_MAX, Json

_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,18})")
_BOOLEANS: Final = {"true": True, "false": False}


class Reading(StrEnum):
    """What the text of a parameter stands for."""

    TEXT = "string"
    INTEGER = "integer"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of one endpoint in one place."""

    place: Place
    model: type[BaseModel]
    schema: Schema
    readings: Mapping[str, Reading]
    lists: frozenset[str]

    def read(self, given: Iterable[tuple[str, str]]) -> BaseModel:
        """The model that the text stands for. Raises InvalidRequest with a fault for each parameter that is wrong."""
        values: dict[str, Json] = {}
        for name, text in given:
            if not is_storable(text):
                raise InvalidRequest((Fault(self.place, name, "It holds the character U+0000."),))
            value = _value(text, self.readings.get(name, Reading.TEXT))
            if name in self.lists:
                held = values.setdefault(name, [])
                assert isinstance(held, list)
                held.append(value)
            elif name in values:
                raise InvalidRequest((Fault(self.place, name, "It is given more than once."),))
            else:
                values[name] = value
        try:
            return self.model.model_validate_json(json.dumps(values))
        except ValidationError as error:
            raise InvalidRequest(parameter_faults(error, place=self.place, schema=self.schema)) from None


def parameters_of(model: type[BaseModel], place: Place) -> Parameters:
    """How the parameters of `model` are read."""
    schema = model.model_json_schema()
    inner = {name: unwrapped(field) for name, field in schema.get("properties", {}).items()}
    lists = frozenset(name for name, field in inner.items() if field.get("type") == "array")
    readings = {name: _reading(field.get("items", {}) if name in lists else field) for name, field in inner.items()}
    return Parameters(place, model, schema, readings, lists)


def unwrapped(field: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of an optional field without its null, which a parameter cannot express: it is left out instead."""
    options = [option for option in field.get("anyOf", ()) if option.get("type") != "null"]
    if len(options) != 1:
        return field
    return {**{name: value for name, value in field.items() if name not in {"anyOf", "default"}}, **options[0]}


def _reading(field: Mapping[str, Any]) -> Reading:
    kind = field.get("type")
    return Reading(kind) if kind in {Reading.INTEGER, Reading.BOOLEAN} else Reading.TEXT


def _value(text: str, reading: Reading) -> Json:
    match reading:
        case Reading.INTEGER if _INTEGER.fullmatch(text) and abs(int(text)) <= INT_MAX:
            return int(text)
        case Reading.BOOLEAN:
            return _BOOLEANS.get(text, text)
        case _:
            return text  # where a number was wanted, the model says so
