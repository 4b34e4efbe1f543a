"""The rows of the report of violations: promises that were not kept, alerts at their worst, and causes. Pure (S8)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from core.documents import Column
from core.documents.document import Cell
from core.incidents import AlertCause
from core.sla.alerts import KINDS, worst_told
from core.sla.delivery import Delivered, meaning
from core.sla.runs import NOTHING
from core.sla.windows import Span

MISSED_COLUMNS: Final = (
    Column("Service", 2), Column("Promise", 3), Column("Delivered", 3), Column("What it means", 5),
    Column("Incidents", 2),
)  # fmt: skip
ALERT_COLUMNS: Final = (
    Column("Service", 5), Column("What", 7), Column("Began", 5), Column("Minutes", 4), Column("Severity", 4),
    Column("Incident", 5), Column("In words", 11),
)  # fmt: skip
CAUSE_COLUMNS: Final = (Column("Incident", 2), Column("Violations", 5), Column("Cause", 9))
CAUSE_MAX: Final = 600  # characters; the incident has all of it
INCIDENTS_MAX: Final = 5  # named for one promise


class Causes:
    """The incidents of alerts, and why they happened."""

    def __init__(self, found: Iterable[AlertCause]) -> None:
        self._by_key: dict[str, list[AlertCause]] = {}
        for each in found:
            self._by_key.setdefault(each.key, []).append(each)

    def of(self, row: Row[Any], *, now: datetime) -> AlertCause | None:
        """The incident in which the alert stood; None where it opened none."""
        told = self._by_key.get(f"{row.service}/{row.objective}", ())
        meant = [each for each in told if each.first_at <= (row.resolved_at or now) and each.last_at >= row.started_at]
        return max(meant, key=lambda each: (each.started_at == row.started_at, each.number), default=None)

    def incidents(self, service: str, objective: str) -> str:
        """The incidents of a promise's alerts, the newest first."""
        numbers = sorted({each.number for each in self._by_key.get(f"{service}/{objective}", ())}, reverse=True)
        more = f" and {len(numbers) - INCIDENTS_MAX} more" if len(numbers) > INCIDENTS_MAX else ""
        return ", ".join(f"INC-{number}" for number in numbers[:INCIDENTS_MAX]) + more or NOTHING


def missed_rows(
    service: str, delivered: Sequence[Delivered], causes: Causes, *, whole: Span, month: str, now: datetime
) -> list[tuple[Cell, ...]]:
    """The promises that were not kept, under MISSED_COLUMNS."""
    return [
        (
            service,
            each.objective.words,
            each.shown,
            meaning(each, whole, month, now=now),
            causes.incidents(service, each.objective.name),
        )
        for each in delivered
        if each.is_kept is False
    ]


def alert_row(row: Row[Any], cause: AlertCause | None, *, place: ZoneInfo, now: datetime) -> tuple[Cell, ...]:
    """The alert at its worst, under ALERT_COLUMNS."""
    worst = worst_told(row)
    return (
        row.service,
        _what(row),
        f"{row.started_at.astimezone(place):%Y-%m-%d %H:%M}",
        int(((row.resolved_at or now) - row.started_at).total_seconds() // 60),
        worst["severity"],
        NOTHING if cause is None else cause.reference,
        worst["words"],
    )


def cause_rows(told: Iterable[tuple[Row[Any], AlertCause | None]]) -> tuple[tuple[Cell, ...], ...]:
    """The causes of these alerts under CAUSE_COLUMNS, each incident once, in their order."""
    by_incident: dict[str, tuple[AlertCause, list[str]]] = {}
    for row, cause in told:
        if cause is not None:
            said = f"{row.service}: {_what(row)}"
            _first, violations = by_incident.setdefault(cause.reference, (cause, []))
            if said not in violations:
                violations.append(said)
    return tuple(
        (reference, "; ".join(violations), cause_words(cause)) for reference, (cause, violations) in by_incident.items()
    )


def _what(row: Row[Any]) -> str:
    return f"{row.objective.replace('_', ' ')} {KINDS[worst_told(row)['kind']]}"


def cause_words(cause: AlertCause) -> str:
    """What its people have written down; else what is suspected, and why."""
    if cause.recorded:
        said = f"{cause.recorded} ({'by its review' if cause.is_reviewed else 'as it was resolved'})"
    elif cause.suspected:
        said = f"None is written down; suspected is {cause.suspected}"
    else:
        said = "None is written down, and nothing is suspected."
    return said if len(said) <= CAUSE_MAX else f"{said[: CAUSE_MAX - 1]}…"
