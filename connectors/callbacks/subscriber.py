"""One notice to one address.

A notice says which task is over and how; what follows from it has to be fetched. So nobody gains anything by reading
one, and who repeats one tells nothing new.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from connectors.callbacks.posting import post
from connectors.callbacks.signing import signed
from core.access_requests import Network, Notice, notice_of
from core.db import Database
from core.outbox import Event, Permanent


@dataclass(frozen=True, slots=True)
class Callbacks:
    """The subscriber. `internal` are the networks that may be reached although they are not public."""

    database: Database
    tasks_url: str  # under which a task is polled, without a closing slash
    internal: Sequence[Network]

    async def deliver(self, event: Event) -> None:
        """The address has taken the notice (2xx). An attempt that may or may not have arrived is made again."""
        notice = await notice_of(self.database, event)
        if notice is None:
            raise Permanent("The address is not registered any more.")
        body = json.dumps(_body(notice, self.tasks_url), separators=(",", ":")).encode()
        headers = {
            "Content-Type": "application/json",
            **signed(notice.id, body, notice.secrets, at=notice.sent_at),
        }
        await post(notice.endpoint, body, headers, internal=self.internal)


def _body(notice: Notice, tasks_url: str) -> dict[str, object]:
    task = {"id": notice.task_id, "status": notice.status, "status_endpoint": f"{tasks_url}/{notice.task_id}"}
    return {**({} if notice.state is None else {"state": notice.state}), "task": task}
