"""A budget as it travels."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from core.budgets import BudgetView, Control, Standing
from core.decisions import Decided, Supposition
from web.api.convert import person_out
from web.api.shapes import PersonOut
from web.schema import MoneyOut, Output


class ControlOut(Output):
    """What happens at the gate once so much is used."""

    does: str  # warn, throttle, queue, stop
    at: float  # per cent of the limit
    actions: list[str]  # none: every governed action
    per_hour: int | None


class PeriodOut(Output):
    """How one period stands, or stood when it ended."""

    starts_at: datetime
    ends_at: datetime
    limit: MoneyOut  # the amount, with what was carried over and raised
    carried: MoneyOut
    raised: MoneyOut  # for this period alone
    used: MoneyOut  # what counts against the limit
    spent: MoneyOut  # also what was used before a reset by hand
    left: MoneyOut
    percent: float
    charges: int
    exceeded: bool
    reset_at: datetime | None
    alerts: list[str]  # thresholds that were told of, and forecast


class RaiseOut(Output):
    """A raise that waits for approval."""

    reference: str
    request_id: UUID
    to: MoneyOut
    lasts: str


class BudgetOut(Output):
    """A budget, and how its period stands now."""

    id: UUID
    reference: str
    name: str
    project: str | None
    agent: str | None
    meter_class: str | None
    amount: MoneyOut  # of each period, before what is carried over and raised
    period: str
    days: int | None
    first: date | None
    time_zone: str
    roll_over: str
    roll_over_cap: MoneyOut | None
    thresholds: list[float]
    forecast: bool
    controls: list[ControlOut]
    owners: list[PersonOut]
    declared: str | None  # under this key in the tenant's file
    current: PeriodOut
    reserved: MoneyOut  # allowed to who asked before spending, not told as usage yet; `left` holds it still
    resets_in: str
    projected: MoneyOut | None  # by the period's end, at the rate so far; null while it is too early to say
    gone_at: datetime | None  # when the limit is reached at that rate, in this period
    controls_now: list[ControlOut]  # that hold as it stands
    throttle_per_hour: int | None  # asked for by hand, until the period ends
    acknowledged_by: PersonOut | None
    acknowledged_at: datetime | None
    raise_asked: RaiseOut | None
    past: list[PeriodOut]  # the newest first; of one budget alone
    ended_at: datetime | None


class HeldUpOut(Output):
    """An action that another limit would have held up, or let through."""

    decision_id: UUID
    at: datetime
    by: str
    action: str
    agent: str


class WhatIfOut(Output):
    """What another limit would have meant in one period."""

    limit: MoneyOut
    starts_at: datetime
    ends_at: datetime
    reached_at: datetime | None  # null: it would not have been reached
    really_reached_at: datetime | None
    beyond: MoneyOut  # what was used after that
    stopped: list[HeldUpOut]  # what was allowed, and would not have been
    freed: list[HeldUpOut]  # what this budget held up, and would not have
    people: dict[str, int]  # how many actions of each person would have been stopped


class OverrideOut(Output):
    """The request that lets an action pass its budgets once, if it is approved."""

    reference: str
    request_id: UUID


def budget_out(view: BudgetView) -> BudgetOut:
    """A budget as it travels."""
    terms, standing = view.terms, view.standing
    asked = view.raise_asked

    def money(amount: Decimal) -> MoneyOut:
        return MoneyOut(amount=amount, currency=terms.currency)

    return BudgetOut(
        id=view.id,
        reference=view.reference,
        name=terms.name,
        project=terms.scope.project or None,
        agent=terms.scope.agent or None,
        meter_class=terms.scope.meter_class or None,
        amount=money(terms.amount),
        period=view.period.kind.value,
        days=view.period.days or None,
        first=view.period.first,
        time_zone=view.zone,
        roll_over=terms.roll_over.value,
        roll_over_cap=None if terms.roll_over_cap is None else money(terms.roll_over_cap),
        thresholds=[float(each) for each in terms.thresholds],
        forecast=terms.has_forecast,
        controls=[control_out(each) for each in terms.controls],
        owners=[person_out(each) for each in view.owners],
        declared=view.declared or None,
        current=period_out(standing, terms.currency),
        reserved=money(view.reserved),
        resets_in=view.resets_in,
        projected=None if view.projected is None else money(view.projected),
        gone_at=view.gone_at,
        controls_now=[control_out(each) for each in view.controls_now],
        throttle_per_hour=standing.throttle_per_hour,
        acknowledged_by=person_out(view.acknowledged_by) if view.acknowledged_by else None,
        acknowledged_at=standing.acknowledged_at,
        raise_asked=RaiseOut(
            reference=asked.reference, request_id=asked.request_id, to=money(asked.wanted), lasts=asked.lasts
        )
        if asked
        else None,
        past=[period_out(each, terms.currency) for each in view.past],
        ended_at=view.ended_at,
    )


def period_out(standing: Standing, currency: str) -> PeriodOut:
    """A period as it travels."""

    def money(amount: Decimal) -> MoneyOut:
        return MoneyOut(amount=amount, currency=currency)

    return PeriodOut(
        starts_at=standing.window.starts_at,
        ends_at=standing.window.ends_at,
        limit=money(standing.limit),
        carried=money(standing.carried),
        raised=money(standing.extra),
        used=money(standing.used),
        spent=money(standing.spent),
        left=money(standing.left),
        percent=float(standing.percent),
        charges=standing.charges,
        exceeded=standing.is_at(Decimal(100)),
        reset_at=standing.reset_at,
        alerts=list(standing.told),
    )


def what_if_out(found: Supposition) -> WhatIfOut:
    """What another limit would have meant, as it travels."""
    currency, window = found.budget.terms.currency, found.budget.standing.window

    def held_up(each: Decided) -> HeldUpOut:
        return HeldUpOut(decision_id=each.id, at=each.at, by=each.by, action=each.action, agent=each.agent)

    return WhatIfOut(
        limit=MoneyOut(amount=found.limit, currency=currency),
        starts_at=window.starts_at,
        ends_at=window.ends_at,
        reached_at=found.reached_at,
        really_reached_at=found.really_reached_at,
        beyond=MoneyOut(amount=found.beyond, currency=currency),
        stopped=[held_up(each) for each in found.stopped],
        freed=[held_up(each) for each in found.freed],
        people=found.people,
    )


def control_out(control: Control) -> ControlOut:
    """A control as it travels."""
    return ControlOut(
        does=control.does.value, at=float(control.at), actions=list(control.actions), per_hour=control.per_hour
    )
