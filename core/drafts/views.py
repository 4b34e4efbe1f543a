"""A draft as its author sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class DraftView:
    """What would be asked. `resource` may lack anything that the gate would insist on."""

    id: UUID
    action: str
    resource: Mapping[str, str]
    justification: str
    updated_at: datetime
