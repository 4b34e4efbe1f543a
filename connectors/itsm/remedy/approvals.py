"""Approvals of a change: signatures of the approval engine, one for each approver or group that its process asks.

The engine makes signatures by its own rules and moves the change by them; by the interface they are read, and answered.
So what people sign comes back, and nobody is asked from here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from connectors.itsm.base import Refused
from connectors.itsm.remedy.client import RemedyClient
from connectors.itsm.remedy.failures import is_hidden
from connectors.itsm.remedy.people import People
from connectors.itsm.remedy.qualification import compare
from connectors.itsm.remedy.wire import MODIFIED, REQUEST_ID, Values, instant, text
from core.tickets import Decision, ToldApproval

SIGNATURES: Final = "AP:Detail-Signature"
REQUEST: Final = "Request"
FIELDS: Final = (
    REQUEST_ID, REQUEST, "Approval Status", "Approvers", "Approver Signature", "Justification", MODIFIED,
)  # fmt: skip
_DECISIONS: Final[Mapping[str, Decision]] = {
    "Pending": Decision.REQUESTED,
    "Hold": Decision.REQUESTED,
    "More Information": Decision.REQUESTED,
    "Approved": Decision.APPROVED,
    "Rejected": Decision.REJECTED,
}
_SEPARATORS: Final = ";\n"
LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)  # of a signature without a time


class Approvals:
    """Reads the signatures of changes."""

    def __init__(self, client: RemedyClient, people: People, *, account: str) -> None:
        self._client = client
        self._people = people
        self._account = account

    async def on(self, number: str) -> tuple[ToldApproval, ...]:
        """Every signature that was ever asked for on this change; none where they are hidden from us."""
        try:
            page = await self._client.select(SIGNATURES, compare(REQUEST, "=", number), fields=FIELDS)
        except Refused as exc:
            if not is_hidden(exc):
                raise
            return ()
        return await self.told([row for row in page.rows if text(row[REQUEST]) == number])

    async def told(self, rows: Sequence[Values]) -> tuple[ToldApproval, ...]:
        """The signatures in these entries, with the names of those who signed."""
        return tuple([await self._approval(row) for row in rows])

    async def _approval(self, row: Values) -> ToldApproval:
        decision = _DECISIONS.get(text(row["Approval Status"]), Decision.ENDED)
        asked, signed = text(row["Approvers"]), text(row["Approver Signature"])
        is_one = not any(separator in asked for separator in _SEPARATORS)
        # Whoever signed is who decided: an alternate signs in somebody's place, with their own name.
        account = signed if decision in {Decision.APPROVED, Decision.REJECTED} else (asked if is_one else "")
        name, email = await self._people.by_login(account) if account != self._account else ("", "")
        at = instant(row[MODIFIED]) or LONG_AGO
        return ToldApproval(
            id=text(row[REQUEST_ID]),
            account=account,
            email=email,
            name=name or account,
            decision=decision,
            comment=text(row["Justification"]),
            at=at,
            version=int(at.timestamp()),
            is_ours=account == self._account,
        )
