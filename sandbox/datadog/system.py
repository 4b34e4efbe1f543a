"""Datadog's intakes as its API describes them: keys, limits, answers; monitors call a webhook by the template."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from sandbox.faults import Faults, fault_middleware
from sandbox.intake import WIRE_MAX_BYTES, Backend, BodyRefusedError, Options, unpacked

SLUG: Final = "datadog"
SERIES_MAX_BYTES: Final = 512_000  # "Submit metrics" v2: per payload, and decompressed 5 MiB
SERIES_MAX_PLAIN: Final = 5_242_880
LOGS_MAX_PLAIN: Final = 5_000_000
LOGS_MAX_COUNT: Final = 1000
EVENT_TEXT_MAX: Final = 4000
CHECK_AGE_MAX_S: Final = 600  # older ones are refused
EVENT_AGE_MAX_S: Final = 18 * 3600  # "Event too far in the past"
_METRIC: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,199}\Z")
_ALERT_TYPES: Final = ("error", "warning", "info", "success", "user_update", "recommendation", "snapshot")

Taker = Callable[[Any], web.Response]


class Datadog(Backend):
    """One organisation on one address. `api_key` is its intake key."""

    slug = SLUG
    types = ("series", "event", "check", "log")

    def __init__(self, faults: Faults, *, base_url: str, snapshot: Mapping[str, Any] | None) -> None:
        options = Options(webhook_url="", webhook_headers={}, series_max_bytes=SERIES_MAX_BYTES)
        super().__init__(faults, base_url=base_url, snapshot=snapshot, options=options)
        kept = snapshot or {}
        self._api_key = str(kept.get("api_key") or secrets.token_hex(16))
        self._application_key = str(kept.get("application_key") or secrets.token_hex(20))
        failing = fault_middleware(SLUG, faults, throttled=_throttled, failed=_failed)
        self.app = web.Application(middlewares=[failing], client_max_size=WIRE_MAX_BYTES)
        self.app.add_routes(
            [
                web.post("/api/v2/series", self._taking(self._series, lambda: int(self.options["series_max_bytes"]))),
                web.post("/api/v1/events", self._taking(self._event)),
                web.post("/api/v1/check_run", self._taking(self._checks)),
                web.post("/api/v2/logs", self._taking(self._logs)),
                web.get("/api/v1/validate", self._validate),
                web.get("/api/v1/events/{id}", self._read_event),
            ]
        )

    def describe(self) -> dict[str, Any]:
        """How to reach it."""
        return {"url": self.base_url, "api_key": self._api_key, "application_key": self._application_key}

    def more(self) -> dict[str, Any]:
        """Its keys."""
        return {"api_key": self._api_key, "application_key": self._application_key}

    def message(self, id_: str, alert: dict[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
        """What a monitor's webhook sends by the template of docs/connectors/datadog.md; all values are texts."""
        transition = str(alert.get("transition", "Triggered"))
        if transition == "Triggered":
            alert["cycle"] = secrets.token_hex(8)
            alert["began"] = int(time.time() * 1000)
        document = {
            "id": str(self.holdings.count + 1),
            "alert_id": id_,
            "cycle": alert.get("cycle", ""),
            "transition": transition,
            "type": str(alert.get("type", "metric alert monitor")),
            "title": str(alert.get("title", id_)),
            "body": str(alert.get("body", "")),
            "date": str(int(time.time() * 1000)),
            "priority": str(alert.get("priority", "normal")),
            "scope": str(alert.get("scope", "")),
            "metric": str(alert.get("metric", "")),
            "tags": str(alert.get("tags", "")),
            "link": f"{self.base_url}/monitors/{id_}",
            "org": "1",
        }
        return {name: str(value) for name, value in self.options["webhook_headers"].items()}, document

    def _taking(
        self, take: Taker, wire_max: Callable[[], int] = lambda: LOGS_MAX_PLAIN
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            if request.headers.get("DD-API-KEY") != self._api_key:
                return _errors(HTTPStatus.FORBIDDEN, "Forbidden")
            try:
                body = await unpacked(request, wire_max=wire_max(), plain_max=SERIES_MAX_PLAIN)
                document = json.loads(body)
            except BodyRefusedError as exc:
                status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE if exc.too_large else HTTPStatus.BAD_REQUEST
                return _errors(
                    status, "Payload too large" if exc.too_large else "Payload is not in the expected format"
                )
            except (ValueError, RecursionError):
                return _errors(HTTPStatus.BAD_REQUEST, "Payload is not in the expected format: invalid JSON")
            return take(document)

        return handle

    def _series(self, document: Any) -> web.Response:
        series = document.get("series") if isinstance(document, dict) else None
        if not isinstance(series, list):
            return _errors(HTTPStatus.BAD_REQUEST, "Payload is not in the expected format: series is missing")
        for each in series:
            if not isinstance(each, dict) or not _METRIC.match(str(each.get("metric", ""))):
                return _errors(HTTPStatus.BAD_REQUEST, "Invalid metric name")
            if each.get("type", 0) not in (0, 1, 2, 3) or not isinstance(each.get("points"), list):
                return _errors(HTTPStatus.BAD_REQUEST, f"Invalid series {each['metric']}")
        for each in series:
            tags = [str(tag).lower()[:200] for tag in each.get("tags", ())]
            self.holdings.take("series", {**each, "tags": tags})
        return web.json_response({"errors": []}, status=HTTPStatus.ACCEPTED)

    def _event(self, document: Any) -> web.Response:
        if not isinstance(document, dict) or not isinstance(document.get("title"), str) or "text" not in document:
            return _errors(HTTPStatus.BAD_REQUEST, "Error: missing required field 'title' or 'text'")
        if len(str(document["text"])) > EVENT_TEXT_MAX:
            return _errors(HTTPStatus.BAD_REQUEST, "Event text is too long")
        if document.get("alert_type", "info") not in _ALERT_TYPES:
            return _errors(HTTPStatus.BAD_REQUEST, "Invalid alert_type")
        happened = document.get("date_happened", int(time.time()))
        if not isinstance(happened, int) or happened < time.time() - EVENT_AGE_MAX_S:
            return _errors(HTTPStatus.BAD_REQUEST, "Event too far in the past")
        number = 2**53 + self.holdings.count + 1  # beyond what a double holds, as theirs are
        content = {**document, "date_happened": happened, "event_id": str(number)}
        self.holdings.take("event", content)
        event = {"id": number, "id_str": str(number), "title": document["title"], "text": document["text"]}
        event |= {"tags": document.get("tags", []), "date_happened": happened, "url": f"{self.base_url}/event/{number}"}
        return web.json_response({"status": "ok", "event": event}, status=HTTPStatus.ACCEPTED)

    def _checks(self, document: Any) -> web.Response:
        checks = document if isinstance(document, list) else [document]
        for each in checks:
            if not isinstance(each, dict) or each.get("status") not in (0, 1, 2, 3) or "check" not in each:
                return _errors(HTTPStatus.BAD_REQUEST, "Invalid check run")
            if each.get("timestamp", time.time()) < time.time() - CHECK_AGE_MAX_S:
                return _errors(HTTPStatus.BAD_REQUEST, "Check run too far in the past")
        for each in checks:
            self.holdings.take("check", each)
        return web.Response(text='{"status":"ok"}', status=HTTPStatus.ACCEPTED, headers={"Content-Type": "text/json"})

    def _logs(self, document: Any) -> web.Response:
        lines = document if isinstance(document, list) else [document]
        if len(lines) > LOGS_MAX_COUNT:
            return _errors(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Too many logs")
        if not all(isinstance(each, dict) for each in lines):
            return _errors(HTTPStatus.BAD_REQUEST, "Invalid log")
        for each in lines:
            self.holdings.take("log", each)
        return web.json_response({}, status=HTTPStatus.ACCEPTED)

    async def _validate(self, request: web.Request) -> web.Response:
        if request.headers.get("DD-API-KEY") != self._api_key:
            return _errors(HTTPStatus.FORBIDDEN, "Forbidden")
        return web.json_response({"valid": True})

    async def _read_event(self, request: web.Request) -> web.Response:
        if request.headers.get("DD-APPLICATION-KEY") != self._application_key:
            return _errors(HTTPStatus.FORBIDDEN, "Forbidden")
        for each in self.holdings.listed("event"):
            if each["event_id"] == request.match_info["id"]:
                shown = {"id": int(each["event_id"]), "id_str": each["event_id"], "title": each["title"]}
                return web.json_response({"event": {**shown, "text": each["text"]}})
        return _errors(HTTPStatus.NOT_FOUND, "No event matches that event_id")


def _errors(status: HTTPStatus, message: str) -> web.Response:
    return web.json_response({"errors": [message]}, status=status)


def _throttled(retry_after_s: float) -> web.Response:
    answer = _errors(HTTPStatus.TOO_MANY_REQUESTS, "Too many requests")
    reset = str(max(1, round(retry_after_s)))
    answer.headers.update(
        {
            "X-RateLimit-Limit": "100",
            "X-RateLimit-Period": "60",
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": reset,
            "X-RateLimit-Name": "intake",
        }
    )
    return answer


def _failed() -> web.Response:
    return _errors(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal error")


def create(faults: Faults, /, *, base_url: str, snapshot: Mapping[str, Any] | None) -> Datadog:
    """The organisation, restored from `snapshot` if one is given."""
    return Datadog(faults, base_url=base_url, snapshot=snapshot)
