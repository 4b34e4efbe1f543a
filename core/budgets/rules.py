"""Pure: what follows from how a budget stands: alerts, forecast, what the gate does (C4, C5)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from core.budgets.state import GOVERNED, Budget, Control, Effect, RollOver, Scope, Standing, Terms
from core.money import WIDE, plain, to_cents

FORECAST: Final = "forecast"
# Before a tenth of a period is over its run rate says more about the hour than about the period.
FORECAST_FROM: Final = 0.1
_STRENGTH: Final = tuple(Effect)
_ALONE_FROM: Final = 7  # days or hours: of so many the rest does not matter


def threshold_key(percent: Decimal) -> str:
    """What an alert of this threshold is called: 80, 99.5."""
    return f"{percent.normalize():f}"


def projected(standing: Standing, *, now: datetime) -> Decimal | None:
    """What will be used by the period's end if it goes on as it has so far; None while it is too early to say.

    The method: what is used, divided by the share of the time that is over since it counts.
    """
    window = standing.window
    share = window.share_over(now=now, since=standing.counted_since)
    if share < FORECAST_FROM or standing.used <= 0:
        return None
    return to_cents(WIDE.divide(standing.used, Decimal(str(share))))


def gone_at(standing: Standing, *, now: datetime) -> datetime | None:
    """When the limit is reached at this rate; None if not in this period, or if it is too early to say."""
    total = projected(standing, now=now)
    if total is None or standing.left <= 0 or total < standing.limit:
        return None
    begins = standing.counted_since
    return begins + (now - begins) * float(standing.limit / standing.used)


def alerts_due(terms: Terms, standing: Standing, *, now: datetime) -> tuple[str, ...]:
    """The alerts that hold and were not raised in this period, the lowest threshold first."""
    reached = [threshold_key(each) for each in sorted(terms.thresholds) if standing.is_at(each)]
    if terms.has_forecast and not standing.is_at(Decimal(100)):
        total = projected(standing, now=now)
        if total is not None and total >= standing.limit:
            reached.append(FORECAST)
    return tuple(each for each in reached if each not in standing.alerted)


def still_alerted(terms: Terms, standing: Standing, *, now: datetime) -> frozenset[str]:
    """The alerts that stay raised once the limit or the use is another: what holds no more is armed anew."""
    total = projected(standing, now=now)
    kept = {threshold_key(each) for each in terms.thresholds if standing.is_at(each)}
    if total is not None and total >= standing.limit:
        kept.add(FORECAST)
    return standing.alerted & kept


def carried_over(terms: Terms, standing: Standing) -> Decimal:
    """What the period leaves to the next one."""
    if terms.roll_over is RollOver.NONE:
        return Decimal(0)
    left = max(Decimal(0), standing.left)
    return left if terms.roll_over_cap is None else min(left, terms.roll_over_cap)


@dataclass(frozen=True, slots=True)
class Guarded:
    """A budget and how it stands, as the gate looks at it."""

    budget: Budget
    standing: Standing


@dataclass(frozen=True, slots=True)
class Bite:
    """A control that holds for a question, and its budget. `next_at`: when a throttle lets the next one through."""

    effect: Effect
    guarded: Guarded
    next_at: datetime | None = None

    def reason(self, *, now: datetime) -> tuple[str, str]:
        """Code and sentence: which budget it is, its limit, its use, and when it resets (demand 18)."""
        budget, standing = self.guarded.budget, self.guarded.standing
        terms, resets_at = budget.terms, standing.window.ends_at
        used, limit = (f"{amount_words(each)} {terms.currency}" for each in (standing.used, standing.limit))
        said = f"Budget {budget.reference} '{terms.name}': {used} of {limit} are used"
        ends = f"It resets in {resets_in(standing, now=now)} ({resets_at:%Y-%m-%dT%H:%M:%SZ})"
        match self.effect:
            case Effect.STOP:
                return "budgets.exceeded", f"{said}, so this is stopped. {ends}; a raise or an override lifts it."
            case Effect.QUEUE:
                return "budgets.queued", f"{said}, so this waits for approval. {ends}, and then it may go on too."
            case Effect.THROTTLE:
                later = f"{self.next_at or now:%Y-%m-%dT%H:%M:%SZ}"
                return "budgets.throttled", f"{said}, so this is slowed down: the next is let through {later}. {ends}."
            case _:
                return "budgets.warned", f"{said}. {ends}."


def amount(value: Decimal) -> str:
    """A sum in full, as records and requests have it."""
    return plain(value)


def amount_words(value: Decimal) -> str:
    """A sum as people read it, to the cent: "1,204.50"."""
    return f"{to_cents(value):,}"


def resets_in(standing: Standing, *, now: datetime) -> str:
    """How long the period still lasts: '9 days', '2 days 23 hours', '5 hours', '12 minutes'."""
    left = max(timedelta(0), standing.window.ends_at - now)
    said: list[str] = []
    for unit, length in (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1))):
        count, left = divmod(left, length)
        if count:
            said.append(f"{count} {unit}{'s' if count != 1 else ''}")
        if said and (not count or count >= _ALONE_FROM or len(said) > 1):
            break
    return " ".join(said) or "less than a minute"


def bites(
    guarded: Iterable[Guarded],
    *,
    action: str,
    projects: Collection[str],
    agent: str,
    paced: Mapping[UUID, datetime],
    now: datetime,
) -> tuple[Bite, ...]:
    """Every control of every budget that holds for the action now, the strongest first (demand 18: all apply).

    `projects`: all that the action is for. `paced`: until when what a throttled budget has let through is worked off.
    """
    found = [
        bite
        for each in guarded
        if each.budget.terms.scope.binds(projects=projects, agent=agent)
        for bite in _of(each, action, paced.get(each.budget.id), now=now)
    ]
    return tuple(sorted(found, key=lambda bite: (-_STRENGTH.index(bite.effect), -bite.guarded.standing.percent)))


def paced_after(pace: datetime | None, per_hour: int, *, now: datetime) -> datetime:
    """When what a throttle has let through, this one too, is worked off (generic cell rate algorithm)."""
    return max(pace or now, now) + timedelta(hours=1) / per_hour


def _of(guarded: Guarded, action: str, pace: datetime | None, *, now: datetime) -> Iterable[Bite]:
    standing = guarded.standing
    for control in in_force(guarded):
        if control.actions and action not in control.actions:
            continue
        if control.does is not Effect.THROTTLE:
            yield Bite(control.does, guarded)
            continue
        step = timedelta(hours=1) / (control.per_hour or 1)
        free_at = (pace or standing.paced_until or now) - timedelta(hours=1) + step
        if free_at > now:
            yield Bite(Effect.THROTTLE, guarded, free_at)


def in_force(guarded: Guarded) -> tuple[Control, ...]:
    """The controls that hold as the budget stands, with the throttle that was asked for by hand."""
    standing = guarded.standing
    by_hand = standing.throttle_per_hour
    asked = () if by_hand is None else (Control(Effect.THROTTLE, Decimal(0), GOVERNED, by_hand),)
    return (*asked, *(each for each in guarded.budget.terms.controls if standing.is_at(each.at)))


def throttle_of(guarded: Guarded, action: str) -> int | None:
    """How many an hour are let through of the action; None if it is not slowed down."""
    rates = [
        each.per_hour or 1
        for each in in_force(guarded)
        if each.does is Effect.THROTTLE and (not each.actions or action in each.actions)
    ]
    return min(rates, default=None)


def scope_words(scope: Scope) -> str:
    """What a budget counts, in words."""
    parts = (("project ", scope.project), ("agent ", scope.agent), ("", scope.meter_class.replace("_", " ")))
    named = [f"{title}{value}" for title, value in parts if value]
    return ", ".join(named) if named else "everything"
