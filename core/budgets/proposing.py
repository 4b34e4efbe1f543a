"""Pure: what somebody says of a budget, checked (C2)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final, TypeVar

from config.suggest import did_you_mean
from core.budgets.errors import InvalidBudget
from core.budgets.periods import DAYS_MAX, Period, PeriodKind
from core.budgets.policy import BudgetPolicy
from core.budgets.policy_file import (
    CONTROLS_MAX,
    HELD_UP,
    NAME_MAX,
    PER_HOUR_MAX,
    PERCENT_MAX,
    THRESHOLDS_MAX,
    UNTELLABLE,
)
from core.budgets.state import Control, Effect, RollOver, Scope, Terms
from core.costs import may_name
from core.ids import UserId
from core.money import Money

OWNERS_MAX: Final = 20
DIGITS_MAX: Final = 18  # before the point: what is more is a slip
ACCEPTED_AMOUNTS: Final = ("1500", "1500.00")
_TYPED: Final = re.compile(rf"[0-9]{{1,{DIGITS_MAX}}}(?:\.[0-9]{{1,{DIGITS_MAX}}})?")

_NAMED: Final = ("a name", "nothing, so that it counts whatever it is")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ControlIn:
    """A control as somebody wrote it."""

    does: str
    at: Decimal = Decimal(100)
    actions: Sequence[str] = ()
    per_hour: int | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A budget as somebody wrote it; None: as it is, or as is usual here. `owners` are e-mail addresses."""

    name: str | None = None
    amount: Money | None = None
    period: str | None = None
    days: int | None = None
    first: date | None = None
    project: str | None = None
    agent: str | None = None
    meter_class: str | None = None
    roll_over: str | None = None
    roll_over_cap: Money | None = None
    thresholds: Sequence[Decimal] | None = None
    forecast: bool | None = None
    controls: Sequence[ControlIn] | None = None
    owners: Sequence[str] | None = None


def typed_amount(text: str, *, where: str) -> Decimal:
    """The amount as somebody typed it: digits, and a point before the cents.

    A comma is refused: to some it stands before the cents, to others between the thousands. Raises InvalidBudget.
    """
    written = text.strip()
    if "," in written:
        said = "A comma can be read in two ways; write a point before the cents, and nothing between the thousands."
        raise InvalidBudget(said, where=where, accepted=ACCEPTED_AMOUNTS)
    if not _TYPED.fullmatch(written):
        raise InvalidBudget("That is no amount.", where=where, accepted=ACCEPTED_AMOUNTS)
    return Decimal(written)


def new_terms(policy: BudgetPolicy, said: Proposal, people: Mapping[str, UserId]) -> Terms:
    """The terms of a new budget. `people` are those of the tenant by e-mail. Raises InvalidBudget naming the field."""
    if said.amount is None:
        raise InvalidBudget(
            "Say how much it is.", where="amount", accepted=('{"amount": "500.00", "currency": "USD"}',)
        )
    scope = _scope(said, Scope())
    amount = _amount(said.amount, "amount")
    usual = Terms(
        name=(said.name or "").strip() or _named_by(scope),
        amount=amount.amount,
        currency=amount.currency,
        scope=scope,
        thresholds=policy.thresholds,
        has_forecast=policy.has_forecast,
        controls=policy.controls,
    )
    return changed_terms(usual, said, people)


def changed_terms(before: Terms, said: Proposal, people: Mapping[str, UserId]) -> Terms:
    """The terms once what was said holds. Raises InvalidBudget naming the field."""
    amount = Money(before.amount, before.currency) if said.amount is None else _amount(said.amount, "amount")
    if amount.currency != before.currency:
        raise InvalidBudget(
            f"This budget is in {before.currency}.", where="amount.currency", accepted=(before.currency,)
        )
    scope = _scope(said, before.scope)
    if scope != before.scope:
        raise InvalidBudget("What a budget counts stays; make another budget.", where="project")
    cap = before.roll_over_cap
    if said.roll_over_cap is not None:
        given = _amount(said.roll_over_cap, "roll_over_cap")
        if given.currency != before.currency:
            raise InvalidBudget("The cap has another currency.", where="roll_over_cap", accepted=(before.currency,))
        cap = given.amount
    roll_over = _choice(RollOver, said.roll_over, "roll_over") or before.roll_over
    if said.roll_over_cap is not None and roll_over is RollOver.NONE:
        raise InvalidBudget(
            "Nothing is carried over, so nothing caps it.", where="roll_over_cap", accepted=("with roll_over: carry",)
        )
    name = before.name if said.name is None else said.name.strip()
    if not 1 <= len(name) <= NAME_MAX:
        raise InvalidBudget(f"A name has 1 to {NAME_MAX} characters.", where="name")
    return replace(
        before,
        name=name,
        amount=amount.amount,
        roll_over=roll_over,
        roll_over_cap=cap,
        thresholds=before.thresholds if said.thresholds is None else _thresholds(said.thresholds),
        has_forecast=before.has_forecast if said.forecast is None else said.forecast,
        controls=before.controls if said.controls is None else _controls(said.controls),
        owners=before.owners if said.owners is None else _owners(said.owners, people),
    )


def period_in(said: Proposal) -> Period | None:
    """The period that was said; None if none was. Raises InvalidBudget."""
    kind = _choice(PeriodKind, said.period, "period")
    if kind is not PeriodKind.CUSTOM:
        for where, value in (("days", said.days), ("first", said.first)):
            if value is not None:
                raise InvalidBudget("It belongs to a custom period.", where=where, accepted=("with period: custom",))
        return None if kind is None else Period(kind)
    if said.days is None or not 1 <= said.days <= DAYS_MAX:
        raise InvalidBudget(f"Say of how many days a period is, 1 to {DAYS_MAX}.", where="days")
    if said.first is None:
        raise InvalidBudget("Say the first day of a period.", where="first", accepted=("2026-01-05",))
    return Period(kind, said.days, said.first)


def _amount(money: Money, where: str) -> Money:
    value = money.amount
    if not value.is_finite() or value <= 0 or value.adjusted() >= DIGITS_MAX or value.as_tuple().exponent < -DIGITS_MAX:  # type: ignore[operator]
        raise InvalidBudget("A budget is a number above zero.", where=where, accepted=("500.00",))
    return money


def _scope(said: Proposal, before: Scope) -> Scope:
    def word(name: str, text: str | None, usual: str) -> str:
        value = usual if text is None else text.strip()
        if text is not None and not value:
            raise InvalidBudget("An empty name counts nothing by itself.", where=name, accepted=_NAMED)
        if value and not may_name(value):
            raise InvalidBudget(UNTELLABLE, where=name, accepted=_NAMED)
        return value

    return Scope(
        word("project", said.project, before.project),
        word("agent", said.agent, before.agent),
        word("meter_class", said.meter_class, before.meter_class),
    )


def _named_by(scope: Scope) -> str:
    named = [each for each in (scope.project, scope.agent, scope.meter_class) if each]
    return " · ".join(named)[:NAME_MAX] or "Everything"


def _choice(kinds: type[T], text: str | None, where: str) -> T | None:
    if text is None:
        return None
    accepted = tuple(str(each) for each in kinds)  # type: ignore[attr-defined]
    if text not in accepted:
        raise InvalidBudget(f"'{text}' is not accepted.{did_you_mean(text, accepted)}", where=where, accepted=accepted)
    return kinds(text)  # type: ignore[call-arg]


def _percent(value: Decimal, where: str) -> Decimal:
    if not value.is_finite() or not 0 < value <= PERCENT_MAX:
        raise InvalidBudget("Per cent, above zero.", where=where, accepted=(f"at most {PERCENT_MAX}",))
    return value


def _thresholds(given: Sequence[Decimal]) -> tuple[Decimal, ...]:
    if len(given) > THRESHOLDS_MAX:
        raise InvalidBudget(f"A budget has at most {THRESHOLDS_MAX} thresholds.", where="thresholds")
    return tuple(sorted({_percent(each, "thresholds") for each in given}))


def _controls(given: Sequence[ControlIn]) -> tuple[Control, ...]:
    if len(given) > CONTROLS_MAX:
        raise InvalidBudget(f"A budget has at most {CONTROLS_MAX} controls.", where="controls")
    return tuple(_control(each) for each in given)


def _control(said: ControlIn) -> Control:
    does = _choice(Effect, said.does, "controls.does")
    assert does is not None  # it was said
    for action in said.actions:
        if action not in HELD_UP:
            raise InvalidBudget(
                f"'{action}' is not a governed action.{did_you_mean(action, HELD_UP)}",
                where="controls.actions",
                accepted=HELD_UP,
            )
    if (does is Effect.THROTTLE) != (said.per_hour is not None):
        raise InvalidBudget("A throttle, and nothing else, says how many an hour.", where="controls.per_hour")
    if said.per_hour is not None and not 1 <= said.per_hour <= PER_HOUR_MAX:
        raise InvalidBudget(f"1 to {PER_HOUR_MAX} an hour.", where="controls.per_hour")
    return Control(does, _percent(said.at, "controls.at"), tuple(dict.fromkeys(said.actions)), said.per_hour)


def _owners(emails: Sequence[str], people: Mapping[str, UserId]) -> tuple[UserId, ...]:
    if len(emails) > OWNERS_MAX:
        raise InvalidBudget(f"A budget has at most {OWNERS_MAX} owners.", where="owners")
    for email in emails:
        if email.strip().lower() not in people:
            raise InvalidBudget(f"There is nobody here with the address {email}.", where="owners")
    return tuple(dict.fromkeys(people[each.strip().lower()] for each in emails))
