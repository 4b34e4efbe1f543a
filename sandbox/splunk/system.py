"""Splunk's HTTP Event Collector as its manual lists it: codes, channels, acknowledgement, events before a bad one.

An alert's webhook brings the first row of its search, and no header.
"""

from __future__ import annotations

import json
import secrets
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from sandbox.faults import Faults, fault_middleware
from sandbox.intake import WIRE_MAX_BYTES, Backend, BodyRefusedError, Options, unpacked

SLUG: Final = "splunk"
BODY_MAX_BYTES: Final = 1_000_000  # Splunk Cloud's default
KNOWN_INDEXES: Final = ("main", "audit")


@dataclass(frozen=True, slots=True)
class Said:
    """One answer of the collector."""

    code: int
    status: int
    text: str


SUCCESS: Final = Said(0, 200, "Success")
DISABLED: Final = Said(1, 403, "Token disabled")
REQUIRED: Final = Said(2, 401, "Token is required")
UNAUTHORISED: Final = Said(3, 401, "Invalid authorization")
INVALID_TOKEN: Final = Said(4, 403, "Invalid token")
NO_DATA: Final = Said(5, 400, "No data")
INVALID_FORMAT: Final = Said(6, 400, "Invalid data format")
WRONG_INDEX: Final = Said(7, 400, "Incorrect index")
INTERNAL: Final = Said(8, 500, "Internal server error")
BUSY: Final = Said(9, 503, "Server is busy")
NO_CHANNEL: Final = Said(10, 400, "Data channel is missing")
BAD_CHANNEL: Final = Said(11, 400, "Invalid data channel")
NO_EVENT: Final = Said(12, 400, "Event field is required")
BLANK_EVENT: Final = Said(13, 400, "Event field cannot be blank")
ACK_DISABLED: Final = Said(14, 400, "ACK is disabled")
BAD_FIELDS: Final = Said(15, 400, "Error in handling indexed fields")
HEALTHY: Final = Said(17, 200, "HEC is healthy")


class Splunk(Backend):
    """One collector on one address, whose token demands acknowledgement unless told otherwise.

    `ack_delay_s`: how long indexing takes; `ack_never`: it never ends; `is_disabled`: the token is.
    """

    slug = SLUG
    types = ("event",)

    def __init__(self, faults: Faults, *, base_url: str, snapshot: Mapping[str, Any] | None) -> None:
        options = Options(
            webhook_url="", use_ack=True, ack_delay_s=0.0, ack_never=False, is_disabled=False,
            body_max_bytes=BODY_MAX_BYTES,
        )  # fmt: skip
        super().__init__(faults, base_url=base_url, snapshot=snapshot, options=options)
        self._token = str((snapshot or {}).get("token") or uuid.uuid4())
        self._acks: dict[str, dict[int, float]] = {}  # channel -> ack id -> when it is indexed
        failing = fault_middleware(SLUG, faults, throttled=_throttled, failed=lambda: _answer(INTERNAL))
        self.app = web.Application(middlewares=[failing], client_max_size=WIRE_MAX_BYTES)
        self.app.add_routes(
            [
                web.post("/services/collector", self._events),
                web.post("/services/collector/event", self._events),
                web.post("/services/collector/ack", self._acknowledged),
                web.get("/services/collector/health", self._health),
            ]
        )

    def describe(self) -> dict[str, Any]:
        """How to reach it."""
        return {"url": self.base_url, "token": self._token}

    def more(self) -> dict[str, Any]:
        """Its token."""
        return {"token": self._token}

    def message(self, id_: str, alert: dict[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
        """What an alert action sends: the first row alone, every value a text, and no header to prove anything."""
        row = {str(name): str(value) for name, value in alert.items()}
        sid = f"scheduler__admin__search__{secrets.token_hex(6)}_at_{int(time.time())}"
        link = f"http://splunk.example:8000/app/search/@go?sid={sid}"
        named = {"search_name": id_, "owner": "admin", "app": "search"}
        return {}, {"result": row, "sid": sid, "results_link": link, **named}

    async def _events(self, request: web.Request) -> web.Response:
        refused = self._refused(request)
        if refused is not None:
            return _answer(refused)
        channel = request.headers.get("X-Splunk-Request-Channel") or request.query.get("channel", "")
        if self.options["use_ack"] and not channel:
            return _answer(NO_CHANNEL)
        if channel and not _is_guid(channel):
            return _answer(BAD_CHANNEL)
        try:
            body = await unpacked(request, wire_max=int(self.options["body_max_bytes"]), plain_max=WIRE_MAX_BYTES)
        except BodyRefusedError as exc:
            if exc.too_large:
                return web.json_response({"text": "Content-Length too large", "code": 27}, status=413)
            return _answer(INVALID_FORMAT)
        count, wrong = self._take(body.decode("utf-8", "replace"))
        if wrong is not None:
            return _answer(wrong, **({"invalid-event-number": count} if wrong is not NO_DATA else {}))
        if not self.options["use_ack"]:
            return _answer(SUCCESS)
        acks = self._acks.setdefault(channel, {})
        ack_id = len(acks)
        acks[ack_id] = float("inf") if self.options["ack_never"] else time.monotonic() + self.options["ack_delay_s"]
        return _answer(SUCCESS, ackId=ack_id)

    def _take(self, text: str) -> tuple[int, Said | None]:
        """Events one after the other, until one is bad: how many were taken, and what is wrong with the next."""
        decoder, at, count = json.JSONDecoder(), 0, 0
        while True:
            while at < len(text) and text[at].isspace():
                at += 1
            if at == len(text):
                return count, None if count else NO_DATA
            try:
                event, at = decoder.raw_decode(text, at)
            except (ValueError, RecursionError):
                return count, INVALID_FORMAT
            wrong = _wrong_with(event)
            if wrong is not None:
                return count, wrong
            self.holdings.take("event", event)
            count += 1

    async def _acknowledged(self, request: web.Request) -> web.Response:
        refused = self._refused(request)
        if refused is not None:
            return _answer(refused)
        if not self.options["use_ack"]:
            return _answer(ACK_DISABLED)
        channel = request.query.get("channel") or request.headers.get("X-Splunk-Request-Channel", "")
        if not channel:
            return _answer(NO_CHANNEL)
        try:
            asked = json.loads(await request.read())["acks"]
            wanted = [int(each) for each in asked]
        except (ValueError, KeyError, TypeError):
            return _answer(INVALID_FORMAT)
        acks, now = self._acks.get(channel, {}), time.monotonic()
        answers = {str(each): acks.get(each, float("inf")) <= now for each in wanted}
        for each in wanted:
            if answers[str(each)]:
                acks[each] = float("inf")  # true only once, then forgotten
        return web.json_response({"acks": answers})

    async def _health(self, request: web.Request) -> web.Response:
        return _answer(self._refused(request) or HEALTHY)

    def _refused(self, request: web.Request) -> Said | None:
        given = request.headers.get("Authorization", "")
        if not given:
            return REQUIRED
        scheme, _, token = given.partition(" ")
        if scheme != "Splunk":
            return UNAUTHORISED
        if token != self._token:
            return INVALID_TOKEN
        return DISABLED if self.options["is_disabled"] else None


def _wrong_with(event: Any) -> Said | None:
    if not isinstance(event, dict):
        return INVALID_FORMAT
    if "event" not in event:
        return NO_EVENT
    if event["event"] in ("", None):
        return BLANK_EVENT
    if event.get("index", "main") not in KNOWN_INDEXES:
        return WRONG_INDEX
    fields = event.get("fields", {})
    if not isinstance(fields, dict) or any(isinstance(value, dict) for value in fields.values()):
        return BAD_FIELDS
    return None


def _is_guid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _answer(said: Said, **more: Any) -> web.Response:
    return web.json_response({"text": said.text, "code": said.code, **more}, status=said.status)


def _throttled(retry_after_s: float) -> web.Response:
    answer = _answer(BUSY)  # a collector has no 429: it is busy
    answer.headers["Retry-After"] = str(max(1, round(retry_after_s)))
    return answer


def create(faults: Faults, /, *, base_url: str, snapshot: Mapping[str, Any] | None) -> Splunk:
    """The collector, restored from `snapshot` if one is given."""
    return Splunk(faults, base_url=base_url, snapshot=snapshot)
