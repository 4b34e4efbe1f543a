"""JSON Web Tokens as Microsoft signs them (RS256), and the keys behind them, made here and kept over a restart."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

KEY_BITS: Final = 2048
ENDORSEMENTS: Final = ("msteams", "webchat", "directline")  # channels for which a key may speak


class SigningKey:
    """One RSA key with its id."""

    def __init__(self, kid: str, private: rsa.RSAPrivateKey) -> None:
        self.kid = kid
        self._private = private

    @classmethod
    def fresh(cls) -> SigningKey:
        """A key that nobody has seen yet."""
        return cls(secrets.token_urlsafe(20), rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS))

    @classmethod
    def restored(cls, kept: Mapping[str, str]) -> SigningKey:
        """The key that `kept()` described."""
        private = serialization.load_pem_private_key(kept["pem"].encode(), password=None)
        if not isinstance(private, rsa.RSAPrivateKey):
            raise ValueError("The snapshot's signing key is no RSA key.")  # noqa: TRY004 - a bad file, not a bad argument
        return cls(kept["kid"], private)

    def kept(self) -> dict[str, str]:
        """The key as JSON values; it is worth nothing outside this sandbox."""
        pem = self._private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return {"kid": self.kid, "pem": pem.decode()}

    def public(self) -> dict[str, Any]:
        """The public half as a JWK, with the endorsements that Bot Framework keys carry."""
        numbers = self._private.public_key().public_numbers()
        return {
            "kty": "RSA",
            "use": "sig",
            "kid": self.kid,
            "x5t": self.kid,
            "n": _uint(numbers.n),
            "e": _uint(numbers.e),
            "endorsements": list(ENDORSEMENTS),
        }

    def sign(self, claims: Mapping[str, Any], *, kid: str | None = None) -> str:
        """The token with these claims; `kid` names another key than the one that signed."""
        signed = _signing_input({"alg": "RS256", "kid": kid or self.kid, "x5t": kid or self.kid, "typ": "JWT"}, claims)
        return f"{signed}.{_encode(self._private.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    def verified(self, token: str) -> dict[str, Any] | None:
        """The claims of a token that this key signed; None for any other text."""
        signed, _, signature = token.rpartition(".")
        try:
            self._private.public_key().verify(
                _decode(signature), signed.encode("utf-8", "replace"), padding.PKCS1v15(), hashes.SHA256()
            )
            claims = json.loads(_decode(signed.partition(".")[2]))
        except (InvalidSignature, ValueError, binascii.Error):
            return None
        return claims if isinstance(claims, dict) else None


def unsigned(claims: Mapping[str, Any]) -> str:
    """A token of algorithm `none`, as an attacker would send it."""
    return f"{_signing_input({'alg': 'none', 'typ': 'JWT'}, claims)}."


def _signing_input(header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    return ".".join(_encode(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _uint(number: int) -> str:
    return _encode(number.to_bytes((number.bit_length() + 7) // 8, "big"))
