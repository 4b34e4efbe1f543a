"""Answers that several resources share."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from web.schema import EMAIL_PATTERN, Output

Email = Annotated[str, Field(max_length=300, pattern=EMAIL_PATTERN)]


class PersonOut(Output):
    """A person."""

    id: UUID
    email: str
    name: str


class TicketOut(Output):
    """A record in another system that stands for this one."""

    system: str
    number: str
    url: str
    state: str


class NamedTicketOut(Output):
    """The ticket that the request's policy asks for."""

    system: str
    number: str  # empty until one is named
    url: str
    standing: str  # missing, asked (its system is being asked), holds, refused
    state: str  # in that system's own words
    reasons: list[str]  # what is wrong with it
    holds_from: datetime | None  # the window that bounds the grant
    holds_until: datetime | None
    checked_at: datetime | None  # when its system answered last


class VoteOut(Output):
    """One vote."""

    voter: PersonOut
    decision: str
    reason: str
    criteria: dict[str, bool]
    at: datetime
    on_behalf_of: PersonOut | None
    assurance: str


class StandInOut(Output):
    """Somebody who is asked in another's place."""

    person: PersonOut
    on_behalf_of: PersonOut


class StageOut(Output):
    """One stage of a request."""

    key: str
    title: str
    status: str
    criteria: list[str]
    approver_roles: list[str]
    approvers: list[PersonOut]
    stand_ins: list[StandInOut]
    suggested: list[PersonOut]  # of the approvers, whom the requester or the policy suggests
    opened_at: datetime | None
    due_at: datetime | None
    paused_at: datetime | None  # its time stands still since then, until the requester answers
    decided_at: datetime | None
    escalation_level: int
    votes: list[VoteOut]
    superseded: list[VoteOut]  # cast before the request was amended: they do not count


class FactorOut(Output):
    """A risk factor that counted."""

    name: str
    weight: int
    values: dict[str, Any]
    error: str


class RiskOut(Output):
    """How risky the request is, and why."""

    score: int  # 0 to 100
    level: str  # low, medium, high
    factors: list[FactorOut]


class JudgedOut(Output):
    """A condition of the policy, what it said, and the values that decided."""

    name: str  # a stage or a criterion
    condition: str
    holds: bool
    values: dict[str, Any]
    error: str


class AssessmentOut(Output):
    """What the request's circumstances meant when it was asked."""

    risk: RiskOut
    stages: list[JudgedOut]
    automatic: list[JudgedOut]
    approved_automatically: bool


class CommentOut(Output):
    """A comment, question or answer."""

    author: PersonOut
    kind: str
    text: str
    at: datetime


class RequestOut(Output):
    """An approval request."""

    id: UUID
    reference: str
    tenant: str
    action: str
    resource: dict[str, str]
    justification: str
    requester: PersonOut
    state: str
    policy: str
    digest: str
    revision: int
    reopens: str | None  # the earlier request that is asked again
    created_at: datetime
    decided_at: datetime | None
    used: bool
    suspension: str | None  # why an approval that was given cannot be used now, and what helps
    stages: list[StageOut]
    comments: list[CommentOut]
    tickets: list[TicketOut]
    ticket: NamedTicketOut | None  # null: its policy asks for none
    assessment: AssessmentOut | None  # null: asked before risk was assessed


class NudgedOut(Output):
    """Who was reminded of which request."""

    request: UUID
    people: list[PersonOut]
