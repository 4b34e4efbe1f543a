"""`countersign connector reconcile`: comparing tickets with what should be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, TaskID

from app import reconciling
from config.load import load_settings

AsJson = Annotated[bool, typer.Option("--json", help="Print data as JSON.")]
out = Console()


def reconcile(
    tenant: Annotated[str | None, typer.Option(help="only this tenant's tickets")] = None,
    system: Annotated[str | None, typer.Option(help="only this: servicenow, jira, remedy, a custom one")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Find only; repair nothing.")] = False,
    config: Annotated[Path | None, typer.Option("--config", help="The YAML file with the settings.")] = None,
    as_json: AsJson = False,
) -> None:
    """Compare every live ticket with what should be, put right what is ours, and say what needs a person.

    What is put right is delivered by the running service. Exits 1 if anything needs a person, or if it broke off.
    """
    settings = load_settings(config=config)
    with Progress(console=Console(stderr=True), transient=True) as shown:
        tasks: dict[str, TaskID] = {}

        def advance(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = shown.add_task(escape(name), total=total)
            shown.update(tasks[name], completed=done, total=total)

        found = reconciling.reconcile(settings, tenant=tenant, system=system, is_dry_run=dry_run, progress=advance)
    if as_json:
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        for one in found:
            _print_walk(one)
    raise typer.Exit(1 if any(one["asked"] or one["problem"] for one in found) else 0)


def _print_walk(one: dict[str, Any]) -> None:
    verb = "to put right" if one["dry_run"] else "put right"
    out.print(
        f"[bold]{escape(one['tenant'])}[/] {escape(one['connector'])}: {one['walked']} looked at, "
        f"{one['repaired']} {verb}, {one['asked']} for a person",
        soft_wrap=True,
    )
    for each in one["findings"]:
        where = f" {each['field']}" if each["field"] else ""
        what = f"  {each['reference']} {each['number']}: {each['what']}{where}"
        out.print(escape(f"{what} (here '{each['here']}', there '{each['there']}'): {each['remedy']}"), soft_wrap=True)
    if one["problem"]:
        out.print(escape(f"  It broke off: {one['problem']}"), soft_wrap=True)
