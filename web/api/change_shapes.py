"""A change as it travels."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from core.changes import ChangeRisk, ChangeView
from web.api.convert import person_out
from web.api.rollout_shapes import AlarmOut, RecoveryOut, RolloutOut, alarm_out, recovery_out, rollout_out
from web.api.shapes import FactorOut, PersonOut
from web.schema import Output


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
