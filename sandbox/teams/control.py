"""The control surface of Teams: a person's part, played by a program. JSON in, JSON out, bad input is a 4xx."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sandbox.bodies import json_object, optional_text, required_text
from sandbox.system import ControlError
from sandbox.teams.directory import find_person, find_place
from sandbox.teams.forge import Forgery
from sandbox.teams.reaction import content, dialog_json, message_json, thread_json
from sandbox.teams.system import TeamsSystem
from sandbox.teams.world import Conversation, Json, Person, Place

_NO = {"0", "false", "no"}


class TeamsControl:
    """Serves `/control/teams/…`; what every system has (records, edit, configure) is served by the frame."""

    def __init__(self, teams: TeamsSystem) -> None:
        self._teams = teams
        self._world = teams.hub.world

    def routes(self) -> list[web.RouteDef]:
        """The routes, relative to the server's root."""
        at = "/control/teams"
        return [
            web.post(f"{at}/command", self.command),
            web.post(f"{at}/message", self.message),
            web.post(f"{at}/click", self.click),
            web.post(f"{at}/submit", self.submit),
            web.post(f"{at}/close", self.close),
            web.post(f"{at}/install", self.install),
            web.post(f"{at}/uninstall", self.uninstall),
            web.post(f"{at}/forge", self.forge),
            web.get(f"{at}/messages", self.messages),
            web.get(f"{at}/ephemerals", self.ephemerals),
            web.get(f"{at}/views", self.views),
            web.get(f"{at}/home", self.home),
        ]

    async def command(self, request: web.Request) -> web.Response:
        """`{user, channel?, text, thread_ts?}` → what the asker saw. A slash in front is dropped, a mention added."""
        body = await json_object(request)
        person, conversation = self._who_and_where(body)
        text, thread_ts = required_text(body, "text"), optional_text(body, "thread_ts")
        return web.json_response(await self._teams.acts.command(person, conversation, text, thread_ts))

    async def message(self, request: web.Request) -> web.Response:
        """`{user, channel?, text, thread_ts?}`: a person writes; in company the bot hears it only if named."""
        body = await json_object(request)
        person, conversation = self._who_and_where(body)
        text, thread_ts = required_text(body, "text"), optional_text(body, "thread_ts")
        return web.json_response(await self._teams.acts.message(person, conversation, text, thread_ts))

    async def click(self, request: web.Request) -> web.Response:
        """`{user, channel, ts, action_id, value?, inputs?}`, or `home` instead of channel and ts."""
        body = await json_object(request)
        person = find_person(self._world, body.get("user"))
        required_text(body, "action_id")
        if not isinstance(body.get("inputs", {}), dict):
            raise ControlError("`inputs` must be an object: label or input id -> value.")
        return web.json_response(await self._teams.clicks.click(person, body))

    async def submit(self, request: web.Request) -> web.Response:
        """`{user, view_id, values, action_id?}` → `{closed, errors?, modal?, …}`."""
        body = await json_object(request)
        person = find_person(self._world, body.get("user"))
        values = body.get("values", {})
        if not isinstance(values, dict):
            raise ControlError("`values` must be an object: label or input id -> value.")
        view_id, action_id = required_text(body, "view_id"), optional_text(body, "action_id")
        return web.json_response(await self._teams.dialogs.submit(person, view_id, values, action_id))

    async def close(self, request: web.Request) -> web.Response:
        """`{user, view_id}`: the person dismisses the dialog."""
        body = await json_object(request)
        person = find_person(self._world, body.get("user"))
        return web.json_response(self._teams.dialogs.close(person, required_text(body, "view_id")))

    async def install(self, request: web.Request) -> web.Response:
        """`{user, channel?}`: the person adds the app for themselves, or there; `user: "*"`: everybody does."""
        body = await json_object(request)
        if body.get("user") == "*":
            people = [person for person in self._world.people.values() if not person.deleted]
            seen = [await self._teams.acts.install(p, self._world.open_personal(p.id)) for p in people]
            errors = [report["error"] for report in seen if "error" in report]
            return web.json_response({"installed": len(people), "errors": errors})
        return web.json_response(await self._teams.acts.install(*self._who_and_where(body)))

    async def uninstall(self, request: web.Request) -> web.Response:
        """`{user, channel?}`: the person takes the app out again."""
        return web.json_response(await self._teams.acts.uninstall(*self._who_and_where(await json_object(request))))

    async def forge(self, request: web.Request) -> web.Response:
        """`{kind, user?, activity?}` → the bot's status and body for a request that Teams would not send so."""
        body = await json_object(request)
        kind = required_text(body, "kind")
        known = tuple(forgery.value for forgery in Forgery)
        if kind not in known:
            raise ControlError(f"There is no forgery {kind!r}.", accepted=known)
        fields: Any = body.get("activity", {})
        if not isinstance(fields, dict):
            raise ControlError("`activity` must be an object: fields in place of the activity's own.")
        word = body.get("user") or next(iter(self._world.people.values())).email
        person = find_person(self._world, word)
        return web.json_response(await self._teams.forger.send(Forgery(kind), person, fields))

    async def messages(self, request: web.Request) -> web.Response:
        """`?channel=` → the messages as they stand, newest last, replies inside `thread`.

        With `&user=` as this person sees them, after the automatic refresh that a look at them causes (`&refresh=0`:
        without; `&refresh=1`: asked for by hand, of each card that can be).
        """
        word = request.query.get("user")
        person = find_person(self._world, word) if word else None
        conversation = find_place(self._world, request.query.get("channel"))
        if person is not None:
            self._may_look(person, conversation)
            how = request.query.get("refresh")
            if how not in _NO:
                await self._teams.clicks.refresh(person, conversation, force=how is not None)
        return web.json_response(
            {
                "channel": conversation.id,
                "name": conversation.name,
                "kind": conversation.kind.value,
                "messages": thread_json(self._world, conversation, person.id if person is not None else None),
            }
        )

    async def ephemerals(self, request: web.Request) -> web.Response:
        """`?user=` → what the bot said to this person alone, newest last: in their chat, or targeted at them."""
        person = find_person(self._world, request.query.get("user"))
        told: list[Json] = [
            {"channel": conversation.id, **message_json(self._world, message, person.id)}
            for conversation in self._world.visible_to(person.id)
            for message in conversation.messages
            if message.by == self._world.app.bot and (conversation.kind is Place.PERSONAL or message.only == person.id)
        ]
        return web.json_response({"ephemeral": sorted(told, key=lambda entry: str(entry["ts"]))})

    async def views(self, request: web.Request) -> web.Response:
        """`?user=` → the dialog open before this person, if any."""
        person = find_person(self._world, request.query.get("user"))
        dialog = self._world.dialogs.get(person.id)
        return web.json_response({"views": [dialog_json(dialog)] if dialog is not None else []})

    async def home(self, request: web.Request) -> web.Response:
        """`?user=` → the personal tab as this person sees it on opening it; with `&open=0` as last sent.

        A bot without a tab has the last card it sent in the person's chat instead; `tab` says which it is.
        """
        person = find_person(self._world, request.query.get("user"))
        acts = self._teams.acts
        opened = request.query.get("open", "1") not in _NO
        cards = await acts.open_home(person) if opened else acts.home(person)
        shown = [content(card, "", {}) for card in cards]
        return web.json_response(
            {
                "user": person.id,
                "published": bool(cards),
                "tab": person.id in self._world.homes,
                "cards": cards,
                "words": "\n".join(entry["words"] for entry in shown),
                "actions": [action for entry in shown for action in entry["actions"]],
            }
        )

    def _who_and_where(self, body: Json) -> tuple[Person, Conversation]:
        person = find_person(self._world, body.get("user"))
        return person, find_place(self._world, optional_text(body, "channel"), person)

    def _may_look(self, person: Person, conversation: Conversation) -> None:
        if person.id not in conversation.members:
            raise ControlError(f"{person.name} cannot see {conversation.name}.", status=403)
