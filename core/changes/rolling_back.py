"""Use cases that undo a change: ask for it, do it, see whether everything works again, or give up (G8, G10)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from core.actor import Actor, system_actor
from core.approvals import NobodyToAsk, lapse_request, load_request, open_request, use_approval
from core.approvals.risk import RiskLevel
from core.audit import AuditCategory, audited
from core.changes import matrix, rules
from core.changes.alarm import raised, told_of
from core.changes.catalogue import ChangeCatalogue
from core.changes.errors import InvalidChange, WrongState
from core.changes.events import ChangeEvent
from core.changes.loading import (
    REVIEW,
    Held,
    await_review,
    hold,
    owing_review,
    policy_of,
    require_type,
    settle_on,
    type_of,
    view_of,
)
from core.changes.policy import ChangePolicy
from core.changes.state import ChangeState, Step
from core.changes.views import ChangeView
from core.db import Database, Transaction
from core.deadlines import clear
from core.emergency import note_outcome
from core.ids import RequestId
from core.one_line import as_sentences
from core.rollouts import RolloutState, end_rollout, rollouts_of, undo

_DECLINED: Final = {"rejected": "declined", "withdrawn": "withdrawn", "expired": "not decided in time"}


async def roll_back(
    database: Database, catalogue: ChangeCatalogue, actor: Actor, change_id: UUID, *, reason: str
) -> ChangeView:
    """What the change did is undone, or those who decide about that are asked.

    Nobody is asked where it has failed already, where it was implemented under a bypass, or where there is nobody to
    ask. Possible from when it is begun until it is closed; asked for twice, it is one rollback.
    """
    async with audited(database, actor, action="change.rolled_back", resource=str(change_id)) as tx:
        policy = await policy_of(tx, catalogue)
        held = await hold(tx, change_id)
        await require_type(tx, actor, type_of(policy, held.row.change_type))
        why = rules.check_text("reason", reason, rules.SUMMARY_MAX)
        held.move(Step.ROLL_BACK)
        rollout = (await rollouts_of(tx, [change_id])).get(change_id)
        at_once = rules.why_at_once(
            validation=(held.row.validation or {}).get("result"),
            recovery=(held.row.recovery or {}).get("state"),
            rollout=rollout.state if rollout else None,
            is_under_bypass=held.row.bypass_id is not None,
        )
        if at_once or not await _ask(tx, policy, actor, held, why):
            await order_rollback(tx, actor, held, why)
        return await view_of(tx, change_id)


async def fail(
    database: Database, catalogue: ChangeCatalogue, actor: Actor, change_id: UUID, *, reason: str
) -> ChangeView:
    """The change has failed, and what it did stays as it is: there was nothing to undo, or no way back."""
    async with audited(database, actor, action="change.failed", resource=str(change_id)) as tx:
        held = await hold(tx, change_id)
        await require_type(tx, actor, type_of(await policy_of(tx, catalogue), held.row.change_type))
        why = rules.check_text("reason", reason, rules.SUMMARY_MAX)
        rollout = (await rollouts_of(tx, [change_id])).get(change_id)
        if rollout is not None:
            await end_rollout(tx, actor, rollout.id, reason="The change was given up.")
        await _end(tx, actor, held, Step.FAIL, ChangeEvent.FAILED, (why,))
        return await view_of(tx, change_id)


async def validate_recovery(
    database: Database, catalogue: ChangeCatalogue, actor: Actor, change_id: UUID, *, result: str, notes: str = ""
) -> ChangeView:
    """Whether everything works again after a rollback is known; where it does not, the change is open again (G10)."""
    async with audited(database, actor, action="change.recovered", resource=str(change_id)) as tx:
        policy = await policy_of(tx, catalogue)
        held = await hold(tx, change_id)
        user = await require_type(tx, actor, type_of(policy, held.row.change_type))
        if result not in rules.RESULTS:
            raise InvalidChange(f"'{result}' is not a result.", where="result", accepted=rules.RESULTS)
        check_recovery_due(held)
        said = rules.check_text("notes", notes, rules.SUMMARY_MAX, least=0)
        if result == rules.PASSED:
            await recovered(tx, actor, held, said, by=str(user))
        else:
            await not_recovered(tx, policy, actor, held, said or "It does not work again.", by=str(user))
        return await view_of(tx, change_id)


def check_recovery_due(held: Held) -> None:
    """Returns if nobody has said yet whether everything works again. Raises WrongState."""
    if held.state is not ChangeState.ROLLED_BACK or (held.row.recovery or {}).get("state") != "due":
        raise WrongState(f"No rollback of {held.reference} waits to be looked at.", where="state")


async def order_rollback(tx: Transaction, actor: Actor, held: Held, why: str) -> None:
    """The platform is told to undo what it rolled out; else whoever implemented it has undone it."""
    rollout = (await rollouts_of(tx, [held.id])).get(held.id)
    if rollout is None or rollout.state == RolloutState.ROLLED_BACK:
        await undone(tx, actor, held, (why,))
        return
    if await undo(tx, actor, rollout.id, reason=why):
        await settle_on(tx, actor, held, ChangeEvent.ROLLBACK_STARTED, values={"note": why}, details={"reason": why})


async def settle_rollback(tx: Transaction, held: Held, outcome: str) -> None:
    """What those who decide about the rollback have said has happened; nothing where it came too late."""
    if held.state not in rules.CAN_ROLL_BACK:
        return
    who = system_actor(tx.tenant)
    if outcome == "approved":
        request_id = RequestId(held.row.rollback_request_id)
        if await use_approval(tx, who, request_id, held.id) is None:
            return  # heard before: an approval is of one rollback
        # What was asked and approved; the change's note may be of something else by now.
        why = (await load_request(tx, request_id)).justification
        await order_rollback(tx, who, held, why[: rules.SUMMARY_MAX])
        return
    details = {"reason": f"The rollback was {_DECLINED[outcome]}."}
    event, category = ChangeEvent.ROLLBACK_DECLINED, AuditCategory.SYSTEM
    await settle_on(tx, who, held, event, values={"note": details["reason"]}, details=details, category=category)


async def undone(tx: Transaction, actor: Actor, held: Held, reasons: Sequence[str]) -> Held:
    """The change is rolled back; whether everything works again is to be looked at."""
    return await _end(tx, actor, held, Step.ROLL_BACK, ChangeEvent.ROLLED_BACK, reasons)


async def recovered(tx: Transaction, actor: Actor, held: Held, notes: str, *, by: str = "") -> None:
    """After the rollback everything works again."""
    said = {"state": rules.PASSED, "notes": notes, "by": by, "at": tx.now.isoformat()}
    await settle_on(tx, actor, held, ChangeEvent.RECOVERED, values={"recovery": said}, details=said)


async def not_recovered(
    tx: Transaction, policy: ChangePolicy, actor: Actor, held: Held, notes: str, *, by: str = ""
) -> None:
    """What was rolled back does not work again: the change is open again, and people are told until one looks."""
    said = {"state": "failed", "notes": notes, "by": by, "at": tx.now.isoformat()}
    await clear(tx, held.id, kind=REVIEW)
    values: dict[str, Any] = {
        "state": held.move(Step.REOPEN),
        "recovery": said,
        "ended_at": None,
        "review_state": None,
        "review_due_at": None,
        **await raised(tx, policy, held, f"Rolled back, and it does not work again: {notes}"),
    }
    details = {"reason": notes, **told_of(values)}
    await settle_on(tx, actor, held, ChangeEvent.RECOVERY_FAILED, values=values, details=details)


async def _ask(tx: Transaction, policy: ChangePolicy, actor: Actor, held: Held, why: str) -> bool:
    """Whether somebody is asked now; a rollback is never refused because nobody can be."""
    row = held.row
    try:
        request_id, _ = await open_request(
            tx,
            actor,
            matrix.rollback_policy(policy, RiskLevel(row.risk_level or RiskLevel.HIGH)),
            action=rules.ROLLBACK,
            resource=matrix.what_is_asked(held.reference, row.title, row.change_type, tuple(row.resources), {}),
            justification=why,
        )
    except NobodyToAsk:
        return False
    if request_id != row.rollback_request_id:
        values = {"rollback_request_id": request_id, "note": why}
        details = {"reason": why, "request_id": str(request_id)}
        await settle_on(tx, actor, held, ChangeEvent.ROLLBACK_ASKED, values=values, details=details)
    return True


async def _end(
    tx: Transaction, actor: Actor, held: Held, step: Step, event: ChangeEvent, reasons: Sequence[str]
) -> Held:
    why = as_sentences(reasons)[: rules.SUMMARY_MAX]
    values: dict[str, Any] = {
        "state": held.move(step),
        "note": why,
        "ended_at": tx.now,
        **owing_review(held, now=tx.now),
    }
    if step is Step.ROLL_BACK:
        values["recovery"] = {"state": "due"}
    if held.row.bypass_id:
        await note_outcome(tx, held.id, "failed")
    held = await settle_on(tx, actor, held, event, values=values, details={"reason": why})
    if held.row.rollback_request_id:
        await lapse_request(
            tx, held.row.rollback_request_id, reason=f"{held.reference} is {held.state.replace('_', ' ')}."
        )
    await await_review(tx, held)
    return held
