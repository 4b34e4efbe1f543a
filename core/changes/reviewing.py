"""Use cases of the post-implementation review: do it, and what happens when nobody does (G3, G11)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final
from uuid import UUID

from core.access import TokenScope, directory, member_of, require_scope
from core.actor import Actor, system_actor
from core.approvals.risk import RiskLevel
from core.audit import AuditCategory, audited
from core.changes import rules
from core.changes.catalogue import ChangeCatalogue
from core.changes.errors import GatesMissing, InvalidChange, WrongState
from core.changes.events import ChangeEvent
from core.changes.lessons import read_tags
from core.changes.loading import REVIEW, Held, hold, policy_of, settle_on, view_of
from core.changes.policy import Gate
from core.changes.state import ChangeState, Step
from core.changes.views import ChangeView
from core.db import Database, Transaction
from core.deadlines import DeadlineHandler, Due, clear


async def review(
    database: Database,
    catalogue: ChangeCatalogue,
    actor: Actor,
    change_id: UUID,
    *,
    outcome: str,
    notes: str,
    lessons: str = "",
    tags: Collection[str] = (),
) -> ChangeView:
    """The review is done, and what was validated is closed; one that was rolled back or failed stays so.

    By somebody of the risk's row who neither raised nor implemented it. Raises NotIndependent, NotAReviewer, or
    GatesMissing while something is owed that a bypass let pass.
    """
    async with audited(database, actor, action="change.reviewed", resource=str(change_id)) as tx:
        require_scope(actor, TokenScope.VOTE)
        held = await hold(tx, change_id)
        await check_reviewer(tx, catalogue, actor, held)
        to = check_reviewable(held)
        if outcome not in rules.OUTCOMES:
            raise InvalidChange(f"'{outcome}' is not an outcome.", where="outcome", accepted=rules.OUTCOMES)
        said = {
            "outcome": outcome,
            "notes": rules.check_text("notes", notes, rules.SUMMARY_MAX),
            "lessons": rules.check_text("lessons", lessons, rules.SUMMARY_MAX, least=0),
            "tags": read_tags(tags),
            "by": str(member_of(actor)),
            "at": tx.now.isoformat(),
        }
        _check_owed(held)
        values = {"state": to, "review": said, "review_state": "done", "ended_at": held.row.ended_at or tx.now}
        await clear(tx, held.id, kind=REVIEW)
        event = ChangeEvent.CLOSED if to is ChangeState.CLOSED else ChangeEvent.REVIEWED
        category = AuditCategory.COMPLIANCE
        await settle_on(tx, actor, held, event, values=values, details=said, category=category)
        return await view_of(tx, change_id)


def check_reviewable(held: Held) -> ChangeState:
    """Where a review leads. Raises WrongState if none waits."""
    to = held.move(Step.REVIEW)
    if held.row.review_state not in ("due", "overdue"):
        raise WrongState(f"Nothing of {held.reference} waits for a review.", where="state")
    if (held.row.recovery or {}).get("state") == "due":
        message = "Say first whether everything works again after the rollback."
        raise WrongState(message, where="recovery", accepted=rules.RESULTS)
    return to


async def check_reviewer(tx: Transaction, catalogue: ChangeCatalogue, actor: Actor, held: Held) -> None:
    """Returns if the actor may review it. Raises NotIndependent or NotAReviewer.

    What was never assessed, as a bypass came first, is reviewed as if it were of high risk.
    """
    policy, user = await policy_of(tx, catalogue), member_of(actor)
    row = policy.matrix[RiskLevel(held.row.risk_level or RiskLevel.HIGH)]
    roles = (await directory(tx)).roles.get(user, frozenset())
    rules.check_reviewer(user, roles, row, involved=(held.row.requester_id, held.row.implementer_id))


def _check_owed(held: Held) -> None:
    missing = rules.missing_gates([Gate(each) for each in held.row.owed], held.evidence)
    if missing:
        owed = ", ".join(gate.replace("_", " ") for gate in missing)
        raise GatesMissing(
            f"{held.reference} was implemented under a bypass and still owes: {owed}.",
            where="gates",
            accepted=tuple(map(str, missing)),
            next_step="Add the evidence, then review it.",
        )


async def _on_review_due(tx: Transaction, due: Due) -> None:
    held = await hold(tx, due.subject)
    if held.row.review_state != "due":
        return
    who, values = system_actor(tx.tenant), {"review_state": "overdue"}
    category = AuditCategory.COMPLIANCE
    await settle_on(tx, who, held, ChangeEvent.REVIEW_OVERDUE, values=values, category=category)


DEADLINES: Final[Mapping[str, DeadlineHandler]] = {REVIEW: _on_review_due}
