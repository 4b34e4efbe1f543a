"""Requests that did not come from Teams, or not like this: what an attacker would send to the bot, and its answer."""

from __future__ import annotations

import time
from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from typing import Any, assert_never

from sandbox.teams import activities
from sandbox.teams.delivery import Answer, Delivery, encoded
from sandbox.teams.hub import Hub
from sandbox.teams.jwt import SigningKey, unsigned
from sandbox.teams.world import Json, Message, Person

_HOUR_S = 3600


class Forgery(StrEnum):
    """The closed set of what can be wrong. `none` is an honest request, for comparison."""

    NONE = "none"
    BAD_SIGNATURE = "bad_signature"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    WRONG_AUDIENCE = "wrong_audience"
    WRONG_ISSUER = "wrong_issuer"
    WRONG_SERVICE_URL = "wrong_service_url"
    NO_SERVICE_URL = "no_service_url"
    UNKNOWN_KID = "unknown_kid"
    UNSIGNED = "unsigned"
    BOT_TOKEN = "bot_token"  # noqa: S105 - a name
    NO_TOKEN = "no_token"  # noqa: S105 - the same
    MALFORMED_TOKEN = "malformed_token"  # noqa: S105 - the same
    WRONG_TENANT = "wrong_tenant"
    REPLAY = "replay"
    MALFORMED_BODY = "malformed_body"


class Forger:
    """Sends what Teams would not."""

    def __init__(self, hub: Hub, delivery: Delivery) -> None:
        self._hub = hub
        self._delivery = delivery

    @cached_property
    def _stranger(self) -> SigningKey:
        """A key that Teams does not know."""
        return SigningKey.fresh()

    async def send(self, kind: Forgery, person: Person, fields: Mapping[str, Any]) -> Json:
        """The bot's `status` and `body`; `fields` stand in place of the activity's own. A replay tells both answers."""
        activity = self._activity(person)
        if kind is Forgery.WRONG_SERVICE_URL:
            activity["serviceUrl"] = "https://attacker.example/teams/"  # the token says Teams, the body somewhere else
        if kind is Forgery.WRONG_TENANT:
            elsewhere = "00000000-0000-4000-8000-000000000000"
            activity["channelData"] = {**activity["channelData"], "tenant": {"id": elsewhere}}
            activity["conversation"] = {**activity["conversation"], "tenantId": elsewhere}
        activity |= fields
        body = encoded(activity)
        if kind is Forgery.MALFORMED_BODY:
            body = body[: len(body) // 2]
        authorization = self._authorization(kind)
        first = await self._delivery.post(body, authorization)
        if kind is not Forgery.REPLAY:
            return _report(first) | {"activity": activity}
        second = await self._delivery.post(body, authorization)
        return _report(second) | {"first": _report(first), "activity": activity}

    def _activity(self, person: Person) -> Json:
        """What the person would say in their chat with the bot; nobody sees it in Teams."""
        conversation = self._hub.world.open_personal(person.id)
        said = Message(self._hub.world.new_id(), person.id, {"type": "message", "text": "help"})
        return activities.message(self._hub, person, conversation, said, mentioned=False)

    def _authorization(self, kind: Forgery) -> str | None:
        claims, key, at = self._delivery.claims, self._hub.keys.service, int(time.time())
        match kind:
            case Forgery.BAD_SIGNATURE:
                token = self._stranger.sign(claims(), kid=key.kid)
            case Forgery.UNKNOWN_KID:
                token = self._stranger.sign(claims())
            case Forgery.EXPIRED:
                token = key.sign(claims(nbf=at - 2 * _HOUR_S, iat=at - 2 * _HOUR_S, exp=at - _HOUR_S))
            case Forgery.NOT_YET_VALID:
                token = key.sign(claims(nbf=at + _HOUR_S, iat=at + _HOUR_S, exp=at + 2 * _HOUR_S))
            case Forgery.WRONG_AUDIENCE:
                token = key.sign(claims(aud="11111111-1111-4111-8111-111111111111"))
            case Forgery.WRONG_ISSUER:
                token = key.sign(claims(iss="https://issuer.example"))
            case Forgery.NO_SERVICE_URL:
                token = key.sign({name: value for name, value in claims().items() if name != "serviceurl"})
            case Forgery.UNSIGNED:
                token = unsigned(claims())
            case Forgery.BOT_TOKEN:  # the bot's own token for the connector, sent back to it
                token = self._hub.keys.login.sign(claims(aud="https://api.botframework.com"))
            case Forgery.MALFORMED_TOKEN:
                token = "not.a.token"  # noqa: S105 - that is the point
            case Forgery.NO_TOKEN:
                return None
            case (
                Forgery.NONE
                | Forgery.WRONG_SERVICE_URL
                | Forgery.WRONG_TENANT
                | Forgery.REPLAY
                | Forgery.MALFORMED_BODY
            ):
                token = key.sign(claims())
            case _:
                assert_never(kind)
        return f"Bearer {token}"


def _report(answer: Answer) -> Json:
    report: Json = {"status": answer.status, "body": answer.body, "latency_ms": answer.took_ms}
    return report if answer.status else report | {"error": answer.error}
