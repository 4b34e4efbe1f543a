"""Tickets of theirs -> values of ours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from connectors.itsm.base import NotSent, Ticket, TicketKind, TicketState
from connectors.itsm.custom.paths import at, text_at
from connectors.itsm.custom.request_spec import JsonPath
from connectors.itsm.custom.spec import Spec

LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Record:
    """A ticket as the system shows it; `state` is its own word or number as text, `key` ours, empty if it has none."""

    id: str
    number: str
    state: str
    key: str
    kind: TicketKind
    updated_at: datetime | None
    updated_by: str
    created_at: datetime | None


def record(spec: Spec, document: Any, *, kind: TicketKind) -> Record:
    """The ticket in this document. Raises NotSent if it has no id, or a time that cannot be placed."""
    paths = spec.ticket
    identity = text_at(document, paths.id)
    if not identity:
        raise NotSent(f"{spec.title} answered with a ticket that has nothing at '{'.'.join(paths.id)}'.")
    key = text_at(document, paths.key)
    is_ours = bool(key) and key.startswith(paths.key_prefix)
    return Record(
        id=identity,
        number=text_at(document, paths.number) or identity,
        state=text_at(document, paths.state),
        key=key.removeprefix(paths.key_prefix) if is_ours else "",
        kind=_kind(spec, text_at(document, paths.kind), kind),
        updated_at=instant(spec, document, paths.updated_at),
        updated_by=text_at(document, paths.updated_by),
        created_at=instant(spec, document, paths.created_at),
    )


def instant(spec: Spec, document: Any, path: JsonPath) -> datetime | None:
    """The time that stands there; None if none does. Raises NotSent for one that cannot be placed."""
    if not path:
        return None
    try:
        return spec.times.read(at(document, path))
    except (ValueError, TypeError, OverflowError, OSError) as exc:
        raise NotSent(f"{spec.title} answered with a time that cannot be read: {exc}.") from exc


def value(spec: Spec, found: Record) -> Ticket:
    """The ticket as the engine knows it, with the address of its page for people."""
    names = {"id": found.id, "number": found.number, "kind": str(found.kind)}
    return Ticket(
        external_id=found.id,
        number=found.number,
        url=spec.page.text(names) if spec.page is not None else spec.url,
        state=spec.states.read.get(found.state, TicketState.OPEN),
        label=found.state,
        kind=found.kind,
    )


def age(found: Record) -> tuple[datetime, int, str]:
    """By which the older of two comes first: creation, where it is told, then the id."""
    number = int(found.id) if found.id.isdecimal() and len(found.id) < 20 else 0
    return (found.created_at or LONG_AGO, number, found.id)


def _kind(spec: Spec, told: str, asked: TicketKind) -> TicketKind:
    table = spec.tables.get("kind", {})
    fitting = [kind for kind in TicketKind if told and str(table.get(str(kind), kind)) == told]
    return asked if asked in fitting or not fitting else fitting[0]
