"""One aiohttp application: the API, the hooks that Slack calls, and the console."""

from __future__ import annotations

import asyncio
import signal
from importlib.metadata import version

import structlog
from aiohttp import web
from prometheus_client import REGISTRY

from app.adapters import StoredIdempotency, StoredReferences, TokenAuthenticator
from app.automation import connect_automation
from app.budgets import connect_budgets
from app.callbacks import callback_subscriptions
from app.changes import connect_changes
from app.chat import Slack, open_slack
from app.container import DatabaseUrls, Service, build
from app.demo_clock import clock_routes, follow_demo_clock
from app.hooks import SystemHooks
from app.incidents import connect_incidents
from app.mail import connect_mail
from app.monitoring import connect_monitoring
from app.opentelemetry import connect_opentelemetry
from app.teams import Teams, open_teams
from app.tickets import connect_tickets
from bot.reach import Reach
from bot.slack.front import slack_route
from bot.teams.front import teams_route
from config.settings import Role, Settings
from core.errors import Unavailable
from web.api.absences import Absences
from web.api.access_requests import AccessRequests
from web.api.administration import Administration
from web.api.agents import Agents
from web.api.analytics import Analytics
from web.api.audit import Audit
from web.api.authzen import AuthZen
from web.api.automation import Automation
from web.api.benefits import Benefits
from web.api.budgets import Budgets
from web.api.bypass_analytics import BypassAnalytics
from web.api.bypasses import Bypasses
from web.api.callbacks import Callbacks
from web.api.change_times import ChangeTimes
from web.api.changes import Changes
from web.api.chargebacks import Chargebacks
from web.api.chat_accounts import ChatAccounts
from web.api.connectors import Connectors
from web.api.cost_centres import CostCentres
from web.api.cost_reports import CostReports
from web.api.cost_returns import CostReturns
from web.api.costs import Costs
from web.api.decisions import Decisions
from web.api.delegations import Delegations
from web.api.dependencies import Dependencies
from web.api.drafts import Drafts
from web.api.groups import Groups
from web.api.incident_reviews import IncidentReviews
from web.api.incidents import Incidents
from web.api.otlp import Otlp
from web.api.policies import Policies
from web.api.preferences import Preferences
from web.api.receipts import Receipts
from web.api.recommendations import Recommendations
from web.api.reconciliations import Reconciliations
from web.api.requests import Requests
from web.api.rollouts import Rollouts
from web.api.sla import Sla
from web.api.sla_reports import SlaReports
from web.api.spending import Spendings
from web.api.ticket_accounts import TicketAccounts
from web.api.tokens import Tokens
from web.api.usage import UsageResource
from web.api.variances import Variances
from web.application import WebSettings, create_application
from web.console.routes import Books, Door, add_console
from web.endpoint import endpoints_of
from web.health import Health
from web.hooks import hook_routes
from web.pictures import picture_routes
from web.ports import HealthCheck
from web.registry import Api

log = structlog.get_logger()


async def serve(settings: Settings, urls: DatabaseUrls) -> None:
    """Serves until SIGINT or SIGTERM."""
    service = await build(settings, urls)
    reach = Reach()
    slack = await open_slack(service, reach)
    teams = open_teams(service, reach)
    service.subscriptions += [
        *slack.subscriptions,
        *teams.subscriptions,
        *callback_subscriptions(service),
    ]
    connect_budgets(service)
    connect_changes(service)
    connect_incidents(service)
    connect_tickets(service)
    connect_automation(service)
    connect_monitoring(service)
    connect_opentelemetry(service)
    connect_mail(service)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    runner = web.AppRunner(
        make_application(service, slack, teams), access_log=None, shutdown_timeout=settings.shutdown_grace_s
    )
    try:
        if settings.demo:
            await follow_demo_clock(service)
        await service.start()
        await slack.start()
        if Role.WEB in settings.roles or Role.BOT in settings.roles:
            await runner.setup()
            await web.TCPSite(runner, settings.bind.host, settings.bind.port).start()
        log.info("service_started", url=settings.base_url, roles=sorted(settings.roles))
        await stop.wait()
    finally:
        await runner.cleanup()
        await slack.stop()
        await service.stop()
        await teams.stop()


def make_application(service: Service, slack: Slack, teams: Teams) -> web.Application:
    """Everything that answers HTTP."""
    settings, database, gate = service.settings, service.database, service.gate
    resources = (
        Decisions(database, gate),
        AuthZen(database, gate, base_url=settings.base_url, has_requests=settings.authzen.has_access_requests),
        Agents(database, gate),
        Requests(database, service.catalogue, service.desks),
        Receipts(database, service.issuer),
        Drafts(database, gate),
        Delegations(database),
        Absences(database),
        Bypasses(database),
        Budgets(database, service.budgets),
        Spendings(service.spending),
        Changes(database, service.changes),
        ChangeTimes(database, service.changes),
        Rollouts(database, service.changes),
        Dependencies(database, service.changes, service.renderer),
        CostCentres(database),
        Benefits(database, service.rates),
        UsageResource(database, service.usage),
        Costs(database, service.rates),
        CostReports(database, service.renderer),
        CostReturns(database),
        Chargebacks(database, service.rates, service.renderer),
        Variances(database, service.rates),
        Recommendations(database, service.rates, service.changes),
        BypassAnalytics(database, service.renderer),
        Incidents(database),
        IncidentReviews(database),
        Sla(database, service.sla, service.sampler),
        Otlp(database, service.sampler),
        SlaReports(database, service.sla, service.renderer),
        Audit(database),
        Connectors(database, service.connected),
        Reconciliations(database, service.connected),
        Automation(database, service.rulebook),
        Administration(database),
        Groups(database),
        ChatAccounts(database),
        TicketAccounts(database, service.connected),
        Preferences(database),
        Tokens(database),
        Policies(database, service.catalogue, service.clock),
        Analytics(database, service.renderer),
        *_access_requests(service),
    )
    endpoints = [*endpoints_of(*resources), *Health(_checks(service)).endpoints()]
    api = Api(
        endpoints,
        title="Countersign",
        version=version("countersign"),
        description="Governs enterprise AI agents: the decision gate, approvals, emergency bypass and audit.",
    )
    authenticator = TokenAuthenticator(database)
    app = create_application(
        api,
        settings=WebSettings(public_url=settings.base_url, trusted_proxies=settings.trusted_proxies),
        authenticator=authenticator,
        idempotency=StoredIdempotency(database),
        references=StoredReferences(database),
        registry=REGISTRY,
    )
    changes = add_console(
        app,
        database=database,
        books=Books(service.catalogue, service.rulebook, service.changes, service.rates, service.budgets, service.sla),
        gate=gate,
        renderer=service.renderer,
        connected=service.connected,
        door=Door(
            authenticator=authenticator,
            trusted_proxies=settings.trusted_proxies,
            has_tls=settings.base_url.startswith("https://"),
        ),
    )
    service.listener.on("countersign_outbox", changes.woken)
    if slack.app is not None and slack.refusals is not None:
        app.router.add_routes([slack_route(slack.app, slack.refusals)])
    if teams.desk is not None:
        app.router.add_routes([teams_route(teams.desk)])
    app.router.add_routes(hook_routes(SystemHooks([*service.inboxes, *service.executors, *service.alert_doors])))
    app.router.add_routes(picture_routes(database))
    if settings.demo:
        app.router.add_routes(clock_routes(service))
    return app


def _access_requests(service: Service) -> tuple[AccessRequests | Callbacks, ...]:
    """What the AuthZEN profile adds, where it is spoken."""
    settings = service.settings.authzen
    if not settings.has_access_requests:
        return ()
    asked = AccessRequests(service.database, service.gate, base_url=service.settings.base_url)
    return asked, Callbacks(service.database, internal=settings.internal_callbacks)


def _checks(service: Service) -> tuple[HealthCheck, ...]:
    async def scheduler() -> None:
        if service.deadlines is not None and not service.deadlines.is_running:
            raise Unavailable("The scheduler has stopped.")

    async def policies() -> None:
        if not service.catalogue.is_loaded:
            raise Unavailable("No approval policy is loaded, so everything is denied.")

    async def outbox() -> None:
        if service.dispatcher is not None:
            await service.dispatcher.check_lag()

    return (
        HealthCheck("database", service.database.ping),
        HealthCheck("scheduler", scheduler),
        HealthCheck("policies", policies),
        HealthCheck("outbox", outbox),
    )
