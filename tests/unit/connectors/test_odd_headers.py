"""Anybody can call a hook: bytes in its headers that are no UTF-8, and instants that are none, prove nothing (N1).

The server hands such bytes over as lone surrogates, which cannot be encoded plainly.
"""

from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from connectors.itsm import signatures
from connectors.itsm.base import WebhookRejected
from connectors.itsm.custom import webhooks as custom
from connectors.itsm.custom.spec import WebhookKind
from connectors.itsm.jira import webhooks as jira
from connectors.itsm.jira.wire import Person
from connectors.monitoring.alerts import proofs

pytestmark = pytest.mark.row("N1")
NOW = datetime(2026, 11, 28, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
ODD = b"\xff\xfe".decode(errors="surrogateescape")


FITTING = base64.b64encode(hmac.digest(b"key", b"1." + b"9" * 400 + b".", "sha256")).decode()


def declared(kind):
    return SimpleNamespace(kind=kind, header="x-proof", algorithm="sha256", encoding="hex", prefix="")


def of_custom(headers, kind):
    return custom.read_webhook(headers, b"{}", declared=declared(kind), secret=b"key", account="", now=NOW)


@pytest.mark.parametrize(
    "read",
    [
        lambda: signatures.verified_id(
            {"webhook-id": ODD, "webhook-timestamp": STAMP, "webhook-signature": "v1,x"}, b"", key=b"key", now=NOW
        ),
        lambda: signatures.verified_id(
            {"webhook-id": "1", "webhook-timestamp": STAMP, "webhook-signature": f"v1,{ODD}"}, b"", key=b"key", now=NOW
        ),
        lambda: signatures.verified_id(
            {"webhook-id": "1", "webhook-timestamp": "9" * 400, "webhook-signature": f"v1,{FITTING}"},
            b"",
            key=b"key",
            now=NOW,
        ),
        lambda: jira.read_webhook({"X-Hub-Signature": ODD}, b"{}", secret="key", own=Person("", ""), now=NOW),
        lambda: of_custom({"X-Proof": ODD}, WebhookKind.HMAC),
        lambda: of_custom({"X-Proof": ODD}, WebhookKind.BEARER),
        lambda: proofs.shows_secret({"Authorization": f"Bearer {ODD}"}, b"", secret="key", now=NOW),
        lambda: proofs.shows_secret({"Authorization": f"Basic {ODD}"}, b"", secret="key", now=NOW),
    ],
    ids=["id", "signature", "stamp", "jira", "hmac", "bearer", "shown", "basic"],
)
def test_a_header_that_is_no_text_proves_nothing(read):
    with pytest.raises(WebhookRejected):
        read()


def test_a_secret_that_is_shown_in_other_letters_than_ascii_is_known():
    as_received = "schlüssel".encode().decode(errors="surrogateescape")
    basic = base64.b64encode("us:schlüssel".encode()).decode()
    for headers in ({"Authorization": f"Bearer {as_received}"}, {"Authorization": f"Basic {basic}"}):
        assert proofs.shows_secret(headers, b"", secret="schlüssel", now=NOW) == ""
