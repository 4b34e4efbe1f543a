"""The simulated Jira as the sandbox's frame wants it: one application, records, edits, options."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.faults import Faults, fault_middleware
from sandbox.jira import auth, errors, hands, issues, limits, seed
from sandbox.jira.auth import ACCESS_TOKEN, API_TOKEN, INTEGRATION, PASSWORD, Accounts, Denied
from sandbox.jira.calls import CALL, NOBODY, Call
from sandbox.jira.catalogue import ISSUE_TYPES, PROJECTS
from sandbox.jira.comment_api import CommentApi
from sandbox.jira.desk_api import BASE as DESK_BASE
from sandbox.jira.desk_api import DeskApi
from sandbox.jira.errors import Refused
from sandbox.jira.hook_api import HookApi
from sandbox.jira.issue_api import IssueApi
from sandbox.jira.limits import Limits
from sandbox.jira.link_api import LinkApi
from sandbox.jira.meta_api import MetaApi
from sandbox.jira.moves import Author
from sandbox.jira.pages import Pages
from sandbox.jira.render import View
from sandbox.jira.search_api import SearchApi
from sandbox.jira.settings import Options
from sandbox.jira.site import Site
from sandbox.jira.store import Person, Store
from sandbox.jira.values import Dialect
from sandbox.jira.webhook import Webhooks
from sandbox.system import ControlError

SLUG: Final = "jira"
BODY_MAX_BYTES: Final = 25 * 1024 * 1024
TYPES: Final = ("issue", "user", "project", "webhook", "delivery")
_NOBODY: Final = Person(NOBODY, NOBODY, "Anonymous", "")


class Jira:
    """One site on one address. `base_url` has no trailing slash."""

    def __init__(self, faults: Faults, *, base_url: str, snapshot: Mapping[str, Any] | None) -> None:
        self._base_url = base_url
        self._options = Options()
        self._site = Site()
        if snapshot is None:
            seed.provision(self._site)
        else:
            self._site.store.restore(snapshot["store"])
            self._options.update(snapshot["options"])
        self._accounts = Accounts(self._site.store, self._options)
        self._limits = Limits(self._options, self._site.clock)
        self._webhooks = Webhooks(self._site, self._options, base_url)
        self._site.listeners.append(self._webhooks.heard)
        self._background: set[asyncio.Task[None]] = set()
        self._app = self._build(faults)

    @property
    def slug(self) -> str:
        """The name in addresses and on the control surface."""
        return SLUG

    @property
    def app(self) -> web.Application:
        """The vendor's protocol and the pages."""
        return self._app

    def records(self, type_: str | None, /) -> list[dict[str, Any]]:
        """Every record of one type (or every issue); the name of an issue type chooses among the issues.

        Raises ControlError for an unknown type.
        """
        store = self._site.store
        match type_:
            case None | "issue":
                return [hands.record(self._site, one) for one in store.issues.values()]
            case "user":
                return [{"type": "user", **asdict(one)} for one in store.people.values()]
            case "project":
                return [{"type": "project", **asdict(one)} for one in PROJECTS.values()]
            case "webhook":
                return [{"type": "webhook", **asdict(one), "secret": bool(one.secret)} for one in store.hooks.values()]
            case "delivery":
                return [{"type": "delivery", **one} for one in self._webhooks.deliveries]
            case _:
                wanted = hands.issue_type(type_)
                if wanted is None:
                    names = tuple(one.name for one in ISSUE_TYPES.values())
                    raise ControlError(f"There is no type '{type_}' here.", accepted=(*TYPES, *names))
                return [hands.record(self._site, one) for one in store.issues.values() if one.type == wanted]

    async def edit(self, type_: str, id_: str, fields: Mapping[str, Any], /) -> dict[str, Any]:
        """A person edits an issue, by id or key. Its webhooks have been fired.

        Beside fields (by id or name): `status` or `transition`, `comment` (with `internal`), `approval` (approve or
        decline), `by` (an account id, name or address). Raises LookupError for an unknown issue, ValueError for what
        the rules refuse.
        """
        if type_ != "issue" and hands.issue_type(type_) is None:
            raise ControlError(f"Records of type '{type_}' cannot be edited here.", accepted=("issue",))
        issue = self._site.store.issue(id_)
        if issue is None:
            raise LookupError(f"{type_} {id_}")
        try:
            hands.edit(self._site, issue, fields)
        finally:
            await self._webhooks.flush()
        return hands.record(self._site, issue)

    async def delete(self, type_: str, id_: str, /) -> None:
        """A person deletes an issue, by id or key; its webhooks have been fired."""
        issue = self._site.store.issue(id_)
        if issue is None:
            raise LookupError(f"{type_} {id_}")
        try:
            issues.delete(self._site, issue, author=seed.author(self._site, seed.OPERATOR))
        finally:
            await self._webhooks.flush()

    def snapshot(self) -> dict[str, Any]:
        """Records and options."""
        return {"store": self._site.store.snapshot(), "options": self._options.as_json()}

    def configure(self, options: Mapping[str, Any], /) -> None:
        """The options are in force; `people` are added to the site. Raises ValueError."""
        self._options.update({name: value for name, value in options.items() if name != "people"})
        if "people" in options:
            seed.add_people(self._site, options["people"])

    async def reset(self) -> None:
        """The site is as on its first day."""
        self._options.update(Options().as_json())
        self._site.store.restore(Store().snapshot())
        self._site.listeners.clear()
        seed.provision(self._site)
        self._site.listeners.append(self._webhooks.heard)

    def describe(self) -> dict[str, Any]:
        """Address and credentials of the product that answers, and the page that lists the issues."""
        cloud = self._options.is_cloud
        return {
            "url": self._base_url,
            "deployment": self._options.deployment,
            "user": seed.INTEGRATION_EMAIL if cloud else INTEGRATION,
            "password": API_TOKEN if cloud else PASSWORD,
            "api_token": API_TOKEN,
            "access_token": ACCESS_TOKEN,
            "project": "GOV",
            "service_desk_project": "ITSM",
            "page": f"{self._base_url}/issues/",
            "people": {"user": seed.OPERATOR, "password": auth.PERSON_TOKEN},
            "webhook": {"url": self._options.webhook_url, "last": self._webhooks.deliveries[-1:]},
        }

    def _build(self, faults: Faults) -> web.Application:
        meet_faults = fault_middleware(
            SLUG,
            faults,
            throttled=lambda wait: limits.throttled(self._options, self._site.clock, wait),
            failed=errors.failed,
        )

        @web.middleware
        async def api_faults(request: web.Request, handler: Handler) -> web.StreamResponse:
            # People's pages stay up: a fault is meant for programs, and must not be used up by a browser.
            return await (meet_faults(request, handler) if _is_api(request) else handler(request))

        app = web.Application(middlewares=[api_faults, self._doorkeeper], client_max_size=BODY_MAX_BYTES)
        issue_api = IssueApi(self._site, self._options)
        MetaApi(self._site, self._options, self._base_url).add_routes(app.router)
        SearchApi(self._site, self._options).add_routes(app.router)
        CommentApi(self._site).add_routes(app.router)
        LinkApi(self._site, self._options).add_routes(app.router)
        issue_api.add_routes(app.router)
        DeskApi(self._site, issue_api, self._base_url).add_routes(app.router)
        HookApi(self._site, self._base_url).add_routes(app.router)
        Pages(self._site, self._options, self._base_url).add_routes(app.router)
        app.on_cleanup.append(self._settle)
        return app

    @web.middleware
    async def _doorkeeper(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not _is_api(request):
            return await handler(request)
        caller = self._accounts.caller(request.headers)
        is_open = request.path.endswith("/serverInfo")
        if not isinstance(caller, Person):
            if caller is None and not is_open and not self._options.anonymous_browse:
                return auth.refuse(None, self._options, self._base_url)
            if isinstance(caller, Denied) and (caller.captcha or not self._options.anonymous_browse):
                return auth.refuse(caller, self._options, self._base_url)
            caller = _NOBODY
        over = self._limits.count(caller.account_id, request.method, request.path)
        if over is not None:
            return limits.refuse(over, self._options, self._site.clock())
        request[CALL] = self._call(request, caller)
        response = await self._answer(request, handler)
        response.headers.update(self._limits.headers(caller.account_id))
        response.headers["X-AREQUESTID"] = secrets.token_hex(8)
        if self._options.is_cloud:
            response.headers["X-AACCOUNTID"] = caller.account_id
        else:
            response.headers["X-AUSERNAME"] = caller.name if caller is not _NOBODY else "anonymous"
        self._tell_later()
        return response

    def _call(self, request: web.Request, caller: Person) -> Call:
        version = 3 if "/rest/api/3/" in request.path else 2
        dialect = Dialect(self._options.is_cloud, version)
        view = View(self._site, self._base_url, dialect, self._options.hides_emails)
        return Call(request, Author(caller, dialect), view)

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not self._options.is_cloud and "/rest/api/3/" in request.path:
            return errors.no_resource(str(request.url))
        is_desk = DESK_BASE in request.path
        try:
            return await handler(request)
        except Refused as refused:
            return errors.desk_error(refused) if is_desk else errors.refusal(refused)
        except web.HTTPNotFound:
            return errors.no_resource(str(request.url))
        except web.HTTPException as exc:
            return errors.refusal(Refused(exc.reason or "Error", status=exc.status))

    def _tell_later(self) -> None:
        # Webhooks leave after the answer, on their own time.
        task = asyncio.get_running_loop().create_task(self._webhooks.flush(), name="jira-webhook")
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _settle(self, _app: web.Application) -> None:
        await asyncio.gather(*self._background)
        await self._webhooks.stop()


def create(faults: Faults, /, *, base_url: str, snapshot: Mapping[str, Any] | None) -> Jira:
    """A site that answers on `base_url`, restored from `snapshot` if one is given."""
    return Jira(faults, base_url=base_url.rstrip("/"), snapshot=snapshot)


def _is_api(request: web.Request) -> bool:
    return "/rest/" in request.path or "/secure/attachment/" in request.path
