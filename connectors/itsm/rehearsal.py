"""Writes that are shown instead of sent: while a rehearsal is on, no connector changes anything anywhere.

Looking up is done for real, since what is written depends on it; every write is noted with its secrets struck out, and
answered as if it had been done. What would follow from a true answer cannot be known, so a rehearsal ends where a
connector asks for it.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.itsm.base import ConnectorError, NotSent, Ticket, TicketDraft, TicketPatch, TicketSystem

STRUCK: Final = "***"
# Shown as they are; of any other header it cannot be told that it proves nothing.
_HARMLESS: Final = frozenset(
    {
        "accept", "accept-charset", "accept-encoding", "cache-control", "connection", "content-length", "content-type",
        "user-agent", "x-atlassian-token", "x-requested-by",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RehearsedCall:
    """A write as it would be sent; secrets are struck out, a JSON body is data."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: Any


class RehearsalOver(NotSent):
    """The connector would write what it has written: the system's answer decides how it goes on."""


@dataclass(slots=True)
class Rehearsal:
    """What would have been sent so far."""

    calls: list[RehearsedCall] = field(default_factory=list)

    def note(self, method: str, url: str, headers: Mapping[str, str], body: bytes | str | None) -> None:
        """The write is noted. Raises RehearsalOver for one that was noted before."""
        shown = {name: value if name.lower() in _HARMLESS else STRUCK for name, value in headers.items()}
        call = RehearsedCall(method, url, shown, _readable(body))
        if call in self.calls:
            raise RehearsalOver("The same call again.")
        self.calls.append(call)


@dataclass(frozen=True, slots=True)
class DryRun:
    """The writes that would be made, in their order. `is_open` tells that more may follow from the system's answers."""

    calls: tuple[RehearsedCall, ...]
    is_open: bool


_present: Final[ContextVar[Rehearsal | None]] = ContextVar("rehearsal", default=None)


def present() -> Rehearsal | None:
    """The rehearsal that is on in this task, or in the thread that works for it; None when writes are meant."""
    return _present.get()


@contextmanager
def rehearsing() -> Iterator[Rehearsal]:
    """Within this block nothing is written."""
    rehearsal = Rehearsal()
    before = _present.set(rehearsal)
    try:
        yield rehearsal
    finally:
        _present.reset(before)


async def rehearse_create(system: TicketSystem, draft: TicketDraft) -> DryRun:
    """What creating this ticket would send; nothing if there is one with its key. Raises as `create`, if at once."""
    return await _rehearsed(lambda: system.create(draft))


async def rehearse_update(system: TicketSystem, ticket: Ticket, patch: TicketPatch) -> DryRun:
    """What this update would send, up to the first answer on which the rest depends. Raises as `update`, if at once."""
    return await _rehearsed(lambda: system.update(ticket, patch))


async def _rehearsed(work: Callable[[], Awaitable[Ticket]]) -> DryRun:
    with rehearsing() as rehearsal:
        try:
            await work()
        except ConnectorError:
            # After a write that was not sent, a connector rightly misses its effect.
            if not rehearsal.calls:
                raise
            return DryRun(tuple(rehearsal.calls), is_open=True)
    return DryRun(tuple(rehearsal.calls), is_open=False)


def _readable(body: bytes | str | None) -> Any:
    if body is None or not body:
        return None
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    try:
        return json.loads(text)
    except ValueError:
        return text
