"""The exact request that an operation would send, with secrets struck out. Nothing is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from connectors.itsm.base import Refused, TicketDraft, TicketKind, TicketPatch, TicketState
from connectors.itsm.custom.building import prepare, static_proof, token_call
from connectors.itsm.custom.connector import create_values, update_values
from connectors.itsm.custom.request_spec import Changes, Request, SecretRef
from connectors.itsm.custom.spec import AuthKind, Spec
from connectors.itsm.custom.tasks import create_values as task_values
from connectors.itsm.custom.tasks import update_values as task_moved
from connectors.itsm.custom.tickets import Record
from connectors.itsm.http import Call
from core.changes import TaskState, TaskStep
from core.tickets import Decision, ShownTask

OPERATIONS: Final = (
    "create", "find", "get", "update", "comment", "comments", "changes", "look_up", "login", "approvals",
    "approvals.changes", "approvals.ask", "approvals.withdraw", "approvals.mark", "approvals.reopen",
    "attachments.list", "attachments.add", "tasks", "tasks.changes", "tasks.create", "tasks.update",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sample:
    """What the operation is tried with."""

    kind: TicketKind = TicketKind.CHANGE
    target: TicketState = TicketState.APPROVED
    key: str = "0190c2f0-0000-7000-8000-000000000001"
    id: str = "1042"
    summary: str = "REQ-1042: create agent invoice-reader"
    description: str = "Reads invoices and books them."
    requester_email: str = "dana.reyes@example.com"
    text: str = "REQ-1042: approved"
    approval: str = "17"
    task: str = "23"
    account: str = "dana.reyes"
    decision: Decision = Decision.APPROVED
    fields: Mapping[str, str] | None = None


def trial(spec: Spec, operation: str, sample: Sample) -> Call:
    """The call. Raises Refused if the file does not declare the operation, or ValueError for an unknown one."""
    if operation not in OPERATIONS:
        raise ValueError(f"There is no operation '{operation}'. Known: {', '.join(OPERATIONS)}.")
    if operation == "login":
        return _login(spec)
    request, values = _asked(spec, operation, sample)
    if request is None:
        raise Refused(f"The file of {spec.title} does not declare '{operation}'.", field=operation)
    auth = spec.auth
    proof = static_proof(auth, reveal=_struck)
    if auth.kind is AuthKind.OAUTH2:
        proof = {"Authorization": "Bearer ***(token of the login)"}
    if auth.kind is AuthKind.SESSION:
        proof = {auth.header: "***(token of the login)"}
    return prepare(spec, request, values, reveal=_struck).call(proof)


def _asked(spec: Spec, operation: str, sample: Sample) -> tuple[Request | None, dict[str, Any]]:
    if operation.startswith("approvals"):
        return _of_approvals(spec, operation, sample)
    if operation.startswith("tasks"):
        return _of_tasks(spec, operation, sample)
    names: dict[str, Any] = {"id": sample.id, "number": sample.id, "kind": str(sample.kind)}
    match operation:
        case "create":
            fields = {"justification": "Month's end.", "risk": "high"} if sample.fields is None else sample.fields
            draft = TicketDraft(
                sample.key, sample.kind, sample.summary, sample.description, sample.requester_email, fields
            )
            return spec.create, create_values(spec, draft)
        case "find":
            return spec.find, {"key": spec.ticket.key_prefix + sample.key, "kind": str(sample.kind)}
        case "update":
            found = Record(sample.id, sample.id, "", sample.key, sample.kind, None, "", None)
            patch = TicketPatch(key=sample.key, target=sample.target, note=sample.text, by="Amara Okafor")
            return spec.update, update_values(spec, found, patch, sample.target)
        case "comment":
            return spec.comment, {**names, "text": sample.text, "note_key": sample.key}
        case "comments":
            return spec.comments.request if spec.comments else None, names
        case "changes":
            return (spec.changes.request, _page(spec.changes)) if spec.changes else (None, {})
        case "attachments.list":
            return spec.attachments.listed if spec.attachments else None, names
        case "attachments.add":
            sent = {"file_name": "REQ-1042-decision.json", "media_type": "application/json", "content": "e30="}
            return spec.attachments.added if spec.attachments else None, {**names, **sent}
        case "look_up":
            return spec.look_up, {"number": sample.id}
        case _:
            return spec.get, names


def _of_approvals(spec: Spec, operation: str, sample: Sample) -> tuple[Request | None, dict[str, Any]]:
    declared = spec.approvals
    if declared is None:
        return None, {}
    names: dict[str, Any] = {"id": sample.id, "number": sample.id, "kind": str(sample.kind)}
    person = {**names, "account": sample.account, "email": sample.requester_email}
    one = {**person, "approval": sample.approval}
    written = declared.states.write
    match operation:
        case "approvals.changes":
            touched = declared.changes
            return (touched.changes.request, _page(touched.changes)) if touched else (None, {})
        case "approvals.ask":
            return declared.ask, {**person, "state": written.get(Decision.REQUESTED)}
        case "approvals.withdraw":
            return declared.withdraw, {**one, "state": written.get(Decision.ENDED)}
        case "approvals.mark":
            return declared.mark, {**one, "state": written.get(sample.decision), "comment": sample.text}
        case "approvals.reopen":
            return declared.reopen, {**one, "state": written.get(Decision.REQUESTED)}
        case _:
            return declared.request, names


def _of_tasks(spec: Spec, operation: str, sample: Sample) -> tuple[Request | None, dict[str, Any]]:
    declared = spec.tasks
    if declared is None:
        return None, {}
    names = {"id": sample.id, "number": sample.id, "kind": str(sample.kind)}
    match operation:
        case "tasks.changes":
            return (declared.changes.request, _page(declared.changes)) if declared.changes else (None, {})
        case "tasks.create":
            key, title = f"{sample.key}:{TaskStep.TESTING}", "CHG-7: Show the results of testing"
            task = ShownTask(key, TaskStep.TESTING, title, sample.description, TaskState.OPEN)
            return declared.create, task_values(spec, declared, task, names)
        case "tasks.update":
            return declared.update, task_moved(declared, sample.task, TaskState.DONE, sample.text, names)
        case _:
            return declared.request, dict(names)


def _page(declared: Changes) -> dict[str, Any]:
    paging = declared.paging
    since = "***(time of the last look)"
    return {
        "since": since,
        "size": paging.size,
        "page": paging.first,
        "offset": 0,
        "last": paging.size - 1,
        "cursor": "",
    }


def _login(spec: Spec) -> Call:
    if spec.auth.kind is AuthKind.OAUTH2:
        return token_call(spec.auth, reveal=_struck)
    if spec.auth.login is None:
        raise Refused(f"{spec.title} needs no login.", field="auth")
    return prepare(spec, spec.auth.login, {}, reveal=_struck).call({})


def _struck(ref: SecretRef) -> str:
    return ref.shown
