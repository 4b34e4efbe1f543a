"""Pure: whether something may be spent, as budgets stand and with what is reserved of them (C5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

from core.budgets.rules import Guarded, amount_words, paced_after, resets_in
from core.budgets.state import SPEND, WHOLE, Control, Effect, Terms
from core.costs import Charge
from core.money import EXACT

_STRENGTH: Final = tuple(Effect)
_HOUR: Final = timedelta(hours=1)


class Spend(StrEnum):
    """The answer to whoever asks before they spend."""

    ALLOW = "allow"
    THROTTLE = "throttle"  # not now, but at a time that is said
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows, and from which budget: what refuses, else the one with the least left; None: none counts it.

    `left`: what may be spent under that budget after this; below zero where more was spent.
    """

    spend: Spend
    code: str
    reason: str
    guarded: Guarded | None = None
    left: Decimal | None = None
    next_at: datetime | None = None

    @property
    def is_allowed(self) -> bool:
        """Whether it may be spent now."""
        return self.spend is Spend.ALLOW


FREE: Final = Verdict(Spend.ALLOW, "budgets.free", "No budget counts this.")


def judge(
    counting: Iterable[Guarded],
    charge: Charge,
    held: Mapping[UUID, Decimal],
    *,
    paced: Mapping[UUID, datetime],
    now: datetime,
) -> Verdict:
    """Every control of every budget that counts the charge; of what they say the strongest holds.

    `held`: what is reserved of each budget for others. `paced`: until when a throttled one has worked off what it let
    through. What exactly reaches a limit may still be spent; what goes beyond it may not.
    """
    guarded = tuple(counting)
    if not guarded:
        return FREE
    bites = [
        (control.does, each, _next_at(each, control, paced, now=now))
        for each in guarded
        for control in reached(each, charge, held)
    ]
    bites = [each for each in bites if each[0] is not Effect.THROTTLE or each[2] is not None]
    if bites:
        does, of, next_at = max(bites, key=lambda bite: (_STRENGTH.index(bite[0]), bite[1].standing.percent))
        if does is not Effect.WARN:
            left = left_of(of, held.get(of.budget.id, Decimal(0)))
            code, words = _refused(does, of, charge, held.get(of.budget.id, Decimal(0)), next_at, now=now)
            spend = Spend.THROTTLE if does is Effect.THROTTLE else Spend.DENY
            return Verdict(spend, code, words, of, left, next_at)
    after = {each.budget.id: EXACT.add(held.get(each.budget.id, Decimal(0)), charge.amount) for each in guarded}
    tightest = min(guarded, key=lambda each: left_of(each, after[each.budget.id]))
    left = left_of(tightest, after[tightest.budget.id])
    warned = any(does is Effect.WARN for does, _of, _next in bites)
    code = "budgets.warned" if warned else "budgets.within"
    said = f"{amount_words(max(Decimal(0), left))} {tightest.budget.terms.currency} are left after this"
    return Verdict(Spend.ALLOW, code, f"{_named(tightest)}: {said}.", tightest, left)


def reached(guarded: Guarded, charge: Charge, held: Mapping[UUID, Decimal]) -> Iterable[Control]:
    """The controls on spending beyond whose share this would go."""
    standing = guarded.standing
    total = EXACT.add(EXACT.add(standing.used, held.get(guarded.budget.id, Decimal(0))), charge.amount)
    for control in guarded.budget.terms.controls:
        if control.holds(SPEND) and EXACT.multiply(total, WHOLE) > EXACT.multiply(standing.limit, control.at):
            yield control


def slowed(counting: Iterable[Guarded], charge: Charge, held: Mapping[UUID, Decimal]) -> Iterable[tuple[UUID, int]]:
    """The budgets that slow it down, with how many an hour they let through: one that is let through counts."""
    for each in counting:
        rates = [control.per_hour or 1 for control in reached(each, charge, held) if control.does is Effect.THROTTLE]
        if rates:
            yield each.budget.id, min(rates)


def left_of(guarded: Guarded, held: Decimal) -> Decimal:
    """What may be spent still: up to where it is stopped, else up to the limit."""
    standing = guarded.standing
    ceiling = EXACT.divide(EXACT.multiply(standing.limit, _ceiling(guarded.budget.terms)), WHOLE)
    return EXACT.subtract(EXACT.subtract(ceiling, standing.used), held)


def _ceiling(terms: Terms) -> Decimal:
    stops = (each.at for each in terms.controls if each.does in (Effect.STOP, Effect.QUEUE) and each.holds(SPEND))
    return min(stops, default=WHOLE)


def _next_at(guarded: Guarded, control: Control, paced: Mapping[UUID, datetime], *, now: datetime) -> datetime | None:
    """When a throttle lets the next one through; None if now, or if it is no throttle."""
    if control.does is not Effect.THROTTLE:
        return None
    pace = paced.get(guarded.budget.id) or guarded.standing.spending_paced_until or now
    free_at = paced_after(pace, control.per_hour or 1, now=now) - _HOUR
    return free_at if free_at > now else None


def _refused(
    does: Effect, of: Guarded, charge: Charge, held: Decimal, next_at: datetime | None, *, now: datetime
) -> tuple[str, str]:
    standing, currency = of.standing, of.budget.terms.currency
    reserved = f" and {amount_words(held)} reserved" if held else ""
    said = (
        f"{_named(of)}: {amount_words(standing.used)} {currency} of {amount_words(standing.limit)} {currency} are used"
        f"{reserved}"
    )
    ends = f"It resets in {resets_in(standing, now=now)} ({standing.window.ends_at:%Y-%m-%dT%H:%M:%SZ})"
    wanted = f"{amount_words(charge.amount)} {currency}"
    match does:
        case Effect.THROTTLE:
            later = f"{next_at or now:%Y-%m-%dT%H:%M:%SZ}"
            return "budgets.throttled", f"{said}, so spending is slowed down: ask again {later}. {ends}."
        case Effect.QUEUE:
            return "budgets.queued", f"{said}, so {wanted} wait for a raise that is approved. {ends}."
        case _:
            return "budgets.exceeded", f"{said}, so {wanted} more may not be spent. {ends}; a raise lifts it."


def _named(guarded: Guarded) -> str:
    return f"Budget {guarded.budget.reference} '{guarded.budget.terms.name}'"
