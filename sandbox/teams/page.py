"""Teams as a browser page: its files, the state one person sees, and a stream that says when to look again."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from aiohttp import web

from sandbox.live_page import HEADERS, ChangeStream, page_file
from sandbox.system import ControlError
from sandbox.teams.directory import find_person
from sandbox.teams.images import ImageFetcher
from sandbox.teams.reaction import dialog_json, message_json
from sandbox.teams.system import TeamsSystem
from sandbox.teams.world import Conversation, Json, Message, Person, Place

_FILES: Final = Path(__file__).parent / "files"
SHOWN_MAX: Final = 200  # messages of the open conversation


class TeamsPage:
    """Serves `/teams/` and `/teams/page/…`, beside the vendor's own paths and out of reach of its faults."""

    def __init__(self, teams: TeamsSystem) -> None:
        self._teams = teams
        self._world = teams.hub.world
        self._refreshes: set[asyncio.Task[None]] = set()
        self._stream = ChangeStream(self._world.changes)
        self._images = ImageFetcher(self._world)

    def routes(self) -> list[web.RouteDef]:
        """The routes, relative to the server's root."""
        return [
            web.get("/teams", self.to_index),
            web.get("/teams/", self.index),
            web.get("/teams/page/state", self.state),
            web.get("/teams/page/events", self._stream.serve),
            web.get("/teams/page/image", self._images.serve),
            web.post("/teams/page/read", self.read),
            web.get(r"/teams/page/{name:[a-z_-]+\.(?:js|css)}", self.file),
        ]

    async def to_index(self, _request: web.Request) -> web.Response:
        """The page's own address."""
        raise web.HTTPFound("/teams/")

    async def index(self, _request: web.Request) -> web.Response:
        """The page."""
        return page_file(_FILES / "index.html")

    async def file(self, request: web.Request) -> web.Response:
        """A module or the style sheet."""
        return page_file(_FILES / request.match_info["name"])

    async def read(self, request: web.Request) -> web.Response:
        """`?user=&channel=&ts=`: this person has read the conversation so far."""
        try:
            person = find_person(self._world, request.query.get("user"))
        except ControlError as exc:
            return web.json_response(exc.body(), status=exc.status)
        conversation = self._world.conversations.get(request.query.get("channel", ""))
        if conversation is None:
            return web.json_response({"error": "There is no such conversation."}, status=404)
        self._world.mark_read(person.id, conversation.id, request.query.get("ts", ""))
        return web.json_response({"ok": True})

    async def state(self, request: web.Request) -> web.Response:
        """`?user=&channel=`: everything that this person sees; the first person when none is named."""
        word = request.query.get("user")
        try:
            person = find_person(self._world, word) if word else next(iter(self._world.people.values()), None)
        except ControlError:
            person = next(iter(self._world.people.values()), None)
        if person is None:
            return web.json_response({"error": "There are no people in this tenant."}, status=404)
        conversation = self._world.conversations.get(request.query.get("channel", ""))
        if conversation is not None and person.id not in conversation.members:
            conversation = None
        if conversation is not None and self._teams.clicks.wants_refresh(person, conversation):
            # Not awaited: the cards are shown as they stand, and again when the bot has answered.
            task = asyncio.create_task(self._teams.clicks.refresh(person, conversation))
            self._refreshes.add(task)
            task.add_done_callback(self._refreshes.discard)
        return web.json_response(self._state(person, conversation), headers=HEADERS)

    async def stop(self) -> None:
        """Streams end at their next change, which comes now; nothing is refreshed any more."""
        self._stream.stop()
        for task in self._refreshes:
            task.cancel()
        await asyncio.gather(*self._refreshes, return_exceptions=True)

    def _state(self, person: Person, conversation: Conversation | None) -> Json:
        world = self._world
        dialog = world.dialogs.get(person.id)
        direct = world.open_personal(person.id)
        places = [c for c in world.visible_to(person.id) if c.kind is not Place.PERSONAL]
        state: Json = {
            "seq": world.changes.seq,
            "tenant": {"id": world.id, "name": world.name},
            "team": world.team,
            "app": {"id": world.app.bot, "name": world.app.name},
            "me": person.id,
            "people": [_person_json(p) for p in world.people.values() if not p.deleted],
            "channels": [self._row(person, c) for c in places if c.kind is Place.CHANNEL],
            "chats": [self._row(person, c) for c in places if c.kind is Place.GROUP],
            "direct": self._row(person, direct),
            "unread_by_person": {p.id: self._unread_total(p) for p in world.people.values()},
            "home": self._teams.acts.home(person) if person.id in world.homes else None,
            "dialog": dialog_json(dialog) if dialog is not None else None,
            "toasts": [toast for toast in world.toasts if toast["user"] == person.id][-20:],
        }
        if conversation is not None:
            shown = [m for m in conversation.messages if m.only in {None, person.id}]
            state["open"] = self._row(person, conversation) | {
                "messages": [self._message(m, person) for m in shown[-SHOWN_MAX:]],
                "more": max(0, len(shown) - SHOWN_MAX),
                "members": conversation.members,
            }
        return state

    def _message(self, message: Message, person: Person) -> Json:
        hidden = self._world.hidden.get((message.id, person.id), {})
        named = message.activity.get("mentions")
        return message_json(self._world, message, person.id) | {"visible": hidden, "mentions": named}

    def _row(self, person: Person, conversation: Conversation) -> Json:
        return {
            "id": conversation.id,
            "name": conversation.name,
            "kind": conversation.kind.value,
            "installed": person.installed if conversation.kind is Place.PERSONAL else conversation.installed,
            "unread": self._unread(person, conversation),
        }

    def _unread(self, person: Person, conversation: Conversation) -> int:
        read = self._world.read.get(person.id, {}).get(conversation.id, "")
        return sum(
            1 for m in conversation.messages if m.id > read and m.by != person.id and m.only in {None, person.id}
        )

    def _unread_total(self, person: Person) -> int:
        return sum(self._unread(person, conversation) for conversation in self._world.visible_to(person.id))


def _person_json(person: Person) -> Json:
    return {
        "id": person.id,
        "aad": person.aad,
        "real_name": person.name,
        "name": person.email.partition("@")[0],
        "email": person.email,
        "title": person.title,
        "tz": person.tz,
        "guest": person.guest,
        "installed": person.installed,
    }
