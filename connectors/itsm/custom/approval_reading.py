"""The section `approvals` of a connector file: how they are read, asked for, marked, withdrawn and asked again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from connectors.itsm.custom.approval_spec import ApprovalPaths, Approvals, TouchedApprovals
from connectors.itsm.custom.reading_parts import CHANGES_KEYS, read_changes
from connectors.itsm.custom.request_reading import REQUEST_KEYS, FileReader
from connectors.itsm.custom.request_spec import Request, States
from connectors.itsm.custom.state_reading import read_states
from core.tickets import Decision

PATHS: Final = ("id", "account", "state", "email", "name", "comment", "at", "version", "by", "asked_by")
PATHS_NEEDED: Final = ("id", "account", "state")
KEYS: Final = (*PATHS, "states", "changes", "ask", "withdraw", "mark", "reopen")
DECIDED: Final = (Decision.REQUESTED, Decision.APPROVED, Decision.REJECTED)
ASK_NAMES: Final = ("account", "email", "state")
OF_ONE_NAMES: Final = ("approval", *ASK_NAMES)  # withdraw and reopen; mark has a comment too
_WHERE: Final = ("approvals",)


def read_approvals(reader: FileReader, value: object, *, names: Sequence[str], account: str) -> Approvals | None:
    """The approvals that the file declares; None if it declares none. `account` is ours, as the system names it."""
    if value is None:
        return None
    request, table = reader.request(_WHERE, value, names=names, more=KEYS)
    for key in (*PATHS_NEEDED, "states"):
        if table.get(key) is None:
            reader.problem(_WHERE, f"The key '{key}' is missing.", accepted=(*REQUEST_KEYS, *KEYS))
    found = Approvals(
        request=request,
        paths=ApprovalPaths(**{name: reader.optional_path(_WHERE, table, name) for name in PATHS}),
        states=_states(reader, table.get("states")),
        changes=_changes(reader, table.get("changes")),
        ask=_write(reader, table, "ask", (*names, *ASK_NAMES)),
        withdraw=_write(reader, table, "withdraw", (*names, *OF_ONE_NAMES)),
        mark=_write(reader, table, "mark", (*names, *OF_ONE_NAMES, "comment")),
        reopen=_write(reader, table, "reopen", (*names, *OF_ONE_NAMES)),
    )
    _refuse_contradictions(reader, found, account=account)
    return found


def _states(reader: FileReader, value: object) -> States[Decision]:
    if value is None:  # named as missing already
        return States({}, {})
    return read_states(reader, (*_WHERE, "states"), value, kind=Decision, required=DECIDED)


def _changes(reader: FileReader, value: object) -> TouchedApprovals | None:
    where = (*_WHERE, "changes")
    if value is None:
        return None
    changes, table = read_changes(reader, where, value, more=("ticket",))
    if table.get("ticket") is None:
        message = "The key 'ticket' is missing: where in an approval its ticket's id stands."
        reader.problem(where, message, accepted=(*REQUEST_KEYS, *CHANGES_KEYS, "ticket"))
    return TouchedApprovals(changes, reader.optional_path(where, table, "ticket"))


def _write(reader: FileReader, table: Mapping[str, object], name: str, names: Sequence[str]) -> Request | None:
    if table.get(name) is None:
        return None
    return reader.request((*_WHERE, name), table[name], names=names, method="POST" if name == "ask" else "PATCH")[0]


def _refuse_contradictions(reader: FileReader, found: Approvals, *, account: str) -> None:
    if found.changes is not None and not found.paths.at:
        reader.problem(_WHERE, "'changes' needs 'at': when an approval was touched.")
    for name, request in (("withdraw", found.withdraw), ("mark", found.mark), ("reopen", found.reopen)):
        if request is None:
            continue
        if found.ask is None:
            message = f"'{name}' is for approvals that we asked for, and the file declares no 'ask'."
            reader.problem((*_WHERE, name), message)
        if "approval" not in request.names:
            reader.problem((*_WHERE, name), "The request names no {approval}.")
        if name == "mark" and "state" not in request.names:
            reader.problem((*_WHERE, name), "The request writes no {state}, so it could not say what was decided.")
        if name == "withdraw" and "state" in request.names and Decision.ENDED not in found.states.write:
            reader.problem((*_WHERE, "states"), "'withdraw' writes {state}, and 'write' has no value for 'ended'.")
    if found.mark is not None and not found.paths.by:
        reader.problem(
            (*_WHERE, "mark"),
            "What we write on somebody's approval would come back as their own word: 'mark' needs 'by', whose hand it "
            "was last.",
        )
    if found.ask is not None:
        _refuse_to_ask(reader, found, found.ask, account=account)


def _refuse_to_ask(reader: FileReader, found: Approvals, ask: Request, *, account: str) -> None:
    where = (*_WHERE, "ask")
    if not {"account", "email"} & ask.names:
        reader.problem(where, "The request asks for nobody.", accepted=("{account}", "{email}"))
    if found.withdraw is None:
        reader.problem(where, "Whoever is asked must be let go when nobody waits for them: declare 'withdraw'.")
    if not found.paths.asked_by or not account:
        message = "Which approvals are ours is known by who asked: 'ask' needs 'asked_by', and 'account' of the file."
        reader.problem(where, message)
