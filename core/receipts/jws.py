"""Pure: Ed25519 signatures in JWS compact form (RFC 7515, RFC 8037), for texts that this installation alone writes.

A header is never parsed: it must equal, byte by byte, the one that we write for a key that we know. So there is no
algorithm to choose, no `crit` to overlook and nothing to confuse (RFC 8725, 3.1).
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any, Final

import rfc8785
from cryptography.exceptions import InvalidSignature

from core.receipts.errors import InvalidReceipt
from core.receipts.keys import PublicKey, SigningKey

TYPE: Final = "receipt+jwt"  # explicit typing: RFC 8725, 3.11
ALGORITHM: Final = "EdDSA"
TOKEN_MAX: Final = 64 * 1024  # characters; sixty stages with ten votes each fit


def sign(payload: dict[str, Any], key: SigningKey, *, kind: str = TYPE) -> str:
    """The payload, canonical (RFC 8785), under the key's signature. What is of another kind is never a receipt."""
    signed = f"{_header(key.id, kind)}.{_encoded(rfc8785.dumps(payload))}"
    return f"{signed}.{_encoded(key.sign(signed.encode()))}"


def signer_of(token: str, keys: Iterable[PublicKey]) -> PublicKey | None:
    """The key that the token names; None for one that is not among `keys`, and for what is no token at all."""
    header = token.partition(".")[0]
    return next((key for key in keys if header == _header(key.id)), None)


def verified(token: str, key: PublicKey) -> bytes:
    """The payload that the key has signed. Raises InvalidReceipt if any character differs from what was written."""
    if len(token) > TOKEN_MAX or not token.isascii():
        raise InvalidReceipt
    signed, _, text = token.rpartition(".")
    signature = _decoded(text)
    if not signed.startswith(f"{_header(key.id)}.") or signature is None:
        raise InvalidReceipt
    try:
        key.verify(signature, signed.encode())
    except InvalidSignature as exc:
        raise InvalidReceipt from exc
    payload = _decoded(signed.partition(".")[2])
    if payload is None:
        raise InvalidReceipt
    return payload


def _header(key_id: str, kind: str = TYPE) -> str:
    return _encoded(rfc8785.dumps({"alg": ALGORITHM, "kid": key_id, "typ": kind}))


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(text: str) -> bytes | None:
    """The bytes; None unless the text is the one spelling of them (other last bits would decode to the same)."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    return raw if _encoded(raw) == text else None
