"""`countersign connector`: files of custom ticket systems, and what connected systems would be sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from app import connectors
from app.commands.reconcile import reconcile
from app.dry_run import dry_run
from config.load import load_settings
from connectors.itsm.trying import read_operation
from core.deliveries import Asked

connector = typer.Typer(no_args_is_help=True, help="Ticket systems: their files, and what would be sent.")
AsJson = Annotated[bool, typer.Option("--json", help="Print data as JSON.")]
out = Console()
connector.command("reconcile")(reconcile)


@connector.command("check")
def check(files: Annotated[list[Path], typer.Argument()], as_json: AsJson = False) -> None:
    """Check the files, and say every problem with its line and what would be accepted."""
    found = connectors.check(files)
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    for one in found:
        out.print(f"[bold]{escape(one['title'])}[/] ({escape(one['file'])}): {', '.join(one['can'])}", soft_wrap=True)


@connector.command("try")
def try_(
    system: Annotated[str, typer.Argument(help="a custom system's file, or a connected one: servicenow, jira, remedy")],
    operation: Annotated[
        str, typer.Argument(help="create, update; of a file also find, get, comment, comments, changes, login")
    ],
    sample: Annotated[
        list[str] | None, typer.Argument(help="values to try with: kind=incident target=closed risk.level=low …")
    ] = None,
    tenant: Annotated[str, typer.Option(help="Whose connection, where several tenants have one.")] = "",
    request: Annotated[str, typer.Option(help="With the facts of this request: REQ-1042, BYP-3.")] = "",
    ticket: Annotated[str, typer.Option(help="Update this ticket, by the system's own id.")] = "",
    config: Annotated[Path | None, typer.Option("--config", help="One YAML file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show every call that creating or updating a ticket would make, secrets struck out; nothing is written."""
    if Path(system).is_file():
        found = connectors.attempt(Path(system), operation, sample or [])
        _show(found if as_json else [found], as_json=as_json)
        return
    asked = Asked(read_operation(operation), request=request, ticket=ticket, given=sample or [])
    shown = dry_run(load_settings(config=config), system, asked, tenant=tenant)
    _show(shown if as_json else shown["calls"], as_json=as_json)
    if shown["note"] and not as_json:
        typer.echo(f"\n{shown['note']}" if shown["calls"] else shown["note"])


def _show(found: Any, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
    elif found:
        typer.echo("\n\n".join(_written(call) for call in found))


def _written(call: Mapping[str, Any]) -> str:
    lines = [f"{call['method']} {call['url']}", *(f"{name}: {value}" for name, value in call["headers"].items())]
    if call["body"] is not None:
        body = call["body"]
        lines += ["", body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False)]
    return "\n".join(lines)
