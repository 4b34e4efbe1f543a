"""What the instance's business rule sends us: signed as Standard Webhooks ask, at most once, in no order.

The instance has no webhooks of its own; the payload is what the script in `docs/connectors` builds. It is a nudge: what
is true is asked of the instance.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.itsm.base import FieldChange, WebhookEvent
from connectors.itsm.servicenow.wire import SYS_ID, code
from connectors.itsm.signatures import verified_id
from connectors.messages import UnreadableMessage, document_of


def read_webhook(
    headers: Mapping[str, str], body: bytes, *, key: bytes, account: str, now: datetime
) -> tuple[WebhookEvent, ...]:
    """The event in this message.

    Raises WebhookRejected unless it is signed with the key and fresh, UnreadableMessage if it names no record.
    """
    identity = verified_id(headers, body, key=key, now=now)
    document = document_of(body)
    sys_id = document.get("sys_id")
    if not isinstance(sys_id, str) or not SYS_ID.match(sys_id):
        raise UnreadableMessage(
            "The body names no record: 'sys_id' is missing, or is none.",
            where="sys_id",
            accepted=("32 hexadecimal digits",),
        )
    by = str(document.get("sys_updated_by", ""))
    return (
        WebhookEvent(
            delivery_id=identity,
            table=str(document.get("table", "")),
            external_id=sys_id,
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
