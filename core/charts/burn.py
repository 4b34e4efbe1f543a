"""How a budget burns in one of its periods, as a chart. Pure (C4, B5)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from core.budgets import BudgetView, amount, amount_words
from core.charts.chart import Chart, colours
from core.charts.ticks import axis, ticks

HEIGHT: Final = 180  # pixels
USED, RATE, LIMIT = "used", "at this rate", "limit"

Burn = Sequence[tuple[datetime, Decimal]]  # what was used by then, in the order of time


def burn_chart(budget: BudgetView, burn: Burn, *, now: datetime) -> Chart:
    """What is used by when, the limit, and where the rate so far leads by the period's end."""
    standing, currency = budget.standing, budget.terms.currency
    window = standing.window
    until = min(now, window.ends_at)
    used = [(window.starts_at, Decimal(0)), *burn, (until, standing.used)]
    values = [_point(at, value, USED) for at, value in used]
    values += [_point(at, standing.limit, LIMIT) for at in (window.starts_at, window.ends_at)]
    if budget.projected is not None and until < window.ends_at:
        values += [_point(until, standing.used, RATE), _point(window.ends_at, budget.projected, RATE)]
    leads = (
        f" At this rate {amount_words(budget.projected)} {currency} by the end." if budget.projected is not None else ""
    )
    said = f"{amount_words(standing.used)} of {amount_words(standing.limit)} {currency} used, {standing.percent:f} %."
    begins, ends = (f"{each:%Y-%m-%d}" for each in (window.starts_at, window.ends_at))
    return Chart(
        name="burn",
        title=f"{budget.reference} {budget.terms.name}",
        description=f"Budget {budget.reference}, {begins} to {ends}: {said}{leads}",
        columns=("Until (UTC)", f"Used, {currency}"),
        rows=tuple((f"{at:%Y-%m-%d %H:%M}", amount(value)) for at, value in used[1:]),
        body={
            "height": HEIGHT,
            "data": {"values": values},
            "mark": {"type": "line", "interpolate": "linear", "strokeWidth": 2.5},
            "encoding": {
                "x": {
                    "field": "at",
                    "type": "temporal",
                    "scale": {"type": "utc"},
                    "title": None,
                    "axis": axis(ticks(window.starts_at, window.ends_at, zone=budget.zone)),
                },
                "y": {"field": "value", "type": "quantitative", "title": currency, "scale": {"zero": True}},
                "color": {
                    "field": "what",
                    "type": "nominal",
                    "scale": colours(used="blue", at_this_rate="pale", limit="red"),
                },
                "strokeDash": {
                    "field": "what",
                    "type": "nominal",
                    "scale": {"domain": [USED, RATE, LIMIT], "range": [[1, 0], [6, 4], [2, 2]]},
                },
            },
        },
    )


def _point(at: datetime, value: Decimal, what: str) -> dict[str, Any]:
    """A picture needs no more digits than a float has."""
    return {"at": at.isoformat(), "value": float(value), "what": what}
