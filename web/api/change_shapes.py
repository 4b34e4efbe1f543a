"""Changes as they travel."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from core.changes import (
    AgendaItem,
    Calendar,
    ChangeAgenda,
    ChangePolicy,
    ChangeRisk,
    ChangeView,
    Fit,
    Obstacle,
    Proposal,
    Span,
)
from core.roles.permissions import names
from web.api.convert import person_out
from web.api.rollout_shapes import AlarmOut, RecoveryOut, RolloutOut, alarm_out, recovery_out, rollout_out
from web.api.shapes import FactorOut, PersonOut
from web.paging import PageQuery
from web.schema import Input, Instant, Output, Query

_Text = Annotated[str, Field(max_length=20_000)]
_Word = Annotated[str, Field(max_length=40)]
_Resource = Annotated[str, Field(max_length=300, description="agent:invoice-reader, service:Payments")]
_Resources = Annotated[list[_Resource], Field(max_length=100)]


class ChangeIn(Input):
    """A new change. With a template, what it does not say is as the template says."""

    title: Annotated[str | None, Field(max_length=300)] = None
    description: _Text | None = None
    type: _Word | None = None
    resources: _Resources = Field(default_factory=list)
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    template: Annotated[str, Field(max_length=100, description="of a standard change")] = ""
    rollback_plan: Annotated[_Text, Field(description="evidence for the gate of that name")] = ""

    def proposal(self) -> Proposal:
        """What the registry is told."""
        return Proposal(self.title, self.description, self.type, self.resources, self.starts_at, self.ends_at)


class RevisionIn(Input):
    """What changes in it; the rest stays."""

    title: Annotated[str | None, Field(max_length=300)] = None
    description: _Text | None = None
    type: _Word | None = None
    resources: _Resources | None = None
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    reason: _Text = ""

    def proposal(self) -> Proposal:
        """What the registry is told."""
        return Proposal(self.title, self.description, self.type, self.resources, self.starts_at, self.ends_at)


class EvidenceIn(Input):
    """What shows that a gate is passed, or is not."""

    gate: Annotated[str, Field(max_length=40, description="testing, rollback_plan, communication")]
    summary: _Text
    result: Annotated[str, Field(max_length=20, description="passed or failed; the last one counts")] = "passed"
    url: Annotated[str, Field(max_length=2_000)] = ""


class TimesIn(Input):
    """A time; without one, the time that was wished for."""

    starts_at: Instant | None = None
    ends_at: Instant | None = None


class TryIn(Input):
    """A time to be tried."""

    starts_at: Instant
    ends_at: Instant


class CompletionIn(Input):
    """That the work is done, and how the validation went, now or later."""

    validation: Annotated[str | None, Field(max_length=20, description="passed or failed; null: not yet")] = None
    notes: _Text = ""


class ReasonIn(Input):
    """Why."""

    reason: _Text


class ChangeReviewIn(Input):
    """The post-implementation review."""

    outcome: Annotated[str, Field(max_length=40, description="successful, successful_with_issues, unsuccessful")]
    notes: _Text
    lessons: _Text = ""
    tags: Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=50)] = Field(default_factory=list)


class ChangesQuery(PageQuery):
    """Which changes."""

    state: _Word | None = None
    type: _Word | None = None
    risk: Annotated[str | None, Field(max_length=10, description="low, medium, high")] = None
    q: Annotated[str | None, Field(max_length=200, description="words, a resource, or CHG-12")] = None
    resource: Annotated[str | None, Field(max_length=300, description="that it touches, or that feels it")] = None
    since: Annotated[Instant | None, Field(description="whose time ends after that")] = None
    until: Annotated[Instant | None, Field(description="whose time begins before that")] = None
    mine: Annotated[bool, Field(description="only those that I raised")] = False
    open: Annotated[bool, Field(description="only those that are not over")] = False
    waiting_for_review: Annotated[bool, Field(description="only those whose review is due")] = False


class CalendarQuery(Query):
    """Which time."""

    since: Annotated[Instant | None, Field(description="now, if it is not said")] = None
    until: Annotated[Instant | None, Field(description="35 days later, if it is not said")] = None


class AgendaQuery(Query):
    """Of how many days."""

    days: Annotated[int, Field(ge=1, le=92)] = 14


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
    """What is in the way of a time, and the first from then on that is accepted."""

    obstacles: list[ObstacleOut]
    accepted: SpanOut | None


class HistoryOut(Output):
    """How similar changes ended within a year."""

    similar: int
    failed: int  # of these, rolled back or failed
    rate: float
    basis: str  # type and resources, where there are enough of these; else type
    own: int  # of its requester


class ChangeRiskOut(Output):
    """How risky it is, and why."""

    score: int  # 0 to 100
    level: str  # low, medium, high
    factors: list[FactorOut]
    history: HistoryOut


class EvidenceOut(Output):
    """What was shown for a gate."""

    gate: str
    result: str
    summary: str
    url: str
    author: PersonOut | None  # null: the template says so
    at: datetime


class ValidationOut(Output):
    """How it was found to work."""

    result: str
    notes: str
    by: PersonOut | None  # null: the checks of its rollout
    at: datetime


class ChangeReviewOut(Output):
    """The post-implementation review."""

    outcome: str
    notes: str
    lessons: str
    tags: list[str]
    by: PersonOut
    at: datetime


class SuggestionOut(Output):
    """What an earlier change teaches about this one."""

    change: str
    title: str
    lessons: str
    tags: list[str]
    likeness: float


class ChangeOut(Output):
    """A change."""

    id: UUID
    reference: str
    tenant: str
    title: str
    description: str
    type: str
    template: str
    resources: list[str]
    reach: list[str]  # everything that feels it
    state: str
    steps: list[str]  # that its state allows
    requester: PersonOut
    risk: ChangeRiskOut | None  # null: not assessed yet
    request_id: UUID | None  # of its approval
    request: str
    request_state: str
    starts_at: datetime | None
    ends_at: datetime | None
    scheduled_at: datetime | None  # null: its times are only wished for
    implementer: PersonOut | None
    started_at: datetime | None
    completed_at: datetime | None
    bypass_id: UUID | None
    bypass: str
    owed: list[str]  # gates that the bypass let pass
    gates: list[str]
    missing: list[str]
    evidence: list[EvidenceOut]
    validation: ValidationOut | None
    can_roll_out: bool  # by the agent platform
    rollout: RolloutOut | None  # the last
    rollback_request_id: UUID | None  # of the approval of its rollback
    rollback_request: str
    rollback_request_state: str
    recovery: RecoveryOut | None  # null: it was not rolled back
    alarm: AlarmOut | None
    review_state: str | None  # due, overdue, done; null: none to do
    review_due_at: datetime | None
    review: ChangeReviewOut | None
    note: str
    suggested: list[SuggestionOut]  # lessons of changes like it, where it is shown alone and has not begun
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None


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


class ChangeTypeOut(Output):
    """A kind of change, and what it takes."""

    type: str
    title: str
    permission: list[str]


class TemplateOut(Output):
    """A standard change."""

    template: str
    title: str
    type: str
    max_risk: str
    evidence: dict[str, str]


class ChangePolicyOut(Output):
    """What holds for changes here."""

    types: list[ChangeTypeOut]
    approval_matrix: dict[str, list[str]]
    gates: list[str]
    post_implementation_review: bool
    review_due_s: Annotated[float, Field(description="seconds after the work is over")]
    templates: list[TemplateOut]
    windows: list[dict[str, Any]]
    freezes: list[dict[str, Any]]


def change_out(view: ChangeView) -> ChangeOut:
    """A change as it travels."""
    return ChangeOut(
        id=view.id,
        reference=view.reference,
        tenant=view.tenant,
        title=view.title,
        description=view.description,
        type=view.type,
        template=view.template,
        resources=list(view.resources),
        reach=list(view.reach),
        state=view.state,
        steps=list(view.steps),
        requester=person_out(view.requester),
        risk=_risk(view.risk) if view.risk else None,
        request_id=view.request_id,
        request=view.request,
        request_state=view.request_state,
        starts_at=view.starts_at,
        ends_at=view.ends_at,
        scheduled_at=view.scheduled_at,
        implementer=person_out(view.implementer) if view.implementer else None,
        started_at=view.started_at,
        completed_at=view.completed_at,
        bypass_id=view.bypass_id,
        bypass=view.bypass,
        owed=list(view.owed),
        gates=list(view.gates),
        missing=list(view.missing),
        evidence=[
            EvidenceOut(
                gate=each.gate,
                result=each.result,
                summary=each.summary,
                url=each.url,
                author=person_out(each.author) if each.author else None,
                at=each.at,
            )
            for each in view.evidence
        ],
        validation=ValidationOut(
            result=view.validation.result,
            notes=view.validation.notes,
            by=person_out(view.validation.by) if view.validation.by else None,
            at=view.validation.at,
        )
        if view.validation
        else None,
        can_roll_out=view.can_roll_out,
        rollout=rollout_out(view.rollout) if view.rollout else None,
        rollback_request_id=view.rollback_request_id,
        rollback_request=view.rollback_request,
        rollback_request_state=view.rollback_request_state,
        recovery=recovery_out(view.recovery) if view.recovery else None,
        alarm=alarm_out(view.alarm) if view.alarm else None,
        review_state=view.review_state,
        review_due_at=view.review_due_at,
        review=ChangeReviewOut(
            outcome=view.review.outcome,
            notes=view.review.notes,
            lessons=view.review.lessons,
            tags=list(view.review.tags),
            by=person_out(view.review.by),
            at=view.review.at,
        )
        if view.review
        else None,
        note=view.note,
        suggested=[
            SuggestionOut(
                change=each.reference,
                title=each.title,
                lessons=each.lessons,
                tags=list(each.tags),
                likeness=each.likeness,
            )
            for each in view.suggested
        ],
        created_at=view.created_at,
        updated_at=view.updated_at,
        ended_at=view.ended_at,
    )


def fit_out(fit: Fit) -> FitOut:
    """What is in the way, and what is accepted."""
    return FitOut(
        obstacles=[_obstacle(each) for each in fit.obstacles], accepted=_span(fit.accepted) if fit.accepted else None
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


def policy_out(policy: ChangePolicy) -> ChangePolicyOut:
    """The policy in force, as the files say it."""
    return ChangePolicyOut(
        types=[
            ChangeTypeOut(type=each.key, title=each.title, permission=names(each.permission))
            for each in policy.types.values()
        ],
        approval_matrix={f"{level}_risk": [each.name for each in row] for level, row in policy.matrix.items()},
        gates=[str(gate) for gate in policy.implementation.gates],
        post_implementation_review=policy.implementation.has_review,
        review_due_s=policy.implementation.review_due.total_seconds(),
        templates=[
            TemplateOut(
                template=each.key,
                title=each.title,
                type=each.type,
                max_risk=each.max_risk,
                evidence={str(gate): text for gate, text in each.evidence.items()},
            )
            for each in policy.templates.values()
        ],
        windows=[
            {"window": each.name, "days": sorted(each.days), "hours": f"{each.starts:%H:%M}-{each.ends:%H:%M}"}
            for each in policy.windows
        ],
        freezes=[
            {
                "freeze": each.name,
                "from": each.begins.isoformat(),
                "until": each.ends.isoformat(),
                "allows": sorted(each.allows),
            }
            for each in policy.freezes
        ],
    )


def _risk(risk: ChangeRisk) -> ChangeRiskOut:
    history = risk.history
    return ChangeRiskOut(
        score=risk.score,
        level=risk.level,
        factors=[
            FactorOut(name=each.name, weight=each.weight, values=dict(each.values), error=each.error)
            for each in risk.counted
        ],
        history=HistoryOut(
            similar=history.similar, failed=history.failed, rate=history.rate, basis=history.basis, own=history.own
        ),
    )


def _obstacle(each: Obstacle) -> ObstacleOut:
    return ObstacleOut(
        kind=each.kind, name=each.name, span=_span(each.span) if each.span else None, shared=list(each.shared)
    )


def _span(span: Span) -> SpanOut:
    return SpanOut(starts_at=span.starts_at, ends_at=span.ends_at)


def _named(name: str, span: Span) -> NamedSpanOut:
    return NamedSpanOut(name=name, starts_at=span.starts_at, ends_at=span.ends_at)
