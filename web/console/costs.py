"""Costs: the way down from the tenant to the events, the forecast, the return on agents, statements (C7-C10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from core.charts import (
    Chart,
    PictureFormat,
    Theme,
    centres_chart,
    days_chart,
    forecast_chart,
    shares_chart,
    tornado_chart,
    trend_chart,
)
from core.costs import CostFilter, ledger_lines
from core.errors import NotFound
from core.finance import (
    Breakdown,
    Chargeback,
    CostForecast,
    CostTrend,
    InvalidReport,
    Level,
    Narrowed,
    Returns,
    StatementFormat,
    bearers,
    chargeback,
    cost_breakdown,
    cost_forecast,
    cost_trend,
    list_cost_centres,
    next_level,
    returns,
    statement_file,
)
from core.money import CODE
from web.console.bars import bar
from web.console.front import CONTENT_SECURITY_POLICY, Look

WINDOWS: Final = (7, 30, 90, 365)  # days
HORIZONS: Final = (7, 30, 90)  # days
EVENTS_SHOWN: Final = 50
PLACE: Final = "costs"
NARROWING: Final = ("cost_centre", "project", "agent", "meter")
ANY: Final = "*"  # any cost centre, where an empty one means none


async def dashboard(look: Look) -> web.Response:
    """`GET /console/costs?days=30&project=…&agent=…&meter=…&cost_centre=…&by=…`: one step of the way down."""
    found = await _breakdown(look)
    centres = await list_cost_centres(look.database, look.actor)
    narrowed = found.narrowed
    events = await _events(look, found) if found.level is None else ()
    return look.page(
        "costs.html",
        place=PLACE,
        found=found,
        events=events,
        days=_days(look),
        windows=WINDOWS,
        bar=bar,
        charts=[chart for chart in (days_chart(found), shares_chart(found)) if found.total and _is_drawn(chart, found)],
        crumbs=_crumbs(look, narrowed),
        centres=centres,
        level=str(found.level or "").replace("_", " "),
        next_level=next_level,
        titles={each.code: each.title for each in centres},
        by_next=_query(look, narrowed, by=""),
        by_centre=_query(look, narrowed, by=Level.COST_CENTRE),
        kept=_kept(look),
        here=_query(look, narrowed),
        deeper=lambda name: _query(look, _narrower(narrowed, found.level, name), by=""),
        with_days=lambda days: _query(look, narrowed, days=days),
        most=max((each.cost for each in found.shares), default=0),
    )


async def forecast(look: Look) -> web.Response:
    """`GET /console/costs/forecast?ahead=30&project=…`: the coming days with their band, and the trend up to them."""
    found, past = await _forecast(look), await _trend(look)
    return look.page(
        "costs_forecast.html",
        place=PLACE,
        found=found,
        past=past,
        ahead=_ahead(look),
        horizons=HORIZONS,
        charts=[forecast_chart(found), trend_chart(past)],
        here=_query(look, _narrowed(look)),
        with_ahead=lambda days: _query(look, _narrowed(look), ahead=days),
    )


async def statements(look: Look) -> web.Response:
    """`GET /console/costs/chargeback?period=2026-11&currency=EUR`: who is charged what, with the files."""
    made, lacking = await _statement(look)
    first = made.statement.since
    following = made.statement.until
    return look.page(
        "costs_chargeback.html",
        place=PLACE,
        made=made,
        chart=centres_chart(made),
        before=f"{first - timedelta(days=1):%Y-%m}",
        after=f"{following:%Y-%m}" if following <= look.sight.now.date() else "",
        formats=tuple(StatementFormat),
        lacking=lacking,
        of=lambda period, currency="": _query_of(period, currency or look.query("currency")),
    )


async def statement(look: Look) -> web.StreamResponse:
    """`GET /console/costs/chargeback/file?format=pdf&period=2026-11`: the statement as a file."""
    wanted = look.query("format")
    if wanted not in tuple(StatementFormat):
        raise NotFound("There is no such file.", where="format", accepted=tuple(StatementFormat))
    found = await statement_file(
        look.database,
        look.house.rates,
        look.actor,
        StatementFormat(wanted),
        period=look.query("period"),
        currency=look.query("currency"),
        version=look.query("version") or "1.2",
    )
    answer = web.StreamResponse(
        headers={
            "Content-Type": found.media_type,
            "Content-Disposition": f'attachment; filename="{found.name}"',
            "Cache-Control": "no-store",
        }
    )
    await answer.prepare(look.request)
    async for chunk in found.chunks:
        await answer.write(chunk)
    await answer.write_eof()
    return answer


async def picture(look: Look) -> web.Response:
    """`GET /console/costs/charts/{name}.svg?…&theme=dark`: one picture of these pages, by their own query."""
    theme = Theme.DARK if look.query("theme") == Theme.DARK else Theme.LIGHT
    found = await _chart(look, look.request.match_info["name"])
    return web.Response(
        body=await look.house.renderer.draw(found, PictureFormat.SVG, theme),
        content_type=PictureFormat.SVG.media_type,
        # The page's policy holds for the picture too, should somebody open it by itself: it may run and fetch nothing.
        headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": "no-store"},
    )


async def _chart(look: Look, name: str) -> Chart:
    match name:
        case "days":
            return days_chart(await _breakdown(look))
        case "shares":
            return shares_chart(await _breakdown(look))
        case "forecast":
            return forecast_chart(await _forecast(look))
        case "trend":
            return trend_chart(await _trend(look))
        case "chargeback":
            return centres_chart(await _chargeback(look, look.query("currency")))
        case "sensitivity":
            found = await returns_of(look)
            for each in found.agents:
                if each.agent == look.query("agent"):
                    return tornado_chart(each, found.currency)
        case _:
            pass
    raise NotFound("There is no such picture.")


async def _statement(look: Look) -> tuple[Chargeback, str]:
    """The month's statement; and the currency that was asked for, where nothing was spent in it then."""
    wanted = look.query("currency")
    try:
        return await _chargeback(look, wanted), ""
    except InvalidReport as error:
        if error.where != "currency" or not CODE.fullmatch(wanted):
            raise
    return await _chargeback(look, ""), wanted


def _query_of(period: str, currency: str) -> str:
    return urlencode({"period": period, **({"currency": currency} if currency else {})})


async def _chargeback(look: Look, currency: str) -> Chargeback:
    return await chargeback(look.database, look.house.rates, look.actor, period=look.query("period"), currency=currency)


async def _breakdown(look: Look) -> Breakdown:
    tomorrow = look.sight.now.date() + timedelta(days=1)
    return await cost_breakdown(
        look.database,
        look.actor,
        _narrowed(look),
        since=tomorrow - timedelta(days=_days(look)),
        until=tomorrow,
        currency=look.query("currency"),
        by=_by(look),
    )


async def _forecast(look: Look) -> CostForecast:
    return await cost_forecast(
        look.database, look.actor, _narrowed(look), days=_ahead(look), currency=look.query("currency")
    )


async def _trend(look: Look) -> CostTrend:
    return await cost_trend(look.database, look.actor, _narrowed(look), currency=look.query("currency"))


async def returns_of(look: Look) -> Returns:
    """What agents are worth against what they cost, in the currency that the address names."""
    return await returns(look.database, look.actor, currency=look.query("currency"))


async def _events(look: Look, found: Breakdown) -> tuple[object, ...]:
    """The newest lines of the ledger, where the way down ends."""
    narrowed = found.narrowed
    where = CostFilter(
        projects=() if narrowed.project is None else (narrowed.project,),
        agents=() if narrowed.agent is None else (narrowed.agent,),
        meters=() if narrowed.meter is None else (narrowed.meter,),
        since=found.span.since,
        until=found.span.until,
        cost_centres=() if narrowed.cost_centre is None else (narrowed.cost_centre,),
    )
    return await ledger_lines(look.database, look.actor, where, limit=EVENTS_SHOWN, bearers=bearers)


def _narrowed(look: Look) -> Narrowed:
    given = {name: look.query(name) for name in NARROWING if name in look.request.query}
    if given.get("cost_centre") == ANY:
        del given["cost_centre"]
    return Narrowed(**given)


def _narrower(narrowed: Narrowed, level: Level | None, name: str) -> Narrowed:
    return replace(narrowed, **{str(level): name}) if level else narrowed


def _crumbs(look: Look, narrowed: Narrowed) -> list[tuple[str, str]]:
    """The steps above this one, each with its query."""
    centre = narrowed.cost_centre
    steps = [("All costs", Narrowed())]
    if centre is not None:
        steps.append((centre or "no cost centre", Narrowed(cost_centre=centre)))
    if narrowed.project is not None:
        steps.append((narrowed.project or "no project", Narrowed(narrowed.project, cost_centre=centre)))
    if narrowed.agent is not None:
        steps.append((narrowed.agent or "no agent", replace(narrowed, meter=None)))
    if narrowed.meter is not None:
        steps.append((narrowed.meter, narrowed))
    return [(name, _query(look, step)) for name, step in steps]


def _query(look: Look, narrowed: Narrowed, **more: int | str) -> str:
    chosen = {name: value for name in NARROWING if (value := getattr(narrowed, name)) is not None}
    by = {"by": str(_by(look) or "")}
    kept = {"days": str(_days(look)), **by, **{name: str(value) for name, value in more.items()}}
    currency = {"currency": look.query("currency")} if look.query("currency") else {}
    return urlencode({**chosen, **currency, **{name: value for name, value in kept.items() if value}})


def _kept(look: Look) -> dict[str, str]:
    """What a form that chooses the cost centre keeps of the query."""
    kept = ("project", "agent", "meter", "days", "by", "currency")
    return {name: look.query(name) for name in kept if name in look.request.query}


def _by(look: Look) -> Level | None:
    """By what costs are told apart where somebody chose it."""
    return Level.COST_CENTRE if look.query("by") == Level.COST_CENTRE else None


def _days(look: Look) -> int:
    return next((each for each in WINDOWS if str(each) == look.query("days")), 30)


def _ahead(look: Look) -> int:
    return next((each for each in HORIZONS if str(each) == look.query("ahead")), 30)


def _is_drawn(chart: Chart, found: Breakdown) -> bool:
    return chart.name == "days" or bool(found.shares)
