"""The control surface of Slack: a person's part, played by a program. JSON in, JSON out, bad input is a 4xx."""

from __future__ import annotations

import secrets

from aiohttp import web

from sandbox.bodies import json_object, optional_text, required_text
from sandbox.slack.directory import find_person, find_place
from sandbox.slack.reaction import actions_of, content, message_json, modal_json
from sandbox.slack.system import SlackSystem
from sandbox.slack.world import Json
from sandbox.system import ControlError


class SlackControl:
    """Serves `/control/slack/…`; what every system has (records, edit, configure) is served by the frame."""

    def __init__(self, slack: SlackSystem) -> None:
        self._slack = slack
        self._world = slack.hub.world

    def routes(self) -> list[web.RouteDef]:
        """The routes, relative to the server's root."""
        at = "/control/slack"
        return [
            web.post(f"{at}/command", self.command),
            web.post(f"{at}/click", self.click),
            web.post(f"{at}/submit", self.submit),
            web.post(f"{at}/close", self.close),
            web.post(f"{at}/message", self.message),
            web.post(f"{at}/disconnect", self.disconnect),
            web.post(f"{at}/verify_url", self.verify_url),
            web.get(f"{at}/messages", self.messages),
            web.get(f"{at}/ephemerals", self.ephemerals),
            web.get(f"{at}/views", self.views),
            web.get(f"{at}/home", self.home),
        ]

    async def command(self, request: web.Request) -> web.Response:
        """`{user, channel?, text}` → what the asker saw."""
        body = await json_object(request)
        person = find_person(self._world, body.get("user"))
        channel = find_place(self._world, optional_text(body, "channel"), person)
        return web.json_response(await self._slack.acts.command(person, channel, required_text(body, "text")))

    async def click(self, request: web.Request) -> web.Response:
        """`{user, channel, ts, action_id, value?, block_id?}`, or `view_id` or `home` instead of channel and ts."""
        body = await json_object(request)
        person = find_person(self._world, body.get("user"))
        required_text(body, "action_id")
        return web.json_response(await self._slack.acts.click(person, body))

    async def submit(self, request: web.Request) -> web.Response:
        """`{user, view_id, values}` → `{closed, errors?, modal?, …}`."""
        body = await json_object(request)
        person = find_person(self._world, body.get("user"))
        values = body.get("values", {})
        if not isinstance(values, dict):
            raise ControlError("`values` must be an object: label, block id or action id -> value.")
        return web.json_response(await self._slack.acts.submit(person, required_text(body, "view_id"), values))

    async def close(self, request: web.Request) -> web.Response:
        """`{user, view_id}`: the person dismisses the modal."""
        body = await json_object(request)
        person = find_person(self._world, body.get("user"))
        return web.json_response(await self._slack.acts.close(person, required_text(body, "view_id")))

    async def message(self, request: web.Request) -> web.Response:
        """`{user, channel?, text, thread_ts?}`: the person writes."""
        body = await json_object(request)
        person = find_person(self._world, body.get("user"))
        channel = find_place(self._world, optional_text(body, "channel"), person)
        text, thread_ts = required_text(body, "text"), optional_text(body, "thread_ts")
        return web.json_response(await self._slack.acts.message(person, channel, text, thread_ts))

    async def disconnect(self, request: web.Request) -> web.Response:
        """`{reason?}`: every Socket Mode connection is asked to reconnect."""
        body = await json_object(request)
        reason = optional_text(body, "reason") or "refresh_requested"
        return web.json_response({"sockets": await self._slack.sockets.disconnect(reason)})

    async def verify_url(self, _request: web.Request) -> web.Response:
        """Whether the product's request URL gives Slack's challenge back, as it must before Slack accepts it."""
        challenge = secrets.token_urlsafe(24)
        ack = await self._slack.delivery.verify_url(challenge)
        answered = ack.body.get("challenge") if isinstance(ack.body, dict) else ack.body
        report: Json = {"verified": answered == challenge, "challenge": challenge, "answered": answered}
        return web.json_response(report | ({"error": ack.error} if ack.error else {}))

    async def messages(self, request: web.Request) -> web.Response:
        """`?channel=` → the messages as they stand, newest last, replies inside `thread`."""
        channel = find_place(self._world, request.query.get("channel"))
        roots = [m for m in channel.messages if m.get("thread_ts") in {None, m["ts"]}]
        return web.json_response(
            {
                "channel": channel.id,
                "name": channel.name,
                "messages": [message_json(self._world, m, channel.thread(m["ts"])) for m in roots],
            }
        )

    async def ephemerals(self, request: web.Request) -> web.Response:
        """`?user=` (and `&channel=`) → the private answers this person still sees, newest last."""
        person = find_person(self._world, request.query.get("user"))
        word = request.query.get("channel")
        place = find_place(self._world, word).id if word else None
        shown: list[Json] = [
            {"ts": told.message["ts"], "channel": told.channel, **content(told.message)}
            for told in self._world.ephemerals
            if told.user == person.id and place in {None, told.channel}
        ]
        return web.json_response({"ephemeral": shown})

    async def views(self, request: web.Request) -> web.Response:
        """`?user=` → the modals open before this person, the one on top last."""
        person = find_person(self._world, request.query.get("user"))
        stack = self._world.stacks.get(person.id, [])
        return web.json_response({"views": [modal_json(self._world.views[view_id]) for view_id in stack]})

    async def home(self, request: web.Request) -> web.Response:
        """`?user=` → App Home as this person sees it on opening the tab; with `&open=0` as last published."""
        person = find_person(self._world, request.query.get("user"))
        if request.query.get("open", "1") in {"0", "false", "no"}:
            view = self._world.homes.get(person.id)
        else:
            view = await self._slack.acts.open_home(person)
        blocks = view["blocks"] if view else []
        return web.json_response(
            {
                "user": person.id,
                "published": view is not None,
                "view_id": view["id"] if view else None,
                "blocks": blocks,
                "actions": actions_of(blocks),
            }
        )
