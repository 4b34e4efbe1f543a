"""/access/v1/requests: the AuthZEN Access Request and Approval Profile 1.0, Draft 1 (X1).

Served only where the installation says so. Members that the profile lets others add are ignored; several items in one
request, forms and catalogues are not offered.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from core.access_requests import (
    CallbackWish,
    InvalidSubmission,
    Submission,
    TaskStatus,
    TaskView,
    cancel_task,
    get_task,
    submit,
)
from core.approvals import StageView
from core.db import Database
from core.decisions import Gate
from core.errors import ErrorKind
from web.api.access_problems import in_the_profile_s_words
from web.api.authzen import REQUESTS_PATH, ActionIn, Entity, as_named, gate_resource
from web.endpoint import Call, Idempotency, Method, Reply, endpoint
from web.json_text import fingerprint_text
from web.schema import Instant, OpenInput, Output, Path

POLL_AFTER_S: Final = 5
RECEIPT_LINK: Final = "urn:countersign:link:receipt"

EXAMPLE: Final = {
    "subject": {"type": "user", "id": "dana@example.com"},
    "resource": {
        "type": "agent",
        "id": "support-bot",
        "properties": {
            "sponsor": "ann@example.com",
            "owner": "dev@example.com",
            "business_service": "Customer support",
        },
    },
    "action": {"name": "agent.create"},
    "context": {"business_justification": "Answers the first line of support at night."},
    "denial": {
        "evaluation_id": "eval_0f3c2b1a4d5e4f60a1b2c3d4e5f60718",
        "expires_at": "2026-05-01T00:15:00Z",
    },
}


def _absent(value: object) -> bool:
    return value is None


class DenialIn(OpenInput):
    """The denial that is asked about, as it was answered."""

    evaluation_id: Annotated[str | None, Field(max_length=200)] = None
    expires_at: Instant | None = None
    binding_token: Annotated[str | None, Field(max_length=20_000, description="never given out here, so refused")] = (
        None
    )


class RequestedAccessIn(OpenInput):
    """How long it is wanted."""

    requested_until: Instant | None = None
    emergency: Annotated[bool, Field(description="refused: emergencies take a bypass")] = False


class CallbackIn(OpenInput):
    """Who is told of the end. The address must be registered."""

    endpoint: Annotated[str, Field(max_length=2000)]
    state: Annotated[str | None, Field(max_length=1000, description="returned as it is")] = None
    events: list[Literal["approved", "denied", "expired", "cancelled", "failed", "partial"]] = Field(
        default_factory=list, max_length=6
    )


class SourceIn(OpenInput):
    """Where it began, for the trail."""

    session_id: Annotated[str | None, Field(max_length=300)] = None
    external_url: Annotated[str | None, Field(max_length=1000)] = None
    integration_id: Annotated[str | None, Field(max_length=300)] = None


class ClientIn(OpenInput):
    """What submits it, for the trail; nothing is decided by it."""

    id: Annotated[str | None, Field(max_length=300)] = None
    name: Annotated[str | None, Field(max_length=300)] = None
    actor: Annotated[dict[str, Any] | None, Field(description="refused: no chain of actors can be verified")] = None
    source: SourceIn | None = None


class SubmissionIn(OpenInput):
    """A request for access that was denied."""

    subject: Entity
    resource: Entity | None = None
    action: ActionIn | None = None
    items: Annotated[list[Any] | None, Field(description="refused: one at a time")] = None
    context: dict[str, Any] = Field(default_factory=dict)
    denial: DenialIn = DenialIn()
    requested_access: RequestedAccessIn = RequestedAccessIn()
    callback: CallbackIn | None = None
    client: ClientIn = ClientIn()


class CancelIn(OpenInput):
    """Why it is not wanted any more."""

    reason: Annotated[str | None, Field(max_length=200, description="a code")] = None
    comment: Annotated[str | None, Field(max_length=2000)] = None


class ProgressOut(Output):
    """Which of its stages is being decided. Who is asked is not said."""

    current_step: int
    total_steps: int
    step_name: str


class DisplayOut(Output):
    """For people."""

    title: str
    description: str


class TaskOut(Output):
    """The handle. It stays valid: there is no instant after which it is forgotten."""

    id: str
    status: Annotated[str, Field(description="pending, approved, denied, expired or cancelled")]
    status_endpoint: str
    progress: Annotated[ProgressOut | None, Field(exclude_if=_absent)] = None
    display: DisplayOut
    links: dict[str, str]


class ApprovalOut(Output):
    """What to put, as it is, at `context.approval` of the next evaluation."""

    id: str
    approved_at: datetime
    approved_until: datetime


class ResultOut(Output):
    """Evaluate again."""

    mode: Literal["reevaluate"] = "reevaluate"
    approval: ApprovalOut


class TaskAnswer(Output):
    """Where the request stands."""

    task: TaskOut
    result: Annotated[ResultOut | None, Field(exclude_if=_absent, description="once it is approved")] = None


class ByTask(Path):
    """One task."""

    task_id: Annotated[str, Field(max_length=100)]


class AccessRequests:
    """The profile's Access Request Service."""

    def __init__(self, database: Database, gate: Gate, *, base_url: str) -> None:
        self._database = database
        self._gate = gate
        self._base_url = base_url

    @endpoint(
        Method.POST,
        REQUESTS_PATH,
        summary="Request access that was denied",
        tags=("authzen",),
        responses={202: TaskAnswer, 201: TaskAnswer},
        errors=(ErrorKind.NOT_FOUND, ErrorKind.CONFLICT),
        idempotency=Idempotency.KEPT,
        example=EXAMPLE,
        permission="the person whom the denial was about",
    )
    async def submit(self, call: Call[SubmissionIn, None, None]) -> Reply:
        """Opens the request that POST /api/v1/decisions would open. 201: it is decided already.

        The same Idempotency-Key and body again answers with the same task, however long ago that was.
        """
        with in_the_profile_s_words():
            view = await submit(self._database, self._gate, call.actor, _submission(call.body, call.key))
        status = 202 if view.status is TaskStatus.PENDING else 201
        headers = {"Location": self._address(view), **_waiting(view)}
        return Reply(status, self._answer(view), headers)

    @endpoint(
        Method.GET,
        f"{REQUESTS_PATH}/{{task_id}}",
        summary="Poll a task",
        tags=("authzen",),
        responses={200: TaskAnswer},
        errors=(ErrorKind.NOT_FOUND,),
        permission="who submitted it",
    )
    async def show(self, call: Call[None, None, ByTask]) -> Reply:
        """Where it stands. While it is pending, `Retry-After` says when to ask again."""
        with in_the_profile_s_words():
            view = await get_task(self._database, call.actor, call.path.task_id)
        return Reply(200, self._answer(view), _waiting(view))

    @endpoint(
        Method.POST,
        f"{REQUESTS_PATH}/{{task_id}}/cancel",
        summary="Cancel a task",
        tags=("authzen",),
        errors=(ErrorKind.NOT_FOUND, ErrorKind.CONFLICT, ErrorKind.FORBIDDEN),
        idempotency=Idempotency.IGNORED,
        permission="who submitted it, if the request is theirs",
    )
    async def cancel(self, call: Call[CancelIn, None, ByTask]) -> TaskAnswer:
        """Withdraws the request. 409 once it is over."""
        body = call.body
        reason = ": ".join(part for part in (body.reason, body.comment) if part)
        with in_the_profile_s_words():
            view = await cancel_task(self._database, call.actor, call.path.task_id, reason=reason)
        return self._answer(view)

    def _address(self, view: TaskView) -> str:
        return f"{self._base_url}{REQUESTS_PATH}/{view.id}"

    def _answer(self, view: TaskView) -> TaskAnswer:
        request, address = view.request, self._address(view)
        links = {"ticket": f"{self._base_url}/console/requests/{request.reference}"}
        if view.may_cancel:
            links["cancel"] = f"{address}/cancel"
        result = None
        if view.approval_id and view.approved_at and view.approved_until:
            links[RECEIPT_LINK] = f"{self._base_url}/api/v1/requests/{request.id}/receipt"
            result = ResultOut(
                approval=ApprovalOut(
                    id=view.approval_id, approved_at=view.approved_at, approved_until=view.approved_until
                )
            )
        name = request.resource.get("name", "")
        stands = request.status_shown if request.suspension else view.status
        return TaskAnswer(
            task=TaskOut(
                id=view.id,
                status=view.status,
                status_endpoint=address,
                progress=_progress(request.stages) if view.status is TaskStatus.PENDING else None,
                display=DisplayOut(title=request.reference, description=f"{request.action} {name}: {stands}"),
                links=links,
            ),
            result=result,
        )


def _submission(body: SubmissionIn, key: str | None) -> Submission:
    if body.items is not None:
        raise InvalidSubmission("One resource and action at a time.", where="items")
    if body.resource is None or body.action is None:
        missing = "resource" if body.resource is None else "action"
        raise InvalidSubmission("It names a resource and an action.", where=missing)
    if body.client.actor is not None:
        raise InvalidSubmission(
            "No chain of actors can be verified here; the token's person is the actor.", where="client.actor"
        )
    callback, wanted = body.callback, body.requested_access
    return Submission(
        action=body.action.name,
        resource=gate_resource(body.resource),
        named=as_named(body.subject, body.resource, body.action),
        context=_context(body.context),
        evaluation_id=body.denial.evaluation_id,
        expires_at=body.denial.expires_at,
        binding_token=body.denial.binding_token,
        requested_until=wanted.requested_until,
        is_emergency=wanted.emergency,
        callback=None if callback is None else CallbackWish(callback.endpoint, callback.state, tuple(callback.events)),
        client=body.client.model_dump(mode="json", exclude_none=True),
        body_digest=hashlib.sha256(fingerprint_text(body.model_dump(mode="json"))).hexdigest(),
        key=key,
    )


def _context(given: dict[str, Any]) -> dict[str, Any]:
    """What the gate reads of the context: why, and whom to tell first."""
    justification = given.get("business_justification", given.get("justification", ""))
    if not isinstance(justification, str):
        raise InvalidSubmission("The justification is a text.", where="context.business_justification")
    suggested = given.get("suggested_approvers")
    return {"justification": justification, **({} if suggested is None else {"suggested_approvers": suggested})}


def _progress(stages: tuple[StageView, ...]) -> ProgressOut | None:
    needed = [stage for stage in stages if stage.is_needed]
    for number, stage in enumerate(needed, start=1):
        if stage.status == "open":
            return ProgressOut(current_step=number, total_steps=len(needed), step_name=stage.key)
    return None


def _waiting(view: TaskView) -> dict[str, str]:
    return {"Retry-After": str(POLL_AFTER_S)} if view.status is TaskStatus.PENDING else {}
