"""The platform as the sandbox's frame wants it: its calls, what it runs, records, edits, options."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.faults import Faults, fault_middleware
from sandbox.platform.rollouts import ERROR_RATE, OUTCOMES, Rollout, Rollouts
from sandbox.platform.webhook import Webhook
from sandbox.signing import key_of
from sandbox.system import ControlError

SLUG: Final = "platform"
OPTIONS: Final = ("next", "step_s", "webhook_url", "webhook_secret")
TYPES: Final = ("rollout", "resource")
STATES: Final = (
    "accepted", "running", "succeeded", "failed", "rolling_back", "rolled_back", "rollback_failed",
)  # fmt: skip


class Platform:
    """One platform on one address. `base_url` has no trailing slash."""

    def __init__(self, faults: Faults, *, base_url: str, snapshot: Mapping[str, Any] | None) -> None:
        self._base_url = base_url
        self._webhook = Webhook()
        self._next, self._step = "good", 0.5
        self._rollouts = Rollouts(self._webhook.tell, lambda: self._step)
        if snapshot is None:
            self._secret = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
        else:
            self._secret = snapshot["secret"]
            self._rollouts.restore(snapshot)
            self.configure(snapshot["options"])
        self._app = self._build(faults)

    @property
    def slug(self) -> str:
        """The name in addresses and on the control surface."""
        return SLUG

    @property
    def app(self) -> web.Application:
        """The calls that the product makes, and the health and figures of what runs here."""
        return self._app

    def records(self, type_: str | None, /) -> list[dict[str, Any]]:
        """Every rollout, or every resource, with its history. Raises ControlError for another type."""
        if type_ not in (None, *TYPES):
            raise ControlError(f"There is no type '{type_}' here.", accepted=TYPES)
        found: list[dict[str, Any]] = []
        if type_ in (None, "rollout"):
            found += [{"type": "rollout", **asdict(each)} for each in self._rollouts.rollouts.values()]
        if type_ in (None, "resource"):
            found += [
                {"type": "resource", "id": each.name, **asdict(each)} for each in self._rollouts.resources.values()
            ]
        return found

    async def edit(self, type_: str, id_: str, fields: Mapping[str, Any], /) -> dict[str, Any]:
        """A person makes a resource well or ill, or says of a rollout where it is.

        Raises LookupError for an unknown record, ValueError for what cannot be.
        """
        if type_ == "resource":
            resource = self._rollouts.resource(id_)
            healthy = fields.get("healthy", resource.healthy)
            if not isinstance(healthy, bool):
                raise ValueError("`healthy` is true or false.")
            rate = fields.get("error_rate", ERROR_RATE[healthy])
            if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate <= 1:
                raise ValueError("`error_rate` is a number from 0 to 1.")
            resource.healthy, resource.error_rate = healthy, float(rate)
            return {"type": type_, "id": id_, **asdict(resource)}
        if type_ != "rollout":
            raise ControlError(f"There is no type '{type_}' here.", accepted=TYPES)
        rollout = self._rollouts.rollouts.get(id_)
        if rollout is None:
            raise LookupError(f"rollout {id_}")
        if fields.get("state") not in STATES:
            raise ValueError(f"`state` is one of {', '.join(STATES)}.")
        self._rollouts.set_state(rollout, str(fields["state"]), str(fields.get("message", "")))
        return {"type": type_, **asdict(rollout)}

    def snapshot(self) -> dict[str, Any]:
        """Everything that must survive a restart."""
        options = {"next": self._next, "step_s": self._step}
        told = {"webhook_url": self._webhook.url, "webhook_secret": self._webhook.secret}
        return {"secret": self._secret, "options": {**options, **told}, **self._rollouts.snapshot()}

    def configure(self, options: Mapping[str, Any], /) -> None:
        """`next`: what becomes of the rollouts to come; `step_s`: how long a step takes; where it tells of them."""
        if unknown := sorted(set(options) - set(OPTIONS)):
            raise ValueError(f"There is no option {', '.join(unknown)}; there are {', '.join(OPTIONS)}.")
        outcome, step_s = options.get("next", self._next), options.get("step_s", self._step)
        if outcome not in OUTCOMES:
            raise ValueError(f"`next` is one of {', '.join(OUTCOMES)}.")
        if isinstance(step_s, bool) or not isinstance(step_s, int | float) or not 0 <= step_s <= 600:
            raise ValueError("`step_s` is a number of seconds from 0 to 600.")
        secret = str(options.get("webhook_secret", self._webhook.secret))
        key_of(secret)
        self._next, self._step = str(outcome), float(step_s)
        self._webhook.secret = secret
        self._webhook.url = str(options.get("webhook_url", self._webhook.url))

    def describe(self) -> dict[str, Any]:
        """How to reach it."""
        return {"url": self._base_url, "secret": self._secret}

    def _build(self, faults: Faults) -> web.Application:
        failing = fault_middleware(SLUG, faults, throttled=_throttled, failed=_failed)
        app = web.Application(middlewares=[failing])
        app.add_routes(
            [
                web.get("/rollouts", self._signed(self._listed)),
                web.post("/rollouts", self._signed(self._start)),
                web.get("/rollouts/{id}", self._signed(self._status)),
                web.post("/rollouts/{id}/rollback", self._signed(self._undo)),
                web.get("/health/{resource}", self._health),
                web.get("/figures/{resource}", self._figures),
            ]
        )

        async def resume(_app: web.Application) -> None:
            self._rollouts.resume()

        async def stop(_app: web.Application) -> None:
            await self._rollouts.stop()

        app.on_startup.append(resume)
        app.on_cleanup.append(stop)
        return app

    def _signed(self, handler: Handler) -> Handler:
        async def checked(request: web.Request) -> web.StreamResponse:
            body = await request.read()
            if not _is_signed(request.headers, body, self._secret):
                return _error(HTTPStatus.UNAUTHORIZED, "The signature does not fit the message.")
            # How old a message is cannot be said here: the product's clock can be moved in the demo.
            self._webhook.ahead_s = int(request.headers["webhook-timestamp"]) - int(time.time())
            return await handler(request)

        return checked

    async def _listed(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response(
            {"rollouts": [self._rollouts.status(each) for each in self._rollouts.rollouts.values()]}
        )

    async def _start(self, request: web.Request) -> web.StreamResponse:
        try:
            body = json.loads(await request.read())
            resources = [str(each) for each in body["resources"]]
            id_, kind, change, title = (str(body[name]) for name in ("id", "kind", "change", "title"))
        except (ValueError, KeyError, TypeError):
            return _error(HTTPStatus.UNPROCESSABLE_ENTITY, "A rollout has id, kind, change, title and resources.")
        if not resources:
            return _error(HTTPStatus.UNPROCESSABLE_ENTITY, "It touches nothing.")
        wanted = Rollout(
            id=id_,
            kind=kind,
            change=change,
            title=title,
            resources=resources,
            environment=str(body.get("environment", "")),
            outcome=self._next,
        )
        return web.json_response(self._rollouts.status(self._rollouts.start(wanted)), status=HTTPStatus.ACCEPTED)

    async def _status(self, request: web.Request) -> web.StreamResponse:
        rollout = self._rollouts.rollouts.get(request.match_info["id"])
        if rollout is None:
            return _error(HTTPStatus.NOT_FOUND, "There is no such rollout.")
        return web.json_response(self._rollouts.status(rollout))

    async def _undo(self, request: web.Request) -> web.StreamResponse:
        rollout = self._rollouts.rollouts.get(request.match_info["id"])
        if rollout is None:
            return _error(HTTPStatus.NOT_FOUND, "There is no such rollout.")
        return web.json_response(self._rollouts.status(self._rollouts.undo(rollout)), status=HTTPStatus.ACCEPTED)

    async def _health(self, request: web.Request) -> web.StreamResponse:
        resource = self._rollouts.resource(request.match_info["resource"])
        status = HTTPStatus.OK if resource.healthy else HTTPStatus.SERVICE_UNAVAILABLE
        return web.json_response({"status": "ok" if resource.healthy else "ill"}, status=status)

    async def _figures(self, request: web.Request) -> web.StreamResponse:
        resource = self._rollouts.resource(request.match_info["resource"])
        return web.json_response({"data": {"error_rate": resource.error_rate}})


def create(faults: Faults, /, *, base_url: str, snapshot: Mapping[str, Any] | None) -> Platform:
    """A platform that answers on `base_url`, restored from `snapshot` if one is given."""
    return Platform(faults, base_url=base_url, snapshot=snapshot)


def _is_signed(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    identity, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not identity or not stamp.isascii() or not stamp.isdecimal() or len(stamp) > 12:
        return False
    digest = hmac.new(key_of(secret), f"{identity}.{stamp}.".encode() + body, hashlib.sha256).digest()
    wanted = f"v1,{base64.b64encode(digest).decode()}"
    return any(hmac.compare_digest(each, wanted) for each in headers.get("webhook-signature", "").split())


def _throttled(retry_after_s: float) -> web.Response:
    answer = _error(HTTPStatus.TOO_MANY_REQUESTS, "Too many calls.")
    answer.headers["Retry-After"] = f"{retry_after_s:g}"
    return answer


def _failed() -> web.Response:
    return _error(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong here.")


def _error(status: HTTPStatus, detail: str) -> web.Response:
    return web.json_response({"title": status.phrase, "detail": detail}, status=status)
