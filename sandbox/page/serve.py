"""The workspace as a browser page: its files, the state one person sees, and a stream that says when to look again."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from sandbox.live_page import HEADERS, ChangeStream, page_file
from sandbox.slack.directory import find_person
from sandbox.slack.reaction import is_loading
from sandbox.slack.system import SlackSystem
from sandbox.slack.world import Channel, Json, Person
from sandbox.system import ControlError

_FILES = Path(__file__).parent / "files"
SHOWN_MAX = 200  # messages of the open channel


class PageServer:
    """Serves `/`, `/page/…` and the permalinks `/archives/…`."""

    def __init__(self, slack: SlackSystem) -> None:
        self._slack = slack
        self._world = slack.hub.world
        self._stream = ChangeStream(self._world.changes)

    def routes(self) -> list[web.RouteDef]:
        """The routes, relative to the server's root."""
        return [
            web.get("/", self.index),
            web.get("/archives/{channel}/{message}", self.permalink),
            web.get("/page/state", self.state),
            web.get("/page/events", self._stream.serve),
            web.post("/page/read", self.read),
            web.get("/page/file/{id}", self.uploaded),
            web.get(r"/page/{name:[a-z_-]+\.(?:js|css|svg)}", self.file),
        ]

    async def index(self, _request: web.Request) -> web.Response:
        """The page."""
        return page_file(_FILES / "index.html")

    async def file(self, request: web.Request) -> web.Response:
        """A module, the style sheet or the icon."""
        return page_file(_FILES / request.match_info["name"])

    async def uploaded(self, request: web.Request) -> web.Response:
        """A file that the app has uploaded; whoever reaches this page is somebody of the workspace."""
        file = self._world.files.by_id.get(request.match_info["id"])
        if file is None or file.completed is None:
            raise web.HTTPNotFound
        return web.Response(body=file.data, content_type=file.mimetype, headers=HEADERS)

    async def permalink(self, request: web.Request) -> web.Response:
        """The page, opened at the message."""
        where = f"{request.match_info['channel']}/{request.match_info['message']}"
        raise web.HTTPFound(f"/#{where}")

    async def read(self, request: web.Request) -> web.Response:
        """`?user=&channel=&ts=`: this person has read the channel so far."""
        try:
            person = find_person(self._world, request.query.get("user"))
        except ControlError as exc:
            return web.json_response(exc.body(), status=exc.status)
        channel = self._world.channels.get(request.query.get("channel", ""))
        if channel is None:
            return web.json_response({"error": "There is no such channel."}, status=404)
        self._world.mark_read(person.id, channel.id, request.query.get("ts", ""))
        return web.json_response({"ok": True})

    async def state(self, request: web.Request) -> web.Response:
        """`?user=&channel=&thread=`: everything that this person sees; the first person when none is named."""
        word = request.query.get("user")
        try:
            person = find_person(self._world, word) if word else next(iter(self._world.people.values()), None)
        except ControlError:
            person = next(iter(self._world.people.values()), None)
        if person is None:
            return web.json_response({"error": "There are no people in this workspace."}, status=404)
        channel = self._world.channels.get(request.query.get("channel", ""))
        if channel is not None and not self._may_see(person, channel):
            channel = None
        return web.json_response(self._state(person, channel, request.query.get("thread")), headers=HEADERS)

    def stop(self) -> None:
        """Streams end at their next change, which comes now."""
        self._stream.stop()

    def _may_see(self, person: Person, channel: Channel) -> bool:
        return person.id in channel.members or not (channel.private or channel.im_user)

    def _state(self, person: Person, channel: Channel | None, thread: str | None) -> Json:
        world = self._world
        direct = world.direct(person.id)
        modal = world.top_modal(person.id)
        places = [c for c in world.channels.values() if c.im_user is None and self._may_see(person, c)]
        state: Json = {
            "seq": world.changes.seq,
            "team": {"id": world.team.id, "name": world.team.name},
            "app": {"id": world.app.id, "name": world.app.name, "user": world.app.bot_user},
            "commands": [dict(command) for command in world.app.commands],
            "me": person.id,
            "people": [
                {"id": p.id, "name": p.name, "real_name": p.real_name, "email": p.email, "title": p.title, "tz": p.tz}
                for p in world.people.values()
                if not p.deleted
            ],
            "channels": [self._row(person, c) for c in places],
            "direct": self._row(person, direct),
            "unread_by_person": {p.id: self._unread_total(p) for p in world.people.values()},
            "home": world.homes.get(person.id),
            "modal": modal,
            "modal_loading": modal is not None and is_loading(self._world, modal),
            "modal_depth": len(world.stacks.get(person.id, [])),
        }
        if channel is not None:
            roots = [m for m in channel.messages if m.get("thread_ts") in {None, m["ts"]} or m.get("subtype")]
            state["open"] = self._row(person, channel) | {
                "messages": roots[-SHOWN_MAX:],
                "more": max(0, len(roots) - SHOWN_MAX),
                "ephemerals": [t.message for t in world.ephemerals if t.user == person.id and t.channel == channel.id],
                "members": [m for m in channel.members if m in world.people],
                "read": world.read.get(person.id, {}).get(channel.id, ""),
            }
            parent = channel.find(thread) if thread else None
            if parent is not None:
                state["thread"] = {"parent": parent, "replies": channel.thread(parent["ts"])}
        return state

    def _row(self, person: Person, channel: Channel) -> Json:
        return {
            "id": channel.id,
            "name": channel.name,
            "private": channel.private,
            "im": channel.im_user is not None,
            "member": person.id in channel.members,
            "unread": self._unread(person, channel),
        }

    def _unread(self, person: Person, channel: Channel) -> int:
        if person.id not in channel.members:
            return 0
        read = self._world.read.get(person.id, {}).get(channel.id, "")
        return sum(1 for m in channel.messages if m["ts"] > read and m.get("user") != person.id)

    def _unread_total(self, person: Person) -> int:
        return sum(self._unread(person, channel) for channel in self._world.visible_to(person.id))
