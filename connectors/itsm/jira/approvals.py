"""Approvals of Jira Service Management. Elsewhere an issue has none.

They are asked for by the workflow's approval step, of those in its field of approvers; by the interface an approval is
only read, and answered by the account that calls. So what people decide comes back, and nobody is asked from here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from connectors.itsm.base import Refused
from connectors.itsm.jira.client import JiraClient
from connectors.itsm.jira.people import People
from connectors.itsm.jira.wire import IssueRecord, Person, instant, items, mapping, person, text
from core.tickets import Decision, ToldApproval

PAGE_ROWS: Final = 50
_DECISIONS: Final[Mapping[str, Decision]] = {
    "pending": Decision.REQUESTED,
    "approved": Decision.APPROVED,
    "declined": Decision.REJECTED,
}
_OPEN, _ANSWERED = 0, 1  # an approver answers an approval once: the site keeps no version of it
_WAITS: Final = "pending"


class Approvals:
    """Reads the approvals of our issues."""

    def __init__(self, client: JiraClient, people: People) -> None:
        self._client = client
        self._people = people

    async def on(self, record: IssueRecord) -> tuple[ToldApproval, ...]:
        """Every approver of every approval that was ever asked for on this issue; none where we may not see them."""
        if not record.is_desk:
            return ()
        own = await self._people.myself()
        found: list[ToldApproval] = []
        start, is_last = 0, False
        while not is_last:
            query = {"start": start, "limit": PAGE_ROWS}
            try:
                page = mapping(await self._client.read_desk(f"request/{record.id}/approval", query))
            except Refused:
                return ()
            rows = items(page.get("values"))
            found += [one for row in rows for one in _approvers(mapping(row), record, own)]
            start, is_last = start + len(rows), page.get("isLastPage") is not False or not rows
        return tuple(found)


def _approvers(row: Mapping[str, Any], record: IssueRecord, own: Person) -> Iterator[ToldApproval]:
    is_over = row.get("finalDecision") != _WAITS
    at = instant(mapping(row.get("completedDate")).get("iso8601")) or record.updated
    for one in map(mapping, items(row.get("approvers"))):
        who = person(one.get("approver"))
        decision = _DECISIONS.get(text(one.get("approverDecision")), Decision.ENDED)
        if is_over and decision is Decision.REQUESTED:
            decision = Decision.ENDED
        if who.id:
            yield ToldApproval(
                id=f"{record.id}/{text(row.get('id'))}/{who.id}",
                account=who.id,
                email=who.email,
                name=text(mapping(one.get("approver")).get("displayName")) or who.shown,
                decision=decision,
                comment="",
                at=at,
                version=_OPEN if decision is Decision.REQUESTED else _ANSWERED,
                is_ours=who.id == own.id,
            )
