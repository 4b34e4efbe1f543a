"""API tokens: `cst_<tenant>_<token id>_<secret>`. Shown once, kept as SHA-256 (the secret has 192 random bits)."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from core.ids import TenantId

_FORMAT: Final = re.compile(r"cst_([a-z0-9][a-z0-9-]{0,62})_([0-9a-f]{32})_([0-9a-f]{48})")
_SECRET_BYTES: Final = 24


@dataclass(frozen=True, slots=True)
class ParsedToken:
    """The parts of a presented token."""

    tenant: TenantId
    token_id: UUID
    secret: str

    def matches(self, stored_hash: bytes) -> bool:
        """Whether the secret is the one that was hashed; in constant time."""
        return hmac.compare_digest(hash_secret(self.secret), stored_hash)


def new_secret() -> str:
    """A fresh secret part."""
    return secrets.token_hex(_SECRET_BYTES)


def hash_secret(secret: str) -> bytes:
    """What is stored of a secret."""
    return hashlib.sha256(secret.encode()).digest()


def format_token(tenant: TenantId, token_id: UUID, secret: str) -> str:
    """The token as the person sees it, once."""
    return f"cst_{tenant}_{token_id.hex}_{secret}"


def parse_token(presented: str) -> ParsedToken | None:
    """The parts of a well-formed token; None for anything else."""
    match = _FORMAT.fullmatch(presented)
    return ParsedToken(TenantId(match[1]), UUID(match[2]), match[3]) if match else None
