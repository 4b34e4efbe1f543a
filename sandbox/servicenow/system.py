"""The simulated ServiceNow as the sandbox's frame wants it: one application, records, edits, options."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.faults import Faults, fault_middleware
from sandbox.servicenow import errors, seed
from sandbox.servicenow.attachment_api import AttachmentApi
from sandbox.servicenow.auth import API_KEY, CLIENT_ID, CLIENT_SECRET, Accounts
from sandbox.servicenow.change_api import ChangeApi
from sandbox.servicenow.errors import AccessDenied, RuleRefused
from sandbox.servicenow.incoming import BadRequest, check_accept
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.keys import ACCOUNT
from sandbox.servicenow.limits import HourlyLimit
from sandbox.servicenow.pages import HIBERNATING, Pages
from sandbox.servicenow.schema import TABLES
from sandbox.servicenow.settings import Options
from sandbox.servicenow.store import Row
from sandbox.servicenow.table_api import TableApi
from sandbox.servicenow.webhook import Webhook
from sandbox.signing import key_of
from sandbox.system import ControlError

SLUG: Final = "servicenow"
_TABLE_PATH: Final = re.compile(r"/api/now(?:/v\d)?/table/[^/]+(?:/[^/]+)?\Z")
BODY_MAX_BYTES: Final = 10 * 1024 * 1024


class ServiceNow:
    """One instance on one address. `base_url` has no trailing slash."""

    def __init__(self, faults: Faults, *, base_url: str, snapshot: Mapping[str, Any] | None) -> None:
        self._base_url = base_url
        self._options = Options()
        self._accounts = Accounts(seed.INTEGRATION)
        self._instance = Instance()
        if snapshot is None:
            seed.provision(self._instance, self._accounts)
        else:
            self._instance.store.restore(snapshot["store"])
            self._options.update(snapshot["options"])
            seed.let_in(self._instance, self._accounts)
        self._webhook = Webhook(self._instance, self._options, seed.INTEGRATION, self._instance.clock)
        self._instance.listeners.append(self._webhook.heard)
        self._limit = HourlyLimit(self._instance.clock)
        self._background: set[asyncio.Task[None]] = set()
        self._app = self._build(faults)

    @property
    def slug(self) -> str:
        """The name in addresses and on the control surface."""
        return SLUG

    @property
    def app(self) -> web.Application:
        """The vendor's protocol and the record pages."""
        return self._app

    def records(self, type_: str | None, /) -> list[dict[str, Any]]:
        """Every record of one table (or of all), with labels, journal and history. Raises ControlError if unknown."""
        if type_ is not None and type_ not in TABLES:
            raise ControlError(f"There is no table '{type_}' here.", accepted=tuple(TABLES))
        names = TABLES if type_ is None else (type_,)
        return [self._record(row) for name in names for row in self._instance.store.table(name).values()]

    async def edit(self, type_: str, id_: str, fields: Mapping[str, Any], /) -> dict[str, Any]:
        """A person edits a record, by sys_id or number; `sys_updated_by` may name the person.

        Its webhook has been fired. Raises LookupError for an unknown record, ValueError for what the rules refuse.
        """
        row = self._find(type_, id_)
        sent = dict(fields)
        by = self._accounts.account(str(sent.pop("sys_updated_by", seed.OPERATOR)))
        if unknown := sorted(set(sent) - set(TABLES[type_].columns)):
            raise ValueError(f"{TABLES[type_].label} has no field {', '.join(unknown)}.")
        try:
            self._instance.update(row, sent, by=by, labels=True)
        except (AccessDenied, RuleRefused) as refused:
            raise ValueError(str(refused)) from refused
        finally:
            await self._webhook.flush()
        return self._record(row)

    async def delete(self, type_: str, id_: str, /) -> None:
        """An administrator deletes a record, by sys_id or number; its webhook has been fired."""
        try:
            self._instance.delete(self._find(type_, id_), by=self._accounts.account("admin"))
        finally:
            await self._webhook.flush()

    def _find(self, type_: str, id_: str) -> Row:
        if type_ not in TABLES:
            raise ControlError(f"There is no table '{type_}' here.", accepted=tuple(TABLES))
        store = self._instance.store
        row = store.find(type_, id_) or (store.find_by(type_, "number", id_) if TABLES[type_].prefix else None)
        if row is None:
            raise LookupError(f"{type_} {id_}")
        return row

    def snapshot(self) -> dict[str, Any]:
        """Rows and options."""
        return {"store": self._instance.store.snapshot(), "options": self._options.as_json()}

    def configure(self, options: Mapping[str, Any], /) -> None:
        """The options are in force; `people` and `services` are added; `revoke_tokens` ends them. Raises ValueError."""
        others = {"people", "services", "revoke_tokens"}
        rest = {name: value for name, value in options.items() if name not in others}
        if isinstance(rest.get("webhook_secret"), str):
            key_of(rest["webhook_secret"])
        self._options.update(rest)
        if "people" in options:
            seed.add_people(self._instance, self._accounts, options["people"])
        if "services" in options:
            seed.add_services(self._instance, options["services"])
        if options.get("revoke_tokens"):
            self._accounts.revoke_tokens()

    def describe(self) -> dict[str, Any]:
        """Address and credentials, and the page that lists the changes."""
        return {
            "url": self._base_url,
            "user": seed.INTEGRATION,
            "password": seed.INTEGRATION_PASSWORD,
            "api_key": API_KEY,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "page": f"{self._base_url}/change_request_list.do",
            "people": {"user": seed.OPERATOR, "password": seed.PERSON_PASSWORD},
            "webhook": {"url": self._options.webhook_url, "last": self._webhook.deliveries[-1:]},
        }

    def _build(self, faults: Faults) -> web.Application:
        meet_faults = fault_middleware(SLUG, faults, throttled=errors.throttled, failed=errors.failed)

        @web.middleware
        async def api_faults(request: web.Request, handler: Handler) -> web.StreamResponse:
            # People's pages stay up: a fault is meant for programs, and must not be used up by a browser.
            return await (meet_faults(request, handler) if _is_api(request) else handler(request))

        app = web.Application(middlewares=[api_faults, self._doorkeeper], client_max_size=BODY_MAX_BYTES)
        TableApi(self._instance, self._options, self._base_url).add_routes(app.router)
        ChangeApi(self._instance, self._options).add_routes(app.router)
        AttachmentApi(self._instance, self._options, self._base_url).add_routes(app.router)
        app.router.add_post("/oauth_token.do", self._accounts.token)
        app.router.add_route("*", "/api/{tail:.*}", _unknown_api)
        Pages(self._instance, self._base_url).add_routes(app.router)
        app.on_cleanup.append(self._settle)
        return app

    @web.middleware
    async def _doorkeeper(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self._options.hibernating:
            return web.Response(text=HIBERNATING, content_type="text/html")
        if not _is_api(request) or request.path.endswith("/oauth_token.do"):
            return await handler(request)
        caller = self._accounts.caller(request.headers)
        if caller is None:
            return errors.not_authenticated()
        limit = self._options.rate_limit
        if limit is not None and self._limit.count(caller.user_name) > limit:
            return self._limit.refuse(limit)
        request[ACCOUNT] = caller
        response = await self._answer(request, handler)
        if limit is not None:
            response.headers.update(self._limit.headers(limit))
        response.headers["Set-Cookie"] = "JSESSIONID=0123456789ABCDEF; Path=/; HttpOnly; SameSite=None"
        self._tell_later()
        return response

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            check_accept(request)
            return await handler(request)
        except BadRequest as bad:
            return bad.response
        except web.HTTPException as exc:
            return errors.error(exc.status, exc.reason or "Error")

    def _tell_later(self) -> None:
        # The rule runs after the answer, as an asynchronous business rule does.
        task = asyncio.get_running_loop().create_task(self._webhook.flush(), name="servicenow-webhook")
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _settle(self, _app: web.Application) -> None:
        await asyncio.gather(*self._background)

    def _record(self, row: Row) -> dict[str, Any]:
        shown = {
            name: self._instance.store.display(row, name)
            for name, column in row.table.columns.items()
            if (column.choices or column.reference) and row[name]
        }
        journal = [
            {"element": one["element"], "value": one["value"], "by": one["sys_created_by"], "at": one["sys_created_on"]}
            for one in self._instance.journal(row)
        ]
        history = [asdict(change) for change in row.history]
        return {"type": row.table.name, **row.values, "display": shown, "journal": journal, "history": history}


def create(faults: Faults, /, *, base_url: str, snapshot: Mapping[str, Any] | None) -> ServiceNow:
    """An instance that answers on `base_url`, restored from `snapshot` if one is given."""
    return ServiceNow(faults, base_url=base_url.rstrip("/"), snapshot=snapshot)


async def _unknown_api(request: web.Request) -> web.StreamResponse:
    if _TABLE_PATH.search(request.path):
        detail = f"{request.method} is not supported"
        return errors.error(HTTPStatus.METHOD_NOT_ALLOWED, "Method not supported", detail)
    return errors.error(HTTPStatus.BAD_REQUEST, "Requested URI does not represent any resource")


def _is_api(request: web.Request) -> bool:
    return "/api/" in request.path or request.path.endswith("/oauth_token.do")
