"""What the instance's business rule sends us: signed as Standard Webhooks ask, at most once, in no order.

The instance has no webhooks of its own; the payload is what the script in `docs/connectors` builds. It is a nudge: what
is true is asked of the instance.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from connectors.itsm.base import FieldChange, WebhookEvent, WebhookRejected
from connectors.itsm.servicenow.wire import code

TOLERANCE: Final = timedelta(minutes=5)  # Standard Webhooks
PREFIX: Final = "whsec_"
VERSION: Final = "v1,"


def signing_key(secret: str) -> bytes:
    """The key behind a secret as people copy it. Raises ValueError if it is not base64."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as exc:
        raise ValueError("The webhook secret must be base64, with or without 'whsec_' before it.") from exc
    if not key:
        raise ValueError("The webhook secret is empty.")
    return key


def read_webhook(
    headers: Mapping[str, str], body: bytes, *, key: bytes, account: str, now: datetime
) -> tuple[WebhookEvent, ...]:
    """The event in this message. Raises WebhookRejected unless it is signed with the key, fresh and readable."""
    given = {name.lower(): value for name, value in headers.items()}
    identity = _verified(given, body, key=key, now=now)
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


def _verified(headers: Mapping[str, str], body: bytes, *, key: bytes, now: datetime) -> str:
    """The message's id, once its signature and age are accepted."""
    identity, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not identity or not stamp.isascii() or not stamp.isdecimal():
        raise WebhookRejected("The message carries no webhook-id or webhook-timestamp.")
    # During a key rotation several signatures come, parted by spaces; any one is enough.
    expected = hmac.new(key, f"{identity}.{stamp}.".encode() + body, hashlib.sha256).digest()
    wanted = base64.b64encode(expected)
    signatures = [
        one.removeprefix(VERSION).encode()
        for one in headers.get("webhook-signature", "").split()
        if one.startswith(VERSION)
    ]
    if not any(hmac.compare_digest(one, wanted) for one in signatures):
        raise WebhookRejected("The signature does not fit the message.")
    if abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds():
        raise WebhookRejected("The message is older, or newer, than five minutes.")
    return identity


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
