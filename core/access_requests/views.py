"""A task as its owner sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.access_requests.rules import TaskStatus
from core.approvals import RequestView


@dataclass(frozen=True, slots=True)
class TaskView:
    """An access request on its way. `approval_id` and its instants are there once it is approved."""

    id: str
    status: TaskStatus
    request: RequestView
    may_cancel: bool
    approval_id: str | None = None
    approved_at: datetime | None = None
    approved_until: datetime | None = None
