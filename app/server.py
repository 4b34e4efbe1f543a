"""One aiohttp application: the API, the hooks that Slack calls, and the console."""

from __future__ import annotations

import asyncio
import signal
from importlib.metadata import version

import structlog
from aiohttp import web
from prometheus_client import REGISTRY

from app.adapters import StoredIdempotency, TokenAuthenticator
from app.chat import Slack, open_slack
from app.container import DatabaseUrls, Service, build
from app.demo_clock import clock_routes, follow_demo_clock
from app.tickets import ticket_subscriptions
from bot.slack.front import slack_route
from config.settings import Role, Settings
from core.charts import Renderer
from core.errors import Unavailable
from web.api.administration import Administration
from web.api.agents import Agents
from web.api.analytics import Analytics
from web.api.audit import Audit
from web.api.authzen import AuthZen
from web.api.bypasses import Bypasses
from web.api.connectors import Connectors
from web.api.decisions import Decisions
from web.api.delegations import Delegations
from web.api.drafts import Drafts
from web.api.groups import Groups
from web.api.policies import Policies
from web.api.receipts import Receipts
from web.api.requests import Requests
from web.api.tokens import Tokens
from web.application import WebSettings, create_application
from web.console.routes import add_console
from web.endpoint import Endpoint
from web.health import Health
from web.ports import HealthCheck
from web.registry import Api

log = structlog.get_logger()


async def serve(settings: Settings, urls: DatabaseUrls) -> None:
    """Serves until SIGINT or SIGTERM."""
    service = await build(settings, urls)
    slack = await open_slack(service)
    service.subscriptions += [*slack.subscriptions, *ticket_subscriptions(service)]
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    runner = web.AppRunner(
        make_application(service, slack), access_log=None, shutdown_timeout=settings.shutdown_grace_s
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


def make_application(service: Service, slack: Slack) -> web.Application:
    """Everything that answers HTTP."""
    settings, database, gate = service.settings, service.database, service.gate
    decisions, agents, requests = Decisions(database, gate), Agents(database, gate), Requests(database)
    bypasses, audit, hub = Bypasses(database), Audit(database), Connectors(database)
    people, tokens, policies = (
        Administration(database),
        Tokens(database),
        Policies(database, service.catalogue, service.clock),
    )
    renderer = Renderer()
    analytics, receipts = Analytics(database, renderer), Receipts(database, service.issuer)
    delegations, groups, drafts = Delegations(database), Groups(database), Drafts(database, gate)
    authzen = AuthZen(database, gate, base_url=settings.base_url)
    endpoints: list[Endpoint] = [
        decisions.decide,
        decisions.show,
        decisions.report,
        authzen.metadata,
        authzen.evaluation,
        authzen.evaluations,
        agents.list,
        agents.show,
        agents.create,
        agents.deploy,
        agents.modify,
        agents.retire,
        requests.list,
        requests.show,
        requests.vote,
        requests.undo,
        requests.approve_many,
        decisions.reopen,
        requests.withdraw,
        requests.nudge,
        requests.amend,
        receipts.issue,
        receipts.keys,
        requests.comment,
        requests.reassign,
        drafts.list,
        drafts.create,
        drafts.show,
        drafts.replace,
        drafts.discard,
        drafts.submit,
        delegations.list,
        delegations.create,
        delegations.end,
        bypasses.grant,
        bypasses.list,
        bypasses.show,
        bypasses.end,
        bypasses.acknowledge,
        bypasses.review,
        audit.search,
        audit.export,
        hub.deliveries,
        hub.replay,
        people.users,
        people.add_user,
        people.roles,
        people.grants,
        people.grant,
        people.revoke_grant,
        people.tenants,
        groups.list,
        groups.put,
        groups.delete,
        groups.set_manager,
        tokens.list,
        tokens.create,
        tokens.revoke,
        policies.list,
        policies.explain,
        policies.simulate,
        analytics.approvals,
        analytics.chart,
        *Health(_checks(service)).endpoints(),
    ]
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
        registry=REGISTRY,
    )
    changes = add_console(
        app,
        database=database,
        catalogue=service.catalogue,
        gate=gate,
        renderer=renderer,
        authenticator=authenticator,
        trusted_proxies=settings.trusted_proxies,
        has_tls=settings.base_url.startswith("https://"),
    )
    app.on_cleanup.append(lambda _app: renderer.close())
    service.listener.on("countersign_outbox", changes.woken)
    if slack.app is not None and slack.app_token is None:  # in Socket Mode Slack calls no address of ours
        app.router.add_routes([slack_route(slack.app)])
    if settings.demo:
        app.router.add_routes(clock_routes(service))
    return app


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
