"""/api/v1/costs/roi: what agents bring against what they cost (C9)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Final

from pydantic import Field

from core.db import Database
from core.errors import ErrorKind
from core.finance import AgentReturn, Payback, Returns, returns
from core.money import plain
from web.api.cost_shapes import exact
from web.endpoint import Call, Method, endpoint
from web.schema import Day, MoneyOut, Output, Query

_TAGS: Final = ("costs",)
_ERRORS: Final = (ErrorKind.FORBIDDEN,)
_Name = Annotated[str | None, Field(max_length=200)]


class ReturnQuery(Query):
    """Of which agent, over which days."""

    agent: _Name = None
    since: Annotated[Day | None, Field(description="a year before the end by default")] = None
    until: Annotated[Day | None, Field(description="the day after the last (UTC)")] = None
    currency: Annotated[str, Field(max_length=3)] = ""


class PaybackOut(Output):
    """When everything gained covers everything spent."""

    reached: bool
    on: date | None
    after_days: int | None


class SwayOut(Output):
    """The return if one estimate is low or high, and the others are likely."""

    estimate: str
    title: str
    low: str
    high: str
    return_if_low: float | None
    return_if_high: float | None


class AgentReturnOut(Output):
    """What an agent brought and cost."""

    agent: str
    claims: Annotated[int, Field(description="benefits that people declared")]
    benefit: MoneyOut
    benefits: dict[str, MoneyOut]
    running_cost: MoneyOut
    investment: MoneyOut
    net: MoneyOut
    roi: Annotated[float | None, Field(description="net over cost; null where nothing was spent")]
    payback: PaybackOut | None
    sensitivity: Annotated[list[SwayOut], Field(description="what moves the return most first")]


class ReturnsOut(Output):
    """Every agent with costs or benefits, the greatest net first."""

    since: date
    until: date
    items: list[AgentReturnOut]
    benefit: MoneyOut
    cost: MoneyOut
    net: MoneyOut
    unclaimed: Annotated[MoneyOut, Field(description="cost of agents of which nobody said what they are worth")]


class CostReturns:
    """Returns on agents."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @endpoint(
        Method.GET,
        "/api/v1/costs/roi",
        summary="Show the return on agents",
        tags=_TAGS,
        errors=_ERRORS,
        permission="view_audit",
    )
    async def roi(self, call: Call[None, ReturnQuery, None]) -> ReturnsOut:
        """What people declared (`/api/v1/costs/benefits`) against what the ledger says; by default of a year."""
        query = call.query
        found = await returns(
            self._database,
            call.actor,
            agent=query.agent,
            since=query.since,
            until=query.until,
            currency=query.currency,
        )
        return returns_out(found)


def returns_out(found: Returns) -> ReturnsOut:
    """Returns as they travel."""
    currency = found.currency
    return ReturnsOut(
        since=found.span.since,
        until=found.span.until,
        items=[_agent_out(each, currency) for each in found.agents],
        benefit=exact(found.benefit, currency),
        cost=exact(found.cost, currency),
        net=exact(found.net, currency),
        unclaimed=exact(found.unclaimed, currency),
    )


def _agent_out(each: AgentReturn, currency: str) -> AgentReturnOut:
    found = each.found
    return AgentReturnOut(
        agent=each.agent,
        claims=each.claims,
        benefit=exact(found.benefit, currency),
        benefits={str(kind): exact(worth, currency) for kind, worth in found.benefits.items()},
        running_cost=exact(found.running_cost, currency),
        investment=exact(found.investment, currency),
        net=exact(found.net, currency),
        roi=_ratio(found.ratio),
        payback=_payback_out(found.payback) if found.payback else None,
        sensitivity=[
            SwayOut(
                estimate=sway.key,
                title=sway.title,
                low=plain(sway.low),
                high=plain(sway.high),
                return_if_low=_ratio(sway.return_low),
                return_if_high=_ratio(sway.return_high),
            )
            for sway in found.sensitivity
        ],
    )


def _payback_out(found: Payback) -> PaybackOut:
    return PaybackOut(reached=found.is_reached, on=found.on, after_days=found.after_days)


def _ratio(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
