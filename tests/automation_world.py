"""A company with rules: what waits in its outbox is delivered until nothing is left."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_network
from typing import Any
from uuid import UUID

from sqlalchemy import text

from config.yamlfile import parse_yaml
from connectors.callbacks import RuleWebhooks
from connectors.itsm.automation import TicketActions
from connectors.itsm.inbox import TicketInbox
from connectors.itsm.rule_fields import RuleFields
from core.access_requests import read_endpoint
from core.approvals import PolicyCatalogue
from core.automation import (
    TRIGGERS,
    AutomationEvent,
    Engine,
    HereActions,
    KnownSystem,
    RuleBook,
    RunView,
    Surroundings,
    read_rules,
    rule_history,
    ticket_event,
)
from core.outbox import BreakerPolicy, Dispatcher, RetryPolicy, Subscription
from tests.factories import ADDRESS, Company

ADMINISTRATOR = "tenant_administrator"
SYSTEMS = {"desk": KnownSystem(("change", "incident"))}
SOON = RetryPolicy(attempts=4, base_s=0.0)
# What waits for a ticket that another delivery is making: on a busy machine that takes more than four tries.
UNTIL_THERE = RetryPolicy(attempts=100, base_s=0.0)
NEVER_OPEN = BreakerPolicy(failures=1_000_000)  # it would wait for a clock that nobody moves
LOOPBACK = (ip_network("127.0.0.0/8"),)


def rulebook(company: Company, yaml: str, systems: Mapping[str, KnownSystem] = SYSTEMS) -> RuleBook:
    """These rules, for the company."""
    rules = read_rules(parse_yaml(f"rules:\n{yaml}", file="rules.yaml"), Surroundings(systems, read_endpoint))
    return RuleBook({company.tenant: rules})


@dataclass(slots=True)
class World:
    """The company, its rules, and who does what they say."""

    company: Company
    catalogue: PolicyCatalogue
    book: RuleBook
    desk: Any = None  # the connection to its ticket system, if it has one,
    fields: RuleFields = field(default_factory=RuleFields)  # and what rules may write there
    more: list[Subscription] = field(default_factory=list)

    @property
    def inbox(self) -> TicketInbox:
        """The way back from its ticket system."""
        return TicketInbox("desk", self.company.tenant, self.desk, self.company.database)

    def subscriptions(self) -> list[Subscription]:
        """As `app.automation` and `app.tickets` make them, without patience."""
        company, database = self.company, self.company.database
        here = HereActions(database, company.gate(self.catalogue))
        webhooks = RuleWebhooks(database, ADDRESS, LOOPBACK)
        found = [
            Subscription("automation", frozenset(TRIGGERS), Engine(database, self.book).deliver, SOON),
            Subscription("automation_here", frozenset({str(AutomationEvent.HERE)}), here.deliver, SOON),
            Subscription("automation_webhooks", frozenset({str(AutomationEvent.WEBHOOK)}), webhooks.deliver, SOON),
            *self.more,
        ]
        if self.desk is not None:
            tickets = TicketActions("desk", company.tenant, self.desk, database, self.fields)
            types = frozenset({ticket_event("desk")})
            found.append(Subscription("desk_automation", types, tickets.deliver, UNTIL_THERE, NEVER_OPEN))
        return found

    async def settle(self) -> None:
        """Whatever has happened, and whatever follows from it, is delivered or dead."""
        dispatcher = Dispatcher(self.company.database, self.subscriptions())
        dispatcher.start()
        try:
            async with asyncio.timeout(30):
                while not await self._is_settled():
                    await dispatcher.wake()
                    await asyncio.sleep(0.01)
        finally:
            await dispatcher.stop()

    async def look(self) -> None:
        """What happened in the ticket system is taken over, and settled."""
        self.company.advance(seconds=30)
        assert await self.inbox.look()
        await self.settle()

    async def history(self, rule: str | None = None) -> list[RunView]:
        """What became of the rules, oldest first."""
        actor = self.company.actor(ADMINISTRATOR)
        return list(reversed(await rule_history(self.company.database, actor, rule=rule, limit=500)))

    async def results(self, rule: str | None = None) -> list[str]:
        """The same in a word each."""
        return [str(run.result) for run in await self.history(rule)]

    async def passes(self, **by: float) -> None:
        """Time passes; so that what waits for it is due."""
        self.company.clock.advance(timedelta(**by))

    async def events(self, *types: str) -> list[Mapping[str, Any]]:
        """What the outbox held of these types, oldest first."""
        async with self.company.database.tenant(self.company.tenant) as tx:
            rows = await tx.connection.execute(
                text("SELECT data FROM outbox_events WHERE type = ANY(:types) ORDER BY position"),
                {"types": list(types)},
            )
            return [row.data for row in rows]

    async def identities(self, *types: str) -> list[UUID]:
        """The ids in the subjects of these events, oldest first."""
        async with self.company.database.tenant(self.company.tenant) as tx:
            rows = await tx.connection.execute(
                text("SELECT subject FROM outbox_events WHERE type = ANY(:types) ORDER BY position"),
                {"types": list(types)},
            )
            return [UUID(row.subject.partition(":")[2]) for row in rows]

    async def _is_settled(self) -> bool:
        async with self.company.database.system() as tx:
            row = await tx.connection.execute(
                text(
                    "SELECT (SELECT count(*) FROM outbox_events WHERE routed_at IS NULL)"
                    " + (SELECT count(*) FROM deliveries WHERE state = 'pending')"
                )
            )
            return bool(row.scalar_one() == 0)
