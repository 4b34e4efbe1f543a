"""Messages signed as Standard Webhooks ask: HMAC-SHA256 over id, instant and body, and not older than five minutes."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from connectors.itsm.base import WebhookRejected

TOLERANCE: Final = timedelta(minutes=5)  # Standard Webhooks
STAMP_DIGITS_MAX: Final = 12  # seconds since 1970; it is longer in 30,000 years
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


def sent(header: str) -> bytes:
    """A header's text as it came over the wire: bytes that are no UTF-8 stand in it as surrogates."""
    return header.encode(errors="surrogateescape")


def verified_id(headers: Mapping[str, str], body: bytes, *, key: bytes, now: datetime) -> str:
    """The message's id, once its signature and age are accepted. Raises WebhookRejected otherwise."""
    given = {name.lower(): value for name, value in headers.items()}
    identity, stamp = given.get("webhook-id", ""), given.get("webhook-timestamp", "")
    if not identity or not stamp.isascii() or not stamp.isdecimal() or len(stamp) > STAMP_DIGITS_MAX:
        raise WebhookRejected("The message carries no webhook-id or webhook-timestamp.")
    # During a key rotation several signatures come, parted by spaces; any one is enough.
    expected = hmac.new(key, sent(f"{identity}.{stamp}.") + body, hashlib.sha256).digest()
    wanted = base64.b64encode(expected)
    signatures = [
        sent(one.removeprefix(VERSION)) for one in given.get("webhook-signature", "").split() if one.startswith(VERSION)
    ]
    if not any(hmac.compare_digest(one, wanted) for one in signatures):
        raise WebhookRejected("The signature does not fit the message.")
    if abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds():
        raise WebhookRejected("The message is older, or newer, than five minutes.")
    return identity
