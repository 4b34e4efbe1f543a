"""Approvals of a change: rows of sysapproval_approver, one for each person who is asked.

ServiceNow's own workflow asks groups, and what they answer moves the change. Rows of ours stand beside those: they ask
the people whom we ask, are marked with what was decided here, and are no longer required when nobody waits for them.
Both are created in our session, so ours are known by a comment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import structlog

from connectors.itsm.base import Refused, Ticket
from connectors.itsm.servicenow.client import Row, ServiceNowClient
from connectors.itsm.servicenow.lookups import Lookups
from connectors.itsm.servicenow.mapping import CHANGE_TABLE, DISPLAY, NOTE_MAX_CHARS, shortened
from connectors.itsm.servicenow.notes import mark
from connectors.itsm.servicenow.tickets import Tickets
from connectors.itsm.servicenow.walk import ASSESS, AUTHORIZE
from connectors.itsm.servicenow.walking import touched_rows
from connectors.itsm.servicenow.wire import condition, instant, query, text
from core.tickets import Decision, Shown, ToldApproval

TABLE: Final = "sysapproval_approver"
MARK: Final = mark("approver")
_FIELDS: Final = (
    "sys_id", "sysapproval", "state", "approver", "approver.user_name", "approver.email", "approver.name",
    "sys_created_by", "sys_updated_on", "sys_updated_by", "sys_mod_count",
)  # fmt: skip
_DECISIONS: Final[Mapping[str, Decision]] = {
    "not requested": Decision.ENDED,
    "requested": Decision.REQUESTED,
    "approved": Decision.APPROVED,
    "rejected": Decision.REJECTED,
}
_STATES: Final[Mapping[Decision, str]] = {Decision.APPROVED: "approved", Decision.REJECTED: "rejected"}
_WORDS: Final[Mapping[Decision, str]] = {Decision.APPROVED: "Approved", Decision.REJECTED: "Rejected"}
LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)  # of a row without a time
_ASKING: Final = frozenset({ASSESS, AUTHORIZE})  # states of a change in which people are asked

_log: Final = structlog.get_logger(__name__)


class Approvals:
    """Reads and writes the rows of our changes."""

    def __init__(self, client: ServiceNowClient, tickets: Tickets, lookups: Lookups) -> None:
        self._client = client
        self._tickets = tickets
        self._lookups = lookups

    async def show(self, ticket: Ticket, approvers: Sequence[Shown]) -> tuple[ToldApproval, ...]:
        """The rows of these people say what they shall; all rows of the change as they stand then."""
        rows = await self._of(ticket.external_id)
        own = await self._lookups.own_name()
        ours = await self._ours(rows, own)
        record = await self._tickets.read(ticket.kind, ticket.external_id)
        named: set[str] = set()
        for one in approvers:
            theirs = [row for row in rows if _is_theirs(row, one)]
            named |= {text(row["sys_id"]) for row in theirs}
            if one.decision is not Decision.REQUESTED:
                await self._mark([row for row in theirs if row["sys_id"] in ours], one)
            elif record.state in _ASKING:
                await self._ask(ticket.external_id, theirs, one)
        for row in rows:
            if row["state"] == "requested" and row["sys_id"] in ours - named:
                await self._client.patch(TABLE, text(row["sys_id"]), {"state": "not_required"})
        return await self._told(await self._of(ticket.external_id), own)

    async def since(self, since: datetime, *, own: str) -> list[tuple[str, ToldApproval]]:
        """Rows of our changes that were touched since then, each with its change's sys_id, oldest first."""
        ours = condition("sysapproval.correlation_display", "=", DISPLAY)
        try:
            rows = await touched_rows(self._client, TABLE, ours, fields=_FIELDS, since=since)
        except Refused:
            return []  # an account without the right to read approvals syncs states alone; `check` says so
        told = await self._told(rows, own)
        return [(text(row["sysapproval"]), one) for row, one in zip(rows, told, strict=True)]

    async def _of(self, sys_id: str) -> list[Row]:
        asked = query(condition("sysapproval", "=", sys_id), "ORDERBYsys_created_on", "ORDERBYsys_id")
        page = await self._client.select(TABLE, asked, fields=_FIELDS)
        return [row for row in page.rows if row["sysapproval"] == sys_id]

    async def _ask(self, sys_id: str, theirs: Sequence[Row], one: Shown) -> None:
        """The person is asked by one open row, unless an answer of theirs that may count stands there."""
        again = next((row for row in theirs if row["sys_id"] == one.reopen), None)
        if again is not None and again["state"] != "requested" and await self._reopened(again):
            return
        spent = one.spent | ({one.reopen} if again is not None and again["state"] != "requested" else frozenset())
        if any(row["state"] in _DECISIONS and row["sys_id"] not in spent for row in theirs):
            return
        if any(row["state"] == "requested" for row in theirs):
            return
        person = await self._lookups.approver(one.account, one.email)
        if not person:
            _log.warning("servicenow_approver_unknown", account=one.account or one.email)
            return
        fields = {"sysapproval": sys_id, "document_id": sys_id, "source_table": CHANGE_TABLE, "approver": person}
        await self._client.insert(TABLE, {**fields, "state": "requested", "comments": f"Asked by Countersign.\n{MARK}"})

    async def _reopened(self, row: Row) -> bool:
        """Whether the answered row asks again; not every instance lets an answer be taken off a row."""
        try:
            after = await self._client.patch(TABLE, text(row["sys_id"]), {"state": "requested"})
        except Refused:
            return False
        return text(after.get("state")) == "requested"

    async def _ours(self, rows: Sequence[Row], own: str) -> frozenset[str]:
        """Which of these rows we asked for. Where the journal is closed to us, none: they are then left as they are."""
        ids = [text(row["sys_id"]) for row in rows if row["sys_created_by"] == own]
        if not ids:
            return frozenset()
        asked = query(condition("element_id", "IN", ",".join(ids)), condition("value", "LIKE", MARK))
        try:
            page = await self._client.select("sys_journal_field", asked, fields=("element_id", "value"))
        except Refused:
            return frozenset()
        return frozenset(text(row["element_id"]) for row in page.rows if MARK in text(row["value"])) & set(ids)

    async def _mark(self, theirs: Sequence[Row], one: Shown) -> None:
        """Rows of ours that still ask the person say what they decided here. What the workflow asks stays its own."""
        for row in theirs:
            if row["state"] == "requested":
                said = f"{_WORDS[one.decision]} in Countersign." + (f" {one.comment}" if one.comment else "")
                fields = {"state": _STATES[one.decision], "comments": shortened(said, NOTE_MAX_CHARS)}
                await self._client.patch(TABLE, text(row["sys_id"]), fields)

    async def _told(self, rows: Sequence[Row], own: str) -> tuple[ToldApproval, ...]:
        said = await self._comments([text(row["sys_id"]) for row in rows if row["state"] in {"approved", "rejected"}])
        return tuple(_approval(row, said.get(text(row["sys_id"]), ""), own) for row in rows)

    async def _comments(self, ids: Sequence[str]) -> Mapping[str, str]:
        """The last comment on each of these rows, which is the reason of its decision."""
        if not ids:
            return {}
        found: dict[str, str] = {}
        for start in range(0, len(ids), 50):  # 33 characters each in one address
            among = condition("element_id", "IN", ",".join(ids[start : start + 50]))
            asked = query(among, condition("element", "=", "comments"), "ORDERBYsys_created_on", "ORDERBYsys_id")
            try:
                page = await self._client.select("sys_journal_field", asked, fields=("element_id", "value"))
            except Refused:
                # Many instances close the journal's table to ordinary accounts; a reason is then not told.
                return found
            said = [row for row in page.rows if MARK not in text(row["value"])]
            found |= {text(row["element_id"]): text(row["value"]) for row in said}
        return found


def copy_on_change(approval: ToldApproval) -> str:
    """The comment that ServiceNow writes on the change when an approval with a comment is decided; empty for none."""
    word = _WORDS.get(approval.decision)
    return f"{approval.name} - {word}: {approval.comment}".strip() if word and approval.comment else ""


def _is_theirs(row: Row, one: Shown) -> bool:
    if one.account:
        return text(row["approver.user_name"]) == one.account
    return bool(one.email) and text(row["approver.email"]).casefold() == one.email.casefold()


def _approval(row: Row, comment: str, own: str) -> ToldApproval:
    account, by = text(row["approver.user_name"]), text(row["sys_updated_by"])
    return ToldApproval(
        id=text(row["sys_id"]),
        account=account,
        email=text(row["approver.email"]),
        name=text(row["approver.name"]),
        decision=_DECISIONS.get(text(row["state"]), Decision.ENDED),
        comment=comment,
        at=instant(row["sys_updated_on"]) or LONG_AGO,
        version=int(text(row["sys_mod_count"]) or 0),
        is_ours=by == own,
        # What somebody else writes on a person's row is nobody's decision: they may have approved, or only commented.
        written_by="" if by in {account, own} else by,
    )
