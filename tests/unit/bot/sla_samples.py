"""Service levels for tests of views."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from core.sla import CreditView, Judged, Metric, Objective, OwedAction, ServiceView, Standing, StatusView
from core.sla.budget import Budget, Unit
from core.sla.objective import Bound
from core.sla.windows import DAY, LAST_30_DAYS, LAST_DAY
from tests.unit.bot.samples import LEE, NOW, REQUEST_ID

AVAILABLE = Objective(name="availability", metric=Metric.AVAILABILITY, bound=Bound(">=", 0.999), window=LAST_30_DAYS)
FAST = Objective(name="response_time", metric=Metric.RESPONSE_TIME, bound=Bound("<", 2.0), window=LAST_DAY)
BUDGET = Budget(Unit.MINUTES, 43.2, 40.2, 18.0, timedelta(hours=5))


def owed(**changes: Any) -> OwedAction:
    found = OwedAction(
        id=REQUEST_ID,
        service="payments",
        title="Cache the exchange rates",
        why="95% of response times rose from 200ms to 900ms about 20 Mar 2026.",
        owner=LEE,
        due_at=NOW + timedelta(days=3),
        state="open",
        evidence="",
    )
    return replace(found, **changes)


def judged(**changes: Any) -> Judged:
    found = Judged(
        objective=AVAILABLE,
        standing=Standing.AT_RISK,
        value=0.9995,
        budget=BUDGET,
        words="99.95% (availability >= 99.9% over the last 30 days is close to its bound); at this rate the 30 days' "
        "budget is gone in 5 h; 3 of 43 min left.",
        signal=None,
    )
    return replace(found, **changes)


def status(**changes: Any) -> StatusView:
    fast = judged(
        objective=FAST, standing=Standing.MET, value=0.84, budget=None, words="840ms (95% of response times < 2s)."
    )
    found = StatusView(
        service="payments",
        since=NOW - DAY,
        until=NOW,
        measured_since=NOW - DAY,
        last_sample_at=NOW,
        samples=86_400,
        failed=43,
        response_time_p50=0.21,
        response_time_p95=0.84,
        response_time_p99=1.4,
        is_exact=False,
        availability=0.9995,
        minutes_down=0.7,
        minutes_unsampled=0,
        throughput_per_minute=60.0,
        success_rate=0.9995,
        error_rate=0.0005,
        standing="at_risk",
        words=judged().words,
        objectives=(judged(), fast),
        alerts=(),
    )
    return replace(found, **changes)


def empty() -> StatusView:
    return status(
        last_sample_at=None,
        availability=None,
        response_time_p95=None,
        error_rate=None,
        throughput_per_minute=None,
        standing="no_data",
        words="No sample was ever taken.",
        objectives=(),
    )


def line(**changes: Any) -> ServiceView:
    found = ServiceView("payments", "at_risk", judged().words, 0.9995, 0.84, 0.0005, 60.0, NOW, 1)
    return replace(found, **changes)


def credit(**changes: Any) -> CreditView:
    found = CreditView(
        service="payments",
        start=NOW - 30 * DAY,
        end=NOW,
        is_over=True,
        promised=0.999,
        availability=0.9987,
        availability_at_end=0.9987,
        minutes_down=58.0,
        credit=Decimal("0.10"),
        amount=Decimal("100.00"),
        currency="USD",
        terms=("below 99.9%: 10% credit",),
    )
    return replace(found, **changes)
