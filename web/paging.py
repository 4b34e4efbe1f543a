"""Lists in pages. A cursor is the position of the last row seen, opaque to callers, worthless to forge.

It is not signed: a row's position is checked against the caller's tenant and rights like any other input, and another
position only starts the same list elsewhere. It names its list, so that one list's cursor is refused by another.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Sequence
from typing import Annotated, Final, Generic, TypeVar

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from web.errors import Malformed, MalformedCursor
from web.json_text import parse_json
from web.schema import Output, Query

LIMIT_DEFAULT: Final = 50
LIMIT_MAX: Final = 200
CURSOR_MAX: Final = 512  # characters
_ALPHABET: Final = re.compile(r"[A-Za-z0-9_-]+")

Item = TypeVar("Item", bound=BaseModel)
Row = TypeVar("Row")
Position = TypeVar("Position")


class PageQuery(Query):
    """Which part of a list; derive from it to add filters."""

    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX, description="how many items at most")] = LIMIT_DEFAULT
    cursor: Annotated[
        str | None, Field(max_length=CURSOR_MAX, description="`next_cursor` of the previous page; none for the first")
    ] = None


class Page(Output, Generic[Item]):
    """One page of a list; `next_cursor` is null on the last one."""

    items: list[Item]
    next_cursor: str | None


def whole(items: list[Item]) -> Page[Item]:
    """A list that is short enough to be one page."""
    return Page(items=items, next_cursor=None)


class Cursors(Generic[Position]):
    """The cursors of one list. `position` is what the list is ordered by, for example tuple[datetime, UUID]."""

    def __init__(self, name: str, position: type[Position]) -> None:
        self._name = name
        self._adapter: TypeAdapter[Position] = TypeAdapter(position)

    def encode(self, position: Position) -> str:
        """The cursor that continues after `position`."""
        text = json.dumps([self._name, self._adapter.dump_python(position, mode="json")], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()

    def decode(self, cursor: str | None) -> Position | None:
        """The position that `encode` was given; None for no cursor. Raises MalformedCursor for any other text."""
        if cursor is None:
            return None
        try:
            name, value = _open(cursor)
            position = self._adapter.validate_json(json.dumps(value), strict=True)
        except (ValueError, TypeError, Malformed, ValidationError):
            raise MalformedCursor from None
        if name != self._name or self.encode(position) != cursor:
            raise MalformedCursor
        return position

    def page(
        self, rows: Sequence[Row], *, limit: int, shown: Callable[[Row], Item], position: Callable[[Row], Position]
    ) -> Page[Item]:
        """The first `limit` of `rows`, which were asked for with one more than that to know whether it goes on."""
        kept = rows[:limit]
        more = self.encode(position(kept[-1])) if len(rows) > limit else None
        return Page(items=[shown(row) for row in kept], next_cursor=more)


def _open(cursor: str) -> tuple[object, object]:
    if len(cursor) > CURSOR_MAX or not _ALPHABET.fullmatch(cursor):
        raise ValueError("not base64url")
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error
    match parse_json(raw):
        case [name, value]:
            return name, value
        case _:
            raise ValueError("not a name and a position")
