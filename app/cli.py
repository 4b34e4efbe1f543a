"""`countersign`: serve, try the demo, check, administer."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from app import administration, demo, policies
from app import report as figures_report
from app.container import database_urls
from app.logs import configure_logging
from app.server import serve as serve_forever
from config.errors import SettingsError, YamlSyntaxError
from config.load import load_settings
from core.db.embedded_errors import EmbeddedPostgresError
from core.errors import CountersignError

cli = typer.Typer(no_args_is_help=True, add_completion=False, help="Governs enterprise AI agents where people talk.")
database = typer.Typer(no_args_is_help=True, help="The database.")
tenant = typer.Typer(no_args_is_help=True, help="Tenants.")
token = typer.Typer(no_args_is_help=True, help="API tokens.")
user = typer.Typer(no_args_is_help=True, help="People who sign in.")
policy = typer.Typer(no_args_is_help=True, help="Approval policies.")
audit = typer.Typer(no_args_is_help=True, help="The audit trail.")
report = typer.Typer(no_args_is_help=True, help="Figures.")
outbox = typer.Typer(no_args_is_help=True, help="Deliveries to other systems.")
for name, group in (
    ("db", database),
    ("tenant", tenant),
    ("token", token),
    ("user", user),
    ("policy", policy),
    ("audit", audit),
    ("report", report),
    ("outbox", outbox),
):
    cli.add_typer(group, name=name)

Config = Annotated[Path | None, typer.Option("--config", help="One YAML file; environment variables win over it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print data as JSON.")]
err = Console(stderr=True)
out = Console()


@cli.command()
def serve(config: Config = None, roles: Annotated[str | None, typer.Option(help="web,bot,worker")] = None) -> None:
    """Serve the API, the bot and the background work until stopped."""
    settings = load_settings(config=config, options={"roles": roles} if roles else None)
    configure_logging(settings)
    urls, server = database_urls(settings)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve_forever(settings, urls))
    finally:
        if server:
            server.stop()


@cli.command("demo")
def run_demo(
    story: Annotated[bool, typer.Option("--story", help="Play the whole story headless, then exit.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Print what the running demo offers.")] = False,
    as_json: AsJson = False,
    data: Annotated[Path, typer.Option(help="Where the demo keeps its data.")] = Path(".countersign/demo"),
) -> None:
    """Run the whole product with a simulated Slack and ServiceNow, on this machine alone."""
    if status:
        found = demo.read_status(data)
        if as_json:
            typer.echo(json.dumps(found, indent=2))
        else:
            out.print(demo.status_table(found))
        return
    raise typer.Exit(demo.run(data, plays_story=story))


@cli.command()
def doctor(config: Config = None, as_json: AsJson = False) -> None:
    """Check the configuration and every connector's credentials, and say what to fix."""
    findings = asyncio.run(administration.examine(load_settings(config=config)))
    _show(findings, as_json=as_json)
    raise typer.Exit(1 if any(finding["health"] == "failed" for finding in findings) else 0)


@database.command("upgrade")
def db_upgrade(config: Config = None) -> None:
    """Bring the database to the newest schema."""
    administration.upgrade(load_settings(config=config))
    out.print("The schema is current.")


@tenant.command("create")
def tenant_create(
    file: Annotated[Path, typer.Option("--file", "--template", help="The tenant's YAML.")],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Create the tenant, or bring it to what the file says."""
    _show(administration.create_tenant(load_settings(config=config), file), as_json=as_json)


@tenant.command("list")
def tenant_list(config: Config = None, as_json: AsJson = False) -> None:
    """List tenants."""
    _show(administration.tenants(load_settings(config=config)), as_json=as_json)


@tenant.command("add-person")
def tenant_add_person(
    tenant_id: str,
    email: str,
    name: Annotated[str, typer.Option()],
    role: Annotated[list[str], typer.Option()],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Add a person with their roles."""
    settings = load_settings(config=config)
    _show(administration.add_person(settings, tenant_id, email=email, name=name, roles=role), as_json=as_json)


@token.command("create")
def token_create(
    tenant_id: str,
    email: str,
    name: Annotated[str, typer.Option()] = "cli",
    days: Annotated[int, typer.Option(min=1, max=366)] = 90,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Create an API token for a person. It is shown this once."""
    _show(
        administration.create_token(load_settings(config=config), tenant_id, email=email, name=name, days=days),
        as_json=as_json,
    )


@user.command("invite")
def user_invite(tenant_id: str, email: str, config: Config = None, as_json: AsJson = False) -> None:
    """Make a link under which the person chooses a password. It holds once, for 24 hours."""
    _show(administration.invite(load_settings(config=config), tenant_id, email=email), as_json=as_json)


@policy.command("check")
def policy_check(files: list[Path], as_json: AsJson = False) -> None:
    """Check policy files, and say every problem with its line."""
    _show(policies.check(files), as_json=as_json)


@policy.command("explain")
def policy_explain(
    tenant_id: str,
    action: Annotated[str, typer.Argument(help="agent.create, agent.modify, agent.deploy or agent.retire")],
    name: Annotated[str, typer.Argument(help="the agent's name")],
    asker: Annotated[str, typer.Option("--as", help="e-mail of who would ask")],
    facts: Annotated[
        list[str] | None, typer.Option("--set", help="an attribute of the agent: environment=production")
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Say which policy would apply, why, which stages it has, and who would be asked. Nothing is changed."""
    settings = load_settings(config=config)
    resource = policies.attributes(name, facts or [])
    found = policies.explain_to(settings, tenant_id, email=asker, action=action, resource=resource)
    if as_json:
        typer.echo(json.dumps(policies.outlook_json(found), indent=2, default=str))
        return
    out.print(policies.outlook_shown(found))


@policy.command("simulate")
def policy_simulate(
    tenant_id: str,
    files: list[Path],
    days: Annotated[int, typer.Option(min=1, max=3660, help="How far to look back.")] = 90,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Say what changed policies would have made of past requests. Nothing is changed."""
    settings = load_settings(config=config)
    with Progress(console=err, transient=True) as shown:
        task = shown.add_task("Replaying requests", total=None)

        def advance(done: int, total: int) -> None:
            shown.update(task, completed=done, total=total)

        found = policies.simulate_on(settings, tenant_id, files, days=days, progress=advance)
    if as_json:
        typer.echo(json.dumps(asdict(found), indent=2, default=str))
        return
    out.print(policies.simulation_shown(found))


@report.command("approvals")
def report_approvals(
    tenant_id: str,
    days: Annotated[int, typer.Option(min=1, max=366, help="How far to look back.")] = 30,
    charts: Annotated[Path | None, typer.Option(file_okay=False, help="Draw the charts into this folder.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Where the time of approvals goes: stages, approvers, bottlenecks."""
    if charts is not None:
        for path in administration.approval_pictures(load_settings(config=config), tenant_id, days=days, folder=charts):
            typer.echo(path)
        return
    found = administration.approval_figures(load_settings(config=config), tenant_id, days=days)
    if as_json:
        typer.echo(json.dumps(asdict(found), indent=2, default=str))
        return
    out.print(figures_report.approvals(found))


@audit.command("export")
def audit_export(
    tenant_id: str,
    file_format: Annotated[str, typer.Option("--format", help="jsonl or csv")] = "jsonl",
    config: Config = None,
) -> None:
    """Print the tenant's audit trail, newest first."""
    for line in administration.export_audit(load_settings(config=config), tenant_id, file_format=file_format):
        typer.echo(line, nl=False)


@outbox.command("list")
def outbox_list(
    tenant_id: str,
    state: Annotated[str | None, typer.Option(help="pending, done or dead")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """List deliveries, newest first."""
    _show(administration.deliveries(load_settings(config=config), tenant_id, state=state), as_json=as_json)


@outbox.command("replay")
def outbox_replay(tenant_id: str, delivery_id: str, connector: str, config: Config = None) -> None:
    """Send a dead delivery again."""
    administration.replay(load_settings(config=config), tenant_id, delivery_id, connector)
    out.print("It will be tried again now.")


def main() -> None:
    """The command line, with every expected failure as one sentence and exit code 2."""
    try:
        cli()
    except (CountersignError, SettingsError, YamlSyntaxError, EmbeddedPostgresError) as exc:
        said = exc.sentence() if isinstance(exc, CountersignError) else str(exc)
        err.print(
            f"[bold red]countersign:[/] {escape(said)}",
            highlight=False,
            soft_wrap=True,
            markup=True,
        )
        raise SystemExit(2) from None


def _show(data: Any, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(data, indent=2, default=str))
        return
    for row in data if isinstance(data, list) else [data]:
        out.print(
            "  ".join(f"[dim]{key}[/] {escape(str(value))}" for key, value in row.items()),
            highlight=False,
            soft_wrap=True,
        )
