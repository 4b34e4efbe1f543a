"""/api/v1/decisions: the gate that agent platforms ask."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from core.db import Database
from core.decisions import DecisionView, Gate, get_decision, reopen, report_outcome
from core.errors import ErrorKind
from web.api.request_shapes import ByRequest
from web.endpoint import Call, Method, endpoint
from web.schema import Id, Input, Output, Path

EXAMPLE = {
    "action": "agent.create",
    "resource": {
        "type": "agent",
        "name": "support-bot",
        "sponsor": "ann@example.com",
        "owner": "dev@example.com",
        "business_service": "Customer support",
    },
    "context": {"justification": "Answers the first line of support at night."},
}


class DecisionIn(Input):
    """May this be done now?"""

    action: Annotated[str, Field(max_length=100, description="agent.create, agent.deploy, agent.modify, agent.retire")]
    resource: dict[str, Any]
    context: dict[str, Any] = Field(default_factory=dict)


class ReasonOut(Output):
    """Why. `code` is stable; `message` is for people."""

    code: str
    message: str


class DecisionOut(Output):
    """The gate's answer."""

    id: UUID
    decision: str
    reasons: list[ReasonOut]
    action: str
    resource: dict[str, str]
    request_id: UUID | None
    bypass_id: UUID | None
    agent_id: UUID | None
    decided_at: datetime
    operation: str
    outcome: dict[str, Any] | None
    outcome_at: datetime | None
    receipt: Annotated[str | None, Field(description="JWS that proves the approval it used; verify it offline")]


class OutcomeIn(Input):
    """What the platform really did."""

    status: Annotated[str, Field(max_length=40, description="succeeded or failed")]
    details: dict[str, Any] = Field(default_factory=dict)


class ReopenIn(Input):
    """Why it should be looked at again."""

    reason: Annotated[str, Field(max_length=500)]


class ByDecision(Path):
    """One decision."""

    decision_id: Id


class Decisions:
    """The gate."""

    def __init__(self, database: Database, gate: Gate) -> None:
        self._database = database
        self._gate = gate

    @endpoint(
        Method.POST,
        "/api/v1/decisions",
        summary="Ask the gate",
        tags=("decisions",),
        example=EXAMPLE,
        permission="the action's permission; anyone else is answered with deny",
    )
    async def decide(self, call: Call[DecisionIn, None, None]) -> DecisionOut:
        """Answers allow, deny with the reasons, or pending with the request that has to be approved first."""
        body = call.body
        return decision_out(
            await self._gate.decide(call.actor, action=body.action, resource=body.resource, context=body.context)
        )

    @endpoint(
        Method.POST,
        "/api/v1/requests/{request_id}/reopen",
        summary="Ask again",
        tags=("requests",),
        errors=(ErrorKind.NOT_FOUND, ErrorKind.CONFLICT, ErrorKind.FORBIDDEN),
        permission="the requester of a request that was rejected, withdrawn or has expired",
    )
    async def reopen(self, call: Call[ReopenIn, None, ByRequest]) -> DecisionOut:
        """The gate is asked the same again, under the policy in force now; the new request names the old one."""
        return decision_out(
            await reopen(self._database, self._gate, call.actor, call.path.request_id, reason=call.body.reason)
        )

    @endpoint(
        Method.GET,
        "/api/v1/decisions/{decision_id}",
        summary="Show a decision",
        tags=("decisions",),
        errors=(ErrorKind.NOT_FOUND,),
    )
    async def show(self, call: Call[None, None, ByDecision]) -> DecisionOut:
        """What was answered, and what came of it."""
        return decision_out(await get_decision(self._database, call.actor, call.path.decision_id))

    @endpoint(
        Method.POST,
        "/api/v1/decisions/{decision_id}/outcome",
        summary="Report what was done",
        tags=("decisions",),
        errors=(ErrorKind.NOT_FOUND, ErrorKind.CONFLICT),
    )
    async def report(self, call: Call[OutcomeIn, None, ByDecision]) -> DecisionOut:
        """Stores what the platform did beside what was allowed."""
        return decision_out(
            await report_outcome(
                self._database, call.actor, call.path.decision_id, status=call.body.status, details=call.body.details
            )
        )


def decision_out(view: DecisionView) -> DecisionOut:
    """The answer as it travels."""
    return DecisionOut(
        id=view.id,
        decision=view.decision,
        action=view.action,
        resource=dict(view.resource),
        reasons=[ReasonOut(code=reason.code, message=reason.message) for reason in view.reasons],
        request_id=view.request_id,
        bypass_id=view.bypass_id,
        agent_id=view.agent_id,
        decided_at=view.decided_at,
        operation=view.operation,
        outcome=None if view.outcome is None else dict(view.outcome),
        outcome_at=view.outcome_at,
        receipt=view.receipt,
    )
