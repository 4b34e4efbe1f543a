"""Use case: a denial that can be lifted becomes a task, by a request that the gate opens as it always does.

One transaction holds the evaluation, opens the request and writes the task, so a submission sent again finds its task
whenever its first call died: by its Idempotency-Key, or by its evaluation, of which one task can come.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row

from core.access import TokenScope, member_of, require_scope
from core.access_requests import naming, rules, store
from core.access_requests.errors import (
    CallbackRefused,
    DuplicateRequest,
    EmergencyElsewhere,
    ExpiredDenial,
    InvalidBinding,
    InvalidSubmission,
    NotRequestable,
)
from core.access_requests.tasks import settled, task_view
from core.access_requests.views import TaskView
from core.actor import Actor
from core.approvals import RequestView, load_request
from core.audit import AuditCategory, AuditResult, audited, record
from core.db import Database, Transaction
from core.decisions import Answer, Gate, Weighed
from core.errors import Conflict

_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class CallbackWish:
    """Who wants to be told of the end. `events`: of which ends; none means of each."""

    endpoint: str
    state: str | None = None
    events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What is asked for, after which denial. `named` and `resource` as in `Evaluated`; `body_digest` of all of it."""

    action: str
    resource: Mapping[str, object]
    named: Mapping[str, Mapping[str, Any]]
    context: Mapping[str, Any]
    evaluation_id: str | None
    expires_at: datetime | None
    body_digest: str
    binding_token: str | None = None
    requested_until: datetime | None = None
    is_emergency: bool = False
    callback: CallbackWish | None = None
    client: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None


class _OutrunError(Exception):
    """Another submission with the same key was faster."""


async def submit(database: Database, gate: Gate, actor: Actor, wanted: Submission) -> TaskView:
    """The task of this submission; the one that is there if it was sent before.

    Raises InvalidBinding, ExpiredDenial, NotRequestable, DuplicateRequest, CallbackRefused, EmergencyElsewhere,
    InvalidSubmission, or Conflict while somebody else's request for another version of the same agent is open.
    """
    for _ in range(_TRIES):
        try:
            found = await _submit(database, gate, actor, wanted)
        except _OutrunError:
            continue
        if isinstance(found, NotRequestable):  # raised only now: what the gate said of it is in the trail
            raise found
        return found
    raise Conflict("This is being submitted at this moment.", retry_after_s=1)


async def _submit(database: Database, gate: Gate, actor: Actor, wanted: Submission) -> TaskView | NotRequestable:
    name = str(wanted.resource.get("name", ""))
    async with audited(database, actor, action="access_request.submit", resource=name) as tx:
        require_scope(actor, TokenScope.DECIDE)
        user = member_of(actor)
        if wanted.key and (known := await store.task_by_key(tx, user, wanted.key)):
            if known.body_digest != wanted.body_digest:
                raise DuplicateRequest(next_step="Send a new key for a new submission.")
            return await _known(tx, actor, known)
        bound = await _bound(tx, actor, wanted)
        if known := await store.task_of_evaluation(tx, bound.evaluation_id):
            if known.body_digest != wanted.body_digest:
                raise InvalidBinding("This denial was asked about already.", next_step="Evaluate again.")
            return await _known(tx, actor, known)
        await _check(tx, wanted, bound)
        weighed = await gate.request(
            tx, actor, action=wanted.action, resource=wanted.resource, context=dict(wanted.context)
        )
        if weighed.answer is Answer.DENY or weighed.request_id is None:
            return await _not_requestable(tx, actor, wanted, weighed)
        request = await load_request(tx, weighed.request_id)
        if request.resource != weighed.resource:
            raise Conflict(f"{request.reference} asks for another version of '{name}' and is open.")
        row = await _added(tx, actor, wanted, bound=bound, request=request)
        return task_view(actor, await settled(tx, row, request), request)


async def _known(tx: Transaction, actor: Actor, row: Row[Any]) -> TaskView:
    request = await load_request(tx, row.request_id)
    return task_view(actor, await settled(tx, row, request), request)


async def _bound(tx: Transaction, actor: Actor, wanted: Submission) -> Row[Any]:
    """The evaluation that the submission belongs to, held. Raises InvalidBinding, the same whatever is wrong."""
    evaluation_id = naming.read(naming.EVALUATION, wanted.evaluation_id)
    if evaluation_id is None or wanted.expires_at is None or wanted.binding_token is not None:
        raise InvalidBinding(
            "A denial is named by its 'evaluation_id' and 'expires_at', as they were answered.",
            where="denial",
            accepted=("evaluation_id", "expires_at"),
        )
    row = await store.hold_evaluation(tx, member_of(actor), evaluation_id)
    digest = naming.bound_to(wanted.named["subject"], wanted.named["resource"], wanted.named["action"])
    if row is None or row.digest != digest:
        raise InvalidBinding(
            "You were not denied exactly this under this evaluation id.", where="denial", next_step="Evaluate again."
        )
    return row


async def _check(tx: Transaction, wanted: Submission, bound: Row[Any]) -> None:
    """What can be said before the gate is asked."""
    if wanted.expires_at is None or rules.is_expired(bound.expires_at, wanted.expires_at, now=tx.now):
        raise ExpiredDenial(next_step="Evaluate again.")
    if wanted.is_emergency:
        raise EmergencyElsewhere(
            "What cannot wait for an approval is no request.",
            where="requested_access.emergency",
            next_step="Take an emergency bypass (POST /api/v1/bypasses, or /bypass in chat): it holds at once, "
            "management is told, and it is reviewed afterwards. Or ask without 'emergency'.",
        )
    if wanted.requested_until is not None and wanted.requested_until <= tx.now:
        raise InvalidSubmission("This instant has passed.", where="requested_access.requested_until")
    callback = wanted.callback
    if callback is not None and not await store.callbacks(tx, endpoint=callback.endpoint):
        raise CallbackRefused(
            "This address is not registered.",
            where="callback.endpoint",
            next_step="Whoever may change the configuration registers it with POST /api/v1/callbacks.",
        )


async def _added(
    tx: Transaction, actor: Actor, wanted: Submission, *, bound: Row[Any], request: RequestView
) -> Row[Any]:
    callback = wanted.callback
    task_id = naming.new_id()
    row = await store.add_task(
        tx,
        {
            "task_id": task_id,
            "approval_id": naming.new_id(),
            "evaluation_id": bound.evaluation_id,
            "user_id": member_of(actor),
            "request_id": request.id,
            "digest": bound.digest,
            "body_digest": wanted.body_digest,
            "idempotency_key": wanted.key,
            "requested_until": wanted.requested_until,
            "callback_endpoint": callback.endpoint if callback else None,
            "callback_state": callback.state if callback else None,
            "callback_events": list(callback.events) if callback else [],
            "status": "pending",
            "created_at": tx.now,
        },
    )
    if row is None:
        raise _OutrunError
    await record(
        tx,
        actor,
        action="access_request.submit",
        resource=request.resource["name"],
        subject_id=request.id,
        details={
            **_asked(wanted),
            "task": naming.written(naming.TASK, task_id),
            "request": request.reference,
            **({"callback": callback.endpoint} if callback else {}),
        },
    )
    return row


async def _not_requestable(tx: Transaction, actor: Actor, wanted: Submission, weighed: Weighed) -> NotRequestable:
    """The refusal, recorded; the caller raises it once that is committed."""
    is_allowed = weighed.answer is Answer.ALLOW
    await record(
        tx,
        actor,
        action="access_request.submit",
        resource=weighed.resource["name"],
        result=AuditResult.DENIED,
        category=AuditCategory.SECURITY,
        details={**_asked(wanted), "code": weighed.reason.code, "reason": weighed.reason.message},
    )
    if is_allowed:
        return NotRequestable(f"It is allowed by now: {weighed.reason.message}", next_step="Evaluate again.")
    return NotRequestable(weighed.reason.message)


def _asked(wanted: Submission) -> dict[str, Any]:
    return {
        "governed_action": wanted.action,
        "evaluation_id": wanted.evaluation_id,
        **({"requested_until": wanted.requested_until.isoformat()} if wanted.requested_until else {}),
        **({"client": dict(wanted.client)} if wanted.client else {}),
    }
