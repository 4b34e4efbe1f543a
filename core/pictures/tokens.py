"""Pure: what the address of a picture says, as API tokens do: `<tenant>_<picture id>_<secret>`."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from core.ids import TenantId

_FORMAT: Final = re.compile(r"([a-z0-9][a-z0-9-]{0,62})_([0-9a-f]{32})_([0-9a-f]{64})")
_SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class PictureToken:
    """The parts of a presented token."""

    tenant: TenantId
    picture_id: UUID
    secret: str

    def __str__(self) -> str:
        return f"{self.tenant}_{self.picture_id.hex}_{self.secret}"

    def matches(self, stored_hash: bytes) -> bool:
        """Whether the secret is the one that was hashed; in constant time."""
        return hmac.compare_digest(hash_secret(self.secret), stored_hash)


def new_secret() -> str:
    """A fresh secret of 256 random bits."""
    return secrets.token_hex(_SECRET_BYTES)


def hash_secret(secret: str) -> bytes:
    """What a presented secret is compared with."""
    return hashlib.sha256(secret.encode()).digest()


def parse_token(presented: str) -> PictureToken | None:
    """The parts of a well-formed token; None for anything else."""
    match = _FORMAT.fullmatch(presented)
    return PictureToken(TenantId(match[1]), UUID(match[2]), match[3]) if match else None
