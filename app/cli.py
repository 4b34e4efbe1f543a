"""`countersign`: serve, try the demo, check, administer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final

import typer
import uvloop
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from app import administration, chat_accounts, demo, policies, reports
from app import doctor as doctoring
from app import report as figures_report
from app.commands.automation import automation
from app.commands.connector import connector
from app.commands.cost_reports import add_cost_reports
from app.commands.usage import costs, usage
from app.container import database_urls
from app.logs import configure_logging
from app.server import serve as serve_forever
from app.teams_cli import teams
from config.errors import SettingsError, YamlSyntaxError
from config.load import load_settings
from core.access import TokenScope
from core.db.embedded_errors import EmbeddedPostgresError
from core.errors import CountersignError, InvalidInput
from core.roles.hierarchy import ROLES

cli = typer.Typer(no_args_is_help=True, add_completion=False, help="Governs enterprise AI agents where people talk.")
database = typer.Typer(no_args_is_help=True, help="The database.")
tenant = typer.Typer(no_args_is_help=True, help="Tenants.")
token = typer.Typer(no_args_is_help=True, help="API tokens.")
user = typer.Typer(no_args_is_help=True, help="People who sign in.")
chat = typer.Typer(no_args_is_help=True, help="Which chat accounts are a person's.")
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
    ("teams", teams),
    ("connector", connector),
    ("automation", automation),
    ("usage", usage),
    ("costs", costs),
):
    cli.add_typer(group, name=name)
user.add_typer(chat, name="chat")
add_cost_reports(report)

Config = Annotated[Path | None, typer.Option("--config", help="One YAML file; environment variables win over it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print data as JSON.")]
Tenant = Annotated[str, typer.Argument(help="the tenant's id: enterprise-corp")]
Email = Annotated[str, typer.Argument(help="the person's e-mail")]
Connector = Annotated[str, typer.Argument(help="slack, servicenow, …: as in outbox status")]
Reason = Annotated[str, typer.Option("--reason", help="Why nobody wants it delivered any more; it is kept.")]
err = Console(stderr=True)
out = Console()
_SIGNS: Final = {"ok": "[green]✓[/]", "warning": "[yellow]![/] [dim]warning[/]", "failed": "[red]✗[/] [dim]failed[/]"}


@cli.command()
def serve(
    config: Config = None,
    roles: Annotated[str | None, typer.Option(help="Which parts: web, bot, worker, by comma; all if left out.")] = None,
) -> None:
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
    """Run the whole product with a simulated outside world (Slack, Teams, ServiceNow, …), on this machine alone."""
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
    findings = asyncio.run(doctoring.examine(load_settings(config=config)))
    if as_json:
        _show(findings, as_json=True)
    else:
        for finding in findings:
            out.print(_finding_line(finding), highlight=False, soft_wrap=True)
    raise typer.Exit(1 if any(finding["health"] == "failed" for finding in findings) else 0)


@database.command("upgrade")
def db_upgrade(config: Config = None) -> None:
    """Bring the database to the newest schema."""
    administration.upgrade(load_settings(config=config))
    out.print("The schema is current.")


@database.command("rewrap")
def db_rewrap(config: Config = None, as_json: AsJson = False) -> None:
    """Seal every secret in the database with the present encryption key, so that others are not needed any more."""
    settings = load_settings(config=config)
    with Progress(console=err, transient=True) as shown:
        task = shown.add_task("Rewrapping secrets", total=None)

        def advance(done: int, total: int) -> None:
            shown.update(task, completed=done, total=total)

        found = administration.rewrap_secrets(settings, progress=advance)
    _show(found, as_json=as_json)
    raise typer.Exit(1 if found["unreadable"] else 0)


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
    tenant_id: Tenant,
    email: Email,
    name: Annotated[str, typer.Option(help="Their full name.")],
    role: Annotated[list[str], typer.Option(help=f"May be repeated. {', '.join(ROLES)}.")],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Add a person with their roles."""
    settings = load_settings(config=config)
    _show(administration.add_person(settings, tenant_id, email=email, name=name, roles=role), as_json=as_json)


@token.command("create")
def token_create(
    tenant_id: Tenant,
    email: Email,
    name: Annotated[str, typer.Option(help="What it is for.")] = "cli",
    days: Annotated[int, typer.Option(min=1, max=366, help="How long it holds.")] = 90,
    scope: Annotated[
        list[TokenScope] | None, typer.Option(help="What it is limited to; may be repeated. Default: all of it.")
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Create an API token for a person. It is shown this once."""
    settings = load_settings(config=config)
    _show(
        administration.create_token(settings, tenant_id, email=email, name=name, days=days, scopes=scope or None),
        as_json=as_json,
    )


@user.command("invite")
def user_invite(tenant_id: Tenant, email: Email, config: Config = None, as_json: AsJson = False) -> None:
    """Make a link under which the person chooses a password. It holds once, for 24 hours."""
    _show(administration.invite(load_settings(config=config), tenant_id, email=email), as_json=as_json)


@chat.command("list")
def chat_list(tenant_id: Tenant, email: Email, config: Config = None, as_json: AsJson = False) -> None:
    """List a person's chat accounts, and how each became theirs."""
    _show(chat_accounts.listed(load_settings(config=config), tenant_id, email=email), as_json=as_json)


@chat.command("set")
def chat_set(
    tenant_id: Tenant,
    email: Email,
    account: Annotated[tuple[str, str, str], typer.Argument(help="platform, workspace's id, account's id")],
    directory: Annotated[bool, typer.Option("--directory", help="Your directory says so, not you.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make a chat account a person's: countersign user chat set acme lee@acme.example slack T0123ABCD U0123ABCD."""
    settings = load_settings(config=config)
    done = chat_accounts.put(settings, tenant_id, email=email, account=account, directory=directory)
    _show(done, as_json=as_json)


@chat.command("unlink")
def chat_unlink(
    tenant_id: Tenant,
    email: Email,
    account: Annotated[tuple[str, str, str], typer.Argument(help="platform, workspace's id, account's id")],
    config: Config = None,
) -> None:
    """Take a chat account from a person; nothing links it again but they themselves, or you."""
    chat_accounts.unlink(load_settings(config=config), tenant_id, email=email, account=account)
    out.print("It is unlinked.")


@policy.command("check")
def policy_check(
    files: Annotated[list[Path] | None, typer.Argument(help="none: with --tenant, the policies in force")] = None,
    tenant_id: Annotated[str | None, typer.Option("--tenant", help="Say who could decide each stage there.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Check policy files, and say every problem with its line; for a tenant, exit 1 if a stage has too few people."""
    if not files and tenant_id is None:
        raise InvalidInput("Name the files to check, or a tenant.", accepted=("FILES", "--tenant"))
    checked = policies.check(files or [])
    if tenant_id is None:
        _show(checked, as_json=as_json)
        return
    found = policies.check_for(load_settings(config=config), tenant_id, files or [])
    if as_json:
        typer.echo(json.dumps(policies.holders_json(found), indent=2))
    else:
        out.print(policies.holders_shown(found))
    raise typer.Exit(0 if all(policy.is_decidable for policy in found) else 1)


@policy.command("explain")
def policy_explain(
    tenant_id: Tenant,
    action: Annotated[str, typer.Argument(help="agent.create, agent.modify, agent.deploy or agent.retire")],
    name: Annotated[str, typer.Argument(help="the agent's name")],
    asker: Annotated[str, typer.Option("--as", help="E-mail of who would ask.")],
    facts: Annotated[
        list[str] | None,
        typer.Option("--set", help="An attribute of the agent: environment=production. May be repeated."),
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
    tenant_id: Tenant,
    files: Annotated[list[Path], typer.Argument(help="policy files")],
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
    tenant_id: Tenant,
    days: Annotated[int, typer.Option(min=1, max=366, help="How far to look back.")] = 30,
    charts: Annotated[Path | None, typer.Option(file_okay=False, help="Draw the charts into this folder.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Where the time of approvals goes: stages, approvers, bottlenecks."""
    if charts is not None:
        for path in reports.approval_pictures(load_settings(config=config), tenant_id, days=days, folder=charts):
            typer.echo(path)
        return
    found = reports.approval_figures(load_settings(config=config), tenant_id, days=days)
    if as_json:
        typer.echo(json.dumps(asdict(found), indent=2, default=str))
        return
    out.print(figures_report.approvals(found))


@report.command("bypasses")
def report_bypasses(
    tenant_id: Tenant,
    month: Annotated[str, typer.Option(help="Such as 2026-03; the last whole month if left out.")] = "",
    charts: Annotated[Path | None, typer.Option(file_okay=False, help="Draw the chart into this folder.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Emergency bypasses of a month: why, by whom, what their reviews said, and how long people took."""
    settings = load_settings(config=config)
    if charts is not None:
        for path in reports.bypass_pictures(settings, tenant_id, month=month, folder=charts):
            typer.echo(path)
        return
    found = reports.bypass_figures(settings, tenant_id, month=month)
    if as_json:
        typer.echo(json.dumps(asdict(found), indent=2, default=str))
        return
    out.print(figures_report.bypasses(found))


@audit.command("export")
def audit_export(
    tenant_id: Tenant,
    file_format: Annotated[str, typer.Option("--format", help="jsonl or csv.")] = "jsonl",
    config: Config = None,
) -> None:
    """Print the tenant's audit trail, newest first."""
    for line in administration.export_audit(load_settings(config=config), tenant_id, file_format=file_format):
        typer.echo(line, nl=False)


@outbox.command("list")
def outbox_list(
    tenant_id: Tenant,
    state: Annotated[str | None, typer.Option(help="Those alone that are pending, done, dead or dismissed.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """List deliveries, newest first."""
    _show(administration.deliveries(load_settings(config=config), tenant_id, state=state), as_json=as_json)


@outbox.command("status")
def outbox_status(tenant_id: Tenant, config: Config = None, as_json: AsJson = False) -> None:
    """How deliveries to each connector go, used or not: whether it takes any now, what waits, what is dead."""
    _show(administration.connectors(load_settings(config=config), tenant_id), as_json=as_json)


@outbox.command("replay-all")
def outbox_replay_all(tenant_id: Tenant, connector: Connector, config: Config = None) -> None:
    """Send all dead deliveries of a connector again."""
    count = administration.replay_all(load_settings(config=config), tenant_id, connector)
    out.print(f"Trying {_dead(count)} again now.")


@outbox.command("resume")
def outbox_resume(tenant_id: Tenant, connector: Connector, config: Config = None) -> None:
    """Try at once what waits for a connector that was left alone after failures."""
    administration.resume(load_settings(config=config), tenant_id, connector)
    out.print("What waits is tried now.")


@outbox.command("replay")
def outbox_replay(
    tenant_id: Tenant,
    delivery_id: Annotated[str, typer.Argument(help="as in outbox list")],
    connector: Connector,
    config: Config = None,
) -> None:
    """Send a dead or dismissed delivery again."""
    administration.replay(load_settings(config=config), tenant_id, delivery_id, connector)
    out.print("It will be tried again now.")


@outbox.command("dismiss")
def outbox_dismiss(
    tenant_id: Tenant,
    delivery_id: Annotated[str, typer.Argument(help="as in outbox list")],
    connector: Connector,
    reason: Reason,
    config: Config = None,
) -> None:
    """Keep a dead delivery as dismissed: nobody wants it sent any more."""
    administration.dismiss(load_settings(config=config), tenant_id, delivery_id, connector, reason=reason)
    out.print("It is dismissed.")


@outbox.command("dismiss-all")
def outbox_dismiss_all(
    tenant_id: Tenant,
    connector: Connector,
    reason: Reason,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether to.")] = False,
    config: Config = None,
) -> None:
    """Keep all dead deliveries of a connector as dismissed."""
    settings = load_settings(config=config)
    if not yes:
        count = administration.dead_letters(settings, tenant_id, connector)
        typer.confirm(f"Dismiss {_dead(count)} to {connector}? Nothing of that is sent by itself then.", abort=True)
    count = administration.dismiss_all(settings, tenant_id, connector, reason=reason)
    out.print(f"Dismissed {_dead(count)}.")


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


def _dead(count: int) -> str:
    return "1 dead delivery" if count == 1 else f"{count} dead deliveries"


def _finding_line(finding: Mapping[str, Any]) -> str:
    """What was looked at and found, and below it what to do."""
    step = f"\n  → {escape(finding['next_step'])}" if finding["next_step"] else ""
    return f"{_SIGNS[finding['health']]} [bold]{escape(finding['subject'])}[/]: {escape(finding['message'])}{step}"


def _show(data: Any, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(data, indent=2, default=str))
        return
    if not data:
        err.print("There is nothing to show.")
    for row in data if isinstance(data, list) else [data]:
        out.print(
            "  ".join(f"[dim]{key}[/] {escape(str(value))}" for key, value in row.items() if value not in ("", None)),
            highlight=False,
            soft_wrap=True,
        )
