"""Lessons of earlier changes: searched, and suggested where a new change is like them (G11)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from core.access import TokenScope, directory, permitted
from core.actor import Actor
from core.changes import lesson_store
from core.changes.errors import InvalidChange
from core.changes.state import BEFORE_WORK
from core.changes.views import LessonView
from core.db import Database, Transaction
from core.ids import UserId

SUGGESTED: Final = 3  # more are not read
LIKE: Final = 0.2  # the least likeness of a suggestion: a fifth of its words, or something that both touch
WORDS_MAX: Final = 1000  # characters of a change that others are compared with
TAGS_MAX: Final = 10
TAG_MAX: Final = 40  # characters


async def search_lessons(
    database: Database, actor: Actor, *, words: str = "", after: int | None = None, limit: int = 50
) -> tuple[LessonView, ...]:
    """Lessons that hold all the words (any, if there are none), of the newest changes first, below number `after`."""
    async with permitted(database, actor, TokenScope.READ, action="change.lessons", resource="lessons") as tx:
        return await _views(tx, await lesson_store.found(tx, words, after=after, limit=limit))


async def suggested(tx: Transaction, row: Row[Any]) -> tuple[LessonView, ...]:
    """What earlier changes teach about one that has not begun, the most alike first; nothing once it has."""
    if row.state not in BEFORE_WORK:
        return ()
    found = await lesson_store.alike(
        tx,
        row.change_id,
        words=f"{row.title} {row.description}"[:WORDS_MAX],
        change_type=row.change_type,
        resources=row.resources,
        least=LIKE,
        limit=SUGGESTED,
    )
    return await _views(tx, found)


def read_tags(texts: Collection[str]) -> list[str]:
    """The tags, each once, as they are kept. Raises InvalidChange."""
    found = list(dict.fromkeys(each.strip().lower() for each in texts if each.strip()))
    if len(found) > TAGS_MAX or any(len(each) > TAG_MAX for each in found):
        raise InvalidChange(f"{TAGS_MAX} tags at most, each of up to {TAG_MAX} characters.", where="tags")
    return found


async def _views(tx: Transaction, rows: Sequence[Row[Any]]) -> tuple[LessonView, ...]:
    everybody = await directory(tx)
    return tuple(
        LessonView(
            change_id=row.change_id,
            reference=f"CHG-{row.number}",
            title=row.title,
            type=row.change_type,
            state=row.state,
            lessons=row.review["lessons"],
            tags=tuple(row.review.get("tags", ())),
            by=everybody.people[UserId(UUID(row.review["by"]))],
            at=datetime.fromisoformat(row.review["at"]),
            likeness=round(float(row.likeness), 3),
        )
        for row in rows
    )
