"""How a message proves where it comes from. Most monitoring systems sign nothing: they can only show a secret.

The secret is the password of Basic authentication, a bearer token, or the header `X-Countersign-Secret`; where a
system can set none of them, it is the last part of the address, which the door hands over as that header.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from connectors.itsm.failures import WebhookRejected
from connectors.itsm.signatures import sent, signing_key, verified_id

SHOWN_IN: Final = "x-countersign-secret"


def shows_secret(headers: Mapping[str, str], _body: bytes, *, secret: str, now: datetime) -> str:
    """Returns nothing to know it by, once the secret is shown. Raises WebhookRejected."""
    del now
    shown = _shown({name.lower(): value for name, value in headers.items()})
    if not any(hmac.compare_digest(sent(each), secret.encode()) for each in shown):
        raise WebhookRejected("It does not show the secret." if shown else "It shows no secret.")
    return ""


def is_signed(headers: Mapping[str, str], body: bytes, *, secret: str, now: datetime) -> str:
    """The message's id, once its signature and age are accepted (Standard Webhooks). Raises WebhookRejected."""
    return verified_id(headers, body, key=signing_key(secret), now=now)


def _shown(headers: Mapping[str, str]) -> list[str]:
    found = [headers[SHOWN_IN]] if SHOWN_IN in headers else []
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        found.append(value.strip())
    elif scheme.lower() == "basic":
        try:
            found.append(base64.b64decode(value.strip(), validate=True).decode().partition(":")[2])
        except ValueError:  # no base64, or no UTF-8 within
            found.append("")
    return found
