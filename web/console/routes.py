"""Where everything of the console is."""

from __future__ import annotations

from aiohttp import web

from core.approvals import PolicyCatalogue
from core.charts import Renderer
from core.db import Database
from core.decisions import Gate
from web.console import figures, inbox, many, people, policies, registry, requests, security, stepup, trail
from web.console.assets import asset_route, load_assets
from web.console.front import House, Look, Page, see_other, shown
from web.console.live import Changes
from web.console.rendering import environment
from web.console.session import AUTHENTICATOR, HAS_TLS, TRUSTED_PROXIES
from web.console.signin import signin_routes
from web.ports import Authenticator


def add_console(
    app: web.Application,
    *,
    database: Database,
    catalogue: PolicyCatalogue,
    gate: Gate,
    renderer: Renderer,
    authenticator: Authenticator,
    trusted_proxies: int,
    has_tls: bool,
) -> Changes:
    """The application serves the console, and `/` leads there; the answer wants to hear of each outbox event."""
    app[AUTHENTICATOR], app[TRUSTED_PROXIES], app[HAS_TLS] = authenticator, trusted_proxies, has_tls
    assets = load_assets()
    changes = Changes(database)
    app.on_shutdown.append(changes.stop)
    house = House(database, catalogue, gate, environment(assets), renderer)

    async def home(request: web.Request) -> web.Response:
        del request
        return see_other("/console")

    async def nowhere(look: Look) -> web.Response:
        del look
        raise web.HTTPNotFound

    pages: dict[str, Page] = {
        "/console": inbox.inbox,
        "/console/requests/{reference}": requests.show,
        "/console/many": many.choose,
        "/console/agents": registry.agents,
        "/console/agents/{agent_id}": registry.agent,
        "/console/policies": policies.policies,
        "/console/analytics": figures.analytics,
        "/console/analytics/charts/{name}.svg": figures.chart,
        "/console/people": people.people,
        "/console/audit": trail.audit,
        "/console/audit/export": trail.export,
        "/console/security": security.security,
        "/console/step-up/{token}": stepup.show,
        "/console/events": changes.serve,
    }
    posts: dict[str, Page] = {
        "/console/requests/{reference}/vote": requests.vote,
        "/console/requests/{reference}/undo": requests.undo,
        "/console/requests/{reference}/amend": requests.change,
        "/console/requests/{reference}/reopen": requests.ask_again,
        "/console/many": many.confirm,
        "/console/requests/{reference}/comment": requests.say,
        "/console/requests/{reference}/delegate": requests.delegate,
        "/console/requests/{reference}/withdraw": requests.take_back,
        "/console/security/{what}": security.change,
        "/console/step-up/{token}": stepup.confirm,
        "/console/policies/trial": policies.trial,
        "/console/people/delegations": people.add_delegation,
        "/console/people/delegations/{delegation_id}/end": people.end_delegation,
    }
    app.router.add_get("/", home)
    app.router.add_get(stepup.PUBLIC, stepup.forward)
    app.router.add_routes([asset_route(assets), *signin_routes(house)])
    for path, page in pages.items():
        app.router.add_get(path, shown(house, page))
    for path, page in posts.items():
        app.router.add_post(path, shown(house, page))
    app.router.add_route("*", "/console/{rest:.*}", shown(house, nowhere))
    return changes
