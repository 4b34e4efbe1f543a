"""/api/v1/costs/variance: budgets against what was spent, explained by price, volume and mix."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field

from core.costs import RateCatalogue
from core.db import Database
from core.errors import ErrorKind, InvalidInput
from core.finance import Basis, BudgetVariance, Effects, LineVariance, budget_variances
from core.money import plain
from web.api.cost_shapes import exact
from web.endpoint import Call, Method, endpoint
from web.paging import Page, whole
from web.schema import Day, MoneyOut, Output, Query

_REFERENCE: Final = re.compile(r"(?:BUD-)?([0-9]{1,9})", re.IGNORECASE | re.ASCII)


class VarianceQuery(Query):
    """Of which budget, in which of its periods."""

    budget: Annotated[str, Field(max_length=40, description="BUD-1001, or its id; every budget by default")] = ""
    at: Annotated[Day | None, Field(description="a day of the period; today by default")] = None


class EffectsOut(Output):
    """Why what was spent differs from what was planned: price, volume and mix add up to the difference, exactly."""

    planned: MoneyOut
    actual: MoneyOut
    difference: MoneyOut
    price: MoneyOut
    volume: MoneyOut
    mix: MoneyOut


class VarianceLineOut(EffectsOut):
    """One meter of an agent of a project."""

    project: str
    agent: str
    meter: str
    unit: str
    planned_quantity: str
    actual_quantity: str


class VarianceOut(EffectsOut):
    """A budget's period up to now."""

    budget_id: UUID
    budget: str  # BUD-1001
    name: str
    starts_at: datetime
    ends_at: datetime
    over: bool
    limit: Annotated[MoneyOut, Field(description="of the whole period; `planned` is its share up to now")]
    basis: Annotated[Basis, Field(description="what the plan is taken from: the period before, or list prices")]
    lines: list[VarianceLineOut]


class Variances:
    """Budgets against what was spent."""

    def __init__(self, database: Database, rates: RateCatalogue) -> None:
        self._database = database
        self._rates = rates

    @endpoint(
        Method.GET,
        "/api/v1/costs/variance",
        summary="Explain budgets against what was spent",
        tags=("costs",),
        errors=(ErrorKind.FORBIDDEN, ErrorKind.NOT_FOUND),
        permission="view_audit",
    )
    async def variance(self, call: Call[None, VarianceQuery, None]) -> Page[VarianceOut]:
        """By price, volume and mix; for each line and altogether they add up to the difference, to the last digit."""
        query = call.query
        found = await budget_variances(
            self._database, self._rates, call.actor, budget=_budget(query.budget), at=query.at
        )
        return whole([variance_out(each) for each in found])


def _budget(text: str) -> UUID | int | None:
    if not text:
        return None
    found = _REFERENCE.fullmatch(text)
    if found:
        return int(found[1])
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInput("That names no budget.", where="budget", accepted=("BUD-1001",)) from None


def variance_out(each: BudgetVariance) -> VarianceOut:
    """A variance as it travels."""
    return VarianceOut(
        budget_id=each.budget_id,
        budget=each.reference,
        name=each.name,
        starts_at=each.window.starts_at,
        ends_at=each.window.ends_at,
        over=each.is_over,
        limit=exact(each.limit, each.currency),
        basis=each.basis,
        lines=[_line_out(line, each.currency) for line in each.lines],
        **_effects(each.effects, each.currency),
    )


def _line_out(line: LineVariance, currency: str) -> VarianceLineOut:
    return VarianceLineOut(
        project=line.key.project,
        agent=line.key.agent,
        meter=line.key.meter,
        unit=line.key.unit,
        planned_quantity=plain(line.planned_quantity),
        actual_quantity=plain(line.actual_quantity),
        **_effects(line.effects, currency),
    )


def _effects(found: Effects, currency: str) -> dict[str, MoneyOut]:
    return {
        "planned": exact(found.planned, currency),
        "actual": exact(found.actual, currency),
        "difference": exact(found.total, currency),
        "price": exact(found.price, currency),
        "volume": exact(found.volume, currency),
        "mix": exact(found.mix, currency),
    }
