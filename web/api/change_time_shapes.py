"""The times of changes as they travel: what is in the way, the calendar, the agenda."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from core.changes import AgendaItem, Calendar, ChangeAgenda, Fit, Obstacle, Span
from web.api.change_shapes import ChangeOut, change_out
from web.schema import Output


class SpanOut(Output):
    """From an instant until another."""

    starts_at: datetime
    ends_at: datetime


class ObstacleOut(Output):
    """What is in the way of a time."""

    kind: str  # freeze, window, collision
    name: str  # the freeze; the windows; the other change's reference
    span: SpanOut | None
    shared: list[str]  # what both changes touch


class FitOut(Output):
    """What is in the way of a time, the first from then on that is accepted, and what it means for the approval."""

    obstacles: list[ObstacleOut]
    accepted: SpanOut | None
    risk: Annotated[str | None, Field(description="then; null: not assessed yet")]
    again: Annotated[list[str], Field(description="who would be asked again, as less was approved")]


class NamedSpanOut(Output):
    """A freeze, or an opening of a maintenance window."""

    name: str
    starts_at: datetime
    ends_at: datetime


class CalendarOut(Output):
    """What happens in a time, each in order."""

    since: datetime
    until: datetime
    time_zone: str
    changes: list[ChangeOut]
    freezes: list[NamedSpanOut]
    windows: list[NamedSpanOut]


class AgendaItemOut(Output):
    """A change that is spoken about, and what is in the way of its time."""

    change: ChangeOut
    obstacles: list[ObstacleOut]


class AgendaOut(Output):
    """What a meeting about changes speaks about."""

    since: datetime
    until: datetime
    time_zone: str
    waiting: list[AgendaItemOut]  # for a decision
    planned: list[AgendaItemOut]  # scheduled in that time, in order
    reviews: list[ChangeOut]  # that wait
    freezes: list[NamedSpanOut]


def fit_out(fit: Fit) -> FitOut:
    """What is in the way, and what is accepted."""
    return FitOut(
        obstacles=[_obstacle(each) for each in fit.obstacles],
        accepted=_span(fit.accepted) if fit.accepted else None,
        risk=fit.risk,
        again=list(fit.again),
    )


def calendar_out(found: Calendar) -> CalendarOut:
    """A calendar as it travels."""
    return CalendarOut(
        since=found.span.starts_at,
        until=found.span.ends_at,
        time_zone=found.time_zone,
        changes=[change_out(each) for each in found.changes],
        freezes=[_named(each.name, each.span) for each in found.freezes],
        windows=[_named(each.name, each.span) for each in found.windows],
    )


def agenda_out(found: ChangeAgenda) -> AgendaOut:
    """An agenda as it travels."""

    def items(given: tuple[AgendaItem, ...]) -> list[AgendaItemOut]:
        return [
            AgendaItemOut(change=change_out(each.change), obstacles=[_obstacle(one) for one in each.obstacles])
            for each in given
        ]

    return AgendaOut(
        since=found.span.starts_at,
        until=found.span.ends_at,
        time_zone=found.time_zone,
        waiting=items(found.waiting),
        planned=items(found.planned),
        reviews=[change_out(each) for each in found.reviews],
        freezes=[_named(each.name, each.span) for each in found.freezes],
    )


def _obstacle(each: Obstacle) -> ObstacleOut:
    return ObstacleOut(
        kind=each.kind, name=each.name, span=_span(each.span) if each.span else None, shared=list(each.shared)
    )


def _span(span: Span) -> SpanOut:
    return SpanOut(starts_at=span.starts_at, ends_at=span.ends_at)


def _named(name: str, span: Span) -> NamedSpanOut:
    return NamedSpanOut(name=name, starts_at=span.starts_at, ends_at=span.ends_at)
