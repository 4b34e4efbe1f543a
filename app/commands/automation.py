"""`countersign automation`: check rules, rehearse one, look at what they did, hold one up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from app import rules as commands
from config.load import load_settings

automation = typer.Typer(no_args_is_help=True, help="Rules that act when something happens.")
Config = Annotated[Path | None, typer.Option("--config", help="One YAML file; environment variables win over it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print data as JSON.")]
Tenant = Annotated[str, typer.Argument(help="the tenant's id: enterprise-corp")]
RuleName = Annotated[str, typer.Argument(help="the rule's name")]
out = Console()


@automation.command("check")
def check(
    files: Annotated[list[Path] | None, typer.Argument(help="none: the rules in force")] = None,
    tenant_id: Annotated[str | None, typer.Option("--tenant", help="Check against its ticket systems.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Check rules, and say every problem with its line and what is accepted."""
    _show(commands.check(load_settings(config=config), files or [], tenant_id), as_json=as_json)


@automation.command("list")
def list_(tenant_id: Tenant, config: Config = None, as_json: AsJson = False) -> None:
    """List a tenant's rules: whether each acts, when it did last, and how often."""
    _show(commands.rules(load_settings(config=config), tenant_id), as_json=as_json)


@automation.command("history")
def history(
    tenant_id: Tenant,
    rule: Annotated[str | None, typer.Option(help="This rule alone.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 50,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Say what rules did, newest first, and why where they did not."""
    _show(commands.history(load_settings(config=config), tenant_id, rule, limit=limit), as_json=as_json)


@automation.command("dry-run")
def dry_run(
    tenant_id: Tenant,
    rule: Annotated[str, typer.Option(help="Which rule.")],
    event: Annotated[str | None, typer.Option(help="About this event: its id, as in the history.")] = None,
    since: Annotated[str, typer.Option(help="About all since then: 7d, 12h.")] = "7d",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Say exactly what a rule would have done about what has happened. Nothing is sent."""
    found = commands.dry_run(load_settings(config=config), tenant_id, rule, event=event, since=since)
    _show(found, as_json=as_json)


@automation.command("pause")
def pause(tenant_id: Tenant, rule: RuleName, config: Config = None) -> None:
    """Hold a rule up until it is resumed."""
    commands.hold_up(load_settings(config=config), tenant_id, rule)
    out.print("It does nothing until it is resumed.")


@automation.command("resume")
def resume(tenant_id: Tenant, rule: RuleName, config: Config = None) -> None:
    """Let a paused rule act again, on what happens from now on."""
    commands.let_go(load_settings(config=config), tenant_id, rule)
    out.print("It acts again.")


def _show(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(rows, indent=2, default=str))
        return
    if not rows:
        out.print("There is nothing to show.")
    for row in rows:
        shown = "  ".join(f"[dim]{key}[/] {escape(str(value))}" for key, value in row.items() if value not in ("", []))
        out.print(shown, highlight=False, soft_wrap=True)
