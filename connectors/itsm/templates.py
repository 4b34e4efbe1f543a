"""`{name}` in what is sent: nothing is computed, and a value can never become more than a value.

A text that is one placeholder keeps its value's type, so a body stays JSON by construction; in paths and queries the
value is percent-encoded, in headers it may not break the line. `{{` and `}}` are braces.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

_TOKEN: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_NAME: Final = re.compile(r"[a-z][a-z_]*(?:\.[a-z][a-z0-9_]*)?\Z")
FIELDS: Final = "fields."

Values = Mapping[str, Any]


class TemplateError(Exception):
    """The text is no template; the message says why."""


@dataclass(frozen=True, slots=True)
class Name:
    """A placeholder."""

    name: str


@dataclass(frozen=True, slots=True)
class Template:
    """Texts and placeholders in turn."""

    parts: tuple[str | Name, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The placeholders."""
        return tuple(part.name for part in self.parts if isinstance(part, Name))

    def value(self, values: Values) -> Any:
        """What it stands for: of a single placeholder the value as it is, else a text. None: nothing is known."""
        if len(self.parts) == 1 and isinstance(self.parts[0], Name):
            found = _found(values, self.parts[0].name)
            return None if found is None or found == "" else found
        return self.text(values)

    def text(self, values: Values) -> str:
        """The whole as text; unknown values are empty."""
        return "".join(part if isinstance(part, str) else _text(_found(values, part.name)) for part in self.parts)

    def path(self, values: Values) -> str:
        """The whole as a path, each value percent-encoded. Raises ValueError for a value that would lead elsewhere."""
        out = ""
        for part in self.parts:
            if isinstance(part, str):
                out += quote(part, safe="/%:@!$&'()*+,;=~-._")
                continue
            value = _text(_found(values, part.name))
            if value in {"", ".", ".."}:
                raise ValueError(f"'{part.name}' is {value!r}, which would lead to another path")
            out += quote(value, safe="")
        return out


def parse(text: str) -> Template:
    """The template in this text. Raises TemplateError."""
    parts: list[str | Name] = []
    literal, at = "", 0
    for match in _TOKEN.finditer(text):
        literal += text[at : match.start()]
        at = match.end()
        token, name = match[0], match[1]
        if token in {"{{", "}}"}:
            literal += token[0]
            continue
        if name is None:
            raise TemplateError(f"A single '{token}' stands here; a brace is written '{token * 2}'.")
        if not _NAME.match(name):
            raise TemplateError(f"'{token}' is no placeholder: a name like {{key}} or {{fields.risk}} stands here.")
        if literal:
            parts.append(literal)
            literal = ""
        parts.append(Name(name))
    literal += text[at:]
    if literal or not parts:
        parts.append(literal)
    return Template(tuple(parts))


def rendered(tree: Any, values: Values) -> Any:
    """A body with its placeholders filled; an entry that is one placeholder without a value is left out."""
    match tree:
        case Template():
            return tree.value(values)
        case Mapping():
            found = {name: rendered(one, values) for name, one in tree.items()}
            return {name: value for name, value in found.items() if value is not None or tree[name] is None}
        case tuple():
            return [value for one in tree if (value := rendered(one, values)) is not None]
        case _:
            return tree


def _found(values: Values, name: str) -> Any:
    if name.startswith(FIELDS):
        return values.get(name, values.get("fields", {}).get(name.removeprefix(FIELDS)))
    return values.get(name)


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)
