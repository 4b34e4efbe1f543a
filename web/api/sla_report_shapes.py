"""Trends, credits, plans and actions as they travel."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from core.sla import ActionView, CreditView, Effect, PlanView, TrendsView
from web.api.convert import person_out
from web.api.shapes import PersonOut
from web.api.sla_shapes import Figure, Share
from web.schema import DecimalText, Id, Input, Instant, Line, Output, Prose

Title = Annotated[Line, Field(max_length=200)]
Words = Annotated[str, Field(max_length=2000)]


class CreditOut(Output):
    """What a service's customer gets back for a period."""

    service: str
    start: datetime
    end: datetime
    is_over: bool
    promised: Share | None
    availability: Annotated[Share | None, Field(description="measured so far")]
    availability_at_end: Annotated[Share | None, Field(description="if it is up from now on; credited by this")]
    minutes_down: Figure
    credit: Annotated[DecimalText, Field(description="share of the fee")]
    amount: DecimalText | None  # null: the fee is not known here
    currency: str
    terms: list[str]


class CreditsOut(Output):
    """Credits of a period."""

    items: list[CreditOut]


class DayOut(Output):
    """A day in the tenant's time zone."""

    day: date
    operations: int
    failed: int
    availability: Share | None
    minutes_down: Figure
    response_time_p95: Figure | None


class ShiftOut(Output):
    """A change of level."""

    day: date
    before: float
    after: float
    p: float


class SeasonOut(Output):
    """How much of the variance an hour of the day, or a day of the week, explains."""

    strength: float
    worst: int  # hour, or weekday from Monday (0)
    worst_mean: float
    usual_mean: float


class TrendOut(Output):
    """One figure in the long run."""

    figure: str  # response_time, error_rate, throughput
    days: int
    slope_per_day: float | None
    slope_p: float | None
    changes: list[ShiftOut]
    by_hour: SeasonOut | None
    by_weekday: SeasonOut | None
    sentences: list[str]


class TrendsOut(Output):
    """A service in the long run."""

    service: str
    time_zone: str
    days: list[DayOut]
    trends: list[TrendOut]


class FiguresOut(Output):
    """Figures that are compared."""

    operations: int
    availability: Share | None
    error_rate: Share | None
    response_time_p95: Figure | None


class DifferenceOut(Output):
    """One figure before and after."""

    figure: str
    before: float
    after: float
    relative: float | None


class EffectOut(Output):
    """What was changed: too_early, better, worse, mixed or same."""

    verdict: str
    differences: list[DifferenceOut]


class ActionOut(Output):
    """Something that is to make a service better."""

    id: UUID
    plan_id: UUID | None
    service: str
    title: str
    why: str
    owner: PersonOut | None
    due_at: datetime | None
    is_overdue: bool
    state: str  # open, done, dropped
    evidence: str
    done_by: PersonOut | None
    created_at: datetime
    done_at: datetime | None
    before: FiguresOut | None  # of the week before it was done
    after: FiguresOut | None  # of the week after, as far as it has come
    effect: EffectOut | None


class PlanOut(Output):
    """A plan."""

    id: UUID
    reference: str
    service: str
    title: str
    state: str  # draft, adopted, done, dropped
    findings: list[str]
    before: FiguresOut
    now: FiguresOut | None
    effect: EffectOut | None
    actions: list[ActionOut]
    author: PersonOut | None
    note: str
    created_at: datetime
    adopted_at: datetime | None
    closed_at: datetime | None


class PlanIn(Input):
    """Of which service a plan is drafted."""

    service: Annotated[str, Field(min_length=1, max_length=120)]


class EndIn(Input):
    """How it ends."""

    state: Annotated[str, Field(max_length=40, description="done or dropped")]
    note: Words = ""


class ActionIn(Input):
    """Something that somebody is to do."""

    service: Annotated[str, Field(min_length=1, max_length=120)]
    title: Title
    owner: Annotated[str, Field(max_length=320, description="e-mail address")]
    due_at: Instant
    why: Words = ""
    plan_id: Id | None = None


class OwnerIn(Input):
    """Whose an action is, and until when."""

    owner: Annotated[str, Field(max_length=320, description="e-mail address")]
    due_at: Instant


class ActionEndIn(Input):
    """How an action ends."""

    state: Annotated[str, Field(max_length=40, description="done or dropped")]
    evidence: Prose | None = None


def credit_out(view: CreditView) -> CreditOut:
    """A credit as it travels."""
    return CreditOut.model_validate({**{name: getattr(view, name) for name in _CREDIT}, "terms": list(view.terms)})


_CREDIT = tuple(name for name in CreditOut.model_fields if name != "terms")


def trends_out(view: TrendsView) -> TrendsOut:
    """Trends as they travel."""
    return TrendsOut(
        service=view.service,
        time_zone=view.zone,
        days=[
            DayOut(
                day=each.day,
                operations=each.measured.total,
                failed=each.measured.failed,
                availability=each.measured.availability,
                minutes_down=round(each.measured.minutes_down, 4),
                response_time_p95=each.measured.p95,
            )
            for each in view.days
        ],
        trends=[
            TrendOut(
                figure=each.metric,
                days=each.days,
                slope_per_day=each.slope.per_day if each.slope else None,
                slope_p=each.slope.p if each.slope else None,
                changes=[
                    ShiftOut(day=one.day, before=one.shift.before, after=one.shift.after, p=one.shift.p)
                    for one in each.changes
                ],
                by_hour=SeasonOut.model_validate(each.by_hour) if each.by_hour else None,
                by_weekday=SeasonOut.model_validate(each.by_weekday) if each.by_weekday else None,
                sentences=list(each.sentences),
            )
            for each in view.trends
        ],
    )


def action_out(view: ActionView) -> ActionOut:
    """An action as it travels."""
    return ActionOut(
        id=view.id,
        plan_id=view.plan_id,
        service=view.service,
        title=view.title,
        why=view.why,
        owner=person_out(view.owner) if view.owner else None,
        due_at=view.due_at,
        is_overdue=view.is_overdue,
        state=view.state,
        evidence=view.evidence,
        done_by=person_out(view.done_by) if view.done_by else None,
        created_at=view.created_at,
        done_at=view.done_at,
        before=FiguresOut.model_validate(view.before) if view.before else None,
        after=FiguresOut.model_validate(view.after) if view.after else None,
        effect=_effect(view.effect) if view.effect else None,
    )


def plan_out(view: PlanView) -> PlanOut:
    """A plan as it travels."""
    return PlanOut(
        id=view.id,
        reference=view.reference,
        service=view.service,
        title=view.title,
        state=view.state,
        findings=list(view.findings),
        before=FiguresOut.model_validate(view.before),
        now=FiguresOut.model_validate(view.now) if view.now else None,
        effect=_effect(view.effect) if view.effect else None,
        actions=[action_out(each) for each in view.actions],
        author=person_out(view.author) if view.author else None,
        note=view.note,
        created_at=view.created_at,
        adopted_at=view.adopted_at,
        closed_at=view.closed_at,
    )


def _effect(effect: Effect) -> EffectOut:
    found = [DifferenceOut.model_validate(each) for each in effect.differences]
    return EffectOut(verdict=effect.verdict, differences=found)
