"""What a ticket system says of a ticket that somebody named, and which systems a tenant has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from core.ids import TenantId
from core.named_tickets.words import TicketKind, TicketState


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFacts:
    """A ticket as its system shows it to our account. Whatever the system does not tell is empty.

    `requesters` are the e-mail addresses and logins of those for whom it was opened, `resources` the names of what it
    is about (configuration items, services, assets, labels), `text` its summary and description. `starts_at` and
    `ends_at` are its planned window, aware UTC.
    """

    external_id: str
    number: str
    url: str
    kind: TicketKind | None  # None: it is none of those that we know
    state: TicketState
    label: str  # the state in that system's own words
    requesters: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    text: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """As it is stored; `from_json` reads it back."""
        return {
            **asdict(self),
            "starts_at": self.starts_at.isoformat() if self.starts_at else None,
            "ends_at": self.ends_at.isoformat() if self.ends_at else None,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> TicketFacts:
        """What was stored."""
        return cls(
            external_id=document["external_id"],
            number=document["number"],
            url=document["url"],
            kind=TicketKind(document["kind"]) if document["kind"] else None,
            state=TicketState(document["state"]),
            label=document["label"],
            requesters=tuple(document["requesters"]),
            resources=tuple(document["resources"]),
            text=document["text"],
            starts_at=_instant(document["starts_at"]),
            ends_at=_instant(document["ends_at"]),
        )


@dataclass(frozen=True, slots=True)
class Desk:
    """A ticket system that one tenant has connected, and that can be asked about any ticket by its number."""

    slug: str
    title: str


@dataclass(slots=True)
class Desks:
    """Every such system of this process. Filled where the process is put together, and only read afterwards."""

    _of: dict[TenantId, list[Desk]] = field(default_factory=dict)

    def connect(self, tenant: TenantId, desk: Desk) -> None:
        """The tenant's tickets may be named from this system."""
        self._of.setdefault(tenant, []).append(desk)

    def of(self, tenant: TenantId) -> tuple[Desk, ...]:
        """Those of the tenant, in the order in which they are configured."""
        return tuple(self._of.get(tenant, ()))


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
