"""The simulated Remedy as the sandbox's frame wants it: one application, records, edits, options."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.faults import Faults, fault_middleware
from sandbox.remedy import errors, hands, seed
from sandbox.remedy.arserver import ArServer
from sandbox.remedy.auth import ADMINISTRATOR, INTEGRATION, INTEGRATION_PASSWORD, PERSON_PASSWORD, Accounts
from sandbox.remedy.entry_api import CALLER, EntryApi
from sandbox.remedy.errors import Refused
from sandbox.remedy.pages import Pages
from sandbox.remedy.schema import FORMS
from sandbox.remedy.settings import Options
from sandbox.remedy.store import Store
from sandbox.remedy.webhook import Webhook
from sandbox.signing import key_of
from sandbox.system import ControlError

SLUG: Final = "remedy"
BODY_MAX_BYTES: Final = 25 * 1024 * 1024


class Remedy:
    """One server on one address. `base_url` has no trailing slash."""

    def __init__(self, faults: Faults, *, base_url: str, snapshot: Mapping[str, Any] | None) -> None:
        self._base_url = base_url
        self._server = ArServer()
        if snapshot is None:
            seed.provision(self._server)
        else:
            self._server.store.restore(snapshot["store"])
            self._server.options.update(snapshot["options"])
        self._accounts = Accounts(self._server, self._server.clock)
        self._webhook = Webhook(self._server)
        self._server.listeners.append(self._webhook.heard)
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
        """Every entry of one form (or of all), with history; `change`, `incident`, `approval`, `person` will do too.

        Raises ControlError for an unknown form.
        """
        if type_ == "delivery":
            return [{"type": "delivery", **one} for one in self._webhook.deliveries]
        bases = [self._base(type_)] if type_ else sorted({one.base for one in FORMS.values()})
        return [
            hands.record(self._server, one, self._base_url)
            for base in bases
            for one in self._server.store.entries(base).values()
        ]

    async def edit(self, type_: str, id_: str, fields: Mapping[str, Any], /) -> dict[str, Any]:
        """A person edits an entry, by request id or number. Its webhook has been fired.

        Beside fields: `status`, `comment` (the work log), `approval` (approve or reject), `by` (login or address).
        Raises LookupError for an unknown entry, ValueError for what the rules refuse.
        """
        entry = hands.find(self._server, self._base(type_), id_)
        if entry is None:
            raise LookupError(f"{type_} {id_}")
        try:
            hands.edit(self._server, entry, fields)
        finally:
            await self._webhook.flush()
        return hands.record(self._server, entry, self._base_url)

    async def delete(self, type_: str, id_: str, /) -> None:
        """An administrator deletes an entry, by request id or number; its webhook has been fired."""
        entry = hands.find(self._server, self._base(type_), id_)
        if entry is None:
            raise LookupError(f"{type_} {id_}")
        try:
            self._server.delete(entry, by=self._accounts.account(ADMINISTRATOR))
        finally:
            await self._webhook.flush()

    def snapshot(self) -> dict[str, Any]:
        """Entries and options."""
        return {"store": self._server.store.snapshot(), "options": self._server.options.as_json()}

    def configure(self, options: Mapping[str, Any], /) -> None:
        """The options are in force; `people` are added; `revoke_tokens` ends every session. Raises ValueError."""
        if isinstance(options.get("webhook_secret"), str):
            key_of(options["webhook_secret"])
        rest = {name: value for name, value in options.items() if name not in {"people", "revoke_tokens"}}
        self._server.options.update(rest)
        if "people" in options:
            seed.add_people(self._server, options["people"])
        if options.get("revoke_tokens"):
            self._accounts.revoke_tokens()

    async def reset(self) -> None:
        """The server is as on its first day."""
        self._server.options.update(Options().as_json())
        self._server.store.restore(Store().snapshot())
        self._server.listeners.clear()
        seed.provision(self._server)
        self._server.listeners.append(self._webhook.heard)
        self._accounts.revoke_tokens()

    def describe(self) -> dict[str, Any]:
        """Address and credentials, and the page that lists the changes."""
        return {
            "url": self._base_url,
            "user": INTEGRATION,
            "password": INTEGRATION_PASSWORD,
            "company": seed.COMPANY,
            "person": {"first_name": "Countersign", "last_name": "Integration"},
            "page": f"{self._base_url}/arsys/home",
            "people": {"user": seed.OPERATOR, "password": PERSON_PASSWORD},
            "webhook": {"url": self._server.options.webhook_url, "last": self._webhook.deliveries[-1:]},
        }

    def _base(self, type_: str) -> str:
        base = hands.base_of(type_)
        if base is None:
            raise ControlError(f"There is no form '{type_}' here.", accepted=(*hands.ALIASES, *FORMS, "delivery"))
        return base

    def _build(self, faults: Faults) -> web.Application:
        meet_faults = fault_middleware(SLUG, faults, throttled=errors.throttled, failed=errors.failed)

        @web.middleware
        async def api_faults(request: web.Request, handler: Handler) -> web.StreamResponse:
            # People's pages stay up: a fault is meant for programs, and must not be used up by a browser.
            return await (meet_faults(request, handler) if _is_api(request) else handler(request))

        app = web.Application(middlewares=[api_faults, self._doorkeeper], client_max_size=BODY_MAX_BYTES)
        app.router.add_post("/api/jwt/login", self._accounts.login)
        app.router.add_post("/api/jwt/logout", self._accounts.logout)
        EntryApi(self._server, self._base_url).add_routes(app.router)
        Pages(self._server, self._base_url).add_routes(app.router)
        app.on_cleanup.append(self._settle)
        return app

    @web.middleware
    async def _doorkeeper(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not _is_api(request):
            return await handler(request)
        try:
            if "/api/jwt/" not in request.path:
                request[CALLER] = self._accounts.caller(request.headers)
            response = await handler(request)
        except Refused as refused:
            with_note = self._server.options.note_before_errors and request.method in {"POST", "PUT"}
            return errors.refusal(refused, with_note=with_note)
        except web.HTTPException as exc:
            status = HTTPStatus(exc.status)
            return web.json_response([errors.message("ERROR", 0, status.phrase)], status=exc.status)
        self._tell_later()
        return response

    def _tell_later(self) -> None:
        # The filter's web service is called after the answer.
        task = asyncio.get_running_loop().create_task(self._webhook.flush(), name="remedy-webhook")
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _settle(self, _app: web.Application) -> None:
        await asyncio.gather(*self._background)


def create(faults: Faults, /, *, base_url: str, snapshot: Mapping[str, Any] | None) -> Remedy:
    """A server that answers on `base_url`, restored from `snapshot` if one is given."""
    return Remedy(faults, base_url=base_url.rstrip("/"), snapshot=snapshot)


def _is_api(request: web.Request) -> bool:
    return "/api/" in request.path
