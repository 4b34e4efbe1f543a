"""The HTTP API of Prometheus, and of what speaks it: Thanos, Mimir, VictoriaMetrics.

An answer that leaves something out is none: the minutes are asked for again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from connectors.itsm.answers import retry_after_s
from connectors.itsm.http import Call, Caller, Limits
from connectors.monitoring.answers import document_of, failure_of, unreadable
from connectors.monitoring.base import CONNECT_S, READ_S, ConnectorError, OutcomeUnknown, Refused
from connectors.monitoring.prometheus.services_file import Counters
from connectors.monitoring.sending import is_taken
from core.deliveries import Finding, Health
from core.sla import Counted, TooManyError, counted

SLUG: Final = "prometheus"
TITLE: Final = "Prometheus"
HINT: Final = "Compare prometheus.url and prometheus.token: docs/connectors/prometheus.md."
TOTAL_S: Final = 60.0
CONCURRENT: Final = 4
STEP_S: Final = 60
_ANNOTATION: Final = "PromQL"  # such warnings are about the question, and the answer is whole

Points = dict[int, float]  # by minute


class Prometheus:
    """One server."""

    def __init__(self, url: str, token: str | None, *, connect_s: float = CONNECT_S, read_s: float = READ_S) -> None:
        self._url = url
        self._headers = {"Accept": "application/json", "User-Agent": "Countersign"}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"
        self._caller = Caller(TITLE, Limits(connect_s, read_s, TOTAL_S, concurrent=CONCURRENT))

    async def check(self) -> Sequence[Finding]:
        """Whether it answers, and lets us ask."""
        try:
            await self._ask("query", {"query": "vector(1)"})
        except ConnectorError as exc:
            return (Finding("queries", Health.FAILED, exc.reason, HINT),)
        return (Finding("queries", Health.OK, "It answers."),)

    async def minutes(self, of: Counters, asked: range) -> tuple[Counted, ...]:
        """What it has counted in these minutes, oldest first; those of which it knows nothing are left out.

        No series of failures is no failure (and none of successes no success), as a counter that has never counted is
        not there. Raises ConnectorError.
        """
        totals = await self._sums(of.total, asked)
        others = await self._sums(of.failed or of.good, asked) if totals else {}
        buckets = await self._buckets(of, asked) if totals and of.duration else {}
        found = []
        for minute, total in sorted(totals.items()):
            other = others.get(minute, 0.0)
            failed = other if of.failed else total - other
            try:
                each = counted(minute, total, failed, buckets.get(minute))
            except TooManyError as exc:
                raise Refused(f"'total' of '{of.service}' counts something else: {exc}", field="total") from exc
            if each is not None:
                found.append(each)
        return tuple(found)

    async def close(self) -> None:
        """No connection is left."""
        await self._caller.close()

    async def _sums(self, selector: str, asked: range) -> Points:
        series = await self._range(f"sum(increase({selector}[1m]))", asked)
        if len(series) > 1:
            raise unreadable(TITLE)
        return series[0][1] if series else {}

    async def _buckets(self, of: Counters, asked: range) -> Mapping[int, Mapping[float, float]]:
        """By minute: how many took no longer than each bound."""
        found: dict[int, dict[float, float]] = {}
        for labels, points in await self._range(f"sum by (le) (increase({of.duration}[1m]))", asked):
            try:
                bound = float(labels.get("le", "")) * of.seconds
            except ValueError:
                raise Refused(f"'duration' of '{of.service}' has no buckets: no bound in 'le'.", "duration") from None
            for minute, value in points.items():
                found.setdefault(minute, {})[bound] = value
        return found

    async def _range(self, query: str, asked: range) -> list[tuple[Mapping[str, str], Points]]:
        """Each series with its values over these minutes: that of a minute is found at its end."""
        times = {"start": (asked[0] + 1) * STEP_S, "end": (asked[-1] + 1) * STEP_S, "step": STEP_S}
        data = await self._ask("query_range", {"query": query, **times, "partial_response": "false"})
        try:
            if data["resultType"] != "matrix":
                raise unreadable(TITLE)
            return [(dict(each["metric"]), _points(each["values"], asked)) for each in data["result"]]
        except (LookupError, TypeError, ValueError, AttributeError) as exc:
            raise unreadable(TITLE) from exc

    async def _ask(self, path: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        call = Call("GET", f"{self._url}/api/v1/{path}?{urlencode(parameters)}", self._headers)
        answer = await self._caller.send(call)
        document = document_of(answer)
        if not is_taken(answer):
            raise failure_of(answer, TITLE, said=str(document.get("error", "")), wait_s=retry_after_s)
        data = document.get("data")
        if document.get("status") != "success" or not isinstance(data, dict):
            raise unreadable(TITLE)
        left_out = [str(each) for each in document.get("warnings") or () if not str(each).startswith(_ANNOTATION)]
        if left_out:
            raise OutcomeUnknown(f"{TITLE} answered in part: {left_out[0][:200]}")
        return data


def _points(values: Sequence[Sequence[Any]], asked: range) -> Points:
    """The values by minute. Those that are no number are gaps, and those that were not asked for nobody's."""
    found = {}
    for at, value in values:
        minute, number = round(float(at)) // STEP_S - 1, float(value)
        if minute in asked and math.isfinite(number):
            found[minute] = number
    return found
