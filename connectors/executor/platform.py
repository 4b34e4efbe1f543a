"""The calls of one agent platform: signed by Standard Webhooks, idempotent by the rollout's id."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from connectors.callbacks.signing import signed
from connectors.executor.wire import UnreadableStatus, read_status
from connectors.itsm.answers import retry_after_s, shortened, uncertain
from connectors.itsm.base import ConnectorError, NotSent, Refused, Throttled
from connectors.itsm.http import Answer, Call, Caller, Limits, redirected
from core.rollouts import Order, Report

TITLE: Final = "The agent platform"
TOTAL_S: Final = 20.0


class UnknownThere(Refused):
    """The platform, which answers and knows us, has no such rollout."""


class AgentPlatform:
    """`secret` (`whsec_` and base64) signs what we send; `now` is the time that signatures bear."""

    def __init__(self, url: str, secret: str, *, connect_s: float, read_s: float, now: Callable[[], datetime]) -> None:
        self._url = url
        self._secret = secret
        self._now = now
        self._caller = Caller(TITLE, Limits(connect_s, read_s, TOTAL_S, concurrent=8))

    async def start(self, order: Order) -> Report | None:
        """The platform has taken the order; what it says of it. Raises a ConnectorError."""
        body = {
            "id": str(order.id),
            "kind": order.kind,
            "change": order.reference,
            "title": order.title,
            "resources": list(order.resources),
            "environment": order.environment,
            "requested_by": order.ordered_by,
        }
        return await self._send("POST", "/rollouts", order.id, body, what="start")

    async def undo(self, order: Order) -> Report | None:
        """The platform has taken the order to undo it; what it says of it. Raises a ConnectorError.

        UnknownThere only where it is the platform itself that has no such rollout: a gateway has a 404 for everything
        while what is behind it is away.
        """
        body = {"id": str(order.id), "reasons": list(order.reasons)}
        try:
            return await self._send("POST", f"/rollouts/{order.id}/rollback", order.id, body, what="rollback")
        except UnknownThere:
            try:
                await self.check()
            except Refused as exc:
                raise NotSent(exc.reason) from exc
            raise

    async def status(self, rollout_id: UUID) -> Report | None:
        """What the platform says of it. Raises a ConnectorError."""
        return await self._send("GET", f"/rollouts/{rollout_id}", rollout_id, None, what="status")

    async def check(self) -> None:
        """The platform answers, and knows our signature. Raises a ConnectorError."""
        answer = await self._call("GET", "/rollouts", b"", "check")
        if not _is_fine(answer):
            raise _failure(answer, writes=False)

    async def close(self) -> None:
        """No connection is left."""
        await self._caller.close()

    async def _send(
        self, method: str, path: str, rollout_id: UUID, document: Mapping[str, Any] | None, *, what: str
    ) -> Report | None:
        body = b"" if document is None else json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        answer = await self._call(method, path, body, f"{what}-{rollout_id}")
        writes = document is not None
        if not _is_fine(answer):
            raise _failure(answer, writes=writes)
        if not answer.body.strip():
            return None
        try:
            told, report = read_status(answer.body)
        except UnreadableStatus as exc:
            raise uncertain(f"{TITLE} answered what cannot be read: {exc.sentence()}", writes=writes) from exc
        if told != rollout_id:
            raise uncertain(f"{TITLE} answered with the status of another rollout.", writes=writes)
        return report

    async def _call(self, method: str, path: str, body: bytes, message_id: str) -> Answer:
        headers = {
            "Accept": "application/json",
            "User-Agent": "Countersign",
            **({"Content-Type": "application/json"} if body else {}),
            **signed(message_id, body, [self._secret], at=self._now()),
        }
        return await self._caller.send(Call(method, f"{self._url}{path}", headers, body or None, method != "GET"))


def _is_fine(answer: Answer) -> bool:
    return HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES


def _failure(answer: Answer, *, writes: bool) -> ConnectorError:
    status, said = answer.status, _said(answer)
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        return Throttled(f"{TITLE} asks to wait{said}.", retry_after_s(answer.headers))
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return redirected(TITLE, answer)
    if status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY) or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return uncertain(f"{TITLE} failed with status {status}{said}.", writes=writes)
    if status == HTTPStatus.UNAUTHORIZED:
        return NotSent(f"{TITLE} does not accept our signature{said}.")
    if status == HTTPStatus.NOT_FOUND:
        return UnknownThere(f"{TITLE} refused this with status {status}{said}.")
    return Refused(f"{TITLE} refused this with status {status}{said}.")


def _said(answer: Answer) -> str:
    """What it says about why, where it says so as our own API does (RFC 9457) or nearly."""
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        return ""
    words = document.get("detail") or document.get("error") if isinstance(document, dict) else None
    return f": {shortened(words.rstrip('.'))}" if isinstance(words, str) and words.strip() else ""
