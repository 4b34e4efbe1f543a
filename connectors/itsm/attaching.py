"""What is attached to the ticket of a request: the signed record of its decision, and the evidence of its change.

Before the ticket moves on, since many systems take nothing more for a closed one.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog

from connectors.itsm.base import Refused, Ticket, TicketFile, TicketSystem
from core.approvals import RequestEvent, RequestView
from core.changes import EvidenceView, evidence_for
from core.db import Database
from core.ids import TenantId
from core.outbox import Event
from core.receipts import Issuer, record_of

log = structlog.get_logger()

MEDIA_TYPE: Final = "application/json"
KEYS_PATH: Final = "/.well-known/jwks.json"
_DECIDED: Final = frozenset({RequestEvent.APPROVED, RequestEvent.REJECTED})


@dataclass(frozen=True, slots=True)
class Attachments:
    """What one ticket system is given to keep, for one tenant."""

    slug: str
    tenant: TenantId
    system: TicketSystem
    database: Database
    issuer: Issuer

    async def attach(self, ticket: Ticket, request: RequestView, events: Sequence[Event]) -> None:
        """Whatever these events bring for the ticket hangs on it once. What the system does not take is noted there."""
        for file in [one async for one in self._files(request, {event.type for event in events})]:
            try:
                await self.system.attach(ticket, file)
            except Refused as exc:
                # The ticket is kept in step all the same; that something is missing there must be seen there.
                log.warning("ticket_file_refused", system=self.slug, ticket=ticket.number, reason=exc.reason)
                said = f"{request.reference}: {file.name} could not be attached: {exc.reason}"
                await self.system.comment(ticket, said, key=f"{request.id}:{file.name}"[-100:])

    async def _files(self, request: RequestView, types: set[str]) -> AsyncIterator[TicketFile]:
        if not types & {*_DECIDED, RequestEvent.DONE}:
            return
        async with self.database.tenant(self.tenant) as tx:
            evidence = [_shown(each) for each in await evidence_for(tx, request.id)]
        if types & _DECIDED:
            said = record_of(request, issuer=self.database.address, evidence=evidence)
            proof = await self.issuer.attest(said)
            document = {"record": said, "proof": proof, "keys": f"{self.database.address}{KEYS_PATH}"}
            yield TicketFile(f"{request.reference}-decision.json", MEDIA_TYPE, _written(document))
        if RequestEvent.DONE in types and evidence:
            yield TicketFile(f"{request.reference}-evidence.json", MEDIA_TYPE, _written(evidence))


def _shown(each: EvidenceView) -> dict[str, str]:
    return {
        "gate": each.gate,
        "result": each.result,
        "summary": each.summary,
        "url": each.url,
        "by": each.author.email if each.author is not None else "",
        "at": each.at.isoformat(),
    }


def _written(document: Any) -> bytes:
    return f"{json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True)}\n".encode()
