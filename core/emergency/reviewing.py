"""Use cases of the post-deployment review: its verdict, and the remediations that follow from it (E2, E3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from core.access import TokenScope, admits, directory, member_of, require_scope
from core.actor import Actor
from core.audit import AuditCategory, audited
from core.db import Database, Transaction
from core.deadlines import clear
from core.emergency import part_store, store
from core.emergency import risk as risks
from core.emergency.ending import finish
from core.emergency.errors import AlreadyReviewed, InvalidBypass, NotIndependent, NotManagement, OwnReview
from core.emergency.events import EmergencyEvent
from core.emergency.holding import ACKNOWLEDGE, REVIEW, REVIEW_REMINDER, emit_on, locked, record_on, require_told
from core.emergency.remediating import FollowUp, open_remediations
from core.emergency.risk import BypassRisk, Done
from core.emergency.showing import view_of
from core.emergency.views import BypassView
from core.tenants import tenant_policy

UNJUSTIFIED: Final = "not_justified"
VERDICTS: Final = ("justified", UNJUSTIFIED)
NOTES_MAX: Final = 4000


@dataclass(frozen=True, slots=True)
class Review:
    """What a reviewer has found. `findings` answers each item of the bypass's checklist: whether it holds."""

    verdict: str
    notes: str
    findings: Mapping[str, bool]
    follow_ups: Sequence[FollowUp]


async def review(
    database: Database,
    actor: Actor,
    bypass_id: UUID,
    *,
    verdict: str,
    notes: str,
    findings: Mapping[str, bool] | None = None,
    follow_ups: Sequence[FollowUp] = (),
) -> BypassView:
    """The review is done (E2), the risk scored again (E3), its follow-ups are open, and the bypass runs no more.

    By somebody who answers for the bypass, is not its holder and has done nothing under it. Raises OwnReview,
    NotIndependent, NotManagement, InvalidBypass, AlreadyReviewed.
    """
    found = Review(verdict, notes.strip(), findings or {}, follow_ups)
    async with audited(database, actor, action="bypass.review", resource=str(bypass_id)) as tx:
        require_scope(actor, TokenScope.VOTE)
        row = await locked(tx, bypass_id)
        used = await part_store.uses_of(tx, [bypass_id])
        await check_reviewer(tx, actor, row, used)
        check_unreviewed(row)
        _check_review(row, found, len(notes))
        if row.state == "active":  # nothing may be done under it that its review has not seen
            await finish(tx, bypass_id)
            await emit_on(tx, await view_of(tx, bypass_id), EmergencyEvent.ENDED, actor)
        done = _done(row, used, await part_store.extensions_of(tx, [bypass_id]))
        after = risks.assess_again(BypassRisk.from_json(row.risk), done)
        await store.change(
            tx,
            bypass_id,
            review_state="done",
            reviewed_by=actor.user,
            reviewed_at=tx.now,
            review_verdict=found.verdict,
            review_notes=found.notes,
            findings=dict(found.findings),
            risk_after=after.to_json(),
        )
        await clear(tx, bypass_id, kind=ACKNOWLEDGE)  # nobody need be told any more of what was judged
        await clear(tx, bypass_id, kind=REVIEW)
        await clear(tx, bypass_id, kind=REVIEW_REMINDER)
        await open_remediations(tx, bypass_id, found.follow_ups)
        view = await view_of(tx, bypass_id)
        await record_on(
            tx,
            actor,
            "bypass.review",
            view,
            category=AuditCategory.COMPLIANCE,
            details={
                "verdict": found.verdict,
                "notes": found.notes,
                "findings": dict(found.findings),
                "risk_before": row.risk,
                "risk_after": after.to_json(),
                "remediations": [each.title for each in view.remediations],
            },
        )
        await emit_on(
            tx,
            view,
            EmergencyEvent.REVIEWED,
            actor,
            data={"verdict": found.verdict, "notes": found.notes, "failed": done.failed},
        )
        return view


async def check_reviewer(tx: Transaction, actor: Actor, row: Row[Any], used: Sequence[Row[Any]]) -> None:
    """Returns if the actor may review it, `used` is what was done. Raises OwnReview, NotIndependent, NotManagement."""
    user = member_of(actor)
    if row.requester_id == user:
        raise OwnReview
    if any(each.user_id == user for each in used):
        raise NotIndependent
    reviewers = (await tenant_policy(tx)).bypass.review.reviewers
    if reviewers is None:
        await require_told(tx, actor, row)
    elif not admits(reviewers, await directory(tx), user):
        raise NotManagement("You are not one of those who review bypasses.", where="role", accepted=reviewers.names)


def check_unreviewed(row: Row[Any]) -> None:
    """Returns if it was not reviewed yet. Raises AlreadyReviewed."""
    if row.review_state == "done":
        raise AlreadyReviewed(f"BYP-{row.number} was reviewed already: {row.review_verdict}.")


def _check_review(row: Row[Any], found: Review, written: int) -> None:
    if found.verdict not in VERDICTS:
        raise InvalidBypass(f"'{found.verdict}' is not a verdict.", where="verdict", accepted=VERDICTS)
    if not found.notes or written > NOTES_MAX:
        raise InvalidBypass(f"Write what was found, in at most {NOTES_MAX} characters.", where="notes")
    for item in found.findings:
        if item not in row.checklist:
            raise InvalidBypass(f"'{item}' is not on the checklist.", where="checklist", accepted=tuple(row.checklist))
    for item in row.checklist:
        if item not in found.findings:
            raise InvalidBypass(f"Say whether this holds: {item}", where="checklist", accepted=tuple(row.checklist))


def _done(row: Row[Any], used: Sequence[Row[Any]], extensions: Sequence[Row[Any]]) -> Done:
    return Done(
        actions=tuple(each.action for each in used),
        failed=sum(each.outcome == "failed" for each in used),
        extended=sum(each.state == "confirmed" for each in extensions),
        was_acknowledged=row.acknowledged_at is not None,
    )
