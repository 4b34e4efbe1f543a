"""Taking a ticket to where it shall stand: one step at a time, looking again after each."""

from __future__ import annotations

from typing import Final, assert_never

import structlog

from connectors.itsm.base import NotSent, Refused, TicketKind, TicketPatch, TicketState
from connectors.itsm.remedy.approvals import SIGNATURES
from connectors.itsm.remedy.client import RemedyClient
from connectors.itsm.remedy.mapping import CHANGE_CANCELLED_BECAUSE, CHANGE_OUTCOMES, INCIDENT_RESOLVED_BECAUSE
from connectors.itsm.remedy.qualification import both, compare
from connectors.itsm.remedy.settings import RemedySettings
from connectors.itsm.remedy.tickets import Tickets
from connectors.itsm.remedy.walk import (
    ASKING,
    CANCELLED,
    COMPLETED,
    IMPLEMENTATION,
    WINDOW,
    Approvals,
    Approve,
    Arrived,
    Move,
    Reject,
    Stuck,
    Wait,
    is_arrived,
    next_change_step,
    next_incident_step,
)
from connectors.itsm.remedy.wire import CHANGE, INCIDENT, REQUEST_ID, Record, Values, text

STEPS_MAX: Final = 24  # ten stages, and a few approvers one after another
_FIELDS: Final = (REQUEST_ID, "Request", "Approval Status", "Approval Phase", "Approvers")
_ANSWERED: Final = frozenset({"Approved", "Closed"})

_log: Final = structlog.get_logger(__name__)


class Moves:
    """Writes statuses and approvals. Nothing here notes anything; the caller has done so."""

    def __init__(self, client: RemedyClient, tickets: Tickets, settings: RemedySettings) -> None:
        self._client = client
        self._tickets = tickets
        self._settings = settings

    async def change(self, number: str, patch: TicketPatch) -> Record:
        """The change stands at the target or beyond. Raises Refused where Remedy does not let it get there."""
        record = await self._tickets.read(TicketKind.CHANGE, number)
        for _ in range(STEPS_MAX):
            if is_arrived(record, patch.target):
                return record
            wanted = await self._step(record, patch)
            after = await self._tickets.read(TicketKind.CHANGE, number)
            _check_taken(record, after, wanted)
            record = after
        raise Refused(f"{number} did not reach {patch.target.value} in {STEPS_MAX} steps.", field=CHANGE.status)

    async def incident(self, number: str, patch: TicketPatch) -> Record:
        """The incident stands at the target or beyond; one without a target of its own stays as it is."""
        record = await self._tickets.read(TicketKind.INCIDENT, number)
        written = self._settings.mapping.of(TicketKind.INCIDENT).written
        for _ in range(STEPS_MAX):
            match next_incident_step(record, patch.target, written):
                case Move(status=status):
                    await self._client.modify(INCIDENT.entry, record.entry_id, self._incident(record, status, patch))
                    after = await self._tickets.read(TicketKind.INCIDENT, number)
                    _check_taken(record, after, status)
                    record = after
                case Stuck(reason=reason, field=field):
                    raise Refused(reason, field=field)
                case _:
                    return record
        raise Refused(f"{number} did not reach {patch.target.value} in {STEPS_MAX} steps.", field=INCIDENT.status)

    async def cancel(self, record: Record, reason: str) -> None:
        """The record is cancelled; one that has ended or gone too far stays."""
        patch = TicketPatch(key="double", target=TicketState.CANCELLED, note=reason)
        try:
            await (self.incident if record.form is INCIDENT else self.change)(record.number, patch)
        except Refused as exc:
            _log.warning("remedy_duplicate_not_cancelled", number=record.number, reason=exc.reason)

    async def _step(self, record: Record, patch: TicketPatch) -> str:
        """One step is taken; the status that must show when one looks again, empty after an approval."""
        asked, approvals = await self._approvals(record) if record.status in ASKING else ([], Approvals.NONE)
        match next_change_step(record, patch.target, approvals):
            case Arrived():
                pass
            case Move(status=status):
                values = await self._change(record, status, patch)
                await self._client.modify(CHANGE.entry, record.entry_id, values)
                return status
            case Approve():
                await self._decide(asked[0], {"Approval Status": "Approved"})
            case Reject():
                because = {"Approval Status": "Rejected", "Justification": _decision("Rejected", patch)}
                await self._decide(asked[0], because)
            case Stuck(reason=reason, field=field):
                raise Refused(reason, field=field)
            case Wait(reason=reason):
                raise NotSent(reason)
            case step:
                assert_never(step)
        return ""

    async def _change(self, record: Record, status: str, patch: TicketPatch) -> Values:
        values: dict[str, str | int] = {CHANGE.status: status}
        if status in WINDOW and (record.start is None or record.end is None):
            values |= await self._window(record)
        if status == COMPLETED:
            values[CHANGE.reason] = CHANGE_OUTCOMES[patch.close_code]
        if status == CANCELLED:
            values[CHANGE.reason] = CHANGE_CANCELLED_BECAUSE
        if status == IMPLEMENTATION and (now := await self._client.now_s()) is not None:
            values["Actual Start Date"] = int(now)
        return values

    async def _window(self, record: Record) -> dict[str, int]:
        """The dates that a stage demands and nobody planned: from now, by the server's clock."""
        length = self._settings.change_window_h * 3600
        start, end = (None if at is None else int(at.timestamp()) for at in (record.start, record.end))
        if start is None and end is not None:
            start = end - length
        if start is None:
            now = await self._client.now_s()
            if now is None:
                raise Refused(f"{record.number} needs a Scheduled Start Date.", field="Scheduled Start Date")
            start = int(now)
        return {"Scheduled Start Date": start, "Scheduled End Date": start + length if end is None else end}

    def _incident(self, record: Record, status: str, patch: TicketPatch) -> Values:
        values: dict[str, str | int] = {"z1D_Action": "MODIFY", INCIDENT.status: status}
        if status == "Cancelled":
            return values
        if not record.group and self._settings.assignment_group:
            values[INCIDENT.group] = self._settings.assignment_group
        if status == "In Progress" and not record.assignee:
            values["Assignee"] = f"{self._settings.first_name} {self._settings.last_name}"
        if status == "Resolved":
            resolution = patch.close_notes or patch.note or "Resolved by Countersign."
            values |= {INCIDENT.reason: INCIDENT_RESOLVED_BECAUSE, "Resolution": resolution}
        return values

    async def _approvals(self, record: Record) -> tuple[list[Values], Approvals]:
        """The signatures still asked for, our own first, and how the present stage stands."""
        page = await self._client.select(SIGNATURES, compare("Request", "=", record.number), fields=_FIELDS)
        rows = [row for row in page.rows if text(row["Request"]) == record.number]
        asked = [row for row in rows if row["Approval Status"] == "Pending"]
        if asked:
            # Several may be named in one row, one per line or parted by semicolons; ours alone is surely ours.
            return sorted(asked, key=lambda row: text(row["Approvers"]) != self._settings.user), Approvals.ASKED
        in_phase = [row for row in rows if record.phase and text(row["Approval Phase"]) == record.phase]
        answered = any(row["Approval Status"] in _ANSWERED for row in in_phase)
        return [], Approvals.ANSWERED if answered else Approvals.NONE

    async def _decide(self, signature: Values, values: Values) -> None:
        try:
            await self._client.modify(SIGNATURES, text(signature[REQUEST_ID]), values)
        except Refused as exc:
            still = both(
                compare("Request", "=", text(signature["Request"])), compare("Approval Status", "=", "Pending")
            )
            left = await self._client.select(SIGNATURES, still, fields=_FIELDS)
            if all(row[REQUEST_ID] != signature[REQUEST_ID] for row in left.rows):
                return  # somebody was quicker: what they decided is seen at the next look
            hint = "Make our account an approver, or let it act as an alternate or override approver."
            raise Refused(f"{exc.reason} {hint}", field="Approval Status") from exc


def _decision(word: str, patch: TicketPatch) -> str:
    who = f" by {patch.by}" if patch.by else ""
    return f"{word} in Countersign{who}." + (f" {patch.note}" if patch.note else "")


def _check_taken(before: Record, after: Record, wanted: str) -> None:
    """Raises Refused if a move does not show: workflow may answer 204 and undo it."""
    if wanted and after.status == before.status:
        raise Refused(f"Remedy left {after.number} in {after.status} instead of moving it to {wanted}.", field="Status")
