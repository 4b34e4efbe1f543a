"""Rollouts, recoveries, alarms and drills as they travel."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from core.changes import AlarmView, Drill, RecoveryView
from core.rollouts import RolloutView
from web.api.convert import person_out
from web.api.shapes import PersonOut
from web.schema import Input, Output


class RecoveryIn(Input):
    """Whether everything works again after the rollback."""

    result: Annotated[str, Field(max_length=20, description="passed or failed; failed opens the change again")]
    notes: Annotated[str, Field(max_length=20_000)] = ""


class CheckOut(Output):
    """What a check last came to."""

    check: str
    wanted: str
    passed: bool | None  # null: not made yet
    value: str
    at: datetime | None


class RolloutOut(Output):
    """What the agent platform does of a change or drill, and how it is found to work."""

    id: UUID
    kind: str  # change, drill
    reference: str
    title: str
    resources: list[str]
    environment: str
    state: str
    progress: int  # per cent
    message: str  # the platform's last words
    reasons: list[str]  # why it is undone or has failed
    checks: list[CheckOut]
    ordered_by: str
    is_silent: bool  # nothing was heard of the platform for longer than the plan allows
    watched_until: datetime | None
    created_at: datetime
    ended_at: datetime | None


class RecoveryOut(Output):
    """Whether everything works again after a rollback."""

    state: str  # due, passed, failed
    notes: str
    by: PersonOut | None  # null: the checks of its rollout
    at: datetime | None


class AlarmOut(Output):
    """What people are told of until somebody acknowledges it."""

    what: str
    at: datetime
    people: list[PersonOut]
    acknowledged_by: PersonOut | None
    acknowledged_at: datetime | None


class DrillOut(Output):
    """A rollback that is rehearsed, and its last run."""

    drill: str
    resources: list[str]
    environment: str
    every_s: Annotated[float, Field(description="seconds from one to the next")]
    last: RolloutOut | None


class DrillsOut(Output):
    """What is rehearsed here."""

    drills: list[DrillOut]


def rollout_out(view: RolloutView) -> RolloutOut:
    """A rollout as it travels."""
    return RolloutOut(
        id=view.id,
        kind=view.kind,
        reference=view.reference,
        title=view.title,
        resources=list(view.resources),
        environment=view.environment,
        state=view.state,
        progress=view.progress,
        message=view.message,
        reasons=list(view.reasons),
        checks=[
            CheckOut(check=each.name, wanted=each.wanted, passed=each.passed, value=each.value, at=each.at)
            for each in view.checks
        ],
        ordered_by=view.ordered_by,
        is_silent=view.is_silent,
        watched_until=view.watched_until,
        created_at=view.created_at,
        ended_at=view.ended_at,
    )


def recovery_out(view: RecoveryView) -> RecoveryOut:
    """A recovery as it travels."""
    return RecoveryOut(state=view.state, notes=view.notes, by=person_out(view.by) if view.by else None, at=view.at)


def alarm_out(view: AlarmView) -> AlarmOut:
    """An alarm as it travels."""
    return AlarmOut(
        what=view.what,
        at=view.at,
        people=[person_out(each) for each in view.people],
        acknowledged_by=person_out(view.acknowledged_by) if view.acknowledged_by else None,
        acknowledged_at=view.acknowledged_at,
    )


def drill_out(drill: Drill, last: RolloutView | None) -> DrillOut:
    """A drill as it travels."""
    return DrillOut(
        drill=drill.name,
        resources=list(drill.resources),
        environment=drill.environment,
        every_s=drill.every.total_seconds(),
        last=rollout_out(last) if last else None,
    )
