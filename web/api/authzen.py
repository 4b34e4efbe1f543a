"""OpenID AuthZEN Authorization API 1.0: the same decision, asked in the standard's words (X1).

Shapes from the final specification: one evaluation, a batch with defaults and its three semantics, and the metadata.
Members that the standard lets others add are ignored. Where the installation speaks the Access Request and Approval
Profile too (Draft 1), a denial that an approval can lift says how to ask, an approval that is presented is weighed, and
`context.reason` is a code beside `context.message`, as the profile has it.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from core.access import find_person
from core.access_requests import Evaluated, Judgement, judge
from core.actor import Actor
from core.audit.record import rfc3339
from core.db import Database
from core.decisions import Gate
from core.decisions.views import Answer
from core.errors import CountersignError, InvalidInput
from web.endpoint import Call, Idempotency, Method, PublicCall, endpoint
from web.schema import OpenInput, Output

BATCH_MAX = 100
REQUESTS_PATH: Final = "/access/v1/requests"
CAPABILITY: Final = "urn:openid:authzen:capability:access-request"


class Entity(OpenInput):
    """A subject or resource."""

    type: Annotated[str, Field(max_length=100)]
    id: Annotated[str, Field(max_length=300)]
    properties: dict[str, Any] = Field(default_factory=dict)


class ActionIn(OpenInput):
    """What the subject wants to do."""

    name: Annotated[str, Field(max_length=100)]
    properties: dict[str, Any] = Field(default_factory=dict)


class EvaluationIn(OpenInput):
    """One question."""

    subject: Entity
    action: ActionIn
    resource: Entity
    context: dict[str, Any] = Field(default_factory=dict)


class PartialEvaluation(OpenInput):
    """One question of a batch; what it leaves out comes from the batch."""

    subject: Entity | None = None
    action: ActionIn | None = None
    resource: Entity | None = None
    context: dict[str, Any] | None = None


class OptionsIn(OpenInput):
    """How a batch is evaluated."""

    evaluations_semantic: Literal["execute_all", "deny_on_first_deny", "permit_on_first_permit"] = "execute_all"


class EvaluationsIn(PartialEvaluation):
    """Several questions with shared defaults."""

    evaluations: Annotated[list[PartialEvaluation], Field(max_length=BATCH_MAX)] = Field(default_factory=list)
    options: OptionsIn = Field(default_factory=OptionsIn)


class EvaluationOut(Output):
    """Yes or no, with the reason."""

    decision: bool
    context: dict[str, Any]


class EvaluationsOut(Output):
    """The answers, in the order of the questions."""

    evaluations: list[EvaluationOut]


def _absent(value: object) -> bool:
    return value is None


class MetadataOut(Output):
    """Where this decision point answers."""

    policy_decision_point: str
    access_evaluation_endpoint: str
    access_evaluations_endpoint: str
    access_request_endpoint: Annotated[str | None, Field(exclude_if=_absent)] = None
    capabilities: Annotated[list[str] | None, Field(exclude_if=_absent)] = None


class AuthZen:
    """The standard's door to the gate. `has_requests`: a denial says how to ask."""

    def __init__(self, database: Database, gate: Gate, *, base_url: str, has_requests: bool) -> None:
        self._database = database
        self._gate = gate
        self._base_url = base_url
        self._has_requests = has_requests

    @endpoint(Method.GET, "/.well-known/authzen-configuration", summary="AuthZEN metadata", tags=("authzen",))
    async def metadata(self, call: PublicCall[None, None, None]) -> MetadataOut:
        """Where to send evaluations."""
        del call
        return MetadataOut(
            policy_decision_point=self._base_url,
            access_evaluation_endpoint=f"{self._base_url}/access/v1/evaluation",
            access_evaluations_endpoint=f"{self._base_url}/access/v1/evaluations",
            access_request_endpoint=self._base_url + REQUESTS_PATH if self._has_requests else None,
            capabilities=[CAPABILITY] if self._has_requests else None,
        )

    @endpoint(
        Method.POST,
        "/access/v1/evaluation",
        summary="Evaluate one access request",
        tags=("authzen",),
        idempotency=Idempotency.IGNORED,
    )
    async def evaluation(self, call: Call[EvaluationIn, None, None]) -> EvaluationOut:
        """The answer that the gate would give now. Asks nobody for approval and uses none up."""
        return await self._evaluate(call.actor, call.body)

    @endpoint(
        Method.POST,
        "/access/v1/evaluations",
        summary="Evaluate several access requests",
        tags=("authzen",),
        responses={200: EvaluationsOut},
        idempotency=Idempotency.IGNORED,
    )
    async def evaluations(self, call: Call[EvaluationsIn, None, None]) -> EvaluationsOut:
        """All questions at once, or each in turn where `options.evaluations_semantic` may stop early."""
        body, answers = call.body, list[EvaluationOut]()
        parts = [_completed(part, body) for part in body.evaluations or [PartialEvaluation()]]
        stop_at = {"deny_on_first_deny": False, "permit_on_first_permit": True}.get(body.options.evaluations_semantic)
        if stop_at is None:
            together = await asyncio.gather(*(self._evaluate(call.actor, part) for part in parts))
            return EvaluationsOut(evaluations=together)
        for part in parts:
            answer = await self._evaluate(call.actor, part)
            answers.append(answer)
            if answer.decision is stop_at:
                break
        return EvaluationsOut(evaluations=answers)

    async def _evaluate(self, actor: Actor, question: EvaluationIn) -> EvaluationOut:
        """A question that cannot be read is answered with no, so that a batch is never half answered."""
        try:
            subject, resource = await self._subject(actor, question.subject), gate_resource(question.resource)
            if self._has_requests:
                return await self._judged(actor, subject, question)
            answer, reason = await self._gate.evaluate(subject, action=question.action.name, resource=resource)
        except CountersignError as exc:
            told = {"code": exc.code, "message": exc.sentence()}
            context = {"reason": exc.code, "message": exc.sentence()} if self._has_requests else {"reason": told}
            return EvaluationOut(decision=False, context=context)
        return EvaluationOut(
            decision=answer is Answer.ALLOW,
            context={"reason": {"code": reason.code, "message": reason.message}, "answer": str(answer)},
        )

    async def _judged(self, actor: Actor, subject: Actor, question: EvaluationIn) -> EvaluationOut:
        asked = Evaluated(
            action=question.action.name,
            resource=gate_resource(question.resource),
            named=as_named(question.subject, question.resource, question.action),
            presented=question.context.get("approval"),
        )
        found = await judge(self._database, self._gate, actor, subject, asked)
        return EvaluationOut(decision=found.answer is Answer.ALLOW, context=self._context(found))

    def _context(self, found: Judgement) -> dict[str, Any]:
        context: dict[str, Any] = {
            "answer": str(found.answer),
            "reason": found.reason,
            "message": found.message,
            "evaluation_id": found.evaluation_id,
            "evaluated_at": rfc3339(found.evaluated_at),
        }
        if found.offered_until is not None:
            context["access_request"] = {
                "endpoint": self._base_url + REQUESTS_PATH,
                "expires_at": rfc3339(found.offered_until),
                "display": {"title": "Ask for approval", "description": found.message},
            }
        if found.approval is not None:
            until = rfc3339(found.approval.approved_until)
            context["approval"] = {"id": found.approval.id, "approved_until": until}
        if found.next_action is not None:
            context["next_action"] = str(found.next_action)
        return context

    async def _subject(self, actor: Actor, subject: Entity) -> Actor:
        """The person asked about: named by e-mail. Their own rights count, never those of the asking platform."""
        if subject.type != "user":
            raise InvalidInput(
                f"A subject of type '{subject.type}' is not known.", where="subject.type", accepted=("user",)
            )
        if subject.id.lower() == actor.email:
            return actor
        async with self._database.tenant(actor.tenant) as tx:
            person = await find_person(tx, subject.id)
        return replace(actor, user=person.id, email=person.email, name=person.name, is_enterprise_admin=False)


def gate_resource(resource: Entity) -> dict[str, Any]:
    """The resource as the gate takes it: its id is the agent's name."""
    return {**resource.properties, "type": resource.type, "name": resource.id}


def as_named(subject: Entity, resource: Entity, action: ActionIn) -> dict[str, dict[str, Any]]:
    """Subject, resource and action as they were sent: what a denial is bound to."""
    return {"subject": subject.model_dump(), "resource": resource.model_dump(), "action": action.model_dump()}


def _completed(part: PartialEvaluation, defaults: EvaluationsIn) -> EvaluationIn:
    """The question with the batch's defaults."""
    subject, action, resource = (
        part.subject or defaults.subject,
        part.action or defaults.action,
        part.resource or defaults.resource,
    )
    if subject is None or action is None or resource is None:
        raise InvalidInput(
            "A question names a subject, an action and a resource, itself or by the batch's defaults.",
            where="evaluations",
        )
    return EvaluationIn(
        subject=subject,
        action=action,
        resource=resource,
        context=part.context if part.context is not None else defaults.context or {},
    )
