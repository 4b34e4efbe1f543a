"""Signatures as the Standard Webhooks specification has them, by its own example (X1)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest

from connectors.callbacks.signing import signed

# The example of the specification (github.com/standard-webhooks/standard-webhooks).
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID, BODY, STAMP = "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', 1614265330


@pytest.mark.row("X1")
def test_the_specification_s_example_is_signed_as_it_says():
    headers = signed(ID, BODY, [SECRET], at=datetime.fromtimestamp(STAMP, UTC))
    assert headers == {
        "webhook-id": ID,
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.row("X1")
def test_while_a_secret_is_changed_both_sign():
    other = "whsec_" + base64.b64encode(b"x" * 32).decode()
    headers = signed(ID, BODY, [SECRET, other], at=datetime.fromtimestamp(STAMP, UTC))
    content = f"{ID}.{STAMP}.".encode() + BODY
    second = base64.b64encode(hmac.new(b"x" * 32, content, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v1,{second}"
