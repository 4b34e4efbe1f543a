"""A rule of automation writes fields of a ticket (N5).

What stood there before is kept ahead of the first attempt. So an attempt that is repeated, because nobody knows whether
the one before it arrived, writes nothing over what somebody else has written there since.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from connectors.itsm.base import Refused, Ticket, TicketReading, TicketSystem
from connectors.itsm.rule_fields import RuleFields
from core.automation import Effect, start_ticket
from core.db import Database
from core.outbox import Event, Permanent
from core.tickets import same

SHOWN_MAX: Final = 60  # characters of a value in what is said of it


@dataclass(frozen=True, slots=True)
class Written:
    """The ticket as it stands then, and what came of it in a few words."""

    ticket: Ticket
    outcome: str


async def update_fields(
    database: Database, event: Event, effect: Effect, ticket: Ticket, *, system: TicketSystem, fields: RuleFields
) -> Written:
    """The ticket's fields hold what the rule says, each written once.

    Raises Permanent for a field that is not a rule's to write, and for a ticket that is gone; Refused for a value that
    the system has not taken; else as the connector does.
    """
    wanted = effect.fields
    if not wanted:
        raise Permanent("Every field is empty once its placeholders are filled in.")
    await _check(system, ticket, fields, tuple(wanted))
    reading = await _read(system, ticket, tuple(wanted))
    before = {name: effect.before.get(name, reading.fields[name]) for name in wanted}
    due = {name: value for name, value in wanted.items() if is_due(value, before[name], now=reading.fields[name])}
    await start_ticket(database, event, effect, before=before)
    if due:
        reading = await system.write(reading.ticket, due)
        if fields.is_verbatim:
            _confirm(due, before, reading)
    said = (
        _said(name, before[name], reading.fields[name], is_ours=name in due or alike(reading.fields[name], value))
        for name, value in wanted.items()
    )
    return Written(reading.ticket, f"{ticket.number}: {'; '.join(said)}.")


def is_due(wanted: str, before: str, *, now: str) -> bool:
    """Whether the field is still to be written: neither does it say so already, nor has somebody changed it since."""
    return not alike(now, wanted) and alike(now, before)


def alike(one: str, other: str) -> bool:
    """Whether two values say the same: words, or an instant however it is spelled."""
    return same(one, other) or (_instant(one) is not None and _instant(one) == _instant(other))


async def _check(system: TicketSystem, ticket: Ticket, fields: RuleFields, names: tuple[str, ...]) -> None:
    """Every field is a rule's to write, by whichever of its names it is asked for. Raises Permanent otherwise."""
    closed = fields.closed(ticket.kind)
    ids = await system.field_ids(ticket.kind, (*names, *closed)) if closed else {}
    why_not = {ids[name]: why for name, why in closed.items()}
    for name in names:
        if why := fields.why_not(ticket.kind, name) or why_not.get(ids.get(name, name)):
            raise Permanent(why)


async def _read(system: TicketSystem, ticket: Ticket, names: tuple[str, ...]) -> TicketReading:
    reading = await system.read(ticket.kind, ticket.external_id, names)
    if reading is None:
        raise Permanent(f"{ticket.number} is gone there, or hidden from our account.")
    return reading


def _confirm(written: Mapping[str, str], before: Mapping[str, str], after: TicketReading) -> None:
    """Raises Refused for a field that reads as before: some systems drop what we may not write, and say nothing."""
    for name, value in written.items():
        now = after.fields[name]
        if alike(now, before[name]) and not alike(now.casefold(), value.casefold()):
            raise Refused(f"The system took the call, and '{name}' still holds '{_shown(now)}'.", field=name)


def _said(name: str, before: str, now: str, *, is_ours: bool) -> str:
    if alike(now, before):
        return f"{name} was '{_shown(now)}' already"
    if is_ours:
        return f"{name} is '{_shown(now)}' now, and was '{_shown(before)}'"
    return f"{name} was changed there meanwhile and stays '{_shown(now)}'"


def _shown(value: str) -> str:
    words = " ".join(value.split())
    return words if len(words) <= SHOWN_MAX else f"{words[: SHOWN_MAX - 1]}…"


def _instant(value: str) -> datetime | None:
    """The instant that the text is; systems spell those that they keep in UTC without saying so."""
    try:
        at = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
