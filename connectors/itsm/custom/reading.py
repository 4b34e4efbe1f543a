"""A connector file -> Spec. Every problem is named at once, with file, line, key and what would be accepted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from config.fields import is_loopback
from config.yamlfile import LocatedDocument, load_yaml
from connectors.itsm.base import TicketKind, TicketState
from connectors.itsm.custom.approval_reading import read_approvals
from connectors.itsm.custom.field_reading import read_fields
from connectors.itsm.custom.files import read_files
from connectors.itsm.custom.reading_parts import read_auth, read_changes, read_comments, read_errors, read_webhook
from connectors.itsm.custom.request_reading import FileReader
from connectors.itsm.custom.request_spec import Request, Scalar
from connectors.itsm.custom.spec import Limits, Spec, TicketPaths, TimeFormat, Times
from connectors.itsm.custom.state_reading import read_states, scalar
from connectors.itsm.custom.task_reading import read_tasks
from connectors.itsm.templates import FIELDS
from core.errors import ConfigError

KEYS: Final = (
    "title", "url", "auth", "headers", "timeouts", "rate", "kinds", "page", "account", "summary_max_chars", "tables",
    "states", "times", "ticket", "errors", "create", "get", "update", "find", "comment", "comments", "changes",
    "webhook", "fields", "look_up", "approvals", "attachments", "tasks",
)  # fmt: skip
REQUIRED: Final = ("title", "url", "states", "ticket", "create", "get", "update")
TICKET_KEYS: Final = (
    "id", "state", "number", "key", "key_prefix", "kind", "updated_at", "updated_by", "created_at",
    "requester", "resource", "summary", "description", "starts_at", "ends_at",
)  # fmt: skip
# What each request may speak of.
CREATE_NAMES: Final = (
    "key", "kind", "summary", "description", "requester_email", "state", f"{FIELDS}…",
)  # fmt: skip
TICKET_NAMES: Final = ("id", "number", "kind")
UPDATE_NAMES: Final = (*TICKET_NAMES, "state", "target", "note", "by", "close_code", "close_notes", "step_key")
COMMENT_NAMES: Final = (*TICKET_NAMES, "text", "note_key")
LOOK_UP_NAMES: Final = ("number",)
TABLE_NAMES: Final = ("kind", "close_code", "target", f"{FIELDS}…")
_KINDS: Final = tuple(map(str, TicketKind))


def load(file: Path, *, named: str | None = None) -> Spec:
    """The system that the file declares. Raises ConfigError, or YamlSyntaxError if it is no YAML."""
    return read_spec(load_yaml(file, file=named), file=file)


def read_spec(document: LocatedDocument, *, file: Path) -> Spec:
    """The same for a document in hand; secrets in files are looked for beside `file`. Raises ConfigError."""
    reader = FileReader(document)
    try:
        spec = _read(reader, document, file)
    except (TypeError, AttributeError) as exc:  # pragma: no cover - a slip of ours must still name the file
        raise ConfigError("The file cannot be read.", file=document.file) from exc
    reader.finish()
    return spec


def _read(reader: FileReader, document: LocatedDocument, file: Path) -> Spec:
    table = reader.mapping((), document.value, allowed=KEYS, required=REQUIRED)
    title = reader.text(("title",), table.get("title", "Tickets"))
    create, of_create = reader.request(
        ("create",), table.get("create", {}), names=CREATE_NAMES, method="POST", more=("idempotent",)
    )
    is_create_idempotent = reader.boolean(("create", "idempotent"), of_create.get("idempotent", False))
    update, of_update = reader.request(
        ("update",), table.get("update", {}), names=UPDATE_NAMES, method="PATCH", more=("stepwise",)
    )
    find = _find(reader, table)
    comment, is_comment_idempotent = _comment(reader, table)
    ticket = _ticket(reader, table.get("ticket"))
    account = reader.text(("account",), table["account"]) if table.get("account") is not None else ""
    comments = read_comments(reader, table.get("comments"), names=TICKET_NAMES)
    spec = Spec(
        file=file,
        title=title,
        url=_url(reader, table.get("url")),
        auth=read_auth(reader, table.get("auth")),
        headers=reader.headers(("headers",), table.get("headers") or {}, names=()),
        limits=_limits(reader, table),
        kinds=_kinds(reader, table.get("kinds")),
        page=reader.template(("page",), table["page"], names=TICKET_NAMES) if table.get("page") else None,
        account=account,
        summary_max_chars=reader.integer(("summary_max_chars",), table.get("summary_max_chars", 255), least=20),
        tables=_tables(reader, table.get("tables")),
        states=read_states(reader, ("states",), table.get("states"), kind=TicketState, required=tuple(TicketState)),
        times=_times(reader, table.get("times")),
        ticket=ticket,
        errors=read_errors(reader, table.get("errors")),
        create=create,
        is_create_idempotent=is_create_idempotent,
        get=reader.request(("get",), table.get("get", {}), names=TICKET_NAMES)[0],
        update=update,
        is_stepwise=reader.boolean(("update", "stepwise"), of_update.get("stepwise", False)),
        find=find,
        comment=comment,
        is_comment_idempotent=is_comment_idempotent,
        comments=comments,
        changes=read_changes(reader, ("changes",), table["changes"])[0] if table.get("changes") is not None else None,
        webhook=read_webhook(reader, table.get("webhook")),
        fields=read_fields(reader, table.get("fields"), names=TICKET_NAMES),
        look_up=(
            reader.request(("look_up",), table["look_up"], names=LOOK_UP_NAMES)[0] if table.get("look_up") else None
        ),
        approvals=read_approvals(reader, table.get("approvals"), names=TICKET_NAMES, account=account),
        attachments=read_files(reader, table.get("attachments"), names=TICKET_NAMES),
        tasks=read_tasks(reader, table.get("tasks"), names=TICKET_NAMES, account=account),
    )
    _refuse_contradictions(reader, spec)
    return spec


def _refuse_contradictions(reader: FileReader, spec: Spec) -> None:
    if spec.find is None and not spec.is_create_idempotent:
        reader.problem(
            ("create",),
            "A call that times out may have made a ticket, and nothing here could tell: declare 'find', which looks "
            "for a ticket by {key}, or 'idempotent: true' if the system takes a key of ours for that.",
        )
    if spec.is_create_idempotent and "key" not in spec.create.names:
        reader.problem(
            ("create", "idempotent"), "The request carries no {key} by which the system could know it again."
        )
    if spec.find is not None and not spec.ticket.key:
        reader.problem(("ticket",), "'find' needs 'key': only what carries our key is taken for ours.")
    if spec.find is not None and "key" not in spec.find.names:
        reader.problem(("find",), "The request does not ask for {key}.")
    if spec.find is not None and "key" not in spec.create.names:
        reader.problem(("create",), "The request writes no {key}, so 'find' could never find the ticket.")
    if spec.comment is not None and spec.comments is None and not spec.is_comment_idempotent:
        reader.problem(
            ("comment",),
            "A comment whose call timed out may be there, and nothing here could tell: declare 'comments', which lists "
            "them, or 'idempotent: true' with {note_key} in the request.",
        )
    if spec.is_comment_idempotent and spec.comment is not None and "note_key" not in spec.comment.names:
        reader.problem(("comment", "idempotent"), "The request carries no {note_key}.")
    if spec.approvals is not None and spec.changes is None:
        reader.problem(("approvals",), "What people decide is found with what was touched: declare 'changes'.")
    if spec.tasks is not None and spec.changes is None:
        reader.problem(("tasks",), "What people do with tasks is found with what was touched: declare 'changes'.")
    if spec.changes is not None:
        for name, path in (("key", spec.ticket.key), ("updated_at", spec.ticket.updated_at)):
            if not path:
                reader.problem(("ticket",), f"'changes' needs '{name}'.")


def _find(reader: FileReader, table: Mapping[str, object]) -> Request | None:
    return reader.request(("find",), table["find"], names=("key", "kind"))[0] if table.get("find") is not None else None


def _comment(reader: FileReader, table: Mapping[str, object]) -> tuple[Request | None, bool]:
    if table.get("comment") is None:
        return None, False
    request, own = reader.request(
        ("comment",), table["comment"], names=COMMENT_NAMES, method="POST", more=("idempotent",)
    )
    return request, reader.boolean(("comment", "idempotent"), own.get("idempotent", False))


def _url(reader: FileReader, value: object) -> str:
    text = reader.text(("url",), value if value is not None else "?")
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        parts, host = urlsplit(""), None
    if parts.scheme not in {"http", "https"} or not host or parts.username or parts.query or parts.fragment:
        reader.problem(("url",), "Here stands an address without user, query or fragment.", accepted=("https://…",))
    elif parts.scheme == "http" and not is_loopback(host):
        reader.problem(("url",), "Credentials would travel in clear text.", accepted=("https://…",))
    return text.rstrip("/")


def _limits(reader: FileReader, table: Mapping[str, object]) -> Limits:
    times = reader.mapping(("timeouts",), table.get("timeouts") or {}, allowed=("connect_s", "read_s", "total_s"))
    rate = reader.mapping(("rate",), table.get("rate") or {}, allowed=("concurrent", "per_second"))
    return Limits(
        connect_s=reader.integer(("timeouts", "connect_s"), times.get("connect_s", 5), least=1),
        read_s=reader.integer(("timeouts", "read_s"), times.get("read_s", 15), least=1),
        total_s=reader.integer(("timeouts", "total_s"), times.get("total_s", 30), least=1),
        concurrent=reader.integer(("rate", "concurrent"), rate.get("concurrent", 4), least=1),
        per_second=reader.integer(("rate", "per_second"), rate.get("per_second", 0)),
    )


def _kinds(reader: FileReader, value: object) -> frozenset[TicketKind]:
    if value is None:
        return frozenset(TicketKind)
    found = [
        reader.choice(("kinds", index), one, _KINDS) for index, one in enumerate(reader.sequence(("kinds",), value))
    ]
    return frozenset(TicketKind(one) for one in found if one in _KINDS)


def _tables(reader: FileReader, value: object) -> Mapping[str, Mapping[str, Scalar]]:
    found: dict[str, Mapping[str, Scalar]] = {}
    for name, one in reader.mapping(("tables",), value or {}).items():
        path = ("tables", name)
        if name not in TABLE_NAMES and not (name.startswith(FIELDS) and name != FIELDS):
            reader.problem(path, f"'{name}' is no name whose values could be mapped.", accepted=TABLE_NAMES)
        rows = reader.mapping(path, one)
        found[name] = {key.lower(): scalar(reader, (*path, key), row) for key, row in rows.items()}
    return found


def _times(reader: FileReader, value: object) -> Times:
    table = reader.mapping(("times",), value or {}, allowed=("format", "zone"))
    format_ = reader.text(("times", "format"), table.get("format", "iso"))
    if format_ not in tuple(TimeFormat) and "%" not in format_:
        accepted = (*TimeFormat, "%Y-%m-%d %H:%M:%S")
        reader.problem(("times", "format"), f"'{format_}' is no format of times.", accepted=accepted)
    if table.get("zone") is None:
        return Times(format_)
    name = reader.text(("times", "zone"), table["zone"])
    try:
        return Times(format_, ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        reader.problem(("times", "zone"), f"'{name}' is no time zone.", accepted=("UTC", "Europe/Paris", "…"))
        return Times(format_)


def _ticket(reader: FileReader, value: object) -> TicketPaths:
    table = reader.mapping(("ticket",), value, allowed=TICKET_KEYS, required=("id", "state"))
    paths = {name: reader.optional_path(("ticket",), table, name) for name in TICKET_KEYS if name != "key_prefix"}
    prefix = table.get("key_prefix")
    return TicketPaths(**paths, key_prefix=reader.text(("ticket", "key_prefix"), prefix) if prefix is not None else "")
