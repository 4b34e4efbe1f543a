"""Taking a ticket to where it shall stand: one step at a time, looking again after each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, assert_never

import structlog

from connectors.itsm.base import NotSent, Refused, TicketKind, TicketPatch, TicketState
from connectors.itsm.mapping import Mapping as Mapped
from connectors.itsm.servicenow.client import ServiceNowClient
from connectors.itsm.servicenow.lookups import Lookups
from connectors.itsm.servicenow.mapping import (
    CHANGE_CLOSE_CODES,
    CHANGE_LABELS,
    CHANGE_TABLE,
    INCIDENT_CLOSE_CODES,
    INCIDENT_LABELS,
    INCIDENT_TABLE,
)
from connectors.itsm.servicenow.tickets import Tickets
from connectors.itsm.servicenow.walk import (
    CLOSED,
    PROGRESS,
    Approve,
    Arrived,
    Move,
    Reject,
    Stuck,
    Wait,
    is_arrived,
    next_step,
)
from connectors.itsm.servicenow.wire import TaskRecord, codes, condition, query, text

STEPS_MAX: Final = 24  # seven states, and an approval group or two with every member asked
APPROVAL_FIELDS: Final = ("sys_id", "sysapproval", "state", "approver.user_name")

_log: Final = structlog.get_logger(__name__)

_INCIDENT_TARGETS: Final[Mapping[TicketState, str]] = {
    TicketState.IMPLEMENTING: "2",
    TicketState.IMPLEMENTED: "6",
    TicketState.CLOSED: "7",
    TicketState.CANCELLED: "8",
    TicketState.REJECTED: "8",
}
_INCIDENT_PROGRESS: Final = (
    TicketState.OPEN, TicketState.IN_APPROVAL, TicketState.APPROVED, TicketState.IMPLEMENTING,
    TicketState.IMPLEMENTED, TicketState.CLOSED,
)  # fmt: skip
_INCIDENT_ENDED: Final = frozenset({"7", "8"})


class Moves:
    """Writes states and approvals. Nothing here notes anything; the caller has done so."""

    def __init__(self, client: ServiceNowClient, tickets: Tickets, lookups: Lookups, mapped: Mapped) -> None:
        self._client = client
        self._tickets = tickets
        self._lookups = lookups
        self._mapped = mapped.of(TicketKind.INCIDENT).written

    async def change(self, kind: TicketKind, sys_id: str, patch: TicketPatch) -> TaskRecord:
        """The change stands at the target or beyond. Raises Refused where the instance does not let it get there."""
        record = await self._tickets.read(kind, sys_id)
        for _ in range(STEPS_MAX):
            if is_arrived(record, patch.target):
                return record
            expected = await self._step(record, patch)
            record = await self._tickets.read(kind, sys_id)
            _check_taken(record, expected)
        raise Refused(f"{record.number} did not reach {patch.target.value} in {STEPS_MAX} steps.", field="state")

    async def incident(self, sys_id: str, patch: TicketPatch) -> TaskRecord:
        """The incident stands at the target or beyond; one without a target of its own stays as it is.

        ServiceNow lets nothing out of Closed and Canceled: what goes on here after that is noted there, and no more.
        """
        record = await self._tickets.read(TicketKind.INCIDENT, sys_id)
        wanted = self._mapped.get(patch.target) or _INCIDENT_TARGETS.get(patch.target)
        goes_back = patch.reopens and record.state == _INCIDENT_TARGETS[TicketState.IMPLEMENTED]
        if wanted is None or (self._is_reached(record, wanted) and not (goes_back and record.state != wanted)):
            return record
        if record.state in _INCIDENT_ENDED and patch.reopens:
            return record
        if record.state in _INCIDENT_ENDED:
            ended = INCIDENT_LABELS[record.state]
            raise Refused(f"{record.number} is {ended} in ServiceNow and stays so.", field="state")
        fields = {"state": wanted}
        if patch.target in {TicketState.IMPLEMENTED, TicketState.CLOSED} or wanted in {"6", "7"}:
            fields |= {"close_code": INCIDENT_CLOSE_CODES[patch.close_code], "close_notes": _close_notes(patch)}
        await self._client.patch(INCIDENT_TABLE, sys_id, fields)
        moved = await self._tickets.read(TicketKind.INCIDENT, sys_id)
        if moved.state != wanted:
            raise Refused(_left(moved, wanted, INCIDENT_LABELS), field="state")
        return moved

    def _is_reached(self, record: TaskRecord, wanted: str) -> bool:
        """Whether an incident is in this state, or as far or further in our words. What is still open may be sorted."""
        if record.state == wanted:
            return True
        kind = TicketKind.INCIDENT
        here, there = self._tickets.state(kind, record), self._tickets.state(kind, replace(record, state=wanted))
        if here not in _INCIDENT_PROGRESS or there not in _INCIDENT_PROGRESS or here is TicketState.OPEN:
            return False
        return _INCIDENT_PROGRESS.index(here) >= _INCIDENT_PROGRESS.index(there)

    async def cancel(self, record: TaskRecord, kind: TicketKind, reason: str) -> None:
        """The record is cancelled, with the reason in its notes; one that has ended or gone too far stays."""
        patch = TicketPatch(key=record.sys_id, target=TicketState.CANCELLED, note=reason)
        try:
            if kind is TicketKind.INCIDENT:
                await self.incident(record.sys_id, patch)
            else:
                await self.change(kind, record.sys_id, patch)
        except Refused as exc:
            _log.warning("servicenow_duplicate_not_cancelled", number=record.number, reason=exc.reason)

    async def _step(self, record: TaskRecord, patch: TicketPatch) -> Move | None:
        """One step is taken; the move that must show when one looks again, if it was one."""
        states = await self._client.next_states(record.sys_id)
        available = codes(states.get("available_states")) if states is not None else None
        match next_step(record, patch.target, available):
            case Arrived():
                pass
            case Move() as move:
                await self._move(record, move, patch)
                return move
            case Approve():
                await self._approve(record, patch)
            case Reject():
                await self._reject(record, patch)
            case Stuck(reason=reason, field=field):
                raise Refused(reason, field=field)
            case Wait(reason=reason):
                raise NotSent(reason)
            case step:
                assert_never(step)
        return None

    async def _move(self, record: TaskRecord, move: Move, patch: TicketPatch) -> None:
        fields = {} if move.state == record.state else {"state": move.state}
        if move.needs_group:
            fields["assignment_group"] = await self._group(record)
        if move.state == CLOSED:
            fields |= {"close_code": CHANGE_CLOSE_CODES[patch.close_code], "close_notes": _close_notes(patch)}
        await self._client.patch_change(record.sys_id, fields)

    async def _group(self, record: TaskRecord) -> str:
        row = await self._client.get(CHANGE_TABLE, record.sys_id, fields=("sys_id", "business_service"))
        return await self._lookups.default_group(text(row.get("business_service")) if row else "")

    async def _approve(self, record: TaskRecord, patch: TicketPatch) -> None:
        comment = _decision("Approved", patch)
        if await self._decide(record, "approved", comment):
            return
        # Nobody is asked there (the group has no members, or no approval policy applies).
        before = (record.state, record.approval)
        await self._client.patch(CHANGE_TABLE, record.sys_id, {"approval": "approved"})
        after = await self._tickets.read(TicketKind.CHANGE, record.sys_id)
        if (after.state, after.approval) == before:
            raise NotSent(f"ServiceNow did not take over the approval of {record.number} yet.")

    async def _reject(self, record: TaskRecord, patch: TicketPatch) -> None:
        if not await self._decide(record, "rejected", _decision("Rejected", patch)):
            await self._client.patch(CHANGE_TABLE, record.sys_id, {"approval": "rejected"})
        after = await self._tickets.read(TicketKind.CHANGE, record.sys_id)
        if after.approval == "requested" and after.state == record.state:
            raise NotSent(f"ServiceNow did not take over the rejection of {record.number} yet.")

    async def _decide(self, record: TaskRecord, state: str, comment: str) -> bool:
        """One approval row that still asks is answered, our own before others'; whether there was one."""
        asked = query(condition("sysapproval", "=", record.sys_id), condition("state", "=", "requested"))
        page = await self._client.select("sysapproval_approver", asked, fields=APPROVAL_FIELDS)
        if page.total > 0 and not page.rows:
            raise Refused(f"The approvals of {record.number} are hidden from our account.", field="approval")
        mine = await self._lookups.own_name()
        rows = [row for row in page.rows if row["sysapproval"] == record.sys_id and row["state"] == "requested"]
        rows.sort(key=lambda row: row["approver.user_name"] != mine)
        if not rows:
            return False
        try:
            await self._client.patch("sysapproval_approver", rows[0]["sys_id"], {"state": state, "comments": comment})
        except Refused as exc:
            hint = "Give our account the role approval_admin, or make it a member of the approving group."
            raise Refused(f"{exc.reason} {hint}", field="approval") from exc
        return True


def _decision(word: str, patch: TicketPatch) -> str:
    who = f" by {patch.by}" if patch.by else ""
    return f"{word} in Countersign{who}." + (f" {patch.note}" if patch.note else "")


def _close_notes(patch: TicketPatch) -> str:
    return patch.close_notes or patch.note or "Closed by Countersign."


def _check_taken(record: TaskRecord, move: Move | None) -> None:
    """Raises Refused if the move does not show: some instances answer 200 and change nothing."""
    if move is None:
        return
    if move.needs_group and not record.assignment_group:
        raise Refused(f"ServiceNow did not keep the assignment group of {record.number}.", field="assignment_group")
    # A change whose approval is not needed, or given at once, runs on by itself.
    reached = PROGRESS[PROGRESS.index(move.state) :] if move.state in PROGRESS else (move.state,)
    if record.state not in reached:
        raise Refused(_left(record, move.state, CHANGE_LABELS), field="state")


def _left(record: TaskRecord, wanted: str, labels: Mapping[str, str]) -> str:
    have, want = labels.get(record.state, record.state), labels.get(wanted, wanted)
    return f"ServiceNow left {record.number} in {have} instead of moving it to {want}."
