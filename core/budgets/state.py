"""Frozen: what a budget is, and how one of its periods stands (C2, C4, C5)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from core.budgets.periods import Scheme, Window
from core.ids import UserId
from core.money import EXACT, WIDE
from core.roles.permissions import ACTION_PERMISSIONS

WHOLE: Final = Decimal(100)  # per cent
_TENTH: Final = Decimal("0.1")
SPEND: Final = "usage.spend"  # what platforms ask before they spend; no action of the gate
GOVERNED: Final = tuple(ACTION_PERMISSIONS)
THRESHOLDS: Final = (Decimal(50), Decimal(80), Decimal(100))


class RollOver(StrEnum):
    """What becomes of what is left when a period ends."""

    NONE = "none"
    CARRY = "carry"


class Effect(StrEnum):
    """What a control does, the mildest first."""

    WARN = "warn"
    THROTTLE = "throttle"
    QUEUE = "queue"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Scope:
    """What a budget counts: charges that agree with all that it names. What is empty matters to it not."""

    project: str = ""
    agent: str = ""
    meter_class: str = ""

    def counts(self, *, project: str, agent: str, meter_class: str) -> bool:
        """Whether a charge of these is one of its own."""
        return self.project in ("", project) and self.agent in ("", agent) and self.meter_class in ("", meter_class)

    def binds(self, *, projects: Collection[str], agent: str) -> bool:
        """Whether an action on that agent, for these projects, is under its controls: the meter class matters not."""
        return (not self.project or self.project in projects) and self.agent in ("", agent)


@dataclass(frozen=True, slots=True)
class Control:
    """What happens at the gate once `at` per cent are used. No `actions`: to every governed action, and to spending."""

    does: Effect
    at: Decimal = WHOLE
    actions: tuple[str, ...] = ()
    per_hour: int | None = None  # of a throttle: so many are let through

    def holds(self, action: str) -> bool:
        """Whether it is one of the actions that it holds for."""
        return not self.actions or action in self.actions

    @property
    def is_general(self) -> bool:
        """Whether it holds for every governed action."""
        return not self.actions or set(self.actions).issuperset(GOVERNED)

    def to_json(self) -> dict[str, Any]:
        """As stored."""
        return {"does": self.does.value, "at": str(self.at), "actions": list(self.actions), "per_hour": self.per_hour}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Control:
        """The control that was stored."""
        return cls(Effect(stored["does"]), Decimal(stored["at"]), tuple(stored["actions"]), stored["per_hour"])


@dataclass(frozen=True, slots=True)
class Terms:
    """Everything that people decide about a budget."""

    name: str
    amount: Decimal
    currency: str
    scope: Scope = field(default_factory=Scope)
    roll_over: RollOver = RollOver.NONE
    roll_over_cap: Decimal | None = None  # at most so much is carried over; None: all that is left
    thresholds: tuple[Decimal, ...] = THRESHOLDS
    has_forecast: bool = True
    controls: tuple[Control, ...] = ()
    owners: tuple[UserId, ...] = ()


@dataclass(frozen=True, slots=True)
class Budget:
    """A budget of a tenant."""

    id: UUID
    number: int
    terms: Terms
    schemes: tuple[Scheme, ...]
    declared: str = ""  # under this key in the tenant's file; empty: it was made by people
    ended_at: datetime | None = None

    @property
    def reference(self) -> str:
        """BUD-1001."""
        return f"BUD-{self.number}"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a period stands. The counters are exact as of the commit that they were read at."""

    window: Window
    amount: Decimal  # of the budget, in this period
    spent: Decimal = Decimal(0)
    charges: int = 0
    carried: Decimal = Decimal(0)  # from the period before
    extra: Decimal = Decimal(0)  # raised for this period alone
    forgiven: Decimal = Decimal(0)  # used before the last reset by hand
    reset_at: datetime | None = None
    alerted: frozenset[str] = field(default_factory=frozenset)
    throttle_per_hour: int | None = None  # asked for by hand, until the period ends
    paced_until: datetime | None = None  # of a throttle: when the actions that were let through are worked off
    spending_paced_until: datetime | None = None  # and when what was allowed to be spent is
    acknowledged_by: UserId | None = None
    acknowledged_at: datetime | None = None
    closed_at: datetime | None = None

    @property
    def limit(self) -> Decimal:
        """What may be used."""
        return EXACT.add(EXACT.add(self.amount, self.carried), self.extra)

    @property
    def used(self) -> Decimal:
        """What counts against the limit."""
        return EXACT.subtract(self.spent, self.forgiven)

    @property
    def left(self) -> Decimal:
        """What may still be used; below zero once it is more."""
        return EXACT.subtract(self.limit, self.used)

    @property
    def percent(self) -> Decimal:
        """How much of the limit is used, in per cent, rounded down to a tenth."""
        if self.limit <= 0:
            return WHOLE if self.used >= self.limit else Decimal(0)
        share = WIDE.divide(EXACT.multiply(self.used, WHOLE), self.limit)
        return share.quantize(_TENTH, rounding=ROUND_FLOOR, context=WIDE)

    @property
    def told(self) -> tuple[str, ...]:
        """What it was told of in this period, the lowest threshold first, the forecast last."""
        words = sorted(each for each in self.alerted if not each[0].isdigit())
        return (*sorted(self.alerted.difference(words), key=Decimal), *words)

    @property
    def counted_since(self) -> datetime:
        """From when on use counts."""
        return max(self.window.starts_at, self.reset_at or self.window.starts_at)

    def is_at(self, percent: Decimal) -> bool:
        """Whether so many per cent are used. Equality is enough, everywhere (demand 18)."""
        return EXACT.multiply(self.used, WHOLE) >= EXACT.multiply(self.limit, percent)


def controls_from(stored: Sequence[Mapping[str, Any]]) -> tuple[Control, ...]:
    """The controls that were stored."""
    return tuple(Control.from_json(each) for each in stored)
