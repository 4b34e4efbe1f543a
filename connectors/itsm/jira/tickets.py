"""An issue as a value of ours."""

from __future__ import annotations

from connectors.itsm.base import Ticket, TicketKind
from connectors.itsm.jira.client import JiraClient
from connectors.itsm.jira.moves import Moves
from connectors.itsm.jira.wire import IssueRecord


class Tickets:
    """Knows under which address people see an issue."""

    def __init__(self, client: JiraClient, moves: Moves) -> None:
        self._client = client
        self._moves = moves

    async def value(self, kind: TicketKind, record: IssueRecord) -> Ticket:
        """The ticket as the engine knows it."""
        site = await self._client.site()
        return Ticket(
            external_id=record.id,
            number=record.number,
            url=f"{site.url}/browse/{record.number}",
            state=self._moves.state(kind, record),
            label=record.status.name,
            kind=kind,
        )
