"""What is said of budgets, and asked about them, as it travels."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field

from core.budgets import ControlIn, Proposal
from core.costs import NAME_MAX
from core.money import Money
from web.paging import PageQuery
from web.schema import DecimalText, Input, Instant, Line, MoneyIn, Prose, Query

_Word = Annotated[str, Field(max_length=NAME_MAX)]
_Percent = Annotated[int, Field(ge=1, le=1000)] | DecimalText
_Email = Annotated[str, Field(max_length=300)]


def _day(value: object) -> object:
    return date.fromisoformat(value) if isinstance(value, str) else value


Day = Annotated[date, BeforeValidator(_day)]


class ControlBody(Input):
    """What happens at the gate once so much is used."""

    does: Annotated[str, Field(max_length=20, description="warn, throttle, queue, stop")]
    at: Annotated[_Percent, Field(description="per cent of the limit; equality is enough")] = 100
    actions: Annotated[
        list[Annotated[str, Field(max_length=40)]],
        Field(max_length=20, description="none: every governed action, and spending (`usage.spend`)"),
    ] = Field(default_factory=list)
    per_hour: Annotated[int | None, Field(ge=1, le=100_000, description="of a throttle")] = None

    def said(self) -> ControlIn:
        """As the core reads it."""
        return ControlIn(self.does, Decimal(self.at), self.actions, self.per_hour)


class _Terms(Input):
    amount: MoneyIn | None = None
    name: Line | None = None
    period: Annotated[str | None, Field(max_length=20, description="day, week, month, quarter, year, custom")] = None
    days: Annotated[int | None, Field(ge=1, le=1100, description="of a custom period")] = None
    first: Annotated[Day | None, Field(description="the first day of a custom period")] = None
    roll_over: Annotated[str | None, Field(max_length=20, description="none, carry")] = None
    roll_over_cap: Annotated[MoneyIn | None, Field(description="at most so much is carried over")] = None
    thresholds: Annotated[list[_Percent] | None, Field(max_length=10, description="per cent")] = None
    forecast: Annotated[bool | None, Field(description="whether the run rate is told of when it goes too far")] = None
    controls: Annotated[list[ControlBody] | None, Field(max_length=10)] = None
    owners: Annotated[list[_Email] | None, Field(max_length=20, description="e-mail addresses")] = None

    def terms(self) -> Proposal:
        """What the core is told."""
        return Proposal(
            name=self.name,
            amount=money_in(self.amount),
            period=self.period,
            days=self.days,
            first=self.first,
            roll_over=self.roll_over,
            roll_over_cap=money_in(self.roll_over_cap),
            thresholds=None if self.thresholds is None else [Decimal(each) for each in self.thresholds],
            forecast=self.forecast,
            controls=None if self.controls is None else [each.said() for each in self.controls],
            owners=self.owners,
        )


class BudgetIn(_Terms):
    """A new budget. What it does not name it counts whatever it is: a budget that names nothing is the tenant's."""

    amount: MoneyIn
    project: _Word | None = None
    agent: _Word | None = None
    meter_class: Annotated[_Word | None, Field(description="compute_costs, agent_operations, compliance_costs …")] = (
        None
    )

    def proposal(self) -> Proposal:
        """What the core is told."""
        return replace(self.terms(), project=self.project, agent=self.agent, meter_class=self.meter_class)


class BudgetChangeIn(_Terms):
    """What changes in it; the rest stays. Another period begins now, with nothing used."""


class RaiseIn(Input):
    """A higher limit, and why."""

    to: MoneyIn
    lasts: Annotated[str, Field(max_length=20, description="period: this one alone; always: from now on")] = "period"
    reason: Prose


class OverrideIn(Input):
    """An action that budgets stand in the way of, and why it should pass them once."""

    action: Annotated[str, Field(max_length=40)]
    agent: Line
    project: _Word = ""
    reason: Prose


class ThrottleIn(Input):
    """How many governed actions an hour are let through; as is usual here, if it is not said."""

    per_hour: Annotated[int | None, Field(ge=1, le=100_000)] = None


class BudgetReasonIn(Input):
    """Why."""

    reason: Prose


class BudgetsQuery(PageQuery):
    """Which budgets."""

    project: _Word | None = None
    agent: _Word | None = None
    meter_class: _Word | None = None
    q: Annotated[str | None, Field(max_length=200)] = None
    mine: Annotated[bool, Field(description="only those that I own")] = False
    exceeded: Annotated[bool, Field(description="only those that are used up")] = False


class WhatIfQuery(Query):
    """Another limit, and a period."""

    limit: Annotated[DecimalText | None, Field(description="in the budget's currency; as it is, if it is not said")] = (
        None
    )
    period: Annotated[Instant | None, Field(description="an instant in the period; now, if it is not said")] = None


def money_in(money: MoneyIn | None) -> Money | None:
    """The money as the core knows it."""
    return None if money is None else Money(money.amount, money.currency)
