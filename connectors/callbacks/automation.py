"""Webhooks that rules of workflow automation call (N5): a CloudEvents 1.0 body, signed by Standard Webhooks.

An attempt that may have arrived is made again under the same `webhook-id`, which is the CloudEvent's id too: by it the
receiver knows a repetition, as both specifications ask of it. A secret is read when it is used and kept nowhere.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from connectors.callbacks.posting import post
from connectors.callbacks.signing import signed
from core.access_requests import Network
from core.automation import Effect, finish_effect, load_effect
from core.db import Database
from core.outbox import Event, Permanent

CONTENT_TYPE: Final = "application/cloudevents+json"  # CloudEvents, HTTP binding 1.0.2, structured mode
SECRET_BYTES: Final = range(24, 65)  # Standard Webhooks: 24 to 64 bytes
_PREFIX: Final = "whsec_"
_SECRET_FILE_MAX: Final = 10_000  # bytes


@dataclass(frozen=True, slots=True)
class RuleWebhooks:
    """The subscriber. `internal` are the networks that may be reached although they are not public."""

    database: Database
    source: str  # this installation's address, without a closing slash
    internal: Sequence[Network]

    async def deliver(self, event: Event) -> None:
        """The address has taken it (2xx)."""
        effect = await load_effect(self.database, event)
        if effect is None or effect.is_done:
            return
        secret = await asyncio.to_thread(_secret, effect.values)
        body = json.dumps(cloud_event(effect, event, self.source), separators=(",", ":"), ensure_ascii=False).encode()
        now: datetime = self.database.clock.now()
        headers = {"Content-Type": CONTENT_TYPE, **signed(str(effect.id), body, [secret], at=now)}
        await post(effect.values["url"], body, headers, internal=self.internal)
        await finish_effect(self.database, event, "It was taken.")


def cloud_event(effect: Effect, event: Event, source: str) -> dict[str, Any]:
    """What is sent: which rule, because of what, about which subject, and the data that the rule names."""
    return {
        "specversion": "1.0",
        "id": str(effect.id),
        "source": f"{source}/automation/{event.tenant}/{effect.rule}",
        "type": f"countersign.{effect.because_of}",
        "subject": effect.subject,
        "time": event.occurred_at.isoformat(),
        "datacontenttype": "application/json",
        "data": dict(effect.data),
    }


def _secret(values: Mapping[str, str]) -> str:
    """The secret as its file or variable holds it. Raises Permanent, without a word of it."""
    if "secret_env" in values:
        where, text = f"The variable {values['secret_env']}", os.environ.get(values["secret_env"], "")
    else:
        where = f"The file {values['secret_file']}"
        try:
            text = Path(values["secret_file"]).read_bytes()[:_SECRET_FILE_MAX].decode()
        except (OSError, UnicodeDecodeError) as exc:
            raise Permanent(f"{where} cannot be read: {type(exc).__name__}.") from None
    text = text.strip()
    try:
        key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except ValueError:
        key = b""
    if not text.startswith(_PREFIX) or len(key) not in SECRET_BYTES:
        raise Permanent(f"{where} holds no secret: {_PREFIX} and 24 to 64 bytes in base64.")
    return text
