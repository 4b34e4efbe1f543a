"""A rollout as doors show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class CheckView:
    """What a check last came to. `passed` is None while it was not made."""

    name: str
    wanted: str
    passed: bool | None
    value: str
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutView:
    """What the platform does of a change or drill, and how it is found to work."""

    id: UUID
    kind: str  # change | drill
    subject_id: UUID
    reference: str
    title: str
    resources: tuple[str, ...]
    environment: str
    state: str
    progress: int  # per cent
    message: str  # the platform's last words
    reasons: tuple[str, ...]  # why it is undone or has failed
    checks: tuple[CheckView, ...]
    ordered_by: str
    is_silent: bool  # nothing was heard of the platform for longer than the plan allows
    watched_until: datetime | None  # while it is watched
    created_at: datetime
    moved_at: datetime
    ended_at: datetime | None
