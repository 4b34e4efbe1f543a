"""Texts with placeholders: `Request {request.reference} waits`. Names are checked when a rule is loaded.

Placeholders, not a language, as in the files of custom ticket systems (docs/decisions/0028). What is not known when a
text is filled in is left empty.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from core.conditions import Variables, Vocabulary, check_name, value_at
from core.errors import InvalidInput

LENGTH_MAX: Final = 4000  # characters of a text before it is filled in
FILLED_MAX: Final = 8000  # and after
_PIECE: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_NAME: Final = re.compile(r"[a-z_]+(\.[A-Za-z_]\w*)+\Z")


@dataclass(frozen=True, slots=True)
class Template:
    """A checked text. Two are equal if their texts are."""

    text: str

    @property
    def fixed(self) -> str | None:
        """What it says whatever happens; None where an event fills it in."""
        has_names = any(found[1] is not None for found in _PIECE.finditer(self.text))
        return None if has_names else self.fill({})

    def fill(self, variables: Variables) -> str:
        """The text with what is known; a list is joined by commas."""
        return _PIECE.sub(lambda found: _filled(found, variables), self.text)[:FILLED_MAX]


def read_template(text: str, subjects: Collection[str], *, vocabulary: Vocabulary) -> Template:
    """The template, which names nothing but the vocabulary's variables of these subjects. Raises InvalidInput."""
    if len(text) > LENGTH_MAX:
        raise InvalidInput(f"A text has at most {LENGTH_MAX} characters; this has {len(text)}.")
    for found in _PIECE.finditer(text):
        name = found[1]
        if found[0] in {"{{", "}}"}:
            continue
        if name is None:
            raise InvalidInput(f"'{found[0]}' stands alone; a brace itself is written twice: '{found[0] * 2}'.")
        if not _NAME.match(name.strip()):
            raise InvalidInput(f"'{{{name}}}' names no variable; one reads {{request.reference}}.")
        subject, _, rest = name.strip().partition(".")
        check_name(subject, rest, {each: vocabulary.examples[each] for each in subjects})
    return Template(text)


def _filled(found: re.Match[str], variables: Variables) -> str:
    if found[0] in {"{{", "}}"}:
        return found[0][0]
    return _in_words(value_at(variables, (found[1] or "").strip()))


def _in_words(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return ", ".join(map(str, value))
        case _:
            return str(value)
