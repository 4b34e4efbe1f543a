"""The Web API's door: `/api/<method>` by GET, form or JSON; HTTP 200 with `ok: false` for every refusal but 429."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import web

from sandbox.slack import methods_channels, methods_chat, methods_files, methods_people, methods_views
from sandbox.slack.hub import ApiError, Hub
from sandbox.slack.oauth import OAuth
from sandbox.slack.sockets import Sockets
from sandbox.slack.world import Json

Method = Callable[[Hub, Json], Json]

METHODS: Mapping[str, Method] = {
    "auth.test": methods_people.auth_test,
    "chat.postMessage": methods_chat.post_message,
    "chat.update": methods_chat.update,
    "chat.delete": methods_chat.delete,
    "chat.postEphemeral": methods_chat.post_ephemeral,
    "chat.getPermalink": methods_chat.get_permalink,
    "files.getUploadURLExternal": methods_files.get_upload_url,
    "files.completeUploadExternal": methods_files.complete,
    "files.info": methods_files.info,
    "views.open": methods_views.open_,
    "views.push": methods_views.push,
    "views.update": methods_views.update,
    "views.publish": methods_views.publish,
    "users.info": methods_people.users_info,
    "users.list": methods_people.users_list,
    "users.lookupByEmail": methods_people.lookup_by_email,
    "conversations.open": methods_people.open_,
    "conversations.list": methods_people.conversations_list,
    "conversations.info": methods_people.conversations_info,
    "conversations.members": methods_people.members,
    "conversations.history": methods_people.history,
    "conversations.replies": methods_people.replies,
    "conversations.join": methods_people.join,
    "conversations.create": methods_channels.create,
    "conversations.invite": methods_channels.invite,
    "usergroups.list": methods_people.usergroups_list,
    "usergroups.users.list": methods_people.usergroups_users_list,
}
_JSON_ARGUMENTS = ("blocks", "view", "attachments", "metadata", "files")
_OPEN_SOCKET = "apps.connections.open"
_ACCESS = "oauth.v2.access"


class WebApi:
    """Serves the methods; checks the token, the rate limit, then the arguments, in Slack's order."""

    def __init__(self, hub: Hub, sockets: Sockets, oauth: OAuth) -> None:
        self._hub = hub
        self._oauth = oauth
        self._sockets = sockets

    async def serve(self, request: web.Request) -> web.Response:
        """Slack's answer to one call."""
        method = request.match_info["method"]
        try:
            args = await _arguments(request)
            if method != _ACCESS:
                self._authorise(request, method, args)
            wait_s = self._hub.limits.wait_s(method, str(args.get("channel", "")))
            if wait_s is not None:
                return throttled(wait_s)
            if method == _OPEN_SOCKET:
                answer: Json = {"url": self._sockets.new_url()}
            elif method == _ACCESS:
                answer = self._oauth.access(request.headers.get("Authorization", ""), args)
            elif method in METHODS:
                answer = METHODS[method](self._hub, args)
            else:
                return _refused(ApiError("unknown_method", req_method=method))
        except ApiError as exc:
            return _refused(exc)
        return web.json_response({"ok": True, **answer})

    def _authorise(self, request: web.Request, method: str, args: Json) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            token = str(args.get("token") or "")
        if not token:
            raise ApiError("not_authed")
        settings = self._hub.settings
        wanted, other = settings.bot_token, settings.app_token
        if method == _OPEN_SOCKET:
            wanted, other = other, wanted
        if token == other:
            raise ApiError("not_allowed_token_type")
        if token != wanted:
            raise ApiError("invalid_auth")
        missing = self._hub.scopes.missing(method)
        if missing is not None:
            raise ApiError("missing_scope", needed=missing, provided=self._hub.scopes.provided())


def throttled(retry_after_s: float) -> web.Response:
    """Slack's 429."""
    return web.json_response(
        {"ok": False, "error": "ratelimited"},
        status=HTTPStatus.TOO_MANY_REQUESTS,
        headers={"Retry-After": f"{retry_after_s:g}"},
    )


def failed() -> web.Response:
    """Slack's answer on a bad day."""
    return web.json_response({"ok": False, "error": "internal_error"}, status=HTTPStatus.INTERNAL_SERVER_ERROR)


def _refused(exc: ApiError) -> web.Response:
    return web.json_response({"ok": False, "error": exc.code, **exc.extra})


async def _arguments(request: web.Request) -> Json:
    """The arguments from wherever they were put. Raises ApiError invalid_json or invalid_arguments."""
    args: Json = dict(request.query)
    if request.method == "POST":
        raw = await request.read()
        if request.content_type == "application/json" and raw:
            try:
                body = json.loads(raw)
            except (ValueError, RecursionError) as exc:
                raise ApiError("invalid_json") from exc
            if not isinstance(body, dict):
                raise ApiError("json_not_object")
            args |= body
        elif raw:
            try:
                form = await request.post()
            except (ValueError, LookupError) as exc:  # broken multipart, bytes or charset
                raise ApiError("invalid_form_data") from exc
            args |= {key: value for key, value in form.items() if isinstance(value, str)}
    readers = dict.fromkeys(_JSON_ARGUMENTS, _parsed)
    read = {name: readers.get(name, _plain)(value, name) for name, value in args.items()}
    return {name: value for name, value in read.items() if value is not None}


def _plain(value: Any, name: str) -> Any:
    """The argument as text, number or boolean; a list of texts is the same as one with commas."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ",".join(value)
    if isinstance(value, list | dict):
        messages = [f"[ERROR] must be a string [json-pointer:/{name}]"]
        raise ApiError("invalid_arguments", response_metadata={"messages": messages})
    return value


def _parsed(value: Any, name: str) -> Any:
    """The argument as JSON value; forms and queries carry it as text."""
    if not isinstance(value, str):
        return value
    if not value:
        return None
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as exc:
        code = "invalid_blocks_format" if name == "blocks" else "invalid_arguments"
        raise ApiError(code, response_metadata={"messages": [f"[ERROR] {name} is not valid JSON"]}) from exc
