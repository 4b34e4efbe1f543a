"""What the simulated monitoring systems have in common: intakes with limits, what they hold, alerts that call out.

A system says which routes it has and what each takes; here is how bodies are read, kept, shown and forgotten.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import aiohttp
from aiohttp import ClientPayloadError, web

from sandbox.faults import Faults
from sandbox.system import ControlError

HELD_MAX: Final = 20_000  # records of one type; the oldest go
CALL_OUT_S: Final = 15.0  # Datadog: a webhook has so long to answer
PACKED_AS: Final = frozenset({"", "identity", "gzip", "deflate"})
WIRE_MAX_BYTES: Final = 8 * 1024 * 1024  # nobody's limit: above every vendor's own


class BodyRefusedError(Exception):
    """The body cannot be taken: too large, or not packed as it says."""

    def __init__(self, *, too_large: bool) -> None:
        self.too_large = too_large
        super().__init__("too large" if too_large else "not packed as it says")


async def unpacked(request: web.Request, *, wire_max: int, plain_max: int) -> bytes:
    """The body, unpacked, within the limits of both forms. Raises BodyRefusedError.

    The server under us unpacks gzip and deflate itself; how much came over the wire its header says.
    """
    if request.headers.get("Content-Encoding", "identity").lower() not in PACKED_AS:
        raise BodyRefusedError(too_large=False)
    if request.content_length is not None and request.content_length > wire_max:
        raise BodyRefusedError(too_large=True)
    plain = bytearray()
    try:
        async for chunk in request.content.iter_chunked(65_536):
            plain += chunk
            if len(plain) > plain_max:
                raise BodyRefusedError(too_large=True)
    except (web.RequestPayloadError, ClientPayloadError) as exc:
        raise BodyRefusedError(too_large=False) from exc
    return bytes(plain)


class Holdings:
    """Everything that was taken, by type; and the alerts of people there, by id."""

    def __init__(self, types: Sequence[str]) -> None:
        self.types = tuple(types)
        self._held: dict[str, list[dict[str, Any]]] = {each: [] for each in types}
        self.count = 0

    def take(self, type_: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """One record more."""
        self.count += 1
        record = {**content, "taken": str(self.count), "taken_as": type_, "taken_at": datetime.now(UTC).isoformat()}
        held = self._held[type_]
        held.append(record)
        del held[:-HELD_MAX]
        return record

    def listed(self, type_: str | None) -> list[dict[str, Any]]:
        """Those of one type, or all. Raises ControlError for another type."""
        if type_ is not None and type_ not in self._held:
            raise ControlError(f"There is no type '{type_}' here.", accepted=self.types)
        return [each for name in ([type_] if type_ else self.types) for each in self._held[name]]

    def snapshot(self) -> dict[str, Any]:
        """As JSON values."""
        return {"held": self._held, "count": self.count}

    def restore(self, document: Mapping[str, Any]) -> None:
        """What was kept is there again."""
        self._held = {each: list(document["held"].get(each, ())) for each in self.types}
        self.count = int(document["count"])


class Options:
    """What can be set of a system: each option with its first value, whose kind it keeps."""

    def __init__(self, **first: Any) -> None:
        self._first = first
        self.values: dict[str, Any] = dict(first)

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def update(self, given: Mapping[str, Any]) -> None:
        """They are in force. Raises ValueError for an unknown one, or another kind of value."""
        for name, value in given.items():
            if name not in self._first:
                raise ValueError(f"There is no option {name}; there are {', '.join(sorted(self._first))}.")
            if type(value) is not type(self._first[name]):
                raise ValueError(f"`{name}` is a {type(self._first[name]).__name__}.")
        self.values |= given


async def call_out(url: str, headers: Mapping[str, str], document: Any) -> dict[str, Any]:
    """What became of telling this address: its status, or why there is none. Nothing is told without an address."""
    if not url:
        return {"url": "", "error": "no address is set"}
    body = json.dumps(document).encode()
    try:
        timeout = aiohttp.ClientTimeout(total=CALL_OUT_S)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(url, data=body, headers={"Content-Type": "application/json", **headers}) as answer,
        ):
            return {"url": url, "status": answer.status}
    except (aiohttp.ClientError, TimeoutError, ValueError) as exc:
        return {"url": url, "error": f"{type(exc).__name__}: {exc}"}


class Backend:
    """The part of a simulated monitoring system that the sandbox's frame asks for. `base_url` has no trailing slash."""

    slug = ""
    types: tuple[str, ...] = ()

    def __init__(self, faults: Faults, *, base_url: str, snapshot: Mapping[str, Any] | None, options: Options) -> None:
        self._faults = faults
        self.base_url = base_url
        self.options = options
        self.holdings = Holdings((*self.types, "alert", "delivery"))
        self.alerts: dict[str, dict[str, Any]] = {}
        if snapshot is not None:
            self.options.update(snapshot["options"])
            self.holdings.restore(snapshot["holdings"])
            self.alerts = {key: dict(value) for key, value in snapshot["alerts"].items()}

    def records(self, type_: str | None, /) -> list[dict[str, Any]]:
        """What was taken, alerts as they stand, and calls to the product."""
        return self.holdings.listed(type_)

    async def edit(self, type_: str, id_: str, fields: Mapping[str, Any], /) -> dict[str, Any]:
        """An alert is as the fields say, and whoever is to be told has been. Raises ControlError."""
        if type_ != "alert":
            raise ControlError(f"Only alerts change here, not '{type_}'.", accepted=("alert",))
        alert = self.alerts.get(id_, {}) | dict(fields)
        headers, document = self.message(id_, alert)
        self.alerts[id_] = alert
        self.holdings.take("alert", {"alert": id_, "fields": alert})
        outcome = await call_out(self.options["webhook_url"], headers, document)
        return self.holdings.take("delivery", {**outcome, "body": document})

    def message(self, id_: str, alert: dict[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
        """What this vendor sends about the alert: headers and document; the alert keeps what it must remember."""
        raise NotImplementedError

    def snapshot(self) -> dict[str, Any]:
        """Everything that must survive a restart."""
        return {
            "options": dict(self.options.values),
            "holdings": self.holdings.snapshot(),
            "alerts": self.alerts,
            **self.more(),
        }

    def more(self) -> dict[str, Any]:
        """What this vendor keeps beside it."""
        return {}

    def configure(self, options: Mapping[str, Any], /) -> None:
        """The options are in force. Raises ValueError."""
        self.options.update(options)
