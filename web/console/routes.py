"""Where everything of the console is."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from core.approvals import PolicyCatalogue
from core.automation import RuleBook
from core.budgets import BudgetCatalogue
from core.changes import ChangeCatalogue
from core.charts import Renderer
from core.costs import RateCatalogue
from core.db import Database
from core.decisions import Gate
from core.deliveries import Connected
from core.sla import SlaCatalogue
from web.console import (
    absence,
    asking,
    automation,
    budget_acts,
    budgets,
    bypass_report,
    bypasses,
    change_acts,
    changing,
    cost_advice,
    cost_books,
    costs,
    deliveries,
    figures,
    hub,
    improvements,
    inbox,
    incident_acts,
    incidents,
    linking,
    many,
    notifications,
    people,
    policies,
    registry,
    requests,
    security,
    sla,
    stepup,
    tenants,
    trail,
    trying,
)
from web.console.assets import asset_route, load_assets
from web.console.front import House, Look, Page, see_other, shown
from web.console.live import Changes
from web.console.rendering import environment
from web.console.session import AUTHENTICATOR, DATABASE, HAS_TLS, TRUSTED_PROXIES
from web.console.signin import signin_routes
from web.ports import Authenticator


@dataclass(frozen=True, slots=True)
class Door:
    """Who knows those who come in, and what stands before it."""

    authenticator: Authenticator
    trusted_proxies: int
    has_tls: bool


@dataclass(frozen=True, slots=True)
class Books:
    """What is written down in files."""

    policies: PolicyCatalogue
    rules: RuleBook
    changes: ChangeCatalogue
    rates: RateCatalogue
    budgets: BudgetCatalogue
    sla: SlaCatalogue


def add_console(
    app: web.Application,
    *,
    database: Database,
    books: Books,
    gate: Gate,
    renderer: Renderer,
    connected: Connected,
    door: Door,
) -> Changes:
    """The application serves the console, and `/` leads there; the answer wants to hear of each outbox event."""
    app[AUTHENTICATOR], app[TRUSTED_PROXIES], app[HAS_TLS] = door.authenticator, door.trusted_proxies, door.has_tls
    app[DATABASE] = database
    assets = load_assets()
    changes = Changes(database)
    app.on_shutdown.append(changes.stop)
    house = House(
        database,
        books.policies,
        gate,
        environment(assets),
        renderer,
        connected,
        books.rules,
        books.changes,
        books.rates,
        books.budgets,
        books.sla,
    )

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
        "/console/ask": asking.ask,
        "/console/agents": registry.agents,
        "/console/agents/{agent_id}": registry.agent,
        "/console/changes": changing.changes,
        "/console/changes/calendar": changing.timetable,
        "/console/changes/agenda": changing.agenda,
        "/console/changes/{reference}/impact.svg": changing.picture,
        "/console/changes/{reference}": changing.change,
        "/console/budgets": budgets.budgets,
        "/console/budgets/{reference}/burn.svg": budgets.picture,
        "/console/budgets/{reference}": budgets.budget,
        "/console/incidents": incidents.incidents,
        "/console/incidents/{reference}": incidents.incident,
        "/console/bypasses": bypasses.bypasses,
        "/console/bypasses/report": bypass_report.report,
        "/console/bypasses/report.svg": bypass_report.chart,
        "/console/bypasses/{reference}": bypasses.bypass,
        "/console/sla": sla.services,
        "/console/sla/objectives": sla.objectives,
        "/console/sla/improvements": improvements.improvements,
        "/console/sla/reports": sla.reports,
        "/console/sla/reports/{report}": sla.report,
        "/console/sla/services/{service}": sla.service,
        "/console/sla/services/{service}/{chart}.svg": sla.chart,
        "/console/policies": policies.policies,
        "/console/analytics": figures.analytics,
        "/console/analytics/charts/{name}.svg": figures.chart,
        "/console/people": people.people,
        "/console/tenants": tenants.tenants,
        "/console/connectors": hub.connectors,
        "/console/connectors/{name}": hub.connector,
        "/console/automation": automation.rules,
        "/console/automation/{name}": automation.rule,
        "/console/connectors/{name}/try": trying.show,
        "/console/connectors/{name}/throughput.svg": deliveries.chart,
        "/console/connectors/{name}/deliveries/{delivery}": deliveries.delivery,
        "/console/costs": costs.dashboard,
        "/console/costs/forecast": costs.forecast,
        "/console/costs/roi": cost_books.roi,
        "/console/costs/centres": cost_books.centres,
        "/console/costs/variance": cost_advice.variance,
        "/console/costs/recommendations": cost_advice.recommendations,
        "/console/costs/chargeback": costs.statements,
        "/console/costs/chargeback/file": costs.statement,
        "/console/costs/charts/{name}.svg": costs.picture,
        "/console/audit": trail.audit,
        "/console/audit/export": trail.export,
        "/console/security": security.security,
        "/console/notifications": notifications.notifications,
        "/console/step-up/{token}": stepup.show,
        "/console/step-up/bypass/{token}": bypasses.step_up,
        "/console/link/{token}": linking.show,
        "/console/events": changes.serve,
    }
    posts: dict[str, Page] = {
        "/console/requests/{reference}/vote": requests.vote,
        "/console/requests/{reference}/undo": requests.undo,
        "/console/requests/{reference}/amend": requests.change,
        "/console/requests/{reference}/reopen": requests.ask_again,
        "/console/requests/{reference}/ticket": requests.name_its_ticket,
        "/console/many": many.confirm,
        "/console/ask": asking.asked,
        "/console/drafts/{draft_id}/discard": asking.throw_away,
        "/console/requests/{reference}/comment": requests.say,
        "/console/requests/{reference}/delegate": requests.delegate,
        "/console/requests/{reference}/withdraw": requests.take_back,
        "/console/security/{what}": security.change,
        "/console/notifications": notifications.save,
        "/console/step-up/{token}": stepup.confirm,
        "/console/step-up/bypass/{token}": bypasses.confirm,
        "/console/changes": change_acts.draft,
        "/console/changes/{reference}/{what}": change_acts.act,
        "/console/budgets": budget_acts.create,
        "/console/budgets/{reference}/{what}": budget_acts.act,
        "/console/sla/improvements/{what}": improvements.act,
        "/console/incidents": incident_acts.report,
        "/console/incidents/{reference}/{what}": incident_acts.act,
        "/console/bypasses": bypasses.ask,
        "/console/bypasses/{reference}/{what}": bypasses.act,
        "/console/link/{token}": linking.confirm,
        "/console/policies/trial": policies.trial,
        "/console/tenants": tenants.choose,
        "/console/connectors/{name}/try": trying.attempt,
        "/console/connectors/{name}/{what}": hub.act,
        "/console/automation/{name}/{what}": automation.act,
        "/console/costs/benefits": cost_books.declare,
        "/console/costs/benefits/{id}/withdraw": cost_books.withdraw,
        "/console/costs/centres/{what}": cost_books.put_centre,
        "/console/costs/recommendations": cost_advice.find,
        "/console/costs/recommendations/{id}/{what}": cost_advice.settle,
        "/console/people/delegations": people.add_delegation,
        "/console/people/delegations/{delegation_id}/end": people.end_delegation,
        "/console/people/ticket-accounts/unlink": people.unlink_account,
        "/console/people/fallback": absence.fallback,
        "/console/people/calendar": absence.connect,
        "/console/people/calendar/remove": absence.disconnect,
    }
    app.router.add_get("/", home)
    app.router.add_get(stepup.PUBLIC, stepup.forward)
    app.router.add_get(bypasses.STEP_UP, bypasses.forward)
    app.router.add_routes([asset_route(assets), *signin_routes(house)])
    for path, page in pages.items():
        app.router.add_get(path, shown(house, page))
    for path, page in posts.items():
        app.router.add_post(path, shown(house, page))
    app.router.add_route("*", "/console/{rest:.*}", shown(house, nowhere))
    return changes
