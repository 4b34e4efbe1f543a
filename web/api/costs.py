"""/api/v1/costs: what was spent, grouped as asked; the rate card; whether the sums are those of the ledger."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final

from pydantic import BeforeValidator, Field

from core.costs import (
    Check,
    CostRow,
    Group,
    Price,
    RateCatalogue,
    check_sums,
    costs_by,
    list_checks,
    show_rates,
)
from core.db import Database
from core.errors import ErrorKind
from core.finance import bearers
from core.money import plain
from web.api.cost_shapes import CostQuery, cost_filter, exact
from web.endpoint import Call, Method, endpoint
from web.paging import Cursors, Page, whole
from web.schema import Input, MoneyOut, Output

_TAGS: Final = ("costs",)
_ROWS: Final = Cursors("costs", tuple[str, ...])


def _one_group(value: object) -> object:
    if isinstance(value, str) and "," in value:
        raise ValueError("it takes one name; give it again for each: group_by=project&group_by=agent")
    return value


class CostsQuery(CostQuery):
    """Which costs, and by what they are grouped."""

    group_by: Annotated[
        list[Annotated[Group, BeforeValidator(_one_group)]],
        Field(max_length=4, description="up to four, in this order, each given by itself"),
    ] = Field(default_factory=lambda: [Group.PROJECT])


class CostOut(Output):
    """What a group cost. Only what it was grouped by is there."""

    project: str | None = None
    agent: str | None = None
    meter: str | None = None
    meter_class: str | None = None
    cost_centre: Annotated[str | None, Field(description="its code; empty: none bears it")] = None
    day: str | None = None
    week: Annotated[str | None, Field(description="its Monday")] = None
    month: Annotated[str | None, Field(description="its first day")] = None
    cost: MoneyOut
    quantity: Annotated[str | None, Field(description="where all of it is of one meter")] = None
    events: int


class TierOut(Output):
    """What a unit costs beyond so many in a month."""

    above: str
    unit_price: MoneyOut


class PriceOut(Output):
    """What a unit costs from a day on; none: always."""

    since: date | None
    unit: str
    discount_percent: str
    tiers: list[TierOut]


class MeterOut(Output):
    """A meter and its prices."""

    meter: str
    meter_class: str
    prices: list[PriceOut]


class RatesOut(Output):
    """The rate card."""

    currency: str
    meters: list[MeterOut]


class CheckIn(Input):
    """Whether sums that are wrong are made anew."""

    repair: bool = False


class CheckOut(Output):
    """Whether every sum was that of the ledger, to the last digit."""

    checked_at: datetime
    sound: bool
    lines: int  # of the ledger, that were read
    differing: int  # sums
    repaired: bool
    differences: list[dict[str, str]]  # the first of them
    months: list[str]  # that were read, as 2026-11; none: all


class Costs:
    """Costs."""

    def __init__(self, database: Database, rates: RateCatalogue) -> None:
        self._database = database
        self._rates = rates

    @endpoint(
        Method.GET,
        "/api/v1/costs",
        summary="Show what was spent",
        tags=_TAGS,
        errors=(ErrorKind.FORBIDDEN,),
        permission="view_audit",
    )
    async def costs(self, call: Call[None, CostsQuery, None]) -> Page[CostOut]:
        """Grouped as asked, by the groups' names; exact, and up to now."""
        query, by = call.query, call.query.group_by or [Group.PROJECT]
        found = await costs_by(
            self._database,
            call.actor,
            by,
            cost_filter(query),
            after=_ROWS.decode(query.cursor),
            limit=query.limit + 1,
            bearers=bearers,
        )
        has_quantity = Group.METER in by or len(query.meter) == 1
        return _ROWS.page(
            found,
            limit=query.limit,
            shown=lambda row: cost_out(row, by, has_quantity=has_quantity),
            position=lambda row: (*row.keys, row.currency),
        )

    @endpoint(Method.GET, "/api/v1/costs/rates", summary="Show the rate card", tags=_TAGS)
    async def rates(self, call: Call[None, None, None]) -> RatesOut:
        """What each meter costs, with every price that it had and will have."""
        card = await show_rates(self._database, self._rates, call.actor)
        meters = [
            MeterOut(
                meter=each.name,
                meter_class=each.meter_class,
                prices=[price_out(price) for price in each.prices],
            )
            for each in card.meters.values()
        ]
        return RatesOut(currency=card.currency, meters=meters)

    @endpoint(
        Method.POST,
        "/api/v1/costs/checks",
        summary="Compare the sums with the ledger",
        tags=_TAGS,
        errors=(ErrorKind.FORBIDDEN,),
        permission="modify_config",
    )
    async def check(self, call: Call[CheckIn, None, None]) -> CheckOut:
        """Each sum, to the last digit; with `repair`, wrong ones are made anew from the ledger."""
        return check_out(await check_sums(self._database, call.actor, repair=call.body.repair))

    @endpoint(
        Method.GET,
        "/api/v1/costs/checks",
        summary="List comparisons of the sums with the ledger",
        tags=_TAGS,
        errors=(ErrorKind.FORBIDDEN,),
        permission="view_audit",
    )
    async def checks(self, call: Call[None, None, None]) -> Page[CheckOut]:
        """The last thirty, the newest first."""
        return whole([check_out(each) for each in await list_checks(self._database, call.actor)])


def cost_out(row: CostRow, by: list[Group], *, has_quantity: bool) -> CostOut:
    """What a group cost, as it travels."""
    keys = {group.value: key for group, key in zip(by, row.keys, strict=True)}
    return CostOut(
        **keys,
        cost=exact(row.amount, row.currency),
        quantity=plain(row.quantity) if has_quantity else None,
        events=row.events,
    )


def price_out(price: Price) -> PriceOut:
    """A price as it travels."""
    return PriceOut(
        since=price.first_day,
        unit=price.unit,
        discount_percent=plain(price.discount * 100),
        tiers=[
            TierOut(above=plain(each.above), unit_price=exact(each.unit_price, price.currency)) for each in price.tiers
        ],
    )


def check_out(check: Check) -> CheckOut:
    """A check as it travels."""
    return CheckOut(
        checked_at=check.checked_at,
        sound=check.is_sound,
        lines=check.lines,
        differing=check.differing,
        repaired=check.repaired,
        differences=list(check.differences),
        months=list(check.months),
    )
