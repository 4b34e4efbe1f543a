"""/api/v1/costs/benefits: what people say that agents are worth."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field

from core.costs import RateCatalogue
from core.db import Database
from core.errors import ErrorKind
from core.finance import BenefitKind, BenefitView, Declared, declare_benefit, list_benefits, withdraw_benefit
from web.api.convert import person_out
from web.api.shapes import PersonOut
from web.endpoint import Call, Method, endpoint
from web.paging import Page, whole
from web.schema import CURRENCY_PATTERN, Day, DecimalText, Id, Input, Line, Output, Path, Query

_TAGS: Final = ("costs",)


class BenefitIn(Input):
    """What an agent is worth, or what was put into it."""

    agent: Annotated[str, Field(max_length=200)]
    kind: BenefitKind
    title: Line
    likely: Annotated[
        DecimalText, Field(description="time saved: hours a month; investment: money, once; else money a month")
    ]
    low: Annotated[DecimalText | None, Field(description="20 % less by default")] = None
    high: Annotated[DecimalText | None, Field(description="20 % more by default")] = None
    hourly_rate: Annotated[DecimalText | None, Field(description="of time saved, and of it alone")] = None
    currency: Annotated[str, Field(pattern=CURRENCY_PATTERN, examples=["USD"], description="in which there are costs")]
    starts_on: Day
    ends_on: Annotated[Day | None, Field(description="the first day on which it holds no more")] = None
    evidence: Annotated[str, Field(max_length=4000, description="how it is known")] = ""


class BenefitOut(Output):
    """What was declared, by whom."""

    id: UUID
    agent: str
    kind: BenefitKind
    title: str
    low: DecimalText
    likely: DecimalText
    high: DecimalText
    hourly_rate: DecimalText | None
    currency: str
    starts_on: date
    ends_on: date | None
    evidence: str
    author: PersonOut | None
    created_at: datetime


class BenefitsQuery(Query):
    """Of which agent."""

    agent: Annotated[str | None, Field(max_length=200)] = None


class ByBenefit(Path):
    """Which benefit."""

    benefit_id: Id


class Benefits:
    """What agents are worth."""

    def __init__(self, database: Database, rates: RateCatalogue) -> None:
        self._database = database
        self._rates = rates

    @endpoint(Method.GET, "/api/v1/costs/benefits", summary="List benefits of agents", tags=_TAGS)
    async def benefits(self, call: Call[None, BenefitsQuery, None]) -> Page[BenefitOut]:
        """Those that stand, in the order in which they were declared."""
        found = await list_benefits(self._database, call.actor, agent=call.query.agent)
        return whole([_benefit_out(each) for each in found])

    @endpoint(
        Method.POST,
        "/api/v1/costs/benefits",
        summary="Declare a benefit of an agent",
        tags=_TAGS,
        responses={201: BenefitOut},
        errors=(ErrorKind.FORBIDDEN, ErrorKind.LIMITED),
        permission="modify_config",
    )
    async def declare(self, call: Call[BenefitIn, None, None]) -> BenefitOut:
        """It counts from its first day on, in `/api/v1/costs/roi`."""
        body = call.body
        said = Declared(
            agent=body.agent,
            kind=body.kind,
            title=body.title,
            likely=body.likely,
            currency=body.currency,
            low=body.low,
            high=body.high,
            rate=body.hourly_rate,
            starts_on=body.starts_on,
            ends_on=body.ends_on,
            evidence=body.evidence,
        )
        return _benefit_out(await declare_benefit(self._database, self._rates, call.actor, said))

    @endpoint(
        Method.DELETE,
        "/api/v1/costs/benefits/{benefit_id}",
        summary="Withdraw a benefit",
        tags=_TAGS,
        errors=(ErrorKind.FORBIDDEN, ErrorKind.NOT_FOUND),
        permission="modify_config",
    )
    async def withdraw(self, call: Call[None, None, ByBenefit]) -> None:
        """It counts no more, on no day."""
        await withdraw_benefit(self._database, call.actor, call.path.benefit_id)


def _benefit_out(view: BenefitView) -> BenefitOut:
    said = view.benefit
    return BenefitOut(
        id=view.id,
        agent=view.agent,
        kind=said.kind,
        title=said.title,
        low=said.quantity.low,
        likely=said.quantity.likely,
        high=said.quantity.high,
        hourly_rate=said.rate if said.kind is BenefitKind.TIME_SAVED else None,
        currency=view.currency,
        starts_on=said.starts_on,
        ends_on=said.ends_on,
        evidence=view.evidence,
        author=person_out(view.author) if view.author else None,
        created_at=view.created_at,
    )
