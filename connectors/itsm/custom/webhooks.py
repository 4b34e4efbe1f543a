"""Messages of the declared system: checked as its file says, read as far as it says. A nudge; what is true is asked."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import assert_never

from connectors.itsm.base import WebhookEvent, WebhookRejected
from connectors.itsm.custom.paths import text_at
from connectors.itsm.custom.spec import Webhook, WebhookKind
from connectors.itsm.signatures import sent, verified_id
from connectors.messages import UnreadableMessage, document_of

_BEARER = "bearer "


def read_webhook(
    headers: Mapping[str, str], body: bytes, *, declared: Webhook, secret: bytes, account: str, now: datetime
) -> tuple[WebhookEvent, ...]:
    """The event in this message.

    Raises WebhookRejected unless it proves where it comes from, UnreadableMessage if it names no ticket.
    """
    given = {name.lower(): value for name, value in headers.items()}
    identity = _verified(given, body, declared=declared, secret=secret, now=now)
    document = document_of(body)
    ticket = text_at(document, declared.id)
    if not ticket:
        where = ".".join(declared.id)
        raise UnreadableMessage(f"The body names no ticket at '{where}'.", where=where)
    by = text_at(document, declared.by)
    return (
        WebhookEvent(
            delivery_id=identity,
            table="",
            external_id=ticket,
            number=text_at(document, declared.number) or ticket,
            operation=text_at(document, declared.operation),
            version=0,
            by=by,
            ours=bool(account) and by == account,
        ),
    )


def _verified(headers: Mapping[str, str], body: bytes, *, declared: Webhook, secret: bytes, now: datetime) -> str:
    match declared.kind:
        case WebhookKind.STANDARD:
            return verified_id(headers, body, key=secret, now=now)
        case WebhookKind.HMAC:
            digest = hmac.new(secret, body, declared.algorithm).digest()
            wanted = digest.hex() if declared.encoding == "hex" else base64.b64encode(digest).decode()
            given = headers.get(declared.header, "").strip()
            told = given.removeprefix(declared.prefix)
            told = told.lower() if declared.encoding == "hex" else told
            if not given.startswith(declared.prefix) or not hmac.compare_digest(sent(told), wanted.encode()):
                raise WebhookRejected("The signature does not fit the message.")
        case WebhookKind.BEARER:
            token = headers.get(declared.header, "").strip()
            if declared.header == "authorization":
                token = token[len(_BEARER) :] if token.lower().startswith(_BEARER) else ""
            if not hmac.compare_digest(sent(token), secret):
                raise WebhookRejected("The token does not fit.")
        case kind:
            assert_never(kind)
    # Such messages carry no id of their own; the same message twice is the same.
    return hashlib.sha256(body).hexdigest()
