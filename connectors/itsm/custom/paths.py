"""Where a fact stands in an answer: names and list positions, parted by dots."""

from __future__ import annotations

import json
from typing import Any

from connectors.itsm.custom.request_spec import JsonPath


def at(value: Any, path: JsonPath) -> Any:
    """What stands there; None if nothing does. The empty path is the value itself."""
    for step in path:
        match value:
            case dict():
                value = value.get(step)
            case list() if step.isdecimal() and int(step) < len(value):
                value = value[int(step)]
            case _:
                return None
    return value


def odd_at(value: Any, path: JsonPath) -> str:
    """What stands there as JSON, if that is no single value but an object or a list; else the empty text."""
    found = at(value, path) if path else None
    return json.dumps(found, ensure_ascii=False, sort_keys=True) if isinstance(found, dict | list) else ""


def text_at(value: Any, path: JsonPath) -> str:
    """The same as text; of nothing, of no path and of what is no single value the empty text."""
    if not path:
        return ""
    found = at(value, path)
    match found:
        case None | dict() | list():
            return ""
        case bool():
            return "true" if found else "false"
        case float() if found.is_integer():
            return str(int(found))
        case _:
            return str(found)
