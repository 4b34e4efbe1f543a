"""Use case: usage is told, priced, and stands in the ledger once, whoever tells it how often (C3).

What many tell of one tenant at once is written in one transaction; nobody hears that it is written before it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row

from core.access import TokenScope, require
from core.actor import Actor, system_actor
from core.audit import AuditCategory, Entry, audited, record_all
from core.costs import store
from core.costs.catalogue import RateCatalogue
from core.costs.charging import Charge, Listener
from core.costs.errors import InvalidUsage, Uncorrectable, UsageConflict
from core.costs.ledger import Line, Months, line_for, month_key, reversal_of
from core.costs.rates import RateCard
from core.costs.usage import EVENTS_MAX, Usage, check
from core.db import Batches, Database, Transaction
from core.errors import CountersignError, Forbidden
from core.roles.permissions import Permission

PROBLEMS_MAX: Final = 50  # named in one answer


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of usage that was told: new, or known before."""

    accepted: int
    duplicates: int


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one event, by its place among those told."""

    index: int
    error: CountersignError


class UnsoundUsage(InvalidUsage):
    """Some of this usage cannot be recorded, so none of it was."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        first = problems[0]
        more = f" {len(problems) - 1} more are wrong." if len(problems) > 1 else ""
        where = f"events[{first.index}].{first.error.where or 'id'}"
        super().__init__(
            f"Nothing was recorded. Event {first.index}: {first.error.message}{more}",
            where=where,
            accepted=first.error.accepted,
        )


@dataclass(frozen=True, slots=True)
class _Told:
    actor: Actor
    events: tuple[Usage, ...]
    digests: tuple[bytes, ...]


class UsageWriter:
    """Writes usage of every tenant. `listeners` hear of the new lines in the transaction that writes them."""

    def __init__(self, database: Database, rates: RateCatalogue, listeners: Sequence[Listener] = ()) -> None:
        self._database = database
        self._rates = rates
        self._listeners = tuple(listeners)
        self._months: set[tuple[int, int]] = set()  # that the ledger is known to have a part for
        self._batches: Batches[_Told, Recorded] = Batches(
            database, self._write, weight=lambda told: len(told.events), weight_max=EVENTS_MAX
        )

    async def record(self, actor: Actor, events: Sequence[Usage]) -> Recorded:
        """All of it stands in the ledger, once. Raises UnsoundUsage or UsageConflict, and then none of it does.

        Raises PermissionMissing for whoever may not deploy agents.
        """
        self._check(actor, events)
        try:
            return await self._batches.ask(
                actor.tenant, _Told(actor, tuple(events), tuple(each.digest for each in events))
            )
        except Forbidden:
            async with audited(self._database, actor, action="usage.recorded", resource="usage"):
                raise  # and with it the refusal is recorded

    async def close(self) -> None:
        """Whatever was told is answered."""
        await self._batches.close()

    def _check(self, actor: Actor, events: Sequence[Usage]) -> None:
        if not 1 <= len(events) <= EVENTS_MAX:
            raise InvalidUsage(
                f"There are {len(events)} events.", where="events", accepted=(f"1 to {EVENTS_MAX} events in a call",)
            )
        now, card = self._database.clock.now(), self._rates.for_tenant(actor.tenant)
        problems: list[Problem] = []
        for index, usage in enumerate(events):
            try:
                check(usage, now=now)
                price = card.price(usage.meter, usage.at)
                card.worth(price.currency, usage.at)
            except CountersignError as exc:
                problems.append(Problem(index, exc))
        if problems:
            raise UnsoundUsage(problems[:PROBLEMS_MAX])

    async def _write(self, tx: Transaction, batch: Sequence[_Told]) -> Sequence[Recorded]:
        for told in batch:
            await require(tx, told.actor, Permission.DEPLOY_AGENTS, TokenScope.DECIDE)
        await store.hold(tx)
        everything = [usage for told in batch for usage in told.events]
        await self._open_months(tx, [usage.at for usage in everything])
        new = await _new_among(tx, batch)
        card = self._rates.for_tenant(tx.tenant)
        await self._post(tx, card, [usage for usage in new.values() if not usage.corrects])
        answers = _answers(batch, new)
        await self._post_corrections(tx, card, [usage for usage in new.values() if usage.corrects])
        await _audit(tx, batch, answers)
        return answers

    async def _post(self, tx: Transaction, card: RateCard, events: Sequence[Usage]) -> None:
        used = await _used(tx, card, events)
        await self._settle(tx, [line_for(card, usage, used) for usage in events], used)

    async def _post_corrections(self, tx: Transaction, card: RateCard, events: Sequence[Usage]) -> None:
        """One may correct another that stands in the same batch: that one is posted first."""
        while events:
            ids = {usage.id for usage in events}
            ready = [usage for usage in events if usage.corrects not in ids]
            if not ready:
                raise _ringed(events[0])
            await self._correct(tx, card, ready)
            events = [usage for usage in events if usage.corrects in ids]

    async def _correct(self, tx: Transaction, card: RateCard, events: Sequence[Usage]) -> None:
        by_id: dict[str, str] = {}
        for usage in events:
            if by_id.setdefault(usage.corrects, usage.id) != usage.id:
                raise _uncorrectable(usage)
        found = await store.mark_corrected(tx, by_id)
        for usage in events:
            if usage.corrects not in found:
                raise _uncorrectable(usage)
        standing = {row.usage_id: _line(row) for row in await store.lines_of(tx, found)}
        used = await _used(tx, card, (*events, *(line.charge for line in standing.values())))
        lines = []
        for usage in events:
            if usage.corrects in standing:
                lines.append(reversal_of(card, standing[usage.corrects], used))
            if usage.quantity:
                lines.append(line_for(card, usage, used))
        await self._settle(tx, lines, used)

    async def _settle(self, tx: Transaction, lines: Sequence[Line], used: Months) -> None:
        if not lines:
            return
        await store.write(tx, lines)
        await store.keep_months(tx, used)
        for listener in self._listeners:
            await listener(tx, [line.charge for line in lines])

    async def _open_months(self, tx: Transaction, times: Sequence[datetime]) -> None:
        wanted = {(at.year, at.month): at.date().replace(day=1) for at in times}
        missing = [first for month, first in sorted(wanted.items()) if month not in self._months]
        if missing:
            async with self._database.tenant(tx.tenant) as apart:  # its locks are over at once
                await store.open_months(apart, missing)
            self._months |= wanted.keys()


def _answers(batch: Sequence[_Told], new: Collection[str]) -> list[Recorded]:
    """What is new is new to the first of those who told it."""
    left, answers = set(new), []
    for told in batch:
        accepted = left.intersection(usage.id for usage in told.events)
        left -= accepted
        answers.append(Recorded(len(accepted), len(told.events) - len(accepted)))
    return answers


async def _new_among(tx: Transaction, batch: Sequence[_Told]) -> dict[str, Usage]:
    """What was not known, by id. Raises UsageConflict if an id stands for something else already."""
    told: dict[str, Usage] = {}
    digests: dict[str, bytes] = {}
    for usage, digest in (pair for each in batch for pair in zip(each.events, each.digests, strict=True)):
        told.setdefault(usage.id, usage)
        if digests.setdefault(usage.id, digest) != digest:
            raise _told_otherwise(usage.id)
    known = await store.take_keys(tx, told.values(), digests)
    for usage_id, digest in (await store.digests_of(tx, known) if known else {}).items():
        if digests[usage_id] != digest:
            raise _told_otherwise(usage_id)
    return {id_: usage for id_, usage in told.items() if id_ not in known} if known else told


def _told_otherwise(usage_id: str) -> UsageConflict:
    return UsageConflict(
        f"'{usage_id}' was told before, with other facts.",
        usage_id=usage_id,
        where="id",
        next_step="Give the event an id of its own, and name the earlier one in 'corrects' to replace it.",
    )


async def _used(tx: Transaction, card: RateCard, told: Iterable[Usage | Charge]) -> Months:
    """How much was used already of what is graduated."""
    priced = [(each, card.price(each.meter, each.at)) for each in told if each.meter in card.meters]
    keys = {month_key(each.meter, price, each.at) for each, price in priced if not price.is_flat}
    return await store.months_used(tx, keys)


async def _audit(tx: Transaction, batch: Sequence[_Told], answers: Sequence[Recorded]) -> None:
    entries = [
        Entry(
            actor=told.actor,
            action="usage.recorded",
            resource="usage",
            category=AuditCategory.SYSTEM,
            details={"accepted": answer.accepted, "duplicates": answer.duplicates, "first": told.events[0].id},
        )
        for told, answer in zip(batch, answers, strict=True)
        if answer.accepted and told.actor != system_actor(tx.tenant)  # a record of metering would be metered in turn
    ]
    if entries:
        await record_all(tx, entries)


def _ringed(usage: Usage) -> Uncorrectable:
    return Uncorrectable("These corrections correct each other in a ring.", usage_id=usage.id, where="corrects")


def _uncorrectable(usage: Usage) -> Uncorrectable:
    return Uncorrectable(
        f"'{usage.id}' corrects '{usage.corrects}', which is not known or was corrected already.",
        usage_id=usage.id,
        where="corrects",
        next_step="Correct the usage that stands: the last correction, by its own id.",
    )


def _line(row: Row[Any]) -> Line:
    charge = Charge(
        usage_id=row.usage_id,
        at=row.at,
        project=row.project,
        agent=row.agent,
        meter=row.meter,
        meter_class=row.meter_class,
        quantity=row.quantity,
        amount=row.amount,
        currency=row.currency,
    )
    return Line(charge, row.is_reversal, row.priced_amount, row.priced_currency)
