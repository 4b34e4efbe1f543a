"""The success criteria of a rollout, looked at once: each passes, or fails with what was seen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from connectors.executor.wire import finite
from connectors.itsm.answers import UnexpectedAnswerError
from connectors.itsm.base import ConnectorError
from connectors.itsm.http import Call, Caller, Limits
from core.rollouts import Check, CheckKind, Order, Result

TOTAL_S: Final = 10.0  # a check that takes longer has failed
CONCURRENT: Final = 8
VALUE_MAX: Final = 300  # characters
RESOURCE: Final = "{resource}"  # in an address or as a service: each that the change touches
SERVICE: Final = "service:"
Levels = Callable[[Check], Awaitable[float | None]]  # the figure of the check's service; None: nothing was measured


class Checker:
    """Looks at addresses, at the figures that the platform reports, and at service levels, where `levels` knows any."""

    def __init__(self, *, connect_s: float, read_s: float, levels: Levels | None = None) -> None:
        self._levels = levels
        self._caller = Caller("The address", Limits(connect_s, read_s, TOTAL_S, concurrent=CONCURRENT))

    async def look(self, order: Order) -> tuple[Result, ...]:
        """What each check of the order's plan comes to now."""
        return tuple(await asyncio.gather(*(self._made(each, order) for each in order.plan.checks)))

    async def close(self) -> None:
        """No connection is left."""
        await self._caller.close()

    async def _made(self, check: Check, order: Order) -> Result:
        if check.kind is CheckKind.METRIC:
            if check.metric not in order.metrics:
                return _failed(check, f"The platform reports no '{check.metric}'.")
            return _judged(check, order.metrics[check.metric])
        look = {CheckKind.HEALTH: self._health, CheckKind.QUERY: self._query}.get(check.kind, self._level)
        found = await asyncio.gather(*(look(each) for each in addressed(check, order.resources)))
        return next((each for each in found if not each.passed), found[0])

    async def _health(self, check: Check) -> Result:
        try:
            answer = await self._caller.send(Call("GET", check.url))
        except ConnectorError as exc:
            return _failed(check, exc.reason)
        is_well = HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES
        return Result(check.name, is_well, f"It answered {answer.status}.")

    async def _level(self, check: Check) -> Result:
        value = await self._levels(check) if self._levels else None
        if value is None:
            minutes = round(check.over_s / 60)
            return _failed(check, f"No sample of {check.service} in the last {minutes} min.")
        return _judged(check, value)

    async def _query(self, check: Check) -> Result:
        try:
            answer = await self._caller.send(Call("GET", check.url, {"Accept": "application/json"}))
            if answer.status != HTTPStatus.OK:
                return _failed(check, f"It answered {answer.status}.")
            value = pointed_at(answer.json(), check.value)
        except ConnectorError as exc:
            return _failed(check, exc.reason)
        except (UnexpectedAnswerError, LookupError) as exc:
            return _failed(check, f"It answered {exc}." if isinstance(exc, UnexpectedAnswerError) else str(exc.args[0]))
        number = finite(_number(value) if isinstance(value, str) else value)
        if number is None:
            return _failed(check, f"There is no number at {check.value}.")
        return _judged(check, number)


def addressed(check: Check, resources: Sequence[str]) -> list[Check]:
    """The check at its address or of its service; one for each resource where that is `{resource}`."""
    if check.service == RESOURCE:
        return [replace(check, service=each.removeprefix(SERVICE)) for each in resources]
    if RESOURCE not in check.url:
        return [check]
    return [replace(check, url=check.url.replace(RESOURCE, quote(each, safe=":"))) for each in resources]


def pointed_at(document: Any, pointer: str) -> Any:
    """What the JSON pointer (RFC 6901) points at. Raises LookupError with a sentence."""
    found = document
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict) and key in found:
            found = found[key]
        elif isinstance(found, list) and key.isascii() and key.isdecimal() and int(key) < len(found):
            found = found[int(key)]
        else:
            raise LookupError(f"There is nothing at {pointer}.")
    return found


def _number(text: str) -> float | None:
    """A number that is written as text, as Prometheus does."""
    try:
        return float(text)
    except ValueError:
        return None


def _judged(check: Check, value: float) -> Result:
    is_within = check.admits(value)
    return Result(check.name, is_within, f"{value:g}" if is_within else f"{value:g}, wanted {check.bounds}")


def _failed(check: Check, why: str) -> Result:
    return Result(check.name, passed=False, value=why[:VALUE_MAX])
