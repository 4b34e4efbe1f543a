"""The SQL of lessons: they stand in the reviews of changes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Row, Select, Text, case, cast, func, literal, select

from core.changes.model import changes
from core.db import Transaction

TOUCHES_THE_SAME: Final = 0.5  # what that adds to the likeness of two changes, beside the share of words
OF_THE_SAME_TYPE: Final = 0.05
_C: Final = changes.c
_LESSONS: Final = _C.review["lessons"].astext


async def found(tx: Transaction, words: str, *, after: int | None, limit: int) -> Sequence[Row[Any]]:
    """Changes with lessons that hold the words, if there are any, newest first, below the number `after`."""
    wanted = _with_lessons(tx, literal(0.0)).order_by(_C.number.desc()).limit(limit)
    if words.strip():
        wanted = wanted.where(_document().bool_op("@@")(func.websearch_to_tsquery("english", words)))
    if after is not None:
        wanted = wanted.where(_C.number < after)
    return (await tx.connection.execute(wanted)).all()


async def alike(
    tx: Transaction,
    change_id: UUID,
    *,
    words: str,
    change_type: str,
    resources: Collection[str],
    least: float,
    limit: int,
) -> Sequence[Row[Any]]:
    """Other changes with lessons by their likeness: the share of the words that are theirs too, and what they touch."""
    stems: list[str] = (await tx.connection.execute(select(_stems(func.to_tsvector("english", words))))).scalar_one()
    stem = func.unnest(cast(stems, ARRAY(Text))).column_valued("stem")
    theirs = select(func.count(stem)).where(stem == func.any(_stems(_document()))).correlate(changes)
    score = (
        theirs.scalar_subquery() / literal(float(max(1, len(stems))))
        + case((_C.resources.overlap(cast(list(resources), ARRAY(Text))), TOUCHES_THE_SAME), else_=0.0)
        + case((_C.change_type == change_type, OF_THE_SAME_TYPE), else_=0.0)
    )
    wanted = _with_lessons(tx, score).where(_C.change_id != change_id, score >= least)
    return (await tx.connection.execute(wanted.order_by(score.desc(), _C.number.desc()).limit(limit))).all()


def _stems(document: ColumnElement[Any]) -> ColumnElement[Any]:
    """The words of a document, each once, without their endings and without those that say nothing."""
    return func.tsvector_to_array(document)


def _document() -> ColumnElement[Any]:
    words = func.concat_ws(" ", _C.title, _C.description, _LESSONS, _C.review["tags"].astext)
    return func.to_tsvector("english", words)


def _with_lessons(tx: Transaction, score: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    return select(changes, score.label("likeness")).where(
        _C.tenant_id == tx.tenant, _C.review.is_not(None), _LESSONS != ""
    )
