"""/api/v1/requests/{id}/receipt and the keys that verify receipts (P11)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from core.db import Database
from core.errors import ErrorKind
from core.receipts import Issuer, issue_receipt
from web.api.request_shapes import ByRequest
from web.endpoint import Call, Method, PublicCall, endpoint
from web.schema import Output


class ReceiptOut(Output):
    """A signed receipt."""

    id: UUID
    request_id: UUID
    reference: str
    issued_at: datetime
    expires_at: datetime
    receipt: Annotated[str, Field(description="JWS in compact form, Ed25519")]


class JwkOut(Output):
    """A public key (RFC 7517, RFC 8037)."""

    kty: str
    crv: str
    x: str
    kid: str
    alg: str
    use: str


class JwksOut(Output):
    """The keys that verify receipts, the one that signs now first."""

    keys: list[JwkOut]


class Receipts:
    """Grant receipts."""

    def __init__(self, database: Database, issuer: Issuer) -> None:
        self._database = database
        self._issuer = issuer

    @endpoint(
        Method.POST,
        "/api/v1/requests/{request_id}/receipt",
        summary="Get the receipt of an approval",
        tags=("receipts",),
        errors=(ErrorKind.FORBIDDEN, ErrorKind.NOT_FOUND, ErrorKind.CONFLICT),
        permission="a token with the scope request or decide",
    )
    async def issue(self, call: Call[None, None, ByRequest]) -> ReceiptOut:
        """Good for one decision, until it expires. Asked for again, the same one is given."""
        receipt = await issue_receipt(self._database, self._issuer, call.actor, call.path.request_id)
        claims = receipt.claims
        return ReceiptOut(
            id=claims.id,
            request_id=claims.request_id,
            reference=claims.reference,
            issued_at=claims.issued_at,
            expires_at=claims.expires_at,
            receipt=receipt.token,
        )

    @endpoint(Method.GET, "/.well-known/jwks.json", summary="Keys that verify receipts", tags=("receipts",))
    async def keys(self, call: PublicCall[None, None, None]) -> JwksOut:
        """Old keys stay until the last receipt that they signed has expired."""
        del call
        return JwksOut(
            keys=[
                JwkOut(kty="OKP", crv="Ed25519", x=key.x, kid=key.id, alg="EdDSA", use="sig")
                for key in await self._issuer.public_keys()
            ]
        )
