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

from core.access import Directory, list_people
from core.actor import Actor
from core.approvals import PolicyCatalogue
from core.charts import Renderer
from core.db import Database
from core.decisions import Gate
from core.errors import CountersignError, NotFound, Unauthenticated
from web.console import times
from web.console.rendering import Sight
from web.console.session import Visitor, visitor_of
from web.errors import DoorError
from web.middleware import correlation_id_of
from web.problems import status_of

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; script-src 'self'; connect-src 'self'"
)
SIGN_IN: Final = "/console/signin"
_PLACES: Final = (
    ("inbox", "/console", "Inbox"),
    ("agents", "/console/agents", "Agents"),
    ("policies", "/console/policies", "Policies"),
    ("analytics", "/console/analytics", "Analytics"),
    ("people", "/console/people", "People"),
    ("audit", "/console/audit", "Audit"),
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

    def page(self, template: str, *, place: str, status: int = 200, **values: Any) -> web.Response:
        """The rendered page."""
        text = self.house.templates.get_template(template).render(
            visitor=self.visitor, sight=self.sight, places=_PLACES, place=place, look=self, **values
        )
        return html(text, status=status)


Page = Callable[[Look], Awaitable[web.StreamResponse]]
RequestHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def shown(house: House, page: Page) -> RequestHandler:
    """What aiohttp calls for a page: nobody unknown gets in, and whatever goes wrong is a page as well."""

    async def serve(request: web.Request) -> web.StreamResponse:
        try:
            visitor = await visitor_of(request)
            if visitor is None:
                return see_other(f"{SIGN_IN}?next={quote(_return_path(request), safe='')}")
            return await page(await _look(request, visitor, house))
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
    sight = Sight(house.database.clock.now(), times.zone(person.time_zone if person else "UTC"))
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
