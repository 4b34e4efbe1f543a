"""Installing the app (OAuth v2): the page on which a person agrees, and the exchange of the code for the token."""

from __future__ import annotations

import base64
import binascii
import hmac
import html
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web
from yarl import URL

from sandbox.slack.hub import ApiError, Hub
from sandbox.slack.scopes import ALL
from sandbox.slack.world import Json

CODE_S = 600.0  # Slack, "Installing with OAuth": a code is good for ten minutes


@dataclass(slots=True)
class _Code:
    user: str
    scopes: tuple[str, ...]
    redirect_uri: str
    made: float
    used: bool = False


@dataclass(frozen=True, slots=True)
class _Asked:
    """A sound request for installation."""

    redirect_uri: str
    scopes: tuple[str, ...]
    state: str


class OAuth:
    """The installation of the one app in the one workspace. `now` tells seconds that only grow."""

    def __init__(self, hub: Hub, now: Callable[[], float] = time.monotonic) -> None:
        self._hub = hub
        self._now = now
        self._codes: dict[str, _Code] = {}

    async def page(self, request: web.Request) -> web.Response:
        """The question whether the app may be installed, or what is wrong with asking it."""
        try:
            asked = self._asked(request.query)
        except ApiError as exc:
            return _html(f"<h1>Something went wrong</h1><p>{html.escape(exc.code)}</p>", HTTPStatus.BAD_REQUEST)
        return _html(self._question(asked))

    async def decide(self, request: web.Request) -> web.Response:
        """Back to the app: with a code after `decision=allow` as person `user`, else with access_denied."""
        try:
            asked = self._asked(request.query)
            form = await request.post()
        except ApiError as exc:
            return _html(f"<h1>Something went wrong</h1><p>{html.escape(exc.code)}</p>", HTTPStatus.BAD_REQUEST)
        except (ValueError, LookupError):
            return _html("<h1>Something went wrong</h1><p>invalid_form_data</p>", HTTPStatus.BAD_REQUEST)
        user = str(form.get("user") or next(iter(self._hub.world.people), ""))
        if form.get("decision") == "allow" and user in self._hub.world.people:
            answer = {"code": self.grant(user, asked.scopes, asked.redirect_uri), "state": asked.state}
        else:
            answer = {"error": "access_denied", "state": asked.state}
        raise web.HTTPFound(URL(asked.redirect_uri).update_query(answer))

    def grant(self, user: str, scopes: tuple[str, ...], redirect_uri: str) -> str:
        """A code that is good once, for `CODE_S`: this person has agreed to these scopes."""
        code = secrets.token_urlsafe(24)
        self._codes[code] = _Code(user, scopes, redirect_uri, self._now())
        return code

    def access(self, authorization: str, args: Json) -> Json:
        """oauth.v2.access: the token for the code. Raises ApiError with Slack's word for the refusal."""
        app, team = self._hub.world.app, self._hub.world.team
        client_id, client_secret = _credentials(authorization, args)
        if not _same(client_id, app.client_id):
            raise ApiError("invalid_client_id")
        if not _same(client_secret, app.client_secret):
            raise ApiError("bad_client_secret")
        code = self._codes.get(str(args.get("code")))
        if code is None or self._now() - code.made > CODE_S:
            raise ApiError("invalid_code")
        if code.used:
            raise ApiError("code_already_used")
        if args.get("redirect_uri", code.redirect_uri) != code.redirect_uri:
            raise ApiError("bad_redirect_uri")
        code.used = True
        self._hub.scopes.add(code.scopes)
        return {
            "app_id": app.id,
            "authed_user": {"id": code.user},
            "scope": ",".join(code.scopes),
            "token_type": "bot",
            "access_token": self._hub.settings.bot_token,
            "bot_user_id": app.bot_user,
            "team": {"id": team.id, "name": team.name},
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def forget(self) -> None:
        """No code is good any more."""
        self._codes.clear()

    def _asked(self, query: Mapping[str, str]) -> _Asked:
        if query.get("client_id") != self._hub.world.app.client_id:
            raise ApiError("invalid_client_id")
        scopes = tuple(scope for scope in query.get("scope", "").replace(" ", ",").split(",") if scope)
        if not scopes:
            raise ApiError("no_scopes")
        if not ALL.issuperset(scopes):
            raise ApiError("invalid_scope")
        redirect_uri = query.get("redirect_uri", "")
        try:
            target = URL(redirect_uri)
        except ValueError as exc:
            raise ApiError("bad_redirect_uri") from exc
        if target.scheme not in {"http", "https"} or not target.host:
            raise ApiError("bad_redirect_uri")
        return _Asked(redirect_uri, scopes, query.get("state", ""))

    def _question(self, asked: _Asked) -> str:
        world = self._hub.world
        people = "".join(
            f'<option value="{html.escape(person.id)}">{html.escape(person.real_name)}</option>'
            for person in world.people.values()
            if not person.deleted
        )
        wanted = "".join(f"<li><code>{html.escape(scope)}</code></li>" for scope in asked.scopes)
        app, team = html.escape(world.app.name), html.escape(world.team.name)
        return (
            f"<h1>{app} wants to access {team}</h1><p>It asks for:</p><ul>{wanted}</ul>"
            f'<form method="post"><p><label>Sign in as <select name="user">{people}</select></label></p>'
            '<button name="decision" value="deny">Cancel</button> <button name="decision" value="allow">Allow</button>'
            "</form>"
        )


def _credentials(authorization: str, args: Json) -> tuple[str, str]:
    """Client id and secret: by HTTP Basic, as the official clients send them, or among the arguments."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() == "basic":
        try:
            client_id, _, client_secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return "", ""
        return client_id, client_secret
    return str(args.get("client_id") or ""), str(args.get("client_secret") or "")


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), right.encode())


def _html(body: str, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    return web.Response(
        text=f'<!DOCTYPE html><html lang="en"><title>Install</title><main>{body}</main></html>',
        content_type="text/html",
        status=status,
        headers={"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"},
    )
