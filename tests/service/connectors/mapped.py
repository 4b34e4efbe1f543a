"""A request whose justification is a field of its ticket, in every simulated system."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectors.itsm.base import Ticket, TicketKind, TicketState, TicketSystem
from connectors.itsm.happenings import EVENTS
from connectors.itsm.inbox import TicketInbox
from connectors.itsm.reconciler import Reconciler
from connectors.itsm.settling import FieldSync
from connectors.itsm.subscriber import TicketSync
from core.approvals import get_request
from core.links import tickets_of
from core.outbox import Dispatcher, RetryPolicy, Subscription
from core.tickets import Direction, FieldRule, Owner, ask_for_walk, load_walk
from tests.contract.itsm.bench import Bench
from tests.factories import ask
from tests.service.core.test_outbox import listed, until, until_idle

SLUG = "desk"


@dataclass(frozen=True)
class OneField:
    """Changes have one mapped field: the request's justification."""

    field: str
    direction: Direction = Direction.BOTH
    owner: Owner = Owner.OURS

    def rules(self, kind: TicketKind) -> tuple[FieldRule, ...]:
        if kind is not TicketKind.CHANGE:
            return ()
        return (FieldRule(self.field, self.direction, self.owner, "justification"),)

    def values(self, subject: Any) -> dict[str, str]:
        return {self.field: subject.justification}


@dataclass
class Desk:
    """A company with a ticket system, and everything that keeps the two in step."""

    company: Any
    catalogue: Any
    bench: Bench
    system: TicketSystem
    fields: OneField

    @property
    def sync(self) -> FieldSync:
        return FieldSync(self.company.tenant, self.system, self.company.database, self.catalogue, self.fields)

    async def asked(self, **given: Any) -> tuple[Any, Ticket]:
        """A pending request's id and its ticket, of which we know everything so far."""
        pending = await ask(self.company, self.catalogue, **given)
        await self.delivered()
        await self.looked()
        return pending.request_id, await self.ticket(pending.request_id)

    async def ticket(self, request_id: Any) -> Ticket:
        async with self.company.database.tenant(self.company.tenant) as tx:
            (link,) = (await tickets_of(tx, [request_id]))[request_id]
        return Ticket(link.external_id, link.number, link.url, TicketState.OPEN, link.state)

    async def request(self, request_id: Any) -> Any:
        return await get_request(self.company.database, self.company.actor("agent_developer"), request_id)

    async def there(self, ticket: Ticket) -> str:
        reading = await self.system.read(ticket.kind, ticket.external_id, (self.fields.field,))
        assert reading is not None
        return reading.fields[self.fields.field]

    async def edit(self, ticket: Ticket, value: str) -> None:
        await self.bench.edit(ticket, {self.fields.field: value})

    async def looked(self) -> None:
        """What was changed there is known here, and everything that follows is delivered."""
        self.company.advance(seconds=30)
        inbox = TicketInbox(SLUG, self.company.tenant, self.system, self.company.database, maps_fields=True)
        assert await inbox.look()
        await self.delivered()

    async def delivered(self) -> None:
        sync = TicketSync(SLUG, self.company.tenant, self.system, self.company.database, self.sync)
        types = frozenset(map(str, EVENTS))
        retry = RetryPolicy(base_s=0.0)
        subscription = Subscription(SLUG, types, sync.deliver, retry, deliver_many=sync.deliver_many)
        dispatcher = Dispatcher(self.company.database, [subscription])
        dispatcher.start()

        async def all_done() -> bool:
            found = await listed(self.company)
            return bool(found) and {entry.state for entry in found} == {"done"}

        try:
            await until_idle(dispatcher)
            await until(all_done, dispatcher)
        finally:
            await dispatcher.stop()

    async def walked(self, *, is_dry_run: bool = False) -> Any:
        """The walk through all live tickets, after whatever it put on its way was delivered."""
        tenant, database = self.company.tenant, self.company.database
        async with database.tenant(tenant) as tx:
            actor = self.company.actor("tenant_administrator")
            walk = await ask_for_walk(tx, SLUG, actor=actor, is_dry_run=is_dry_run)
        assert await Reconciler(SLUG, tenant, self.system, database, self.sync).run_one(walk=walk)
        await self.delivered()
        return await load_walk(database, tenant, walk)

    async def told(self, action: str) -> list[dict[str, Any]]:
        return [each["details"] for each in await self.company.trail(action=action)]
