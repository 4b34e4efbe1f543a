"""Keeps a rendered card within what Teams takes of it as a whole."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from bot.cards import Markup
from bot.teams.elements import small_print

Json = dict[str, Any]

LAST_SHOWN: Final = 4  # elements at the end that folding leaves: the rows of buttons stand there
_NOTE_ROOM: Final = 200  # bytes of the note
_BETWEEN: Final = 1  # the comma after an element


def sent_bytes(part: Json) -> int:
    """What a part takes as it is sent: compact, UTF-8."""
    return len(json.dumps(part, ensure_ascii=False, separators=(",", ":")).encode())


def folded(elements: list[Json], *, size: int) -> list[Json]:
    """Elements of at most `size` bytes together; the middle is folded, the end stays."""
    sizes = [sent_bytes(element) + _BETWEEN for element in elements]
    if sum(sizes) <= size:
        return elements
    room = size - _NOTE_ROOM
    last = _fitting(reversed(sizes[-LAST_SHOWN:]), room)
    rest = len(elements) - last
    first = _fitting(sizes[:rest], room - sum(sizes[rest:]))
    return [*elements[:first], _note(rest - first), *elements[rest:]]


def _fitting(sizes: Iterable[int], room: int) -> int:
    """How many of these, one after the other, fit."""
    fitting = 0
    for size in sizes:
        room -= size
        if room < 0:
            break
        fitting += 1
    return fitting


def _note(hidden: int) -> Json:
    parts = "1 part is" if hidden == 1 else f"{hidden} parts are"
    return small_print((Markup(f"… {parts} not shown here."),))
