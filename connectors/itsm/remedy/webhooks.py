"""What an administrator's filter sends us: signed as Standard Webhooks ask, at most once, in no order.

Remedy has no webhooks of its own; the payload is what the filter in `docs/connectors` builds. It is a nudge: what is
true is asked of the server.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from connectors.itsm.base import FieldChange, WebhookEvent, WebhookRejected
from connectors.itsm.remedy.wire import instant
from connectors.itsm.signatures import verified_id

_NUMBER: Final = re.compile(r"[A-Za-z]{2,5}[0-9]{1,15}\Z")


def read_webhook(
    headers: Mapping[str, str], body: bytes, *, key: bytes, account: str, now: datetime
) -> tuple[WebhookEvent, ...]:
    """The event in this message. Raises WebhookRejected unless it is signed with the key, fresh and readable."""
    identity = verified_id(headers, body, key=key, now=now)
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise WebhookRejected("The body is not JSON.") from exc
    # `request` is the ticket's number, also when a work log or an approval was touched.
    number = document.get("request") if isinstance(document, dict) else None
    if not isinstance(number, str) or not _NUMBER.match(number):
        raise WebhookRejected("The body names no ticket.")
    by = str(document.get("last_modified_by") or "")
    at = instant(document.get("last_modified_date"))
    return (
        WebhookEvent(
            delivery_id=identity,
            table=str(document.get("form", "")),
            external_id=number,
            number=number,
            operation=str(document.get("operation", "")),
            version=int(at.timestamp()) if at else 0,
            by=by,
            ours=by == account,
            changes=_changes(document.get("changes")),
        ),
    )


def _changes(value: Any) -> dict[str, FieldChange]:
    if not isinstance(value, dict):
        return {}
    return {
        str(name): FieldChange(_shown(one.get("old")), _shown(one.get("new")))
        for name, one in value.items()
        if isinstance(one, dict)
    }


def _shown(value: Any) -> str:
    return "" if value is None else str(value)
