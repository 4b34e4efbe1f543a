"""Which cost centre bears a cost, as whoever asks for costs says it: costs themselves know of no centres (C7, C10)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ARRAY, ColumnElement, Date, FromClause, Text, and_, func, literal, or_

from core.db import Transaction


@dataclass(frozen=True, slots=True)
class Bearer:
    """From the first day to before `until` (None: for good) the centre bears what the project, or the agent, costs."""

    project: str  # one of the two is empty
    agent: str
    first_day: date
    until: date | None
    centre: str


Bearers = Callable[[Transaction], Awaitable[Sequence[Bearer]]]


def borne(
    table: FromClause, day: ColumnElement[date], bearers: Sequence[Bearer]
) -> tuple[FromClause, ColumnElement[str]]:
    """The table, and which centre bears each row of it; empty: none does. An agent's goes before its project's."""
    by_agent = _named("agent", [each for each in bearers if each.agent], [each.agent for each in bearers if each.agent])
    by_project = _named(
        "project", [each for each in bearers if each.project], [each.project for each in bearers if each.project]
    )
    columns = table.c
    joined = table.outerjoin(by_agent, _holds(by_agent, columns.agent, day)).outerjoin(
        by_project, _holds(by_project, columns.project, day)
    )
    return joined, func.coalesce(func.nullif(by_agent.c.centre, ""), by_project.c.centre, "")


def _named(kind: str, bearers: Sequence[Bearer], names: Sequence[str]) -> FromClause:
    return (
        func.unnest(
            literal(list(names), ARRAY(Text)),
            literal([each.first_day for each in bearers], ARRAY(Date)),
            literal([each.until for each in bearers], ARRAY(Date)),
            literal([each.centre for each in bearers], ARRAY(Text)),
        )
        .table_valued("subject", "first_day", "until", "centre", name=f"borne_by_{kind}")
        .render_derived()
    )


def _holds(bearer: FromClause, subject: ColumnElement[str], day: ColumnElement[date]) -> ColumnElement[bool]:
    return and_(
        bearer.c.subject == subject,
        bearer.c.first_day <= day,
        or_(bearer.c.until.is_(None), day < bearer.c.until),
    )
