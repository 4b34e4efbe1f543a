"""What the instance's business rule sends us: signed as Standard Webhooks ask, at most once, in no order.

The instance has no webhooks of its own; the payload is what the script in `docs/connectors` builds. It is a nudge: what
is true is asked of the instance.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.itsm.base import FieldChange, WebhookEvent, WebhookRejected
from connectors.itsm.servicenow.wire import code
from connectors.itsm.signatures import verified_id


def read_webhook(
    headers: Mapping[str, str], body: bytes, *, key: bytes, account: str, now: datetime
) -> tuple[WebhookEvent, ...]:
    """The event in this message. Raises WebhookRejected unless it is signed with the key, fresh and readable."""
    identity = verified_id(headers, body, key=key, now=now)
    try:
        document = json.loads(body)
    except ValueError as exc:
        raise WebhookRejected("The body is not JSON.") from exc
    if not isinstance(document, dict) or not _is_sys_id(document.get("sys_id")):
        raise WebhookRejected("The body names no record.")
    by = str(document.get("sys_updated_by", ""))
    return (
        WebhookEvent(
            delivery_id=identity,
            table=str(document.get("table", "")),
            external_id=str(document["sys_id"]),
            number=str(document.get("number", "")),
            operation=str(document.get("operation", "")),
            version=int(code(document.get("sys_mod_count")) or 0),
            by=by,
            ours=bool(account) and by == account,
            changes=_changes(document.get("changes")),
        ),
    )


def _changes(value: Any) -> dict[str, FieldChange]:
    if not isinstance(value, dict):
        return {}
    return {
        str(name): FieldChange(str(one.get("old", "")), str(one.get("new", "")))
        for name, one in value.items()
        if isinstance(one, dict)
    }


def _is_sys_id(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 32 and all(character in "0123456789abcdef" for character in value)
