"""Use case: whoever is about to spend asks first, and what is allowed is reserved until it is told as usage (C5).

What many ask of one tenant at once is answered in one transaction, and one of these at a time holds the tenant's
reservations, in whatever process: so what is reserved and what is used never exceed a limit together. A reservation
ends when usage of its id stands in the ledger, when it is given back, or with its time.

What is settled is looked up before the counters are read: usage that is written between the two counts twice for that
moment, and never not at all. With each batch some are looked up, in turns, and all of them before anything is refused,
but for those that were a second ago.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from prometheus_client import Counter

from core.access import Permission, TokenScope, permitted, require
from core.actor import Actor
from core.audit import audited
from core.budgets import reservation_store, spending, store
from core.budgets.errors import AlreadyTold, InvalidSpending, TooManyReserved
from core.budgets.guarding import load_guarded
from core.budgets.reservation_store import Held, Reservation, held_within
from core.budgets.rules import Guarded, paced_after
from core.budgets.spending import FREE, Verdict
from core.budgets.store import KNOWN
from core.costs import Charge, RateCatalogue, Usage, check_usage, known_among, priced
from core.db import Batches, Database, Transaction
from core.errors import Forbidden, InvalidInput
from core.ids import TenantId
from core.money import EXACT, Money

LASTS: Final = timedelta(minutes=5)
LASTS_MAX: Final = timedelta(hours=1)
SETTLED_AT_ONCE: Final = 256  # reservations that are looked up with each batch, in turns
OPEN_MAX: Final = 10_000  # reservations of one tenant at once: whoever has so many does not tell what was used
_ONE: Final = timedelta(seconds=1)

CHECKS = Counter("countersign_budgets_checks_total", "Answers to who asked before spending", ["decision"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What somebody is about to use, under the id by which they will tell it.

    Either so much of a `meter`, or an estimated `amount`, of a `meter_class` if that is known.
    """

    id: str
    project: str = ""
    agent: str = ""
    meter: str = ""
    quantity: Decimal | None = None
    amount: Money | None = None
    meter_class: str = ""
    lasts: timedelta = LASTS


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether it may be spent; if so, what is reserved until when. Nothing is where no budget counts it."""

    verdict: Verdict
    amount: Decimal
    currency: str
    expires_at: datetime | None
    retry_after: timedelta | None = None  # of what is slowed down


Outcome = Answer | AlreadyTold | TooManyReserved  # what becomes of a question


@dataclass(frozen=True, slots=True)
class _Asked:
    actor: Actor
    charge: Charge
    expires_at: datetime


class SpendingDesk:
    """Answers whoever asks before they spend."""

    def __init__(self, database: Database, rates: RateCatalogue) -> None:
        self._database = database
        self._rates = rates
        self._batches: Batches[_Asked, Outcome] = Batches(database, self._answer)
        self._looked_up_to: dict[TenantId, str] = {}  # a reservation, by the id of its usage
        self._all_looked_up_at: dict[TenantId, float] = {}  # by the process's clock, seconds

    async def ask(self, actor: Actor, said: Spending) -> Answer:
        """Asked again, the new estimate takes the place of the earlier one, if it is allowed.

        Raises InvalidSpending or InvalidUsage naming the field, AlreadyTold, TooManyReserved, or PermissionMissing for
        whoever may not tell usage.
        """
        now = self._database.clock.now()
        try:
            asked = _Asked(actor, self._charge(actor, said, now=now), now + _lasting(said.lasts))
        except InvalidInput:
            async with self._allowed(actor):
                raise  # to whoever may ask; others learn that they may not, whatever they say
        try:
            found = await self._batches.ask(actor.tenant, asked)
        except Forbidden:
            async with audited(self._database, actor, action="budget.checked", resource="budgets"):
                raise  # and with it the refusal is recorded
        if isinstance(found, (AlreadyTold, TooManyReserved)):
            raise found
        CHECKS.labels(found.verdict.spend.value).inc()
        return found

    async def give_back(self, actor: Actor, usage_id: str) -> None:
        """Nothing is reserved for this usage any more. Raises PermissionMissing."""
        async with self._allowed(actor) as tx:
            await reservation_store.drop(tx, [usage_id])

    async def close(self) -> None:
        """Whatever was asked is answered."""
        await self._batches.close()

    @asynccontextmanager
    async def _allowed(self, actor: Actor) -> AsyncIterator[Transaction]:
        async with permitted(
            self._database, actor, TokenScope.DECIDE, action="budget.checked", resource="budgets"
        ) as tx:
            await require(tx, actor, Permission.DEPLOY_AGENTS, TokenScope.DECIDE)
            yield tx

    def _charge(self, actor: Actor, said: Spending, *, now: datetime) -> Charge:
        card = self._rates.for_tenant(actor.tenant)
        if said.amount is None:
            if not said.meter or said.quantity is None:
                message = "Say how much of which meter, or about how much it will cost."
                raise InvalidSpending(message, where="amount", accepted=("meter and quantity", "amount"))
            usage = Usage(said.id, said.meter, said.quantity, now, said.project, said.agent)
            check_usage(usage, now=now)
            return priced(card, usage)
        if said.meter or said.quantity is not None:
            raise InvalidSpending("A meter has its own price.", where="amount", accepted=("one of the two",))
        check_usage(Usage(said.id, "", Decimal(1), now, said.project, said.agent), now=now)
        amount = said.amount.amount
        if said.amount.currency != card.currency:
            message = f"Costs are in {card.currency} here."
            raise InvalidSpending(message, where="amount.currency", accepted=(card.currency,))
        if not amount.is_finite() or amount <= 0:
            raise InvalidSpending("It is above zero.", where="amount.amount", accepted=("0.12",))
        classes = sorted({each.meter_class for each in card.meters.values()})
        if said.meter_class and said.meter_class not in classes:
            message = f"There are no meters of the class '{said.meter_class[:80]}'."
            raise InvalidSpending(message, where="meter_class", accepted=tuple(classes))
        return Charge(said.id, now, said.project, said.agent, "", said.meter_class, Decimal(1), amount, card.currency)

    async def _answer(self, tx: Transaction, batch: Sequence[_Asked]) -> Sequence[Outcome]:
        for asked in batch:
            await require(tx, asked.actor, Permission.DEPLOY_AGENTS, TokenScope.DECIDE)
        if not (await tx.remembered(KNOWN, store.load_known)).budgets:
            return [_free(asked) for asked in batch]
        await reservation_store.hold(tx)
        await reservation_store.expire(tx)
        told = await self._settle(tx, batch)
        sheet = await _sheet(tx, batch)
        answers = sheet.answers(batch, told)
        if sheet.has_refused and await self._settle_all(tx, sheet.reservations):  # which might make room
            sheet = await _sheet(tx, batch)
            answers = sheet.answers(batch, told)
        await reservation_store.keep(tx, sheet.new.values())
        for budget_id, until in sorted(sheet.paced.items()):
            await store.set_pace(tx, budget_id, sheet.windows[budget_id], until, is_of_spending=True)
        return answers

    async def _settle(self, tx: Transaction, batch: Sequence[_Asked]) -> frozenset[str]:
        """Usage that is asked for and was told; what is reserved for it, and for some others, is over where it was."""
        after = self._looked_up_to.get(tx.tenant, "")
        some = await reservation_store.some(tx, after=after, limit=SETTLED_AT_ONCE)
        self._looked_up_to[tx.tenant] = some[-1] if len(some) == SETTLED_AT_ONCE else ""
        told = await known_among(tx, {*some, *(asked.charge.usage_id for asked in batch)})
        await reservation_store.drop(tx, told)
        return told

    async def _settle_all(self, tx: Transaction, reservations: int) -> bool:
        """Whether anything that was reserved is over, as it was told; not looked up where it was a moment ago."""
        now, before = time.monotonic(), self._all_looked_up_at.get(tx.tenant)
        if reservations <= SETTLED_AT_ONCE and not self._looked_up_to[tx.tenant]:
            return False  # each was looked up with this batch
        if before is not None and now - before < _ONE.total_seconds():
            return False
        self._all_looked_up_at[tx.tenant] = now
        told = await known_among(tx, await reservation_store.some(tx))
        await reservation_store.drop(tx, told)
        return bool(told)


async def _sheet(tx: Transaction, batch: Sequence[_Asked]) -> _Sheet:
    """What is reserved, read before the counters are."""
    held, reservations = await reservation_store.sums(tx)
    own = await reservation_store.of(tx, {asked.charge.usage_id for asked in batch})
    return _Sheet(await load_guarded(tx), held, own, reservations=reservations, now=tx.now)


class _Sheet:
    """The tenant's budgets with what is reserved of them, while a batch is answered."""

    def __init__(
        self,
        guarded: Sequence[Guarded],
        held: Sequence[Held],
        own: Mapping[str, Reservation],
        *,
        reservations: int,
        now: datetime,
    ) -> None:
        self._guarded, self._own, self._now = guarded, dict(own), now
        self._held = {each.budget.id: held_within(each.budget.terms.scope, held) for each in guarded}
        self.reservations = reservations
        self.has_refused = False
        self.windows = {each.budget.id: each.standing.window for each in guarded}
        self.new: dict[str, Reservation] = {}
        self.paced: dict[UUID, datetime] = {}

    def answers(self, batch: Sequence[_Asked], told: Collection[str]) -> list[Outcome]:
        """What follows for each; what is allowed is reserved."""
        return [AlreadyTold(where="id") if asked.charge.usage_id in told else self._answer(asked) for asked in batch]

    def _answer(self, asked: _Asked) -> Answer | TooManyReserved:
        charge = asked.charge
        counting = [each for each in self._guarded if _counts(each, charge) and each.standing.window.holds(self._now)]
        if not counting or not charge.amount:
            return _free(asked)
        before = self._own.get(charge.usage_id)
        held = self._without(before)
        verdict = spending.judge(counting, charge, held, paced=self.paced, now=self._now)
        if not verdict.is_allowed:
            self.has_refused = True
            later = verdict.next_at - self._now if verdict.next_at else None
            return Answer(verdict, charge.amount, charge.currency, None, later)
        if before is None and self.reservations >= OPEN_MAX:
            self.has_refused = True
            return TooManyReserved(
                f"{OPEN_MAX:,} reservations are open already.",
                where="id",
                next_step="Tell what was used of them, or release them.",
            )
        self.reservations += before is None
        for budget_id, per_hour in spending.slowed(counting, charge, held):
            standing = next(each.standing for each in counting if each.budget.id == budget_id)
            self.paced[budget_id] = paced_after(
                self.paced.get(budget_id) or standing.spending_paced_until, per_hour, now=self._now
            )
        mine = Reservation(
            usage_id=charge.usage_id,
            project=charge.project,
            agent=charge.agent,
            meter_class=charge.meter_class,
            amount=charge.amount,
            expires_at=asked.expires_at,
        )
        self._own[mine.usage_id] = self.new[mine.usage_id] = mine
        self._held = {
            each.budget.id: EXACT.add(held[each.budget.id], held_within(each.budget.terms.scope, [mine]))
            for each in self._guarded
        }
        return Answer(verdict, charge.amount, charge.currency, asked.expires_at)

    def _without(self, own: Reservation | None) -> dict[UUID, Decimal]:
        """What is reserved for others."""
        if own is None:
            return self._held
        return {
            each.budget.id: EXACT.subtract(self._held[each.budget.id], held_within(each.budget.terms.scope, [own]))
            for each in self._guarded
        }


def _counts(guarded: Guarded, charge: Charge) -> bool:
    terms = guarded.budget.terms
    return terms.currency == charge.currency and terms.scope.counts(
        project=charge.project, agent=charge.agent, meter_class=charge.meter_class
    )


def _free(asked: _Asked) -> Answer:
    return Answer(FREE, asked.charge.amount, asked.charge.currency, None)


def _lasting(lasts: timedelta) -> timedelta:
    if not _ONE <= lasts <= LASTS_MAX:
        raise InvalidSpending("A reservation lasts a second to an hour.", where="expires_in_s", accepted=("300",))
    return lasts
