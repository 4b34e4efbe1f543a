"""What the resources of costs share: exact money, and which costs are meant."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from core.costs import CostFilter
from web.paging import PageQuery
from web.schema import Day, MoneyOut

_Names = Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=50)]


class CostQuery(PageQuery):
    """Which costs: each filter may be given several times, and all must agree."""

    project: _Names = Field(default_factory=list)
    agent: _Names = Field(default_factory=list)
    meter: _Names = Field(default_factory=list)
    meter_class: _Names = Field(default_factory=list)
    cost_centre: Annotated[_Names, Field(description="by its code; empty: what belongs to none")] = Field(
        default_factory=list
    )
    since: Annotated[Day | None, Field(description="first day (UTC)")] = None
    until: Annotated[Day | None, Field(description="the day after the last (UTC)")] = None


def exact(amount: Decimal, currency: str) -> MoneyOut:
    """Money as it travels."""
    return MoneyOut(amount=amount, currency=currency)


def cost_filter(query: CostQuery) -> CostFilter:
    """Which costs are meant."""
    return CostFilter(
        projects=tuple(query.project),
        agents=tuple(query.agent),
        meters=tuple(query.meter),
        meter_classes=tuple(query.meter_class),
        since=query.since,
        until=query.until,
        cost_centres=tuple(query.cost_centre),
    )
