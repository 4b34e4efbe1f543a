"""Governed actions meter themselves (C1): creations, deployments, records of the trail, days of monitoring, reports.

A look at the trail every half minute tells what it finds under ids that follow from what was done, so that looking
twice counts once. Records are counted by the hour, once it is over; an agent is monitored on a day if it was deployed
at any look of it; a report costs once a day, in however many forms and however often it is taken. A meter that the
tenant's rate card does not have costs nothing. What failed is taken back.

How far the trail was read stands with the deadline itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import structlog

from core.actor import Actor, system_actor
from core.agents import deployed_agents
from core.audit import Recorded, last_position, position_before, records_after, records_by_hour
from core.costs import store
from core.costs.catalogue import RateCatalogue
from core.costs.errors import UsageConflict
from core.costs.rates import RateCard
from core.costs.recording import UsageWriter
from core.costs.usage import EVENTS_MAX, NAME_MAX, Usage
from core.db import Database, Transaction
from core.deadlines import DeadlineHandler, Due, set_deadline
from core.errors import CountersignError
from core.tenants import METERING, ensure_costs, list_tenants, tenant_ids

LOOK_EVERY: Final = timedelta(seconds=30)
log = structlog.get_logger()

AT_ONCE: Final = timedelta(milliseconds=1)
SETTLED_AFTER: Final = timedelta(minutes=5)  # whatever began longer ago stands in the trail, or never will
PAGE: Final = 2000  # records read at once
PAGES_MAX: Final = 20  # in one look
NEW_TENANT: Final = timedelta(hours=1)  # whose trail is metered from its beginning
METERS: Final[Mapping[str, str]] = {"agent_create": "agent_creation", "agent_deploy": "agent_deployment"}
OUTCOME: Final = "decision.outcome"
LOGGING: Final = "audit_logging"
MONITORING: Final = "agent_monitoring"
REPORTING: Final = "compliance_reporting"
# Records that say that a report was made. Their `details` name it as `report`; what has no name counts each time.
REPORTS: Final = frozenset({"audit.export", "chargeback.exported", "sla.report_exported", "bypass.reported"})


@dataclass(frozen=True, slots=True)
class Read:
    """How far the trail was read: for actions; and the hour up to which records were counted, with where it begins."""

    position: int
    hour: datetime
    hour_position: int
    agents_at: str = ""  # the hour in which deployed agents were last looked at

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Read:
        """As the deadline keeps it."""
        hour = datetime.fromisoformat(data["hour"])
        return cls(data["position"], hour, data["hour_position"], data.get("agents_at", ""))

    def data(self) -> dict[str, Any]:
        """For the deadline."""
        return {
            "position": self.position,
            "hour": self.hour.isoformat(),
            "hour_position": self.hour_position,
            "agents_at": self.agents_at,
        }


class Metering:
    """Tells usage of every tenant's governed actions to the writer."""

    def __init__(self, writer: UsageWriter, rates: RateCatalogue, *, page: int = PAGE) -> None:
        self._writer = writer
        self._rates = rates
        self._page = page

    @property
    def deadlines(self) -> Mapping[str, DeadlineHandler]:
        """What runs when a look is due."""
        return {METERING: self._look}

    async def _look(self, tx: Transaction, due: Due) -> None:
        read = Read.of(due.data) if "position" in due.data else await _beginning(tx)
        found, has_more = await self._records(tx, read.position)
        events = list({usage.id: usage for record in found if (usage := usage_of(record)) is not None}.values())
        settled = tx.now - SETTLED_AFTER
        has_more = has_more and found[-1].occurred_at < settled  # else what lies before it may still come
        position = found[-1].position if has_more else await position_before(tx, settled, after=read.position)
        read = replace(read, position=position)
        hour = settled.replace(minute=0, second=0, microsecond=0)
        if hour > read.hour:
            counted = await records_by_hour(tx, read.hour_position, since=read.hour, until=hour)
            events += [_logged(at, number) for at, number in counted]
            begins = await position_before(tx, hour, after=read.hour_position)
            read = replace(read, hour=hour, hour_position=begins)
        this_hour = f"{tx.now:%Y-%m-%dT%H}"
        if read.agents_at != this_hour or any(record.action == "agent_deploy" for record in found):
            events += await _monitored(tx)
            read = replace(read, agents_at=this_hour)
        await self._tell(tx, events)
        again = tx.now + (AT_ONCE if has_more else LOOK_EVERY)
        await set_deadline(tx, due.subject, METERING, again, data=read.data())

    async def _records(self, tx: Transaction, position: int) -> tuple[list[Recorded], bool]:
        """What lies beyond the position, as much as one look takes, and whether there may be more."""
        found: list[Recorded] = []
        for _ in range(PAGES_MAX):
            page = await records_after(tx, position, actions=(*METERS, OUTCOME, *REPORTS), limit=self._page)
            found += page
            if len(page) < self._page:
                return found, False
            position = page[-1].position
        return found, True

    async def _tell(self, tx: Transaction, events: Sequence[Usage]) -> None:
        known = await store.known_among(tx, {each.id for each in events} | {each.corrects for each in events})
        there = known | {each.id for each in events}
        card = self._rates.for_tenant(tx.tenant)
        new = [each for each in events if each.id not in known and each.corrects in there | {""}]
        new = [each for each in new if _is_priced(card, each)]
        for first in range(0, len(new), EVENTS_MAX):
            await self._write(system_actor(tx.tenant), new[first : first + EVENTS_MAX])

    async def _write(self, actor: Actor, events: Sequence[Usage]) -> None:
        """What conflicts, since a person corrected it by hand, stays as that person left it."""
        try:
            await self._writer.record(actor, events)
        except UsageConflict as exc:
            if len(events) == 1:
                log.warning("metered_usage_conflicts", usage_id=events[0].id, reason=exc.message)
                return
            for each in events:
                await self._write(actor, [each])


async def ensure_metering(database: Database) -> None:
    """Every tenant is metered, also one from before there were costs."""
    for tenant in await tenant_ids(database):
        async with database.tenant(tenant) as tx:
            await ensure_costs(tx)


def usage_of(record: Recorded) -> Usage | None:
    """What the recorded action used, or takes back; None for one that did nothing."""
    details = record.details
    if record.action in REPORTS:
        return _reported(record)
    if record.action == OUTCOME:
        meter = METERS.get(str(details.get("governed_action", "")).replace(".", "_"))
        if meter is None or details.get("status") != "failed":
            return None
        told = _id(meter, record.subject_id)
        return Usage(f"{told}:failed", meter, Decimal(0), record.occurred_at, corrects=told)
    if record.result != "success" or details.get("decision") != "allow":
        return None
    meter = METERS[record.action]
    project = str(details.get("resource", {}).get("project", ""))
    return Usage(
        _id(meter, record.subject_id),
        meter,
        Decimal(1),
        record.occurred_at,
        project=_name(project),
        agent=_name(record.resource),
    )


def _reported(record: Recorded) -> Usage | None:
    if record.result != "success":
        return None
    name = _name(str(record.details.get("report") or f"{record.action}:{record.position}"))
    day = record.occurred_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return Usage(f"{_id(REPORTING, name)}:{day:%Y-%m-%d}", REPORTING, Decimal(1), day)


async def _beginning(tx: Transaction) -> Read:
    """A tenant that is just there is metered from its first record, another from now on."""
    (tenant,) = await list_tenants(tx)
    is_new = tx.now - tenant.created_at < NEW_TENANT
    since, position = (tenant.created_at, 0) if is_new else (tx.now, await last_position(tx))
    return Read(position, since.replace(minute=0, second=0, microsecond=0), position)


async def _monitored(tx: Transaction) -> list[Usage]:
    day = datetime(tx.now.year, tx.now.month, tx.now.day, tzinfo=UTC)
    return [
        Usage(
            f"{_id(MONITORING, each.id)}:{day:%Y-%m-%d}",
            MONITORING,
            Decimal(1),
            day,
            project=_name(str(each.attributes.get("project", ""))),
            agent=_name(each.name),
        )
        for each in await deployed_agents(tx)
    ]


def _logged(hour: datetime, number: int) -> Usage:
    return Usage(_id(LOGGING, f"{hour:%Y-%m-%dT%H}"), LOGGING, Decimal(number), hour)


def _is_priced(card: RateCard, usage: Usage) -> bool:
    try:
        card.worth(card.price(usage.meter, usage.at).currency, usage.at)
    except CountersignError:  # no such meter here, or no price yet: it costs nothing
        return False
    return True


def _id(meter: str, what: object) -> str:
    return f"countersign:{meter}:{what}"


def _name(text: str) -> str:
    """As usage may have it: the trail's own names may be longer, or carry what is not printed."""
    return "".join(each for each in text if each.isprintable())[:NAME_MAX].strip()
