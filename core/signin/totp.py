"""Pure: one-time codes by time (RFC 6238: SHA-1, 6 digits, 30 s) and recovery codes."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime
from typing import Final

import pyotp

STEP_S: Final = 30
DRIFT: Final = 1  # steps that a clock may be off; RFC 6238, 5.2 recommends at most one
ISSUER: Final = "Countersign"
RECOVERY_CODES: Final = 10
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like something else
_GROUPS: Final = 3
_GROUP: Final = 4  # characters


def new_secret() -> str:
    """160 random bits in base32 (RFC 4226, 4)."""
    return pyotp.random_base32()


def address_of(secret: str, *, email: str) -> str:
    """What authenticator apps read from the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def counter_of(secret: str, code: str, *, now: datetime, after: int) -> int | None:
    """The step that the code belongs to, if it lies within the drift and beyond `after`; None for a wrong code."""
    digits = "".join(code.split())
    current = int(now.timestamp()) // STEP_S
    found = None
    for counter in range(current - DRIFT, current + DRIFT + 1):  # all of them, whichever matches
        expected = pyotp.HOTP(secret).at(counter)
        if hmac.compare_digest(expected.encode(), digits.encode()) and counter > after:
            found = counter
    return found


def new_recovery_codes() -> tuple[str, ...]:
    """Ten codes of 59 random bits each."""
    return tuple(
        "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))
        for _ in range(RECOVERY_CODES)
    )


def hash_recovery_code(code: str) -> bytes:
    """What is kept of a code; however it is typed."""
    plain = "".join(character for character in code.lower() if character.isalnum())
    return hashlib.sha256(plain.encode()).digest()
