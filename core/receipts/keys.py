"""Pure: the keys that sign receipts. One signs at a time; those before it stay published until nothing relies on them.

A key's id is its thumbprint (RFC 7638 over the members that RFC 8037 names), so it says which key it is by itself.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

RECEIPT_HOLDS_FOR: Final = timedelta(hours=24)
KEY_SIGNS_FOR: Final = timedelta(days=90)
KEYS_REREAD_AFTER: Final = timedelta(seconds=60)  # by each replica
# A replica may sign with a retired key until it reads the keys again; what it signs then still expires in time.
RETIRED_KEY_STAYS_FOR: Final = RECEIPT_HOLDS_FOR + 2 * KEYS_REREAD_AFTER


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What verifies."""

    raw: bytes  # 32 bytes

    @property
    def x(self) -> str:
        """The key as JWK writes it."""
        return base64.urlsafe_b64encode(self.raw).rstrip(b"=").decode()

    @property
    def id(self) -> str:
        """RFC 7638 thumbprint, SHA-256."""
        required = rfc8785.dumps({"crv": "Ed25519", "kty": "OKP", "x": self.x})
        return base64.urlsafe_b64encode(hashlib.sha256(required).digest()).rstrip(b"=").decode()

    def verify(self, signature: bytes, message: bytes) -> None:
        """Returns if the signature is this key's; raises cryptography's InvalidSignature otherwise."""
        Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """What signs. Prints no secret."""

    raw: bytes = field(repr=False)  # 32 bytes

    @classmethod
    def generate(cls) -> SigningKey:
        """A new one."""
        return cls(Ed25519PrivateKey.generate().private_bytes_raw())

    @property
    def public(self) -> PublicKey:
        """Its other half."""
        return PublicKey(Ed25519PrivateKey.from_private_bytes(self.raw).public_key().public_bytes_raw())

    @property
    def id(self) -> str:
        """That of its other half."""
        return self.public.id

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of an Ed25519 signature; the same for the same message."""
        return Ed25519PrivateKey.from_private_bytes(self.raw).sign(message)


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key as it is kept: only the one that signs has its private half still."""

    public: PublicKey
    signing: SigningKey | None
    created_at: datetime
    retired_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys as read at one instant: the one that signs, and all that verify, newest first."""

    signing: SigningKey
    public: tuple[PublicKey, ...]
    read_at: datetime

    def is_fresh(self, now: datetime) -> bool:
        """Whether it may be relied on without reading again."""
        return self.read_at <= now < self.read_at + KEYS_REREAD_AFTER


def ring(stored: Iterable[StoredKey], *, now: datetime) -> KeyRing | None:
    """The ring of these keys; None if none of them may sign now, so that a new one is needed."""
    newest_first = sorted(stored, key=lambda key: key.created_at, reverse=True)
    signing = next((key for key in newest_first if key.signing is not None), None)
    if signing is None or signing.signing is None or now >= signing.created_at + KEY_SIGNS_FOR:
        return None
    public = tuple(key.public for key in newest_first if _is_published(key, now=now))
    return KeyRing(signing.signing, public, read_at=now)


def _is_published(key: StoredKey, *, now: datetime) -> bool:
    return key.retired_at is None or now < key.retired_at + RETIRED_KEY_STAYS_FOR
