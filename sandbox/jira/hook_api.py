"""/rest/webhooks/1.0/webhook: webhooks that an administrator registers."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from aiohttp import web

from sandbox.jira import jql
from sandbox.jira.calls import CALL, Call, empty, part_of
from sandbox.jira.errors import Refused, missing
from sandbox.jira.jql import BadQuery
from sandbox.jira.site import Site
from sandbox.jira.store import Hook
from sandbox.jira.webhook import EVENTS

SECTION: Final = "issue-related-events-section"
FOR_APPS: Final = "Only Connect and OAuth 2.0 apps can use this operation."


class HookApi:
    """Serves the registration of webhooks."""

    def __init__(self, site: Site, base_url: str) -> None:
        self._site = site
        self._base_url = base_url

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """The vendor's paths."""
        base = "/rest/webhooks/1.0/webhook"
        router.add_get(base, self.listing)
        router.add_post(base, self.create)
        router.add_get(base + "/{id}", self.read)
        router.add_put(base + "/{id}", self.edit)
        router.add_delete(base + "/{id}", self.delete)
        router.add_route("*", "/rest/api/{version:2|3}/webhook", self.for_apps)

    async def listing(self, request: web.Request) -> web.Response:
        """GET."""
        request[CALL].must_be_admin()
        return web.json_response([self._shown(one) for one in self._site.store.hooks.values()])

    async def create(self, request: web.Request) -> web.Response:
        """POST: 201."""
        call = request[CALL]
        call.must_be_admin()
        hook = Hook("", "", "", [], by=call.person.account_id)
        _apply(hook, await call.body())
        hook.id = self._site.store.next_id("hook", 1)
        self._site.store.hooks[hook.id] = hook
        return web.json_response(self._shown(hook), status=HTTPStatus.CREATED)

    async def read(self, request: web.Request) -> web.Response:
        """GET /{id}."""
        return web.json_response(self._shown(self._find(request[CALL])))

    async def edit(self, request: web.Request) -> web.Response:
        """PUT /{id}."""
        call = request[CALL]
        hook = self._find(call)
        _apply(hook, {"name": hook.name, "url": hook.url, "events": hook.events, **await call.body()})
        return web.json_response(self._shown(hook))

    async def delete(self, request: web.Request) -> web.Response:
        """DELETE /{id}: 204."""
        hook = self._find(request[CALL])
        del self._site.store.hooks[hook.id]
        return empty()

    async def for_apps(self, request: web.Request) -> web.Response:
        """/rest/api/…/webhook: dynamic webhooks belong to apps."""
        del request
        raise Refused(FOR_APPS, status=HTTPStatus.FORBIDDEN)

    def _find(self, call: Call) -> Hook:
        call.must_be_admin()
        hook = self._site.store.hooks.get(call.part("id"))
        if hook is None:
            raise missing("The webhook does not exist.")
        return hook

    def _shown(self, hook: Hook) -> dict[str, Any]:
        return {
            "name": hook.name,
            "url": hook.url,
            "excludeBody": hook.exclude_body,
            "filters": {SECTION: hook.jql},
            "events": hook.events,
            "enabled": hook.enabled,
            "self": f"{self._base_url}/rest/webhooks/1.0/webhook/{hook.id}",
            "lastUpdatedUser": hook.by,
            "isSigned": bool(hook.secret),
        }


def _apply(hook: Hook, body: dict[str, Any]) -> None:
    """The webhook is as the body says. Raises Refused and changes nothing."""
    name, url, events = body.get("name"), body.get("url"), body.get("events")
    parts = urlsplit(url) if isinstance(url, str) else None
    if not isinstance(name, str) or not name:
        raise Refused("Webhook name is required.")
    if parts is None or parts.scheme not in {"http", "https"} or not parts.netloc:
        raise Refused(f"'{url}' is not a valid webhook URL.")
    if not isinstance(events, list) or not events or any(one not in EVENTS for one in events):
        raise Refused(f"'events' must be a list of: {', '.join(EVENTS)}.")
    query = part_of(body, "filters").get(SECTION, hook.jql)
    try:
        jql.parse(str(query))
    except BadQuery as bad:
        raise Refused(f"The JQL filter cannot be read: {bad}") from bad
    hook.name, hook.url, hook.events, hook.jql = name, str(url), list(events), str(query)
    hook.secret = str(body.get("secret", hook.secret) or "")
    hook.exclude_body = bool(body.get("excludeBody", hook.exclude_body))
    hook.enabled = bool(body.get("enabled", hook.enabled))
