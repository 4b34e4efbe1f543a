"""Qualifications, AR System's query language: fields in single quotes, values in double ones, each doubled inside."""

from __future__ import annotations

from typing import Final

NULL: Final = "$NULL$"
_WILD: Final = frozenset("%_[]")


def compare(field: str, operator: str, value: str | int) -> str:
    """One condition. Times are epoch seconds, which no time zone of an account can turn into another instant."""
    return f"{_field(field)} {operator} {_text(str(value))}"


def begins_with(field: str, start: str) -> str:
    """The field begins with this text. Raises ValueError for a text with wildcards: there is no way to escape them."""
    if _WILD & set(start):
        raise ValueError(f"'{start}' has characters that stand for others")
    return f"{_field(field)} LIKE {_text(start + '%')}"


def both(*conditions: str) -> str:
    """All of these."""
    return " AND ".join(f"({one})" for one in conditions)


def either(*conditions: str) -> str:
    """At least one of these."""
    return " OR ".join(f"({one})" for one in conditions)


def _field(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"


def _text(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'
