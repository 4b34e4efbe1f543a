"""From a request to a page: who looks, with what policy of the browser, and errors as pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

import structlog
from aiohttp import web
from jinja2 import Environment

from core.access import Directory, Permission, Scope, ScopeKind, list_people, rotate_session
from core.actor import Actor
from core.approvals import PolicyCatalogue
from core.automation import RuleBook
from core.budgets import BudgetCatalogue
from core.changes import ChangeCatalogue
from core.charts import Renderer
from core.costs import RateCatalogue
from core.db import Database
from core.decisions import Gate
from core.deliveries import Connected
from core.errors import CountersignError, NotFound, Unauthenticated
from core.sla import SlaCatalogue
from core.zones import zone_of
from web.console.rendering import Sight
from web.console.session import Visitor, keep_cookie, session_in, visitor_of
from web.errors import DoorError
from web.middleware import correlation_id_of
from web.problems import status_of

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; script-src 'self'; connect-src 'self'"
)
SIGN_IN: Final = "/console/signin"
SECURITY: Final = "/console/security"
EVENTS: Final = "/console/events"
_PLACES: Final = (
    ("inbox", "/console", "Inbox"),
    ("agents", "/console/agents", "Agents"),
    ("changes", "/console/changes", "Changes"),
    ("incidents", "/console/incidents", "Incidents"),
    ("bypasses", "/console/bypasses", "Bypasses"),
    ("budgets", "/console/budgets", "Budgets"),
    ("sla", "/console/sla", "Service levels"),
    ("policies", "/console/policies", "Policies"),
    ("analytics", "/console/analytics", "Analytics"),
    ("people", "/console/people", "People"),
    ("audit", "/console/audit", "Audit"),
)
_FOR_AUDITORS: Final = (  # for those who may view the audit
    ("costs", "/console/costs", "Costs"),
    ("connectors", "/console/connectors", "Connectors"),
    ("automation", "/console/automation", "Automation"),
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class House:
    """What every page is made with."""

    database: Database
    catalogue: PolicyCatalogue
    gate: Gate
    templates: Environment
    renderer: Renderer
    connected: Connected
    rulebook: RuleBook
    changes: ChangeCatalogue
    rates: RateCatalogue
    budgets: BudgetCatalogue
    sla: SlaCatalogue


@dataclass(frozen=True, slots=True)
class Look:
    """One visitor looking at one page."""

    request: web.Request
    visitor: Visitor
    house: House
    sight: Sight
    everybody: Directory

    @property
    def actor(self) -> Actor:
        """Who is looking, for use cases."""
        return self.visitor.actor

    @property
    def database(self) -> Database:
        """Where use cases look."""
        return self.house.database

    def query(self, name: str) -> str:
        """A query parameter without the blanks around it; empty if there is none."""
        return self.request.query.get(name, "").replace("\x00", "").strip()[:300]

    def may(self, permission: Permission) -> bool:
        """Whether to offer what needs the permission in the whole tenant; the use cases decide for themselves."""
        actor, whole = self.actor, Scope(ScopeKind.TENANT, "")
        return actor.is_enterprise_admin or self.everybody.access.may(actor.user, permission, whole).allowed

    @property
    def places(self) -> tuple[tuple[str, str, str], ...]:
        """What the navigation offers."""
        return (*_PLACES, *_FOR_AUDITORS) if self.may(Permission.VIEW_AUDIT) else _PLACES

    def page(self, template: str, *, place: str, status: int = 200, **values: Any) -> web.Response:
        """The rendered page."""
        text = self.house.templates.get_template(template).render(
            visitor=self.visitor, sight=self.sight, places=self.places, place=place, look=self, **values
        )
        return html(text, status=status)


Page = Callable[[Look], Awaitable[web.StreamResponse]]
RequestHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def shown(house: House, page: Page) -> RequestHandler:
    """What aiohttp calls for a page: nobody unknown gets in, and whatever goes wrong is a page as well."""

    async def serve(request: web.Request) -> web.StreamResponse:
        if any("\x00" in part for part in request.match_info.values()):  # nothing here can be called so
            return problem(request, house, NotFound("There is no such page."))
        try:
            visitor = await visitor_of(request)
            if visitor is None:
                return see_other(f"{SIGN_IN}?next={quote(_return_path(request), safe='')}")
            if visitor.must_set_up and not request.path.startswith(SECURITY):
                return _lead_to_set_up(request)
            return await _with_rotation(request, house, visitor, await page(await _look(request, visitor, house)))
        except Unauthenticated:
            return see_other(f"{SIGN_IN}?next={quote(_return_path(request), safe='')}")
        except CountersignError as error:
            return problem(request, house, error)
        except web.HTTPException as refusal:
            if refusal.status < HTTPStatus.BAD_REQUEST:
                raise
            return problem(request, house, NotFound("There is no such page."))
        except ConnectionError:
            raise
        except Exception:
            log.exception("console_page_failed", path=request.path)
            return problem(request, house, None)

    return serve


def _lead_to_set_up(request: web.Request) -> web.Response:
    """Nothing is open but setting up a second factor; whatever is no page is refused."""
    if request.path == EVENTS:
        raise web.HTTPForbidden
    return see_other(SECURITY)


def _is_page(answer: web.StreamResponse) -> bool:
    return isinstance(answer, web.Response) and not answer.prepared and answer.content_type == "text/html"


async def _with_rotation(
    request: web.Request, house: House, visitor: Visitor, answer: web.StreamResponse
) -> web.StreamResponse:
    """The answer; with a page the browser gets its session under a new secret, where it is time."""
    if not visitor.csrf or request.method != "GET" or not _is_page(answer):
        return answer
    rotated = await rotate_session(house.database, session_in(request))
    if rotated is not None:
        session, text = rotated
        lasts = session.expires_at - house.database.clock.now()
        keep_cookie(request, answer, text, max_age_s=int(lasts.total_seconds()))
    return answer


def see_other(address: str) -> web.Response:
    """After a form: the browser gets the page anew, so that reloading sends nothing twice."""
    return web.Response(status=303, headers={"Location": address, "Content-Security-Policy": CONTENT_SECURITY_POLICY})


def problem(request: web.Request, house: House, error: CountersignError | None) -> web.Response:
    """The page that says what went wrong; None: our fault, named by its correlation id alone."""
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    if error is not None:
        status = error.status if isinstance(error, DoorError) else status_of(error.kind)
    text = house.templates.get_template("problem.html").render(
        error=error,
        status=int(status),
        correlation_id=correlation_id_of(request),
        visitor=None,
        places=_PLACES,
        place="",
    )
    return html(text, status=status)


async def _look(request: web.Request, visitor: Visitor, house: House) -> Look:
    structlog.contextvars.bind_contextvars(
        tenant_id=visitor.actor.tenant, actor_id=str(visitor.actor.user or visitor.actor.email)
    )
    everybody = await list_people(house.database, visitor.actor)
    person = everybody.people.get(visitor.actor.user) if visitor.actor.user else None
    sight = Sight(house.database.clock.now(), zone_of(person.time_zone if person else "UTC"))
    return Look(request, visitor, house, sight, everybody)


def _return_path(request: web.Request) -> str:
    return request.path_qs if request.method in {"GET", "HEAD"} else request.path


def html(text: str, *, status: int) -> web.Response:
    """A page, with what the browser may do with it."""
    return web.Response(
        text=text,
        status=status,
        content_type="text/html",
        headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": "no-store"},
    )
