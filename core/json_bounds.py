"""How deep JSON from outside may nest, and which text of it can be kept: what every reader of ours can bear."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

DEPTH_MAX: Final = 64  # nested arrays and objects
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKET: Final = re.compile(r"[\[\]{}]")


def is_shallow(text: str) -> bool:
    """Whether no bracket stands deeper than DEPTH_MAX. Brackets within strings do not count."""
    if text.count("[") + text.count("{") <= DEPTH_MAX:
        return True
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > DEPTH_MAX:
            return False
    return True


def is_storable(text: str) -> bool:
    """Whether PostgreSQL can keep the text, and UTF-8 can express it."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def texts(value: Any) -> Iterator[str]:
    """Every text in this value, names included."""
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from texts(item)
        case dict():
            for name, item in value.items():
                yield name
                yield from texts(item)
        case _:
            pass
