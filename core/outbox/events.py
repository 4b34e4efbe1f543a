"""What subscribers receive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from core.ids import EventId, TenantId
from core.origin import Origin, origin_in


@dataclass(frozen=True, slots=True)
class Event:
    """Something that has happened and is committed. `data` holds JSON values; ids in it are strings."""

    tenant: TenantId
    id: EventId
    subject: str
    type: str
    data: Mapping[str, Any]
    occurred_at: datetime
    attempt: int = 1
    told_as: str | None = None  # to a subscriber that writes notes: the key of the one that tells of it already

    @property
    def subject_id(self) -> UUID:
        """The id in `request:<uuid>`."""
        return UUID(self.subject.partition(":")[2])

    @property
    def origin(self) -> Origin:
        """The rules that led to it, if any did."""
        return origin_in(self.data)

    def delivery_key(self, effect: str) -> str:
        """Names one effect of this event, the same at every attempt: others are asked for it before a retry."""
        return f"{self.id}:{effect}"
