"""Use case: a receipt for an approved request."""

from __future__ import annotations

from uuid import UUID

from core.access import TokenScope, require_scope
from core.access.scopes import covers
from core.actor import Actor
from core.approvals import hold_approved
from core.audit import audited, record
from core.db import Database
from core.named_tickets import barrier
from core.receipts.claims import Receipt
from core.receipts.errors import SuspendedApproval, UsedApproval
from core.receipts.issuer import Issuer


async def issue_receipt(database: Database, issuer: Issuer, actor: Actor, request_id: UUID) -> Receipt:
    """The receipt of the approved request: the one that holds already, else a new one. Each handing out is recorded.

    A token needs the scope 'request' or 'decide'. Raises UnknownRequest, NotApproved, UsedApproval once a decision
    has consumed the approval, or SuspendedApproval while the ticket that it rests on does not let it be used.
    """
    await issuer.ready()
    async with audited(database, actor, action="request.receipt", resource=str(request_id)) as tx:
        if not covers(actor, TokenScope.REQUEST):
            require_scope(actor, TokenScope.DECIDE)
        approved = await hold_approved(tx, request_id)
        if approved.is_used:
            raise UsedApproval(f"A decision has used the approval of {approved.reference}.")
        if approved.ticket is not None and (barred := barrier(approved.ticket, now=tx.now)):
            raise SuspendedApproval(barred.message)
        receipt, is_new = await issuer.issue(tx, approved)
        await record(
            tx,
            actor,
            action="request.receipt",
            resource=approved.resource["name"],
            subject_id=request_id,
            details={
                "request": approved.reference,
                "governed_action": approved.action,
                "receipt": str(receipt.claims.id),
                "expires_at": receipt.claims.expires_at.isoformat(),
                "is_new": is_new,
            },
        )
        return receipt
