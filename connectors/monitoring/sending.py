"""Many things to one intake: packed within its limits, cut in halves where it finds them too large or one of them bad.

What became of each thing is told apart, so that one that is refused keeps nothing else back and nothing that was taken
is sent again.
"""

from __future__ import annotations

import gzip
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from connectors.itsm.http import Answer, Call, Caller
from connectors.monitoring.base import ConnectorError, Outcomes, Refused

GZIP_LEVEL: Final = 6


@dataclass(frozen=True, slots=True)
class Intake:
    """One address that takes things: its headers, its limits, and how encoded things become one body.

    `bytes_max` is of the body before it is packed, which bounds it afterwards too. `marks` are headers that follow from
    the body: a signature, or what a repetition is known by.
    """

    url: str
    headers: Mapping[str, str]
    items_max: int
    bytes_max: int
    join: Callable[[Sequence[bytes]], bytes]
    marks: Callable[[bytes], Mapping[str, str]] = lambda _body: {}
    is_packed: bool = True


@dataclass(frozen=True, slots=True)
class Reading:
    """How a system's answers are read.

    `failure` is None for one that took everything. `taken` may wait for more than the answer says, and raises the
    failure if that does not come. `before_bad` tells how many things were taken before the one that is refused, where
    the system says so.
    """

    failure: Callable[[Answer], ConnectorError | None]
    taken: Callable[[Answer], Awaitable[None]] | None = None
    before_bad: Callable[[Answer], int | None] = lambda _answer: None


class Sender:
    """Sends to one system by `caller`."""

    def __init__(self, title: str, caller: Caller, reading: Reading) -> None:
        self._title = title
        self._caller = caller
        self._reading = reading

    async def send(self, intake: Intake, items: Sequence[bytes]) -> Outcomes:
        """What became of each, in order. After a failure that is not about one thing, the rest is not tried."""
        outcomes: Outcomes = []
        for part in _parts(intake, items):
            stopped = next((each for each in reversed(outcomes) if each and not isinstance(each, Refused)), None)
            outcomes += [stopped] * len(part) if stopped is not None else await self._part(intake, part)
        return outcomes

    async def _part(self, intake: Intake, part: Sequence[bytes]) -> Outcomes:
        if len(part) == 1 and len(part[0]) > intake.bytes_max:
            return [Refused(f"It is too large for {self._title}: {len(part[0]):,} bytes.")]
        body = intake.join(part)
        headers = {**intake.headers, **intake.marks(body), "User-Agent": "Countersign"}
        if intake.is_packed:
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress(body, GZIP_LEVEL, mtime=0)
        try:
            answer = await self._caller.send(Call("POST", intake.url, headers, body, writes=True))
            failure = self._reading.failure(answer)
            if failure is None and self._reading.taken is not None:
                await self._reading.taken(answer)
        except ConnectorError as exc:
            return [exc] * len(part)
        if failure is None:
            return [None] * len(part)
        if not isinstance(failure, Refused):
            return [failure] * len(part)
        return await self._around(intake, part, answer, failure)

    async def _around(self, intake: Intake, part: Sequence[bytes], answer: Answer, failure: Refused) -> Outcomes:
        """Something in it is refused, or it is too large: the one that is bad is found, the others are taken."""
        before = self._reading.before_bad(answer)
        if before is not None and before < len(part):
            rest = part[before + 1 :]
            return [*[None] * before, failure, *(await self._part(intake, rest) if rest else ())]
        if len(part) == 1:
            return [failure]
        middle = len(part) // 2
        first = await self._part(intake, part[:middle])
        stopped = next((each for each in first if each and not isinstance(each, Refused)), None)
        if stopped is not None:
            return [*first, *[stopped] * (len(part) - middle)]
        return [*first, *await self._part(intake, part[middle:])]


def _parts(intake: Intake, items: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """As many together as the limits allow, in order; one that is too large stands alone."""
    part: list[bytes] = []
    size = 0
    for item in items:
        if part and (len(part) >= intake.items_max or size + len(item) + 1 > intake.bytes_max):
            yield part
            part, size = [], 0
        part.append(item)
        size += len(item) + 1
    if part:
        yield part


def is_taken(answer: Answer) -> bool:
    """Whether the answer is of the second hundred."""
    return HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES
