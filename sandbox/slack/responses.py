"""The response_url: up to five answers within half an hour to the interaction that carried it."""

from __future__ import annotations

import json
from http import HTTPStatus

from aiohttp import web

from sandbox.slack.capabilities import ResponseUrl
from sandbox.slack.hub import ApiError, Hub
from sandbox.slack.methods_chat import by_app, message_content
from sandbox.slack.world import Json


class ResponseUrls:
    """Serves `/response/<token>`."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def serve(self, request: web.Request) -> web.Response:
        """`ok` when the answer is visible; 404 with Slack's word when the address is spent."""
        try:
            right = self._hub.capabilities.use_response(request.match_info["token"])
        except LookupError as exc:
            return web.Response(text=str(exc.args[0]), status=HTTPStatus.NOT_FOUND)
        try:
            body = json.loads(await request.read())
            apply_response(self._hub, right, body if isinstance(body, dict) else {})
        except (ValueError, RecursionError):
            return web.Response(text="invalid_payload", status=HTTPStatus.BAD_REQUEST)
        except ApiError as exc:
            return web.json_response({"ok": False, "error": exc.code, **exc.extra}, status=HTTPStatus.BAD_REQUEST)
        return web.Response(text="ok")


def apply_response(hub: Hub, right: ResponseUrl, body: Json) -> None:
    """The person (or the channel, for `in_channel`) sees the answer. Raises ApiError for what Slack would refuse."""
    world = hub.world
    channel = world.channels.get(right.channel)
    told = world.find_told(right.user, right.origin) if right.origin and right.ephemeral else None
    original = channel.find(right.origin) if channel and right.origin and not right.ephemeral else None
    if body.get("delete_original"):
        if told is not None:
            world.untell(told)
        elif original is not None and channel is not None:
            world.delete(channel, original)
        return
    content = message_content(hub, body)
    if not content["text"] and not content.get("blocks") and not content.get("attachments"):
        raise ApiError("no_text")
    if body.get("replace_original") and told is not None:
        world.retell(told, content)
        return
    if body.get("replace_original") and original is not None and channel is not None:
        world.update(channel, original, content)
        return
    message = by_app(hub) | content
    thread_ts = body.get("thread_ts") or right.thread_ts
    if thread_ts:
        message["thread_ts"] = thread_ts
    if body.get("response_type") == "in_channel" and channel is not None:
        world.post(channel, message)
    else:
        world.tell(right.user, right.channel, message)
