"""/api/v1/costs/chargeback: what each cost centre is charged for a month, in figures and as a file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime
from typing import Annotated, Final, Literal

from pydantic import Field

from core.charts import Renderer, centres_chart
from core.costs import RateCatalogue
from core.db import Database
from core.errors import ErrorKind
from core.finance import CentreStatement, Chargeback, StatementFormat, chargeback, statement_file
from core.money import plain
from web.api.analytics import VEGA_LITE, DrawnQuery, drawn
from web.api.cost_shapes import exact
from web.endpoint import JSON_MEDIA_TYPE, Call, Media, Method, Stream, endpoint
from web.schema import MoneyOut, Output, Query

_TAGS: Final = ("costs",)
_FILES: Final = tuple(dict.fromkeys(each.media_type for each in StatementFormat))


class PeriodQuery(Query):
    """Which month."""

    period: Annotated[str, Field(max_length=20, description="2026-11; the last whole month by default")] = ""
    currency: Annotated[str, Field(max_length=3, description="the one with most costs by default")] = ""


class StatementQuery(PeriodQuery):
    """Which month, and as what."""

    format: Literal["json", "csv", "xlsx", "pdf", "focus"] = "json"
    version: Annotated[Literal["1.2", "1.3"], Field(description="of FOCUS")] = "1.2"


class PeriodChartQuery(PeriodQuery, DrawnQuery):
    """Which month, and how the chart is written."""


class LineOut(Output):
    """One meter of an agent of a project."""

    project: str
    agent: str
    meter: str
    quantity: str
    exact: MoneyOut
    amount: MoneyOut


class CentreOut(Output):
    """What a centre is charged: its lines and its rounding add up to its amount."""

    cost_centre: Annotated[str, Field(description="empty: what belongs to none")]
    title: str
    exact: MoneyOut
    rounding: MoneyOut
    amount: MoneyOut
    lines: list[LineOut]


class ChargebackOut(Output):
    """A month's statement: the centres and the rounding add up to the amount, the ledger's, rounded once."""

    period: str
    since: date
    until: date
    over: Annotated[bool, Field(description="whether the month is")]
    made_at: datetime
    exact: MoneyOut
    rounding: MoneyOut
    amount: MoneyOut
    items: list[CentreOut]


class Chargebacks:
    """Statements."""

    def __init__(self, database: Database, rates: RateCatalogue, renderer: Renderer) -> None:
        self._database = database
        self._rates = rates
        self._renderer = renderer

    @endpoint(
        Method.GET,
        "/api/v1/costs/chargeback",
        summary="Show or take a month's statement",
        tags=_TAGS,
        errors=(ErrorKind.FORBIDDEN,),
        permission="view_audit",
        responses={200: Media((JSON_MEDIA_TYPE, *_FILES), "The statement, in figures or as a file")},
    )
    async def statement(self, call: Call[None, StatementQuery, None]) -> Stream:
        """Per cost centre, to the cent, with what rounding made of it; it adds up to the ledger's total."""
        query = call.query
        if query.format == "json":
            made = await chargeback(
                self._database, self._rates, call.actor, period=query.period, currency=query.currency
            )
            return Stream(_once(chargeback_out(made)), JSON_MEDIA_TYPE)
        found = await statement_file(
            self._database,
            self._rates,
            call.actor,
            StatementFormat(query.format),
            period=query.period,
            currency=query.currency,
            version=query.version,
        )
        return Stream(found.chunks, found.media_type, found.name)

    @endpoint(
        Method.GET,
        "/api/v1/costs/chargeback/chart",
        summary="Draw a month's statement",
        tags=_TAGS,
        errors=(ErrorKind.FORBIDDEN, ErrorKind.UNAVAILABLE),
        permission="view_audit",
        responses={200: Media((VEGA_LITE, "image/svg+xml", "image/png"), "The chart")},
    )
    async def chart(self, call: Call[None, PeriodChartQuery, None]) -> Stream:
        """The same chart as in chat and in the console."""
        query = call.query
        made = await chargeback(self._database, self._rates, call.actor, period=query.period, currency=query.currency)
        return await drawn(self._renderer, centres_chart(made), query)


def chargeback_out(made: Chargeback) -> ChargebackOut:
    """A statement as it travels."""
    statement = made.statement
    return ChargebackOut(
        period=made.period,
        since=statement.since,
        until=statement.until,
        over=made.is_over,
        made_at=made.made_at,
        exact=exact(statement.exact, statement.currency),
        rounding=exact(statement.rounding, statement.currency),
        amount=exact(statement.amount, statement.currency),
        items=[_centre_out(each, statement.currency) for each in statement.centres],
    )


async def _once(answer: ChargebackOut) -> AsyncIterator[bytes]:
    yield answer.model_dump_json().encode()


def _centre_out(each: CentreStatement, currency: str) -> CentreOut:
    return CentreOut(
        cost_centre=each.code,
        title=each.title,
        exact=exact(each.exact, currency),
        rounding=exact(each.rounding, currency),
        amount=exact(each.amount, currency),
        lines=[
            LineOut(
                project=line.project,
                agent=line.agent,
                meter=line.meter,
                quantity=plain(line.quantity),
                exact=exact(line.exact, currency),
                amount=exact(line.amount, currency),
            )
            for line in each.lines
        ],
    )
