"""Signatures as Standard Webhooks ask, for systems whose administrator scripted a webhook."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Final

_PREFIX: Final = "whsec_"


def sign(secret: str, identity: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers of Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`; unsigned when there is no secret."""
    headers = {"Content-Type": "application/json", "webhook-id": identity, "webhook-timestamp": str(timestamp)}
    if secret:
        digest = hmac.new(key_of(secret), f"{identity}.{timestamp}.".encode() + body, hashlib.sha256).digest()
        headers["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
    return headers


def key_of(secret: str) -> bytes:
    """The key: what follows `whsec_`, base64-decoded. Raises ValueError for another form."""
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error as exc:
        raise ValueError("The webhook secret must be base64, with or without 'whsec_' before it.") from exc
