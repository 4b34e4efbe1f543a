"""Keeps rendered blocks within what Slack takes of them as a whole: so many, and so long together."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, Final

Json = dict[str, Any]

LAST_SHOWN: Final = 3  # blocks at the end that folding leaves: the buttons stand there
_NOTE_ROOM: Final = 200  # of the note's own JSON
_BETWEEN: Final = 2  # the comma and space after a block


def characters(block: Json) -> int:
    """What a block takes in a message, with what surrounds it."""
    return len(json.dumps(block, ensure_ascii=False)) + _BETWEEN


def sent_bytes(block: Json) -> int:
    """What a block takes in a view as it is sent: in JSON whatever is not ASCII is escaped."""
    return len(json.dumps(block)) + _BETWEEN


def folded(blocks: list[Json], *, count: int, size: int | None, measure: Callable[[Json], int]) -> list[Json]:
    """At most `count` blocks of at most `size` together (None: however long); the middle is folded, the end stays."""
    sizes = [measure(block) for block in blocks]
    size = sum(sizes) + _NOTE_ROOM if size is None else size
    if len(blocks) <= count and sum(sizes) <= size:
        return blocks
    room = size - _NOTE_ROOM
    last = _fitting(reversed(sizes[-LAST_SHOWN:]), room)
    rest = len(blocks) - last
    first = _fitting(sizes[: min(rest, count - last - 1)], room - sum(sizes[rest:]))
    return [*blocks[:first], _note(rest - first), *blocks[rest:]]


def _fitting(sizes: Iterable[int], room: int) -> int:
    """How many of these, one after the other, fit."""
    used = 0
    fitting = 0
    for size in sizes:
        used += size
        if used > room:
            break
        fitting += 1
    return fitting


def _note(hidden: int) -> Json:
    text = f"… {hidden} parts are not shown here." if hidden != 1 else "… 1 part is not shown here."
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text, "verbatim": True}]}
