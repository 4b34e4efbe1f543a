"""`countersign report costs|roi|variance|chargeback|recommendations`: what finance people ask, in a terminal."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from app.administration import existing, operator, run
from app.container import Service
from config.load import load_settings
from core.actor import Actor
from core.finance import (
    ALL,
    Breakdown,
    BudgetVariance,
    Chargeback,
    CostForecast,
    Returns,
    StatementFile,
    StatementFormat,
    budget_variances,
    chargeback,
    cost_breakdown,
    cost_forecast,
    find_recommendations,
    payback_words,
    returns,
    statement_file,
)
from web.api.chargebacks import chargeback_out
from web.api.cost_reports import breakdown_out, forecast_out
from web.api.cost_returns import returns_out
from web.api.recommendations import recommendation_out
from web.api.variances import variance_out

Config = Annotated[Path | None, typer.Option("--config", help="One YAML file; environment variables win over it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print data as JSON, as the API has it.")]
Tenant = Annotated[str, typer.Argument(help="the tenant's id: enterprise-corp")]
Period = Annotated[str, typer.Option(help="Such as 2026-11; the last whole month if left out.")]
T = TypeVar("T")
out = Console()


def add_cost_reports(report: typer.Typer) -> None:
    """The group has these commands."""
    report.command("costs")(costs)
    report.command("roi")(roi)
    report.command("variance")(variance)
    report.command("chargeback")(statement)
    report.command("recommendations")(recommendations)


def costs(tenant_id: Tenant, config: Config = None, as_json: AsJson = False) -> None:
    """What the last thirty days cost by project, and what the next thirty are expected to."""

    async def read(service: Service, actor: Actor) -> tuple[Breakdown, CostForecast]:
        found = await cost_breakdown(service.database, actor, ALL)
        return found, await cost_forecast(service.database, actor, ALL)

    found, coming = _read(config, tenant_id, read)
    if as_json:
        _print({"breakdown": _plain(breakdown_out(found)), "forecast": _plain(forecast_out(coming))})
        return
    table = _table("Project", "cost", "days before", title=f"Costs, {found.span}")
    for each in found.shares:
        table.add_row(escape(each.name) or "–", f"{each.cost:,.2f}", f"{each.before:,.2f}")
    table.add_row("Total", f"{found.total:,.2f}", f"{found.before:,.2f}", style="bold")
    out.print(table)
    if coming.forecast:
        total = coming.forecast.total
        out.print(f"Expected in 30 days: {total.cost:,.0f} ({total.low:,.0f} to {total.high:,.0f}) {found.currency}.")


def roi(
    tenant_id: Tenant,
    agent: Annotated[str | None, typer.Option(help="One agent alone.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """What agents are worth against what they cost, over a year."""

    async def read(service: Service, actor: Actor) -> Returns:
        return await returns(service.database, actor, agent=agent)

    found = _read(config, tenant_id, read)
    if as_json:
        _print(_plain(returns_out(found)))
        return
    table = _table("Agent", "benefit", "cost", "net", "return", title=f"Return, {found.span} ({found.currency})")
    table.add_column("pays back")
    for each in found.agents:
        cost = each.found.running_cost + each.found.investment
        ratio = "–" if each.found.ratio is None else f"{each.found.ratio:.0%}"
        benefit = f"{each.found.benefit:,.2f}" if each.claims else "not said"
        figures = (benefit, f"{cost:,.2f}", f"{each.found.net:,.2f}", ratio)
        table.add_row(escape(each.agent), *figures, payback_words(each.found.payback))
    out.print(table)


def variance(tenant_id: Tenant, config: Config = None, as_json: AsJson = False) -> None:
    """Each budget's running period against what was spent: price, volume, mix."""

    async def read(service: Service, actor: Actor) -> tuple[BudgetVariance, ...]:
        return await budget_variances(service.database, service.rates, actor)

    found = _read(config, tenant_id, read)
    if as_json:
        _print([_plain(variance_out(each)) for each in found])
        return
    columns = ("planned by now", "spent", "difference", "price", "volume", "mix")
    table = _table("Budget", *columns, title="Budgets against costs")
    for each in found:
        effects = each.effects
        figures = (effects.planned, effects.actual, effects.total, effects.price, effects.volume, effects.mix)
        table.add_row(escape(f"{each.reference} {each.name}"), *(f"{figure:,.2f}" for figure in figures))
    out.print(table)


def statement(
    tenant_id: Tenant,
    period: Period = "",
    written: Annotated[StatementFormat | None, typer.Option("--format", help="Write a file of this kind.")] = None,
    folder: Annotated[Path, typer.Option("--to", file_okay=False, help="Into this folder.")] = Path(),
    version: Annotated[str, typer.Option("--focus-version", help="1.2 or 1.3")] = "1.2",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Who is charged what for a month; with --format as a file."""
    if written is not None:
        chosen = written

        async def write(service: Service, actor: Actor) -> Path:
            found = await statement_file(service.database, service.rates, actor, chosen, period=period, version=version)
            return await _written(found, folder)

        typer.echo(_read(config, tenant_id, write))
        return

    async def read(service: Service, actor: Actor) -> Chargeback:
        return await chargeback(service.database, service.rates, actor, period=period)

    made = _read(config, tenant_id, read)
    if as_json:
        _print(_plain(chargeback_out(made)))
        return
    table = _table("Cost centre", "amount", title=f"Chargeback {made.period} ({made.statement.currency})")
    for each in made.statement.centres:
        table.add_row(escape(f"{each.code} {each.title}".strip()) or "No cost centre", f"{each.amount:,}")
    if made.statement.rounding:
        table.add_row("Rounding", f"{made.statement.rounding:,}")
    table.add_row("Total", f"{made.statement.amount:,}", style="bold")
    out.print(table)


def recommendations(tenant_id: Tenant, config: Config = None, as_json: AsJson = False) -> None:
    """What could cost less, looked for now."""

    async def read(service: Service, actor: Actor) -> Any:
        return await find_recommendations(service.database, service.rates, actor)

    found = _read(config, tenant_id, read)
    if as_json:
        _print([_plain(recommendation_out(each)) for each in found])
        return
    table = _table("Recommendation", "saving a month", title="What could cost less")
    for each in found:
        table.add_row(escape(f"{each.title}\n{each.action}"), f"{each.saving:,.2f} {each.currency}")
    out.print(table)


def _read(config: Path | None, tenant: str, read: Callable[[Service, Actor], Awaitable[T]]) -> T:
    async def ask(service: Service) -> T:
        return await read(service, operator(await existing(service, tenant)))

    return run(load_settings(config=config), ask)


async def _written(found: StatementFile, folder: Path) -> Path:
    content = b"".join([part async for part in found.chunks])
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240  a command does one thing at a time
    path = folder / found.name
    path.write_bytes(content)
    return path


def _table(first: str, *figures: str, title: str) -> Table:
    columns = [Column(name, justify="right") for name in figures]
    return Table(Column(first, overflow="fold"), *columns, title=title)


def _plain(answer: BaseModel) -> Any:
    return answer.model_dump(mode="json")


def _print(data: Any) -> None:
    typer.echo(json.dumps(data, indent=2))
