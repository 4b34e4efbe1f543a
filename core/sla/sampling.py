"""Taking samples: many callers' batches become one transaction, durable before anybody is answered (S2)."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from core.access import TokenScope, require
from core.actor import Actor
from core.audit import AuditCategory, Entry, audited, record_all
from core.db import Batches, Database, Transaction
from core.deadlines import hasten
from core.errors import Forbidden, InvalidInput
from core.ids import TenantId
from core.roles.permissions import Permission
from core.sla import adding, label_store, mark_store, sample_store
from core.sla.adding import Additions
from core.sla.counting import Counted, as_additions
from core.sla.errors import InvalidSample, TooManyServices
from core.sla.keeping import LATEST_AHEAD, OLDEST, SAMPLES_KEPT
from core.sla.labelling import check_labels, minute_start, tallied
from core.sla.names import ACCEPTED, name_of, refusal
from core.sla.objective import ANY
from core.sla.sample_store import Sample
from core.sla.series import instant_of
from core.sla.sketch import MOST_S
from core.sla.watching import EVALUATE, ensure_watch
from core.tenants import THE_TENANT

SAMPLES_MAX: Final = 10_000  # of one call
SERVICES_MAX: Final = 1_000  # of a tenant
SOON: Final = timedelta(seconds=5)  # after samples, their objectives are looked at
_SPACING_S: Final = 2.0  # between two such wishes of one tenant
_INSTANT: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class _Given:
    actor: Actor | None  # None: our own operations, which the trail knows already
    samples: Sequence[Sample]


class Sampler:
    """Takes samples. What is answered is durable."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._batches: Batches[_Given, int] = Batches(database, self._write)
        self._hastened: dict[TenantId, float] = {}
        self._days: set[date] = set()  # that have a part, as far as is known here

    async def take(self, actor: Actor, samples: Sequence[Sample]) -> int:
        """All the samples are taken, or none; how many. Raises InvalidSample or TooManyServices.

        Raises PermissionMissing for whoever may not deploy agents, and ScopeMissing.
        """
        if len(samples) > SAMPLES_MAX:
            raise InvalidSample(f"A call takes {SAMPLES_MAX:,} samples; here are {len(samples):,}.", where="samples")
        await self._open_days(samples)
        try:
            return await self._batches.ask(actor.tenant, _Given(actor, samples))
        except Forbidden:
            async with audited(self._database, actor, action="sla.samples_taken", resource="samples"):
                raise  # and with it the refusal is recorded

    async def take_own(self, tenant: TenantId, samples: Sequence[Sample]) -> None:
        """Our own operations are taken."""
        if samples:
            await self._open_days(samples)
            await self._batches.ask(tenant, _Given(None, samples))

    async def take_counted(
        self, tenant: TenantId, source: str, service: str, *, known: int | None, until: int, minutes: Sequence[Counted]
    ) -> bool:
        """What `source` counted is taken and its mark moved from `known` to `until`, together.

        False, and nothing is taken, if somebody else has moved the mark. Raises TooManyServices.
        """
        async with self._database.tenant(tenant) as tx:
            if not await mark_store.move_mark(tx, source, service, known=known, until=until):
                return False
            if minutes:
                first, last = minutes[0].minute, minutes[-1].minute
                span = instant_of(first), instant_of(last + 1) - _INSTANT
                await self._register(tx, {service: span})
                await self._add(tx, as_additions(service, minutes))
        return True

    async def close(self) -> None:
        """Whatever was given is taken."""
        await self._batches.close()

    async def _open_days(self, samples: Sequence[Sample]) -> None:
        """The days of these samples have a part, committed before anybody writes there."""
        earliest = self._database.clock.now() - SAMPLES_KEPT
        days = {each.at.astimezone(UTC).date() for each in samples if each.at >= earliest} - self._days
        if days:
            async with self._database.system() as tx:
                await sample_store.open_days(tx, days)
            self._days |= days

    async def _write(self, tx: Transaction, given: Sequence[_Given]) -> Sequence[int]:
        for each in given:
            if each.actor is not None:
                await require(tx, each.actor, Permission.DEPLOY_AGENTS, TokenScope.DECIDE)
        samples = [sample for each in given for sample in each.samples]
        if samples:
            await self._keep(tx, samples)
        entries = [_entry(each.actor, each.samples) for each in given if each.actor is not None and each.samples]
        if entries:
            await record_all(tx, entries)
        return [len(each.samples) for each in given]

    async def _keep(self, tx: Transaction, samples: Sequence[Sample]) -> None:
        """The samples and what they add up to are kept, and what is promised is looked at soon."""
        await self._register(tx, _spans(samples))
        kept = [each for each in samples if each.at >= tx.now - SAMPLES_KEPT]
        if kept:
            await sample_store.add_samples(tx, kept)
            await _keep_labels(tx, kept)
        await self._add(tx, adding.additions(samples))

    async def _register(self, tx: Transaction, spans: Mapping[str, tuple[datetime, datetime]]) -> None:
        """The services are known, and locked until the transaction ends. Raises TooManyServices."""
        if await sample_store.register(tx, spans):
            if await sample_store.count_services(tx) > SERVICES_MAX:
                raise TooManyServices(f"A tenant has {SERVICES_MAX:,} services at most.", where="service")
            await ensure_watch(tx)

    async def _add(self, tx: Transaction, additions: Additions) -> None:
        """Minutes and hours have these too, and what is promised is looked at soon."""
        known = await sample_store.slices_at(tx, adding.touched(additions))
        await sample_store.keep_slices(tx, adding.merged(additions, known))
        if self._should_hasten(tx.tenant):
            await hasten(tx, THE_TENANT, EVALUATE, tx.now + SOON)

    def _should_hasten(self, tenant: TenantId) -> bool:
        now = time.monotonic()
        if now - self._hastened.get(tenant, -_SPACING_S) < _SPACING_S:
            return False
        self._hastened[tenant] = now
        return True


def check_sample(
    service: str, at: datetime, response_time: float, *, success: bool, labels: Mapping[str, str], now: datetime
) -> Sample:
    """The sample as it is kept. Raises InvalidInput naming the field."""
    name = check_service(service)
    if at > now + LATEST_AHEAD:
        minutes = int(LATEST_AHEAD.total_seconds() // 60)
        raise InvalidInput(
            f"It lies more than {minutes} minutes ahead.", where="time", accepted=(f"up to now and {minutes} min",)
        )
    if at < now - OLDEST:
        raise InvalidInput(f"It is older than {OLDEST.days} days.", where="time", accepted=(f"{OLDEST.days} days",))
    if not 0 <= response_time <= MOST_S:
        raise InvalidInput(
            "A response takes from nothing to a day.", where="response_time", accepted=(f"0 to {MOST_S:g} (seconds)",)
        )
    return Sample(name, at, response_time, success, check_labels(labels))


def check_service(service: str) -> str:
    """The name, with single spaces within and none around it. Raises InvalidInput."""
    name = name_of(service)
    if name is None:
        raise InvalidInput(refusal("a service"), where="service", accepted=ACCEPTED)
    if name == ANY:
        raise InvalidInput(f"'{ANY}' means every service: a sample is of one.", where="service")
    return name


async def source_marks(database: Database, tenant: TenantId, source: str) -> dict[str, int]:
    """By service, the minute before which everything that `source` counted is taken."""
    async with database.tenant(tenant) as tx:
        return await mark_store.marks_of(tx, source)


async def _keep_labels(tx: Transaction, samples: Sequence[Sample]) -> None:
    """Labels are counted, each in its minute. Whoever writes of the same service waits, as it is locked."""
    keys = {(each.service, minute_start(each.at)) for each in samples if each.labels}
    if keys:
        await label_store.keep_labels(tx, tallied(samples, await label_store.known_labels(tx, keys)))


def _spans(samples: Iterable[Sample]) -> dict[str, tuple[datetime, datetime]]:
    found: dict[str, tuple[datetime, datetime]] = {}
    for each in samples:
        first, last = found.get(each.service, (each.at, each.at))
        found[each.service] = min(first, each.at), max(last, each.at)
    return found


def _entry(actor: Actor, samples: Sequence[Sample]) -> Entry:
    names = sorted({each.service for each in samples})
    return Entry(
        actor=actor,
        action="sla.samples_taken",
        resource=names[0] if len(names) == 1 else f"{len(names)} services",
        category=AuditCategory.PERFORMANCE,
        details={"samples": len(samples), "services": names[:20]},
    )
