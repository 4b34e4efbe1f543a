"""Pure: secrets that we must be able to read again, sealed for the database (AES-256-GCM, NIST SP 800-38D).

An envelope: each secret has a data key of its own, used once; the master key, which is kept outside of the database,
wraps that. So another master key rewraps the data key and never touches the secret. Both layers are bound to the place
where the secret stands (tenant, table, column, row): copied to another row it does not open.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.errors import Unavailable

KEY_BYTES: Final = 32
MARK: Final = "cs1"  # begins whatever is sealed, and names the form below
_NONCE_BYTES: Final = 12  # NIST SP 800-38D, 8.2: 96 bits
_SEPARATOR: Final = "$"


class Unsealable(Unavailable):
    """A secret that is kept cannot be opened: it was damaged or moved, or its key is not here."""

    code = "vault.unsealable"


@dataclass(frozen=True, slots=True)
class MasterKey:
    """What wraps data keys. Prints no secret."""

    raw: bytes = field(repr=False)  # KEY_BYTES

    @property
    def id(self) -> str:
        """Which key it is: says nothing of the key itself, and stands beside what it has sealed."""
        return hmac.digest(self.raw, b"countersign key id", "sha256").hex()[:16]


@dataclass(frozen=True, slots=True)
class Keyring:
    """The key that seals, and others that still (or already) open."""

    sealing: MasterKey
    others: tuple[MasterKey, ...] = ()

    @property
    def ids(self) -> frozenset[str]:
        """Of every key that opens."""
        return frozenset(key.id for key in (self.sealing, *self.others))

    def seal(self, secret: bytes, place: Sequence[str]) -> str:
        """The secret, sealed for this place."""
        data_key = secrets.token_bytes(KEY_BYTES)
        return self._written(data_key, _encrypt(data_key, secret, place), place)

    def open(self, sealed: str, place: Sequence[str]) -> bytes:
        """The secret. Raises Unsealable."""
        key, wrapped, body = self._parts(sealed)
        return _decrypt(_decrypt(key.raw, wrapped, place), body, place)

    def rewrap(self, sealed: str, place: Sequence[str]) -> str:
        """The same secret under the key that seals now. Raises Unsealable."""
        key, wrapped, body = self._parts(sealed)
        return self._written(_decrypt(key.raw, wrapped, place), body, place)

    def _written(self, data_key: bytes, body: bytes, place: Sequence[str]) -> str:
        wrapped = _encrypt(self.sealing.raw, data_key, place)
        return _SEPARATOR.join((MARK, self.sealing.id, _text(wrapped), _text(body)))

    def _parts(self, sealed: str) -> tuple[MasterKey, bytes, bytes]:
        try:
            mark, key_id, wrapped, body = sealed.split(_SEPARATOR)
            key = next(key for key in (self.sealing, *self.others) if key.id == key_id)
            parts = base64.urlsafe_b64decode(wrapped), base64.urlsafe_b64decode(body)
        except (ValueError, StopIteration) as exc:
            raise Unsealable from exc
        if mark != MARK:
            raise Unsealable
        return key, *parts


def is_sealed(text: str) -> bool:
    """Whether it is a sealed secret, and none from before secrets were sealed."""
    return text.startswith(MARK + _SEPARATOR)


def mark_of(key: MasterKey) -> str:
    """How whatever this key has sealed begins."""
    return f"{MARK}{_SEPARATOR}{key.id}{_SEPARATOR}"


def _encrypt(key: bytes, secret: bytes, place: Sequence[str]) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, secret, _bound(place))


def _decrypt(key: bytes, sealed: bytes, place: Sequence[str]) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _bound(place))
    except (InvalidTag, ValueError) as exc:
        raise Unsealable from exc


def _bound(place: Sequence[str]) -> bytes:
    return json.dumps(list(place), ensure_ascii=True, separators=(",", ":")).encode()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()
