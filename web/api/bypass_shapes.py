"""What travels of emergency bypasses."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from core.emergency import BypassRisk, BypassView, ExtensionView, RemediationView, UseView
from web.api.convert import person_out, ticket_out
from web.api.shapes import PersonOut, TicketOut
from web.schema import Input, Instant, Output

Text = Annotated[str, Field(max_length=300)]
Length = Annotated[str, Field(max_length=40, description="such as 30 minutes or 1h30m")]


class BypassIn(Input):
    """What is bypassed, where, why and for how long."""

    action: Annotated[str, Field(max_length=100, description="agent.create … agent.retire, or * for any")]
    resource: Annotated[str, Field(max_length=300, description="an agent (invoice-reader), a change (CHG-12), or *")]
    justification: Annotated[str, Field(max_length=20_000)]
    duration: Length = "1 hour"
    environment: Annotated[Text, Field(description="where the tenant tells environments apart")] = ""
    reason: Annotated[Text, Field(description="a code of the tenant's policy")] = ""
    incident: Annotated[Text, Field(description="the incident's reference")] = ""


class ExtensionIn(Input):
    """How much more time, and why."""

    duration: Length
    reason: Annotated[str, Field(max_length=2000)]


class FollowUpIn(Input):
    """What is to be done, by whom and until when."""

    title: Text
    owner: Annotated[Text, Field(description="an e-mail address")]
    due_at: Instant


class ReviewIn(Input):
    """The reviewer's finding."""

    verdict: Annotated[str, Field(max_length=40, description="justified or not_justified")]
    notes: Annotated[str, Field(max_length=20_000)]
    checklist: Annotated[
        dict[Text, bool], Field(max_length=50, description="each item of the bypass's checklist: whether it holds")
    ] = Field(default_factory=dict)
    follow_ups: Annotated[list[FollowUpIn], Field(max_length=50)] = Field(default_factory=list)


class ClosingIn(Input):
    """How a remediation ends."""

    state: Annotated[str, Field(max_length=20, description="done, or dropped")]
    note: Annotated[str, Field(max_length=20_000, description="what was done, or why not")]


class FactorOut(Output):
    """One part of the risk."""

    name: str
    points: int


class RiskOut(Output):
    """The enhanced risk assessment."""

    level: str
    points: int
    factors: list[FactorOut]


class ActionOut(Output):
    """One governed action that was allowed under a bypass, with the agent on both sides of it."""

    decision_id: UUID
    by: PersonOut | None
    action: str
    resource: str
    context: dict[str, Any]
    before: dict[str, Any] | None
    after: dict[str, Any]
    at: datetime
    outcome: Annotated[str | None, Field(description="succeeded, failed or lapsed; null: not reported yet")]


class ExtensionOut(Output):
    """More time that was asked for."""

    id: UUID
    extra_seconds: int
    reason: str
    state: Annotated[str, Field(description="asked, confirmed, declined or lapsed")]
    asked_by: PersonOut
    asked_at: datetime
    decided_by: PersonOut | None
    decided_at: datetime | None


class RemediationOut(Output):
    """Something that a review wants done."""

    id: UUID
    bypass_id: UUID
    bypass: str
    title: str
    owner: PersonOut
    state: Annotated[str, Field(description="open, overdue, done or dropped")]
    due_at: datetime
    note: str
    closed_by: PersonOut | None
    closed_at: datetime | None


class BypassOut(Output):
    """An emergency bypass."""

    id: UUID
    reference: str
    tenant: str
    requester: PersonOut
    action: str
    resource: str
    environment: str
    reason: str
    incident: str
    justification: str
    assurance: Annotated[str, Field(description="how sure we were of its holder: click or mfa")]
    state: str
    risk: str
    risk_factors: list[FactorOut]
    risk_after: Annotated[str | None, Field(description="as the review scored it, with what was done")]
    risk_after_factors: list[FactorOut]
    granted_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    acknowledged_by: PersonOut | None
    acknowledged_at: datetime | None
    told: Annotated[list[PersonOut], Field(description="who answers for it, as far up as it was told")]
    reviewers: Annotated[list[PersonOut], Field(description="who could review it: independent of its holder")]
    extensions: list[ExtensionOut]
    actions_count: int
    review_due_at: datetime
    review_state: str
    review_verdict: str | None
    review_notes: str | None
    reviewed_by: PersonOut | None
    reviewed_at: datetime | None
    checklist: Annotated[
        dict[str, bool | None], Field(description="each item: whether it holds; null before the review")
    ]
    remediations: list[RemediationOut]
    tickets: list[TicketOut]


class WholeBypassOut(BypassOut):
    """An emergency bypass with everything that was done under it."""

    actions: list[ActionOut]


def bypass_out(view: BypassView) -> BypassOut:
    """A bypass as it travels in a list."""
    return BypassOut(**_fields(view))


def whole_bypass_out(view: BypassView) -> WholeBypassOut:
    """A bypass as it travels alone."""
    return WholeBypassOut(**_fields(view), actions=[_action_out(use) for use in view.uses])


def remediation_out(view: RemediationView) -> RemediationOut:
    """A remediation as it travels."""
    return RemediationOut(
        id=view.id,
        bypass_id=view.bypass_id,
        bypass=view.bypass,
        title=view.title,
        owner=person_out(view.owner),
        state=view.state,
        due_at=view.due_at,
        note=view.note,
        closed_by=person_out(view.closed_by) if view.closed_by else None,
        closed_at=view.closed_at,
    )


def risk_out(risk: BypassRisk) -> RiskOut:
    """A risk as it travels."""
    return RiskOut(level=risk.level, points=risk.points, factors=_factors(risk.factors))


def _fields(view: BypassView) -> dict[str, Any]:
    return {
        "id": view.id,
        "reference": view.reference,
        "tenant": view.tenant,
        "requester": person_out(view.requester),
        "action": view.action,
        "resource": view.resource,
        "environment": view.environment,
        "reason": view.reason,
        "incident": view.incident,
        "justification": view.justification,
        "assurance": view.assurance,
        "state": view.status,
        "risk": view.risk,
        "risk_factors": _factors(view.risk_factors),
        "risk_after": view.risk_after,
        "risk_after_factors": _factors(view.risk_after_factors),
        "granted_at": view.granted_at,
        "expires_at": view.expires_at,
        "ended_at": view.ended_at,
        "acknowledged_by": person_out(view.acknowledged_by) if view.acknowledged_by else None,
        "acknowledged_at": view.acknowledged_at,
        "told": [person_out(person) for person in view.told],
        "reviewers": [person_out(person) for person in view.reviewers],
        "extensions": [_extension_out(each) for each in view.extensions],
        "actions_count": len(view.uses),
        "review_due_at": view.review_due_at,
        "review_state": view.review_status,
        "review_verdict": view.review_verdict,
        "review_notes": view.review_notes,
        "reviewed_by": person_out(view.reviewed_by) if view.reviewed_by else None,
        "reviewed_at": view.reviewed_at,
        "checklist": {item: view.findings.get(item) for item in view.checklist},
        "remediations": [remediation_out(each) for each in view.remediations],
        "tickets": [ticket_out(ticket) for ticket in view.tickets],
    }


def _factors(factors: tuple[tuple[str, int], ...]) -> list[FactorOut]:
    return [FactorOut(name=name, points=points) for name, points in factors]


def _extension_out(view: ExtensionView) -> ExtensionOut:
    return ExtensionOut(
        id=view.id,
        extra_seconds=int(view.extra.total_seconds()),
        reason=view.reason,
        state=view.state,
        asked_by=person_out(view.asked_by),
        asked_at=view.asked_at,
        decided_by=person_out(view.decided_by) if view.decided_by else None,
        decided_at=view.decided_at,
    )


def _action_out(use: UseView) -> ActionOut:
    return ActionOut(
        decision_id=use.decision_id,
        by=person_out(use.by) if use.by else None,
        action=use.action,
        resource=use.resource,
        context=dict(use.context),
        before=None if use.before is None else dict(use.before),
        after=dict(use.after),
        at=use.at,
        outcome=use.outcome,
    )
