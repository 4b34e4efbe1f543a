"""Pure: the tokens with which Teams proves that a request is its own (JWT, RFC 7519; signed with RS256, RFC 7518 3.3).

Source of the rules: Microsoft, "Authenticate requests from the Bot Connector service to your bot". One algorithm is
accepted, so that there is none to confuse; what the header says besides the key's id is not believed (RFC 8725).
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

ALGORITHM: Final = "RS256"
CHANNEL: Final = "msteams"
LEEWAY: Final = timedelta(minutes=5)  # Microsoft: "industry-standard clock-skew is 5 minutes"
TOKEN_MAX: Final = 16 * 1024  # characters; Microsoft's have about a thousand
KEY_BITS_LEAST: Final = 2048  # RFC 7518, 3.3


class Flaw(StrEnum):
    """What is wrong with a request that claims to come from Teams. The value stands in the audit trail."""

    NO_TOKEN = "no_token"  # noqa: S105  the name of a flaw
    MALFORMED = "malformed_token"
    ALGORITHM = "wrong_algorithm"
    UNKNOWN_KEY = "unknown_key"
    SIGNATURE = "bad_signature"
    ISSUER = "wrong_issuer"
    AUDIENCE = "wrong_audience"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    SERVICE_URL = "wrong_service_url"
    CHANNEL = "wrong_channel"
    ENDORSEMENT = "channel_not_endorsed"
    TENANT = "wrong_tenant"
    REPLAYED = "replayed"


class Untrusted(Exception):
    """The request is not proven to come from Teams, or not from our tenant there."""

    def __init__(self, flaw: Flaw) -> None:
        self.flaw = flaw
        super().__init__(flaw.value)


@dataclass(frozen=True, slots=True)
class Key:
    """A key that Microsoft publishes. `endorsements`: the channels for which it may speak; empty for all."""

    id: str
    public: RSAPublicKey
    endorsements: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Proof:
    """What a verified token says: from where the request was sent, and for which channels its key may speak."""

    service_url: str
    endorsements: frozenset[str]


@dataclass(frozen=True, slots=True)
class Unverified:
    """A token taken apart, and nothing of it believed yet."""

    key_id: str
    signed: bytes
    signature: bytes
    claims: Mapping[str, Any]


def presented(authorization: str) -> Unverified:
    """The token in an Authorization header, taken apart. Raises Untrusted."""
    scheme, _, token = authorization.strip().partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Untrusted(Flaw.NO_TOKEN)
    token = token.strip()
    parts = token.split(".")
    if len(token) > TOKEN_MAX or len(parts) != 3:
        raise Untrusted(Flaw.MALFORMED)
    header, claims = _object(parts[0]), _object(parts[1])
    if header.get("alg") != ALGORITHM:
        raise Untrusted(Flaw.ALGORITHM)
    key_id = header.get("kid")
    if not isinstance(key_id, str) or not key_id or "crit" in header:
        raise Untrusted(Flaw.MALFORMED)
    return Unverified(key_id, f"{parts[0]}.{parts[1]}".encode(), _decoded(parts[2]), claims)


def verified(token: Unverified, key: Key, *, issuer: str, audience: str, now: datetime) -> Proof:
    """What the token proves: it is signed with the key, by the issuer, for us, and holds now. Raises Untrusted."""
    try:
        key.public.verify(token.signature, token.signed, PKCS1v15(), SHA256())
    except InvalidSignature:
        raise Untrusted(Flaw.SIGNATURE) from None
    claims = token.claims
    if claims.get("iss") != issuer:
        raise Untrusted(Flaw.ISSUER)
    if claims.get("aud") != audience:
        raise Untrusted(Flaw.AUDIENCE)
    if now > _instant(claims.get("exp")) + LEEWAY:
        raise Untrusted(Flaw.EXPIRED)
    if "nbf" in claims and now < _instant(claims["nbf"]) - LEEWAY:
        raise Untrusted(Flaw.NOT_YET_VALID)
    service_url = claims.get("serviceurl") or claims.get("serviceUrl")  # the documents and the service differ
    if not isinstance(service_url, str):
        raise Untrusted(Flaw.SERVICE_URL)
    return Proof(service_url, key.endorsements)


def check_origin(proof: Proof, *, service_url: str, channel: str) -> None:
    """The activity says of itself what its token says, and is of Teams. Raises Untrusted.

    The other channels of the Bot Framework are signed with the same keys, and let whoever writes say who they are.
    """
    if not service_url or service_url.rstrip("/") != proof.service_url.rstrip("/"):
        raise Untrusted(Flaw.SERVICE_URL)
    if channel != CHANNEL:
        raise Untrusted(Flaw.CHANNEL)
    if proof.endorsements and channel not in proof.endorsements:
        raise Untrusted(Flaw.ENDORSEMENT)


def keys_in(document: Any) -> Mapping[str, Key]:
    """The usable keys of a JWK set (RFC 7517) by their ids; others are left out."""
    rows = document.get("keys") if isinstance(document, dict) else None
    found = (_key(row) for row in rows if isinstance(row, dict)) if isinstance(rows, list) else ()
    return {key.id: key for key in found if key is not None}


def _key(row: Mapping[str, Any]) -> Key | None:
    key_id, endorsements = row.get("kid"), row.get("endorsements") or ()
    if row.get("kty") != "RSA" or row.get("use", "sig") != "sig" or not isinstance(key_id, str):
        return None
    try:
        public = RSAPublicNumbers(_number(row.get("e")), _number(row.get("n"))).public_key()
    except (ValueError, Untrusted):
        return None
    if public.key_size < KEY_BITS_LEAST:
        return None
    return Key(key_id, public, frozenset(_texts(endorsements)))


def _texts(values: Any) -> Iterable[str]:
    return (value for value in values if isinstance(value, str)) if isinstance(values, list) else ()


def _number(text: Any) -> int:
    return int.from_bytes(_decoded(text if isinstance(text, str) else ""), "big")


def _object(part: str) -> Mapping[str, Any]:
    try:
        found = json.loads(_decoded(part))
    except (ValueError, RecursionError):
        raise Untrusted(Flaw.MALFORMED) from None
    if not isinstance(found, dict):
        raise Untrusted(Flaw.MALFORMED)
    return found


def _decoded(part: str) -> bytes:
    """Base64url without padding, as RFC 7515 section 2 has it, and nothing looser."""
    if "=" in part or "+" in part or "/" in part:
        raise Untrusted(Flaw.MALFORMED)
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise Untrusted(Flaw.MALFORMED) from None


def _instant(seconds: Any) -> datetime:
    """A NumericDate (RFC 7519, 2). Raises Untrusted for anything else."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise Untrusted(Flaw.MALFORMED)
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        raise Untrusted(Flaw.MALFORMED) from None
