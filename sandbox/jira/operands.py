"""Operands of queries: how what people write becomes what fields hold, and how texts are searched."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from sandbox.jira.catalogue import CATEGORIES, FIELDS, PROJECTS, Field, by_name, project
from sandbox.jira.jql import BadQuery, Operand

PERIOD: Final = re.compile(r"([+-]?)(\d+)([wdhmyM]?)\Z")
_UNIT: Final = {"w": 10_080, "d": 1_440, "h": 60, "m": 1, "": 1, "y": 525_600, "M": 43_200}  # minutes
_FARTHEST: Final = 50_000_000  # minutes, about a century: beyond it dates end
_WORD: Final = re.compile(r"\w+(?:[.'-]\w+)*")


def text_matches(text: str, wanted: str) -> bool:
    """Every word is there, in any order; a trailing star is a beginning, quotes hold a phrase together."""
    have = [word.casefold() for word in _WORD.findall(text)]
    for phrase, word in re.findall(r'"([^"]+)"|(\S+)', wanted):
        if phrase:
            words = [one.casefold() for one in _WORD.findall(phrase)]
            if not any(have[at : at + len(words)] == words for at in range(len(have) - len(words) + 1)):
                return False
            continue
        begins = word.endswith("*")
        for part in (one.casefold() for one in _WORD.findall(word)):
            if not any(one.startswith(part) if begins else one == part for one in have):
                return False
    return True


def field_named(name: str) -> Field | None:
    """The field that a query calls so: by id, by name, or as cf[10020]."""
    if number := re.fullmatch(r"cf\[(\d+)\]", name, re.IGNORECASE):
        return FIELDS.get(f"customfield_{number[1]}")
    held = FIELDS.get(name.casefold())
    return held or next((one for one in FIELDS.values() if one.name.casefold() == name.casefold()), None)


def reader(name: str, read: Callable[[str], Any]) -> Callable[[str], Any]:
    """A reading whose KeyError is told in the vendor's words, as a LookupError."""

    def reading(text: str) -> Any:
        try:
            return read(text)
        except KeyError as exc:
            raise LookupError(f"The value '{text}' does not exist for the field '{name}'.") from exc

    return reading


def id_reader(names: Mapping[str, str]) -> Callable[[str], str]:
    """Reads a name, or an id, into the id."""

    def reading(text: str) -> str:
        found = by_name(names, text) or (text if text in names else None)
        if found is None:
            raise KeyError(text)
        return found

    return reading


def name_reader(names: Mapping[str, str]) -> Callable[[str], str]:
    """Reads an id, or a name, into the name without regard to case."""
    known = {name.casefold() for name in names.values()}

    def reading(text: str) -> str:
        name = names.get(text, text).casefold()
        if name not in known:
            raise KeyError(text)
        return name

    return reading


def project_key(text: str) -> str:
    """The key of the project with this key, id or name. Raises KeyError."""
    found = project(text) or next((one for one in PROJECTS.values() if one.name.casefold() == text.casefold()), None)
    if found is None:
        raise KeyError(text)
    return found.key


def category(text: str) -> str:
    """The key of the status category with this key, id or name. Raises KeyError."""
    for key, about in CATEGORIES.items():
        if text.casefold() in {key, str(about["name"]).casefold(), str(about["id"])}:
            return key
    raise KeyError(text)


def is_unresolved(operands: tuple[Operand, ...]) -> bool:
    """Whether this asks for issues without a resolution."""
    return len(operands) == 1 and isinstance(operands[0], str) and operands[0].casefold() == "unresolved"


def number_reader(name: str) -> Callable[[str], float]:
    """Reads a number."""

    def reading(text: str) -> float:
        try:
            return float(text)
        except ValueError:
            raise LookupError(f"The value '{text}' is not a number for the field '{name}'.") from None

    return reading


def ranks(value: str | None) -> list[int]:
    """A priority as a number that grows with it: Highest is greatest."""
    return [-int(value)] if value else []


def key_parts(key: str) -> tuple[str, int]:
    """An issue's key, to be compared: project, then number."""
    name, _, number = key.rpartition("-")
    return name, int(number)


def several(value: Any) -> list[Any]:
    """The values of a field that holds none, one or several."""
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def single(value: Any) -> list[Any]:
    """The value of a field that holds none or one; zero is a value."""
    return [] if value in (None, "") else [value]


def property_values(value: Any, path: str) -> list[Any]:
    """What stands at this path of an entity property."""
    for step in path.split(".") if path else ():
        value = value.get(step) if isinstance(value, dict) else None
    found = value if isinstance(value, list) else [value]
    return [str(one).casefold() for one in found if isinstance(one, str | int | float)]


def minutes(text: str) -> int:
    """A period such as -5d, in minutes. Raises BadQuery."""
    match = PERIOD.match(text)
    if match is None:
        raise BadQuery(f"'{text}' is no period of time such as -5d or 4h.")
    sign, count, unit = match.groups()
    found = min(int(count) * _UNIT[unit], _FARTHEST)
    return -found if sign == "-" else found
