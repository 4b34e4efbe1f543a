"""The administrator's filter: it tells the product of what people change, at most once and in no order.

The server has no webhooks of its own; this plays a filter that calls a web service, signed as Standard Webhooks ask.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from sandbox.remedy.arserver import ArServer, Written, number_of
from sandbox.remedy.auth import INTEGRATION
from sandbox.remedy.schema import CHANGE_BASE, CHANGE_LOG, FORMS, HELP_DESK, INCIDENT_LOG, SIGNATURE, TASK
from sandbox.remedy.values import shown, stamp
from sandbox.signing import sign

FORMS_TOLD: Final = frozenset({HELP_DESK, CHANGE_BASE, INCIDENT_LOG, CHANGE_LOG, SIGNATURE, TASK})
TIMEOUT_S: Final = 10.0
KEPT: Final = 200  # deliveries remembered for the control surface


@dataclass(slots=True)
class Webhook:
    """Collects what was written and tells of it when asked to."""

    server: ArServer
    deliveries: list[dict[str, Any]] = field(default_factory=list)
    _waiting: list[dict[str, Any]] = field(default_factory=list)

    def heard(self, written: Written) -> None:
        """A write happened; it waits to be told if anybody is to hear of it."""
        options = self.server.options
        by_person = written.change.by != INTEGRATION
        if options.webhook_url and written.entry.form in FORMS_TOLD and (by_person or options.webhook_all):
            self._waiting.append(payload(written))

    async def flush(self) -> None:
        """What waited has been told, once, whether or not anybody listened."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            await asyncio.gather(*(self._deliver(one) for one in waiting))

    async def _deliver(self, message: dict[str, Any]) -> None:
        body = json.dumps(message, separators=(",", ":")).encode()
        identity = f"msg_{uuid.uuid4().hex}"
        options = self.server.options
        headers = sign(options.webhook_secret, identity, self.server.seconds(), body)
        outcome: dict[str, Any] = {"id": identity, "url": options.webhook_url, "body": message}
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S)) as session,
                session.post(options.webhook_url, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                outcome["status"] = answer.status
        except (aiohttp.ClientError, TimeoutError, ValueError) as exc:
            outcome["error"] = f"{type(exc).__name__}: {exc}"
        self.deliveries = [*self.deliveries, outcome][-KEPT:]


def payload(written: Written) -> dict[str, Any]:
    """What the filter sends: which entry, by whom, and the fields before and after as people see them."""
    entry, change = written.entry, written.change
    fields = FORMS[entry.form].fields
    return {
        "form": entry.form,
        "entry_id": entry.id,
        "number": number_of(entry),
        "request": entry["Request"]
        or entry["RootRequestID"]
        or entry["Incident Number"]
        or entry["Infrastructure Change ID"],
        "operation": change.operation,
        "last_modified_date": stamp(change.at / 1000),
        "last_modified_by": change.by,
        "changes": {
            name: {"old": shown(fields[name], old), "new": shown(fields[name], new)}
            for name, (old, new) in change.fields.items()
        },
    }
