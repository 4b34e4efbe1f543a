"""Pure rules of receipts: what is certified of an approval, and whether a receipt that somebody presents holds."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from core.approvals import ApprovedRequest
from core.ids import TenantId
from core.receipts import jws
from core.receipts.claims import Claims, Receipt
from core.receipts.errors import ExpiredReceipt, InvalidReceipt
from core.receipts.keys import RECEIPT_HOLDS_FOR, PublicKey

# Another replica's clock may be ahead of ours by so much. An expiry is never stretched.
CLOCK_SKEW: Final = timedelta(seconds=60)


def certify(approved: ApprovedRequest, *, receipt_id: UUID, issuer: str, tenant: TenantId, now: datetime) -> Claims:
    """What a receipt issued now says of the approval; it holds for RECEIPT_HOLDS_FOR, within the window of its ticket.

    None is issued before that window begins (service.py): keys stay published for so long after a receipt is signed.
    """
    issued_at = now.replace(microsecond=0)
    ends = _window_end(approved)
    return Claims(
        id=receipt_id,
        issuer=issuer,
        tenant=tenant,
        request_id=approved.id,
        issued_at=issued_at,
        not_before=issued_at,
        expires_at=min(issued_at + RECEIPT_HOLDS_FOR, ends) if ends else issued_at + RECEIPT_HOLDS_FOR,
        reference=approved.reference,
        request_digest=approved.digest,
        policy_key=approved.policy_key,
        policy_version=approved.policy_version,
        action=approved.action,
        resource=approved.resource,
        requester=approved.requester,
        approvers=approved.endorsements,
    )


def fits(claims: Claims, approved: ApprovedRequest) -> bool:
    """Whether a receipt issued earlier stays within the window of its ticket as it is now."""
    ticket, ends = approved.ticket, _window_end(approved)
    begins = ticket.holds_from if ticket else None
    return (begins is None or claims.not_before >= begins) and (ends is None or claims.expires_at <= ends)


def read(token: str, key: PublicKey, *, issuer: str, tenant: TenantId, now: datetime) -> Receipt:
    """The receipt, which the key has signed for this tenant and which holds now; whether it was used is not looked at.

    Raises InvalidReceipt, also for one of another installation with the same keys or from the future beyond
    CLOCK_SKEW; ExpiredReceipt from the instant of expiry on.
    """
    claims = Claims.from_json(json.loads(jws.verified(token, key)))
    if claims.issuer != issuer:
        raise InvalidReceipt(f"The receipt was issued by {claims.issuer}, not here.")
    if claims.tenant != tenant:
        raise InvalidReceipt("The receipt belongs to another tenant.")
    if now + CLOCK_SKEW < claims.not_before:
        raise InvalidReceipt(f"The receipt holds from {claims.not_before.isoformat()} on, not yet.")
    if now >= claims.expires_at:
        raise ExpiredReceipt(
            f"The receipt expired at {claims.expires_at.isoformat()}.",
            next_step=f"Ask for a new one: POST /api/v1/requests/{claims.request_id}/receipt.",
        )
    return Receipt(claims, token)


def _window_end(approved: ApprovedRequest) -> datetime | None:
    """In whole seconds; None: no bound."""
    ends = approved.ticket.holds_until if approved.ticket else None
    return ends and ends.replace(microsecond=0)
