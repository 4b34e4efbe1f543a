"""`countersign usage` and `countersign costs`: usage from files, and whether sums are those of the ledger."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from app import costs as reconciling
from app import usage_import
from config.load import load_settings

usage = typer.Typer(no_args_is_help=True, help="What agents and projects used.")
costs = typer.Typer(no_args_is_help=True, help="What it cost.")
Config = Annotated[Path | None, typer.Option("--config", help="The YAML file with the settings.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print data as JSON.")]
Tenant = Annotated[str, typer.Argument(help="the tenant's id: enterprise-corp")]
out = Console()


@usage.command("import")
def import_(
    tenant: Tenant,
    file: Annotated[Path, typer.Argument(help="CSV with id,meter,quantity,time[,project,agent,corrects], or FOCUS")],
    meter: Annotated[
        str | None, typer.Option(help="Count all rows by this meter; of FOCUS, by what each row cost.")
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Take usage from a file. Rows that cannot be taken are named in FILE.errors.csv, and then the command exits 1.

    Of FOCUS, rows of no cost are passed over, and credits are left out; both are counted.

    An import that broke off goes on where it was when the command is given again.
    """
    settings = load_settings(config=config)
    with Progress(console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(escape(file.name), total=None)

        def advance(done: int, total: int) -> None:
            shown.update(task, completed=done, total=total)

        found = usage_import.import_usage(settings, tenant, file, meter=meter, progress=advance)
    if as_json:
        typer.echo(json.dumps(found, indent=2))
    else:
        for line in summary(found):
            out.print(escape(line), soft_wrap=True, highlight=False)
    raise typer.Exit(1 if found["errors"] else 0)


def summary(found: Mapping[str, Any]) -> list[str]:
    """What became of the file, in lines for a person."""
    lines = [
        (
            f"{found['rows']} rows: {found['accepted']} new, {found['duplicates']} known before, "
            f"{found['skipped']} gone through by an earlier run, {found['errors']} that cannot be taken"
        )
    ]
    if found["of_no_cost"]:
        lines.append(f"Of no cost: {found['of_no_cost']}")
    if found["credits"]:
        sums = ", ".join(f"{amount} {code}" for code, amount in found["credited"].items())
        lines.append(f"Credits left out: {found['credits']}, together {sums}")
    if found["report"]:
        cut = "" if found["reported"] == found["errors"] else f" (the first {found['reported']} of them)"
        lines.append(f"Why{cut}: {found['report']}")
    return lines


@costs.command("reconcile")
def reconcile(
    tenant: Annotated[str | None, typer.Argument(help="the tenant's id; every tenant if left out")] = None,
    repair: Annotated[bool, typer.Option("--repair", help="Make sums that differ anew from the ledger.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Compare every sum with the ledger, to the last digit. Exits 1 if any differs."""
    found = reconciling.reconcile(load_settings(config=config), tenant, repair=repair)
    if as_json:
        typer.echo(json.dumps(found, indent=2))
    else:
        for one in found:
            verdict = "sound" if one["sound"] else f"[bold red]{one['differing']} sums differ[/]"
            mended = ", made anew" if one["repaired"] else ""
            out.print(f"[bold]{escape(one['tenant'])}[/]: {one['lines']} lines, {verdict}{mended}", soft_wrap=True)
            for each in one["differences"]:
                out.print(escape(f"  {json.dumps(each)}"), soft_wrap=True)
    raise typer.Exit(0 if all(one["sound"] for one in found) else 1)
