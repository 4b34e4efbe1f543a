"""The administrator's business rule: it tells the product of what people change, at most once and in no order.

The instance has no webhooks of its own; this plays the script that is installed there (an Outbound REST Message signed
as Standard Webhooks ask).
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import aiohttp

from sandbox.servicenow.settings import Options
from sandbox.servicenow.writing import Writer, Written
from sandbox.signing import sign

TABLES_TOLD: Final = frozenset({"change_request", "incident", "sysapproval_approver", "change_task"})
TIMEOUT_S: Final = 10.0
KEPT: Final = 200  # deliveries remembered for the control surface


@dataclass(slots=True)
class Webhook:
    """Collects what was written and tells of it when asked to."""

    writer: Writer
    options: Options
    integration: str
    clock: Callable[[], datetime]
    deliveries: list[dict[str, Any]] = field(default_factory=list)
    _waiting: list[Written] = field(default_factory=list)

    def heard(self, written: Written) -> None:
        """A write happened; it waits to be told if anybody is to hear of it."""
        by_person = written.change.by != self.integration
        is_told = bool(self.options.webhook_url) and written.row.table.name in TABLES_TOLD
        if is_told and (by_person or self.options.webhook_all):
            self._waiting.append(written)

    async def flush(self) -> None:
        """What waited has been told, once, whether or not anybody listened."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            await asyncio.gather(*(self._deliver(payload(self.writer, one)) for one in waiting))

    async def _deliver(self, message: dict[str, Any]) -> None:
        body = json.dumps(message, separators=(",", ":")).encode()
        identity = f"msg_{uuid.uuid4().hex}"
        headers = sign(self.options.webhook_secret, identity, int(self.clock().timestamp()), body)
        outcome: dict[str, Any] = {"id": identity, "url": self.options.webhook_url, "body": message}
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S)) as session,
                session.post(self.options.webhook_url, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                outcome["status"] = answer.status
        except (aiohttp.ClientError, TimeoutError, ValueError) as exc:
            outcome["error"] = f"{type(exc).__name__}: {exc}"
        self.deliveries = [*self.deliveries, outcome][-KEPT:]


def payload(writer: Writer, written: Written) -> dict[str, Any]:
    """What the script sends: which record, which version, by whom, and the fields before and after."""
    row, change = written.row, written.change
    number = row.values.get("number") or writer.store.read(row, "sysapproval.number")
    return {
        "table": row.table.name,
        "sys_id": row.sys_id,
        "number": number,
        "operation": change.operation,
        "sys_mod_count": str(change.mod_count),
        "sys_updated_on": change.at,
        "sys_updated_by": change.by,
        "changes": {name: {"old": old, "new": new} for name, (old, new) in change.fields.items()},
    }
