"""Mapped fields of one ticket, brought to what both sides make of them: read, ask what follows, write, read back.

It may be done again at any time and in any order with other news: what stands there now is asked first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from connectors.itsm.base import NotSent, TicketKind, TicketReading, TicketSystem
from core.approvals import PolicyCatalogue
from core.db import Database
from core.ids import TenantId
from core.links import TicketLink
from core.tickets import FieldRule, FieldsThere, Owner, Subject, fields_written, plan_fields

ROUNDS_MAX: Final = 4  # a write, what it changed there, and what that changed here


class FieldMap(Protocol):
    """The mapped fields of one system for one tenant."""

    def rules(self, kind: TicketKind) -> tuple[FieldRule, ...]:
        """Every field of this kind of ticket that is kept in step."""
        ...

    def values(self, subject: Subject) -> Mapping[str, str]:
        """What each of them should hold."""
        ...


@dataclass(frozen=True, slots=True)
class FieldSync:
    """The mapped fields of one ticket system for one tenant."""

    tenant: TenantId
    system: TicketSystem
    database: Database
    catalogue: PolicyCatalogue
    fields: FieldMap

    async def settle(self, link: TicketLink, *, is_fresh: bool = False) -> None:
        """The ticket's fields and our facts agree as far as the rules let them. `is_fresh`: it was just made by us.

        Raises NotSent if the ticket keeps changing under our hands, Refused if the system does not take a value.
        """
        await self._settle(link, self.fields.rules(TicketKind(link.kind)), is_fresh=is_fresh)

    async def settle_survivor(self, link: TicketLink) -> None:
        """The same for a ticket of ours that counts from now on instead of a double of it.

        What it holds may be our own of long ago, whoever owns the field: that is no news unless a person was at it.
        """
        kind = TicketKind(link.kind)
        rules = self.fields.rules(kind)
        names = tuple(rule.field for rule in rules)
        reading = await self.system.read(kind, link.external_id, names) if rules else None
        if reading is not None and reading.ours:
            rules = tuple(replace(rule, owner=Owner.OURS) for rule in rules)
        await self._settle(link, rules)

    async def _settle(self, link: TicketLink, rules: Sequence[FieldRule], *, is_fresh: bool = False) -> None:
        kind, names = TicketKind(link.kind), tuple(rule.field for rule in rules)
        if not rules:
            return
        for _ in range(ROUNDS_MAX):
            reading = await self.system.read(kind, link.external_id, names)
            if reading is None:
                return  # the nightly walk finds out whether it is gone for good
            plan = await plan_fields(
                self.database,
                self.catalogue,
                self.tenant,
                link,
                rules=rules,
                values=self.fields.values,
                there=there(reading, is_fresh=is_fresh),
            )
            if not plan.writes:
                return
            after = await self.system.write(reading.ticket, plan.writes)
            await fields_written(self.database, self.tenant, link, there=there(after))
        raise NotSent(f"The fields of {link.number} changed each time that they were written.")


def there(reading: TicketReading, *, is_fresh: bool = False) -> FieldsThere:
    """What the connector has read, as core takes it."""
    return FieldsThere(
        values=reading.fields,
        version=reading.version,
        at=reading.at,
        by=reading.by,
        is_ours=reading.ours,
        is_fresh=is_fresh,
        account=reading.account,
        email=reading.email,
        odd=reading.odd,
    )
