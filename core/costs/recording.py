"""Use case: usage is told, priced, and stands in the ledger once, whoever tells it how often (C3).

What many tell of one tenant at once is written in one transaction; nobody hears that it is written before it is. What
is more than one transaction takes is written by another beside it, on a connection of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from core.access import TokenScope, permitted, require
from core.actor import Actor, system_actor
from core.audit import AuditCategory, Entry, audited, record_all
from core.costs import store
from core.costs.catalogue import RateCatalogue
from core.costs.charging import Listener
from core.costs.errors import InvalidUsage, ToldMeanwhile, ToldOtherwise
from core.costs.posting import post_apart
from core.costs.rating import Book, Rated, Rater, rated, spent_on
from core.costs.usage import EVENTS_MAX, Usage
from core.db import Batches, Database, Transaction
from core.errors import CountersignError, Forbidden, InvalidInput
from core.ids import TenantId
from core.roles.permissions import Permission

PROBLEMS_MAX: Final = 50  # named in one answer
AT_ONCE: Final = 1000  # events, looked at before others in the process have their turn
LANES: Final = 2  # transactions of one tenant at a time, if what waits is more than one takes
TRIES: Final = 3  # of what another writer tells at the same moment


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
    rated: Rated


class UsageWriter:
    """Writes usage of every tenant. `listeners` hear of the new lines in the transaction that writes them."""

    def __init__(self, database: Database, rates: RateCatalogue, listeners: Sequence[Listener] = ()) -> None:
        self._database = database
        self._rates = rates
        self._listeners = tuple(listeners)
        self._books: dict[TenantId, Book] = {}
        self._months: set[str] = set()  # that the ledger is known to have a part for
        self._batches: Batches[_Told, Recorded] = Batches(
            database, self._write, weight=lambda told: len(told.events), weight_max=EVENTS_MAX, lanes=LANES
        )

    async def record(self, actor: Actor, events: Sequence[Usage]) -> Recorded:
        """All of it stands in the ledger, once. Raises UnsoundUsage or UsageConflict, and then none of it does.

        Raises PermissionMissing for whoever may not deploy agents.
        """
        try:
            told = _Told(actor, tuple(events), await self._rated(actor, events))
        except InvalidInput:
            await self._admit(actor)  # whoever may not tell usage learns that alone, whatever was told
            raise
        try:
            return await self._asked(told)
        except Forbidden:
            async with audited(self._database, actor, action="usage.recorded", resource="usage"):
                raise  # and with it the refusal is recorded

    async def close(self) -> None:
        """Whatever was told is answered."""
        await self._batches.close()

    async def _asked(self, told: _Told) -> Recorded:
        for _ in range(TRIES - 1):
            try:
                return await self._batches.ask(told.actor.tenant, told)
            except ToldMeanwhile:  # by another writer, so now it is known
                continue
        return await self._batches.ask(told.actor.tenant, told)

    async def _admit(self, actor: Actor) -> None:
        async with permitted(self._database, actor, TokenScope.DECIDE, action="usage.recorded", resource="usage") as tx:
            await require(tx, actor, Permission.DEPLOY_AGENTS, TokenScope.DECIDE)

    async def _rated(self, actor: Actor, events: Sequence[Usage]) -> Rated:
        if not 1 <= len(events) <= EVENTS_MAX:
            raise InvalidUsage(
                f"There are {len(events)} events.", where="events", accepted=(f"1 to {EVENTS_MAX} events in a call",)
            )
        rater = Rater(self._book(actor.tenant), now=self._database.clock.now())
        for first in range(0, len(events), AT_ONCE):
            if first:
                await asyncio.sleep(0)  # others have their turn
            rater.take(events[first : first + AT_ONCE])
        if rater.rated.problems:
            raise UnsoundUsage([Problem(*each) for each in rater.rated.problems[:PROBLEMS_MAX]])
        return rater.rated

    def _book(self, tenant: TenantId) -> Book:
        book = self._books.get(tenant)
        if book is None:
            book = self._books[tenant] = Book(self._rates.for_tenant(tenant))
        return book

    async def _write(self, tx: Transaction, batch: Sequence[_Told]) -> Sequence[Recorded]:
        for told in batch:
            await require(tx, told.actor, Permission.DEPLOY_AGENTS, TokenScope.DECIDE)
        is_plain = not any(told.rated.apart for told in batch)
        await (store.share(tx) if is_plain else store.hold(tx))
        await self._open_months(tx, set().union(*(told.rated.months for told in batch)))
        book = self._book(tx.tenant)
        parts, answers = await _new_among(tx, book, batch)
        if any(part.rows for part in parts):
            await store.fill(tx, [part.rows for part in parts])
            await store.take_keys(tx)
            await _audit(tx, batch, answers)
            await store.post(tx, book.kinds)
        spent = spent_on(book, parts) if self._listeners else []
        spent += await post_apart(tx, book, [usage for part in parts for usage in part.apart])
        if spent:
            for listener in self._listeners:
                await listener(tx, spent)
        return answers

    async def _open_months(self, tx: Transaction, months: Iterable[str]) -> None:
        missing = sorted(set(months) - self._months)
        if missing:
            async with self._database.tenant(tx.tenant) as apart:  # its locks are over at once
                await store.open_months(apart, [date.fromisoformat(f"{month}-01") for month in missing])
            self._months.update(missing)


async def _new_among(tx: Transaction, book: Book, batch: Sequence[_Told]) -> tuple[Sequence[Rated], Sequence[Recorded]]:
    """What was not known of each, and its answer: what several tell is new to the first of them.

    Raises ToldOtherwise with the ids that stand for something else already.
    """
    digests: dict[str, str] = {}
    for told in batch:
        digests.update(zip(told.rated.ids, told.rated.digests, strict=True))
    known = await store.digests_of(tx, digests)
    if not known and len(digests) == sum(len(told.events) for told in batch):  # nearly always
        return [told.rated for told in batch], [Recorded(len(told.events), 0) for told in batch]
    otherwise = {
        usage_id: None  # in the order in which they were told
        for told in batch
        for usage_id, digest in zip(told.rated.ids, told.rated.digests, strict=True)
        if digest != digests[usage_id] or digest != known.get(usage_id, digest)
    }
    if otherwise:
        raise ToldOtherwise(tuple(otherwise))
    left = digests.keys() - known.keys()
    parts, answers = [], []
    for told in batch:
        new = {usage.id: usage for usage in told.events if usage.id in left}
        left -= new.keys()
        parts.append(
            told.rated if len(new) == len(told.events) else rated(book, tuple(new.values()), now=told.rated.now)
        )
        answers.append(Recorded(len(new), len(told.events) - len(new)))
    return parts, answers


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
