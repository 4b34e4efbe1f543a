"""OpenID AuthZEN Authorization API 1.0: the same decision, asked in the standard's words (X1).

Shapes from the final specification: one evaluation, a batch with defaults and its three semantics, and the metadata.
Members that the standard lets others add are ignored.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field

from core.access import find_person
from core.actor import Actor
from core.db import Database
from core.decisions import Gate
from core.decisions.views import Answer
from core.errors import CountersignError, InvalidInput
from web.endpoint import Call, Idempotency, Method, PublicCall, endpoint
from web.schema import OpenInput, Output

BATCH_MAX = 100


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


class MetadataOut(Output):
    """Where this decision point answers."""

    policy_decision_point: str
    access_evaluation_endpoint: str
    access_evaluations_endpoint: str


class AuthZen:
    """The standard's door to the gate."""

    def __init__(self, database: Database, gate: Gate, *, base_url: str) -> None:
        self._database = database
        self._gate = gate
        self._base_url = base_url

    @endpoint(Method.GET, "/.well-known/authzen-configuration", summary="AuthZEN metadata", tags=("authzen",))
    async def metadata(self, call: PublicCall[None, None, None]) -> MetadataOut:
        """Where to send evaluations."""
        del call
        return MetadataOut(
            policy_decision_point=self._base_url,
            access_evaluation_endpoint=f"{self._base_url}/access/v1/evaluation",
            access_evaluations_endpoint=f"{self._base_url}/access/v1/evaluations",
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
            subject = await self._subject(actor, question.subject)
            resource = {**question.resource.properties, "type": question.resource.type, "name": question.resource.id}
            answer, reason = await self._gate.evaluate(subject, action=question.action.name, resource=resource)
        except CountersignError as exc:
            return EvaluationOut(decision=False, context={"reason": {"code": exc.code, "message": exc.sentence()}})
        return EvaluationOut(
            decision=answer is Answer.ALLOW,
            context={"reason": {"code": reason.code, "message": reason.message}, "answer": str(answer)},
        )

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
