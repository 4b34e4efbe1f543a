"""Up to where changes were read, for systems whose times are coarse and whose answers come late.

Each question overlaps the former by some time; what was already told is left out by a mark of its own. Both are kept in
the cursor: marks no longer than the overlap.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from connectors.itsm.base import Refused

MARK_TIME: Final = "%Y-%m-%dT%H:%M:%S.%fZ"  # UTC, sortable as text


@dataclass(frozen=True, slots=True)
class Cursor:
    """Up to when everything was seen, and what was seen within the overlap before: time and identity of each."""

    until: datetime
    seen: frozenset[str]

    def text(self) -> str:
        """The form that the engine keeps."""
        return json.dumps({"until": self.until.astimezone(UTC).strftime(MARK_TIME), "seen": sorted(self.seen)})

    def has_seen(self, at: datetime, identity: str) -> bool:
        """Whether this was told before."""
        return mark(at, identity) in self.seen

    def advanced(self, until: datetime, told: Iterable[str], *, overlap: timedelta) -> Cursor:
        """The cursor after these marks were told. It never goes back."""
        latest = max(self.until, until)
        oldest = (latest - overlap).strftime(MARK_TIME)
        return Cursor(latest, frozenset(one for one in (*self.seen, *told) if one >= oldest))


def mark(at: datetime, identity: str) -> str:
    """The mark of something that happened at this time."""
    return f"{at.astimezone(UTC).strftime(MARK_TIME)}/{identity}"


def read_cursor(text: str) -> Cursor:
    """The cursor that was kept. Raises Refused for anything else."""
    try:
        document = json.loads(text)
        until = datetime.strptime(document["until"], MARK_TIME).replace(tzinfo=UTC)
        seen = frozenset(map(str, document["seen"]))
    except (ValueError, TypeError, KeyError) as exc:
        raise Refused("This is no cursor of this connector.", field="cursor") from exc
    return Cursor(until, seen)
