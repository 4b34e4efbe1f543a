"""Approvals of tickets, as far as the file declares them: read, asked for, marked with what was decided here.

Only approvals that our own account asked for are marked, withdrawn or made to ask again: those of the system's own
workflow move its tickets, and stay its people's affair.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import structlog

from connectors.itsm.answers import shortened
from connectors.itsm.base import NotSent, Refused, Ticket
from connectors.itsm.custom.approval_spec import Approvals as Declared
from connectors.itsm.custom.client import CustomClient
from connectors.itsm.custom.notes import NOTE_MAX_CHARS
from connectors.itsm.custom.paging import pages
from connectors.itsm.custom.paths import text_at
from connectors.itsm.custom.request_spec import Request
from connectors.itsm.custom.spec import Spec
from connectors.itsm.custom.tickets import LONG_AGO, instant
from core.tickets import Decision, Shown, ToldApproval

_WORDS: Final[Mapping[Decision, str]] = {Decision.APPROVED: "Approved", Decision.REJECTED: "Rejected"}
_OPEN, _ANSWERED = 0, 1  # versions of an approval of which the system tells neither a number nor a time
_SAID: Final = frozenset({Decision.REQUESTED, Decision.APPROVED, Decision.REJECTED})

_log: Final = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Row:
    """An approval as the system shows it: `account` is whose it is, `by` whose hand it was last.

    Where the file does not say where the hand stands, it is taken for the approver's own.
    """

    id: str
    account: str
    email: str
    name: str
    decision: Decision
    comment: str
    at: datetime | None
    version: int
    by: str
    asked_by: str


class Approvals:
    """Reads and writes the approvals of our tickets."""

    def __init__(self, spec: Spec, client: CustomClient) -> None:
        self._spec = spec
        self._client = client

    async def on(self, names: Mapping[str, str]) -> tuple[ToldApproval, ...]:
        """Every approval of the ticket with these names; none where the file declares no approvals."""
        declared = self._spec.approvals
        if declared is None:
            return ()
        return tuple(approval(self._spec, row) for row in await self._rows(declared, names))

    async def since(self, since: datetime) -> list[tuple[str, ToldApproval]]:
        """Approvals that were touched since then, each with its ticket's id; none where that cannot be asked for."""
        declared = self._spec.approvals
        if declared is None or declared.changes is None:
            return []
        changes, found = declared.changes.changes, []
        async for documents in pages(self._spec, self._client, changes, since):
            rows = [(text_at(one, declared.changes.ticket), _row(self._spec, declared, one)) for one in documents]
            found += [
                (id_, approval(self._spec, row)) for id_, row in rows if id_ and row.at is not None and row.at >= since
            ]
            # Those that nobody has touched yet have no time, and come last.
            if changes.is_newest_first and any(row.at is None or row.at < since for _, row in rows):
                break
        return found

    async def show(self, ticket: Ticket, approvers: Sequence[Shown]) -> tuple[ToldApproval, ...]:
        """These people's approvals say what they shall, as far as the file declares how; all of the ticket then."""
        declared = self._spec.approvals
        if declared is None:
            return ()
        names = {"id": ticket.external_id, "number": ticket.number, "kind": str(ticket.kind)}
        if declared.ask is not None:
            await self._show(declared, names, approvers)
        return await self.on(names)

    async def _show(self, declared: Declared, names: Mapping[str, str], approvers: Sequence[Shown]) -> None:
        rows = await self._rows(declared, names)
        named: set[str] = set()
        for one in approvers:
            theirs = [row for row in rows if _is_theirs(row, one)]
            named |= {row.id for row in theirs}
            if one.decision is Decision.REQUESTED:
                await self._ask(declared, names, theirs, one=one)
            else:
                await self._mark(declared, names, theirs, one=one)
        for row in rows:
            if row.id not in named and row.decision is Decision.REQUESTED and self._is_ours(row):
                await self._write(declared, declared.withdraw, _of(names, row), Decision.ENDED)

    async def _ask(self, declared: Declared, names: Mapping[str, str], theirs: Sequence[Row], *, one: Shown) -> None:
        """The person is asked by one open approval, unless an answer of theirs that may count stands there."""
        again = next((row for row in theirs if row.id == one.reopen and row.decision is not Decision.REQUESTED), None)
        if again is not None and await self._reopened(declared, names, again):
            return
        spent = one.spent | ({again.id} if again is not None else frozenset())
        if any(row.decision in _SAID and row.id not in spent for row in theirs):
            return
        if any(row.decision is Decision.REQUESTED for row in theirs):
            return
        # Somebody whom the system does not know, or does not let us ask, must not keep the others from being asked.
        values = {**names, "account": one.account, "email": one.email}
        await self._write(declared, declared.ask, values, Decision.REQUESTED)

    async def _reopened(self, declared: Declared, names: Mapping[str, str], row: Row) -> bool:
        """Whether the answered approval asks again; not every answer is let go of."""
        if not self._is_ours(row):
            return False
        if not await self._write(declared, declared.reopen, _of(names, row), Decision.REQUESTED):
            return False
        after = await self._rows(declared, names)
        return any(each.id == row.id and each.decision is Decision.REQUESTED for each in after)

    async def _mark(self, declared: Declared, names: Mapping[str, str], theirs: Sequence[Row], *, one: Shown) -> None:
        """Approvals that still ask the person say what they decided here."""
        said = f"{_WORDS[one.decision]} in Countersign." + (f" {one.comment}" if one.comment else "")
        for row in theirs:
            if row.decision is Decision.REQUESTED and self._is_ours(row):
                if declared.mark is None:  # it cannot say so, but it asks no more
                    await self._write(declared, declared.withdraw, _of(names, row), Decision.ENDED)
                    continue
                values = {**_of(names, row), "comment": shortened(said, NOTE_MAX_CHARS)}
                await self._write(declared, declared.mark, values, one.decision)

    async def _write(
        self, declared: Declared, request: Request | None, values: Mapping[str, Any], decision: Decision
    ) -> bool:
        """Whether the system took this; what it refuses is left as it stands there, which is then told."""
        if request is None:
            return False
        try:
            await self._client.ask(request, {**values, "state": declared.states.write.get(decision)})
        except Refused as exc:
            who = values.get("account") or values.get("email")
            _log.warning("ticket_approval_refused", system=self._spec.title, account=who, reason=exc.reason)
            return False
        return True

    async def _rows(self, declared: Declared, names: Mapping[str, str]) -> list[Row]:
        return [_row(self._spec, declared, one) for one in await self._client.ask_list(declared.request, names)]

    def _is_ours(self, row: Row) -> bool:
        return bool(self._spec.account) and row.asked_by == self._spec.account


def approval(spec: Spec, row: Row) -> ToldApproval:
    """What the approval tells us. What somebody else's hand wrote on it is nobody's decision."""
    own = spec.account
    is_theirs = row.by in {row.account, own} or (not row.by and row.decision is Decision.REQUESTED)
    return ToldApproval(
        id=row.id,
        account=row.account,
        email=row.email,
        name=row.name or row.account,
        decision=row.decision,
        comment=row.comment,
        at=row.at or LONG_AGO,
        version=row.version,
        is_ours=bool(own) and row.by == own,
        written_by="" if is_theirs else row.by or "Somebody",
    )


def _row(spec: Spec, declared: Declared, document: Any) -> Row:
    paths = declared.paths
    identity = text_at(document, paths.id)
    if not identity:
        raise NotSent(f"{spec.title} answered with an approval that has nothing at '{'.'.join(paths.id)}'.")
    decision = declared.states.read.get(text_at(document, paths.state), Decision.ENDED)
    at, account = instant(spec, document, paths.at), text_at(document, paths.account)
    return Row(
        id=identity,
        account=account,
        email=text_at(document, paths.email),
        name=text_at(document, paths.name),
        decision=decision,
        comment=text_at(document, paths.comment),
        at=at,
        version=_version(text_at(document, paths.version), at, decision),
        by=text_at(document, paths.by) if paths.by else account,
        asked_by=text_at(document, paths.asked_by),
    )


def _version(told: str, at: datetime | None, decision: Decision) -> int:
    """The system's own number, else the time in milliseconds, else whether it was answered."""
    if told.isdecimal():
        return int(told)
    if at is not None:
        return int(at.timestamp() * 1000)
    return _OPEN if decision is Decision.REQUESTED else _ANSWERED


def _is_theirs(row: Row, one: Shown) -> bool:
    if one.account:
        return row.account == one.account
    return bool(one.email) and row.email.casefold() == one.email.casefold()


def _of(names: Mapping[str, str], row: Row) -> dict[str, str]:
    return {**names, "approval": row.id, "account": row.account, "email": row.email}
