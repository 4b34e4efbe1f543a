"""The connector REST API: what a bot may do in conversations. Every call is checked for its token first."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from sandbox.teams.directory import (
    THREAD,
    check_bot,
    check_personal,
    conversation_for_bot,
    member_for_bot,
    member_json,
)
from sandbox.teams.errors import ConnectorError
from sandbox.teams.hub import Hub
from sandbox.teams.limits import READ, SEND, Windows
from sandbox.teams.sending import checked, deliver, own_message, size_of
from sandbox.teams.tokens import TokenService
from sandbox.teams.world import Conversation, Json, Person, Place

PAGE_DEFAULT: Final = 200  # members on a page when the bot does not say
PAGE_MAX: Final = 500
BODY_MAX_BYTES: Final = 1024**2

Act = Callable[[web.Request], Awaitable[web.Response]]


class Connector:
    """Serves `/v3/…` below the service URL."""

    def __init__(self, hub: Hub, tokens: TokenService) -> None:
        self._hub = hub
        self._tokens = tokens

    def routes(self) -> list[web.RouteDef]:
        """The routes, relative to Teams' own root."""
        at = "/v3/conversations/{conversation}"
        return [
            web.post("/v3/conversations", self._door(self.create)),
            web.post(f"{at}/activities", self._door(self.send)),
            web.post(f"{at}/activities/{{activity}}", self._door(self.send)),
            web.put(f"{at}/activities/{{activity}}", self._door(self.update)),
            web.delete(f"{at}/activities/{{activity}}", self._door(self.delete)),
            web.get(f"{at}/activities/{{activity}}/members", self._door(self.members)),
            web.get(f"{at}/members", self._door(self.members)),
            web.get(f"{at}/members/{{member}}", self._door(self.member)),
            web.get(f"{at}/{{page:[pP]aged[mM]embers}}", self._door(self.paged)),
            web.get("/v3/teams/{team}", self._door(self.team)),
            web.get("/v3/teams/{team}/conversations", self._door(self.channels)),
        ]

    def _door(self, act: Act) -> Act:
        """The act behind the checks that all calls share, its refusals in the vendor's shape."""

        async def serve(request: web.Request) -> web.Response:
            try:
                self._tokens.check_bearer(request.headers.get("Authorization", ""))
                self._hub.meet_refusal(request.path)
                return await act(request)
            except ConnectorError as exc:
                return exc.response()

        return serve

    async def create(self, request: web.Request) -> web.Response:
        """A chat with one person (the one there is, if there is one), or a new thread in a channel."""
        body = await _body(request)
        world = self._hub.world
        data = _object(body, "channelData")
        tenant = body.get("tenantId") or _object(data, "tenant").get("id")
        if tenant not in (None, world.id):
            raise ConnectorError("BadArgument", f"Unknown tenant {tenant!r}.")
        channel = _object(data, "channel").get("id")
        if channel is not None:
            return self._new_thread(str(channel), body.get("activity"))
        person = self._one_member(body.get("members"))
        check_personal(world, person)
        self._count(SEND, "create", person.id)
        conversation = world.open_personal(person.id)
        answer: Json = {"id": conversation.id, "serviceUrl": self._hub.settings.service_url}
        if body.get("activity") is not None:
            activity, notes = checked(body["activity"], size_of(body["activity"]))
            sent = deliver(world, conversation, None, activity, notes=notes)
            answer |= {"activityId": sent.id} if sent else {}
        return web.json_response(answer, status=HTTPStatus.CREATED)

    async def send(self, request: web.Request) -> web.Response:
        """A message to the conversation: in a channel it begins a thread or replies in one, as the id says."""
        raw = await _body(request)
        conversation, root = conversation_for_bot(self._hub.world, request.match_info["conversation"])
        self._count(SEND, "send", conversation.id)
        replied = request.match_info.get("activity")
        if replied is not None:
            if conversation.find(replied) is None:
                raise ConnectorError("ActivityNotFoundInConversation")
            raw = raw | {"replyToId": replied}
        activity, notes = checked(raw, size_of(raw))
        only = self._target(request, conversation, activity)
        sent = deliver(self._hub.world, conversation, root, activity, notes=notes, only=only)
        return web.json_response({} if sent is None else {"id": sent.id}, status=HTTPStatus.CREATED)

    async def update(self, request: web.Request) -> web.Response:
        """The bot's message says something else, for everybody."""
        raw = await _body(request)
        conversation, _ = conversation_for_bot(self._hub.world, request.match_info["conversation"])
        self._count(SEND, "send", conversation.id)
        message = own_message(self._hub.world, conversation, request.match_info["activity"])
        activity, message_notes = checked(raw, size_of(raw))
        message.notes = message_notes
        self._hub.world.update(conversation, message, activity)
        return web.json_response({"id": message.id})

    async def delete(self, request: web.Request) -> web.Response:
        """The bot's message is gone."""
        conversation, _ = conversation_for_bot(self._hub.world, request.match_info["conversation"])
        message = own_message(self._hub.world, conversation, request.match_info["activity"])
        self._hub.world.delete(conversation, message)
        return web.Response(status=HTTPStatus.OK)

    async def members(self, request: web.Request) -> web.Response:
        """Everybody in the conversation."""
        conversation = self._reading(request)
        return web.json_response([member_json(self._hub.world, person) for person in self._people(conversation)])

    async def member(self, request: web.Request) -> web.Response:
        """One person of the conversation, by either id."""
        conversation = self._reading(request)
        person = member_for_bot(self._hub.world, request.match_info["member"])
        if person is None or person not in self._people(conversation):
            raise ConnectorError("MemberNotFound")
        return web.json_response(member_json(self._hub.world, person))

    async def paged(self, request: web.Request) -> web.Response:
        """`?pageSize=&continuationToken=`: a page of the people in the conversation."""
        conversation = self._reading(request)
        size = request.query.get("pageSize", str(PAGE_DEFAULT))
        if not size.isdecimal() or not 0 < int(size) <= PAGE_MAX:
            raise ConnectorError("BadArgument", f"pageSize: a number from 1 to {PAGE_MAX} is expected.")
        start = _position(request.query.get("continuationToken"))
        people = self._people(conversation)
        end = start + int(size)
        answer: Json = {"members": [member_json(self._hub.world, person) for person in people[start:end]]}
        if end < len(people):
            answer["continuationToken"] = base64.urlsafe_b64encode(b"at:%d" % end).decode()
        return web.json_response(answer)

    async def team(self, request: web.Request) -> web.Response:
        """The team: its id, name, and group in the directory."""
        team = self._team(request)
        channels = [c for c in self._hub.world.conversations.values() if c.kind is Place.CHANNEL]
        return web.json_response(
            {**team, "tenantId": self._hub.world.id, "type": "standard", "channelCount": len(channels)}
            | {"memberCount": len(self._hub.world.people)}
        )

    async def channels(self, request: web.Request) -> web.Response:
        """The team's channels; General has no name, as Teams leaves it to each language."""
        team = self._team(request)
        channels = [c for c in self._hub.world.conversations.values() if c.kind is Place.CHANNEL]
        return web.json_response(
            {
                "conversations": [
                    {"id": c.id, "name": None if c.id == team["id"] else c.name, "type": "standard"} for c in channels
                ]
            }
        )

    def _team(self, request: web.Request) -> dict[str, str]:
        team = self._hub.world.team
        if request.match_info["team"] != team["id"]:
            raise ConnectorError("ConversationNotFound", "There is no such team.")
        if self._hub.world.app_disabled:
            raise ConnectorError("BotDisabledByAdmin")
        self._count(READ, "read", team["id"])
        return team

    def _new_thread(self, channel: str, given: Any) -> web.Response:
        conversation, root = conversation_for_bot(self._hub.world, channel)
        if conversation.kind is not Place.CHANNEL or root is not None:
            raise ConnectorError("BadArgument", "channelData.channel.id: the id of a channel is expected.")
        if given is None:
            raise ConnectorError("BadArgument", "activity: a thread begins with a message.")
        self._count(SEND, "create", conversation.id)
        activity, notes = checked(given, size_of(given))
        sent = deliver(self._hub.world, conversation, None, activity, notes=notes)
        answer: Json = {"id": conversation.id, "serviceUrl": self._hub.settings.service_url}
        if sent is not None:
            answer |= {"id": f"{conversation.id}{THREAD}{sent.id}", "activityId": sent.id}
        return web.json_response(answer, status=HTTPStatus.CREATED)

    def _one_member(self, members: Any) -> Person:
        rows = members if isinstance(members, list) else []
        if len(rows) != 1 or not isinstance(rows[0], dict):
            raise ConnectorError("BadArgument", "members: exactly one member is expected; a bot makes no group chats.")
        person = member_for_bot(self._hub.world, str(rows[0].get("id")))
        if person is None:
            raise ConnectorError("BadArgument", "members[0].id: failed to decrypt pairwise id.")
        return person

    def _target(self, request: web.Request, conversation: Conversation, activity: Json) -> str | None:
        """The one person for whom the message is (`isTargetedActivity`, a preview of the vendor's), if it is."""
        if request.query.get("isTargetedActivity") != "true":
            return None
        recipient = activity.get("recipient")
        person = member_for_bot(self._hub.world, str(recipient.get("id"))) if isinstance(recipient, dict) else None
        if person is None or person.id not in conversation.members:
            raise ConnectorError("BadArgument", "recipient.id: a member of the conversation is expected.")
        return person.id

    def _reading(self, request: web.Request) -> Conversation:
        conversation, _ = conversation_for_bot(self._hub.world, request.match_info["conversation"])
        check_bot(self._hub.world, conversation)
        self._count(READ, "read", conversation.id)
        return conversation

    def _people(self, conversation: Conversation) -> list[Person]:
        people = (self._hub.world.people[id_] for id_ in conversation.members)
        return [person for person in people if not person.deleted]

    def _count(self, windows: Windows, kind: str, conversation: str) -> None:
        wait_s = self._hub.limits.wait_s(windows, kind, conversation)
        if wait_s is not None:
            raise ConnectorError("Throttled", retry_after_s=wait_s)


async def _body(request: web.Request) -> Json:
    try:
        body = json.loads(await request.read())
    except web.HTTPRequestEntityTooLarge as exc:
        raise ConnectorError("MessageSizeTooBig") from exc
    except (ValueError, RecursionError) as exc:
        raise ConnectorError("BadArgument", "The body is not JSON.") from exc
    if not isinstance(body, dict):
        raise ConnectorError("BadArgument", "The body must be a JSON object.")
    return body


def _object(body: Json, name: str) -> Json:
    """The object under this name; an empty one when there is none."""
    found = body.get(name)
    return found if isinstance(found, dict) else {}


def _position(token: str | None) -> int:
    if token is None:
        return 0
    try:
        text = base64.urlsafe_b64decode(token).decode()
    except (binascii.Error, ValueError):
        text = ""
    number = text.removeprefix("at:")
    if not text.startswith("at:") or not number.isdecimal():
        raise ConnectorError("BadArgument", "continuationToken: this is none of ours.")
    return int(number)
