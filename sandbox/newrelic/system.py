"""New Relic's ingest APIs as it documents them: keys, limits, answers; issues tell a workflow's webhook."""

from __future__ import annotations

import json
import secrets
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from sandbox.faults import Faults, fault_middleware
from sandbox.intake import WIRE_MAX_BYTES, Backend, BodyRefusedError, Options, unpacked

SLUG: Final = "newrelic"
POST_MAX_BYTES: Final = 1_000_000  # as sent: 10^6 bytes
PLAIN_MAX_BYTES: Final = 16_000_000
ATTRIBUTES_MAX: Final = 150
ATTRIBUTE_TEXT_MAX: Final = 4096
EVENT_TYPE_MAX: Final = 255
OLDEST_S: Final = 48 * 3600
STATES: Final = ("CREATED", "ACTIVATED", "ACKNOWLEDGED", "CLOSED")

Taker = Callable[[Any], list[str]]


class NewRelic(Backend):
    """One account on one address. What the metric and log APIs cannot use becomes an NrIntegrationError, later."""

    slug = SLUG
    types = ("metric", "event", "log", "NrIntegrationError")

    def __init__(self, faults: Faults, *, base_url: str, snapshot: Mapping[str, Any] | None) -> None:
        options = Options(webhook_url="", webhook_headers={}, post_max_bytes=POST_MAX_BYTES)
        super().__init__(faults, base_url=base_url, snapshot=snapshot, options=options)
        kept = snapshot or {}
        self._key = str(kept.get("license_key") or f"{secrets.token_hex(18)}NRAL")
        self._account = str(kept.get("account") or secrets.randbelow(9_000_000) + 1_000_000)
        self._seen: dict[str, None] = {}
        failing = fault_middleware(SLUG, faults, throttled=_throttled, failed=_failed)
        self.app = web.Application(middlewares=[failing], client_max_size=WIRE_MAX_BYTES)
        self.app.add_routes(
            [
                web.post("/metric/v1", self._taking(self._metrics)),
                web.post("/log/v1", self._taking(self._logs)),
                web.post("/v1/accounts/events", self._events),  # the address that their own client has
                web.post("/v1/accounts/{account}/events", self._events),
            ]
        )

    def describe(self) -> dict[str, Any]:
        """How to reach it."""
        return {"url": self.base_url, "license_key": self._key, "account": self._account}

    def more(self) -> dict[str, Any]:
        """Its key and account."""
        return {"license_key": self._key, "account": self._account}

    def message(self, id_: str, alert: dict[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
        """What a workflow's default template sends about the issue; some values are arrays."""
        state = str(alert.get("state", "ACTIVATED"))
        if state not in STATES:
            raise ValueError(f"`state` is one of {', '.join(STATES)}.")
        now = int(time.time() * 1000)
        alert.setdefault("createdAt", now)
        document = {
            "id": id_,
            "issueUrl": f"https://radar-api.service.newrelic.com/accounts/1/issues/{id_}",
            "title": str(alert.get("title", id_)),
            "priority": str(alert.get("priority", "CRITICAL")),
            "impactedEntities": list(alert.get("impactedEntities", ["checkout"])),
            "totalIncidents": 1,
            "state": state,
            "trigger": "STATE_CHANGE",
            "isCorrelated": False,
            "createdAt": alert["createdAt"],
            "updatedAt": now,
            "sources": ["newrelic"],
            "alertPolicyNames": list(alert.get("alertPolicyNames", ["Golden signals"])),
            "alertConditionNames": list(alert.get("alertConditionNames", ["High latency"])),
            "workflowName": "Countersign",
        }
        return {name: str(value) for name, value in self.options["webhook_headers"].items()}, document

    def _taking(self, take: Taker) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            document, refused = await self._document(request)
            if refused is not None:
                return refused
            request_id = request.headers.get("x-request-id") or str(uuid.uuid4())
            if request_id not in self._seen:  # a payload that came again is recognised by it
                for problem in take(document):
                    self.holdings.take("NrIntegrationError", {"message": problem, "requestId": request_id})
            self._seen[request_id] = None
            return web.json_response({"requestId": request_id}, status=HTTPStatus.ACCEPTED)

        return handle

    async def _document(self, request: web.Request) -> tuple[Any, web.Response | None]:
        if request.headers.get("Api-Key") != self._key:
            return None, web.json_response({}, status=HTTPStatus.FORBIDDEN)
        try:
            limit = int(self.options["post_max_bytes"])
            body = await unpacked(request, wire_max=limit, plain_max=PLAIN_MAX_BYTES)
            return json.loads(body), None
        except BodyRefusedError as exc:
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE if exc.too_large else HTTPStatus.BAD_REQUEST
            return None, web.json_response({}, status=status)
        except (ValueError, RecursionError):
            return None, web.json_response({}, status=HTTPStatus.BAD_REQUEST)

    def _metrics(self, document: Any) -> list[str]:
        problems = []
        for block in document if isinstance(document, list) else [document]:
            common = block.get("common", {}) if isinstance(block, dict) else {}
            for each in block.get("metrics", ()) if isinstance(block, dict) else ():
                merged = {
                    "timestamp": int(time.time() * 1000),
                    **{k: v for k, v in common.items() if k != "attributes"},
                }
                merged |= {**each, "attributes": {**common.get("attributes", {}), **each.get("attributes", {})}}
                if problem := _metric_problem(merged):
                    problems.append(problem)
                else:
                    self.holdings.take("metric", merged)
        return problems

    def _logs(self, document: Any) -> list[str]:
        problems = []
        for block in document if isinstance(document, list) else [document]:
            if not isinstance(block, dict) or not isinstance(block.get("logs"), list):
                problems.append("a block without logs")
                continue
            common = block.get("common", {}).get("attributes", {})
            for each in block["logs"]:
                self.holdings.take("log", {**each, "attributes": {**common, **each.get("attributes", {})}})
        return problems

    async def _events(self, request: web.Request) -> web.Response:
        document, refused = await self._document(request)
        if refused is not None:
            return refused
        if request.match_info.get("account", self._account) != self._account:
            return web.json_response({}, status=HTTPStatus.FORBIDDEN)
        events = document if isinstance(document, list) else [document]
        for each in events:
            if not isinstance(each, dict) or not 0 < len(str(each.get("eventType", ""))) <= EVENT_TYPE_MAX:
                error = "Event does not contain a valid eventType"
                return web.json_response({"success": False, "error": error}, status=HTTPStatus.BAD_REQUEST)
            if any(isinstance(value, dict | list) for value in each.values()):
                error = "Attributes are texts and numbers"
                return web.json_response({"success": False, "error": error}, status=HTTPStatus.BAD_REQUEST)
        for each in events:
            self.holdings.take("event", each)
        return web.json_response({"success": True, "uuid": str(uuid.uuid4())})


def _metric_problem(metric: Mapping[str, Any]) -> str:
    """Why it cannot be used; empty if it can."""
    kind, attributes = metric.get("type", "gauge"), metric["attributes"]
    if not isinstance(metric.get("name"), str) or not 0 < len(metric["name"]) <= 255:
        return "a metric without a name"
    if kind in {"count", "summary"} and not metric.get("interval.ms"):
        return f"{metric['name']}: interval.ms is missing"
    if kind == "summary" and not isinstance(metric.get("value"), dict):
        return f"{metric['name']}: a summary has count, sum, min and max"
    if len(attributes) > ATTRIBUTES_MAX:
        return f"{metric['name']}: too many attributes"
    if any(len(str(value)) > ATTRIBUTE_TEXT_MAX for value in attributes.values()):
        return f"{metric['name']}: an attribute is too long"
    if not time.time() - OLDEST_S <= float(metric["timestamp"]) / 1000 <= time.time() + OLDEST_S / 2:
        return f"{metric['name']}: its time is too far away"
    return ""


def _throttled(retry_after_s: float) -> web.Response:
    headers = {"Retry-After": str(max(1, round(retry_after_s)))}
    return web.json_response({}, status=HTTPStatus.TOO_MANY_REQUESTS, headers=headers)


def _failed() -> web.Response:
    return web.json_response({}, status=HTTPStatus.INTERNAL_SERVER_ERROR)


def create(faults: Faults, /, *, base_url: str, snapshot: Mapping[str, Any] | None) -> NewRelic:
    """The account, restored from `snapshot` if one is given."""
    return NewRelic(faults, base_url=base_url, snapshot=snapshot)
