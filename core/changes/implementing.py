"""Use cases while a change is done: implement it or have it rolled out, complete it (G3, G6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from core.actor import Actor, system_actor
from core.agents import agents_named
from core.approvals import lapse_request, use_approval
from core.audit import AuditCategory, audited
from core.changes import rules
from core.changes.catalogue import ChangeCatalogue
from core.changes.errors import InvalidChange, NoPlatform, WrongState
from core.changes.events import ChangeEvent
from core.changes.fitting import fit_now
from core.changes.loading import (
    Held,
    await_review,
    hold,
    needs_review,
    owing_review,
    policy_of,
    require_type,
    settle_on,
    type_of,
    view_of,
)
from core.changes.rules import Start
from core.changes.state import AT_WORK, ChangeState, Step
from core.changes.views import ChangeView
from core.db import Database, Transaction
from core.deadlines import DeadlineHandler, Due, clear, set_deadline
from core.dependencies import named
from core.emergency import Use, note_outcome, note_use, running_bypasses
from core.ids import RequestId, UserId
from core.rollouts import OVER, Plan, RolloutState, Work, open_rollout, rollouts_of
from core.tenants import tenant_policy

OVERRUN: Final = "changes.overrun"


async def implement(database: Database, catalogue: ChangeCatalogue, actor: Actor, change_id: UUID) -> ChangeView:
    """The change is being implemented, and its approval is used.

    Every gate has its evidence, and nothing is in the way of its time by now; or a live bypass of the actor's admits
    the change, and what is missing is owed at its review. Raises GatesMissing naming all that is missing,
    CannotBeScheduled outside its time or where something is in its way, or WrongState.
    """
    async with audited(database, actor, action="change.started", resource=str(change_id)) as tx:
        await _implement(tx, catalogue, actor, await hold(tx, change_id))
        return await view_of(tx, change_id)


async def roll_out(database: Database, catalogue: ChangeCatalogue, actor: Actor, change_id: UUID) -> ChangeView:
    """The change is being implemented by the agent platform, which is told to begin; see core/rollouts (G6, G7).

    Raises NoPlatform, and whatever `implement` raises.
    """
    async with audited(database, actor, action="change.started", resource=str(change_id)) as tx:
        held = await hold(tx, change_id)
        plan = held.row.requirements.get("rollout")
        if plan is None:
            raise NoPlatform(next_step="Implement it, or say under 'rollout' in the change policy how it is watched.")
        await _implement(tx, catalogue, actor, held)
        row = held.row
        work = Work("change", held.id, held.reference, row.title, row.resources)
        await open_rollout(tx, actor, work, Plan.from_json(plan))
        return await view_of(tx, change_id)


async def _implement(tx: Transaction, catalogue: ChangeCatalogue, actor: Actor, held: Held) -> None:
    policy = await policy_of(tx, catalogue)
    user = await require_type(tx, actor, type_of(policy, held.row.change_type))
    agents = await agents_named(tx, set(named("agent", held.row.resources)))
    places = {name: agent.attributes.get("environment", "") for name, agent in agents.items()}
    bypass = rules.covering_bypass(await running_bypasses(tx, [user]), user, held.reference, places)
    start = rules.implement(
        held.reference,
        held.state,
        missing=rules.missing_gates(held.gates, held.evidence),
        schedule=held.schedule,
        bypass=bypass,
        now=tx.now,
        time_zone=(await tenant_policy(tx)).time_zone,
        fit=await fit_now(tx, policy, held) if held.state is ChangeState.SCHEDULE else None,
    )
    await _begin(tx, actor, user, held, start)


async def complete(
    database: Database,
    catalogue: ChangeCatalogue,
    actor: Actor,
    change_id: UUID,
    *,
    validation: str | None = None,
    notes: str = "",
) -> ChangeView:
    """The work is done; with a validation that passed, the review is open, or the change is closed without one.

    Without a validation the change waits for it, and with one that failed it stays there: it can be rolled back, or
    validated again.
    """
    async with audited(database, actor, action="change.completed", resource=str(change_id)) as tx:
        held = await hold(tx, change_id)
        user = await _may(tx, catalogue, actor, held)
        if validation is not None and validation not in rules.RESULTS:
            raise InvalidChange(f"'{validation}' is not a result.", where="validation", accepted=rules.RESULTS)
        notes = rules.check_text("notes", notes, rules.SUMMARY_MAX, least=0)
        await _check_platform(tx, held)
        if held.state is not ChangeState.VALIDATE:
            held = await completed(tx, actor, held, notes)
        elif validation is None:
            raise InvalidChange("Say how the validation went.", where="validation", accepted=rules.RESULTS)
        if validation is not None:
            await validated(tx, actor, held, validation, notes, by=str(user))
        return await view_of(tx, change_id)


async def _may(tx: Transaction, catalogue: ChangeCatalogue, actor: Actor, held: Held) -> UserId:
    return await require_type(tx, actor, type_of(await policy_of(tx, catalogue), held.row.change_type))


async def _begin(tx: Transaction, actor: Actor, user: UserId, held: Held, start: Start) -> None:
    request_id = held.row.request_id
    if start.bypass is None:
        if request_id and await use_approval(tx, actor, RequestId(request_id), held.id) is None:
            raise WrongState(f"The approval of {held.reference} holds no more; submit it again.", where="state")
    elif request_id:
        await lapse_request(tx, request_id, reason=f"{held.reference} was implemented under an emergency bypass.")
    bypass = start.bypass
    values: dict[str, Any] = {
        "state": start.state,
        "implementer_id": user,
        "started_at": tx.now,
        "bypass_id": bypass.id if bypass else None,
        "owed": [str(gate) for gate in start.owed],
        "note": "",
    }
    if held.schedule is not None and held.schedule.ends_at > tx.now:
        await set_deadline(tx, held.id, OVERRUN, held.schedule.ends_at)
    if bypass is None:
        await settle_on(tx, actor, held, ChangeEvent.STARTED, values=values)
        return
    details = {"bypass_id": str(bypass.id), "emergency": True, "owed": values["owed"], "in_the_way": list(start.passed)}
    use = Use(
        decision_id=held.id,
        bypass_id=bypass.id,
        action=rules.ACTION,
        resource=held.reference,
        context={"title": held.row.title, "touches": list(held.row.resources), "owed": values["owed"]},
        before={"state": held.state.value},
        after={"state": start.state.value},
    )
    await note_use(tx, actor, use)
    await settle_on(
        tx, actor, held, ChangeEvent.BYPASSED, values=values, details=details, category=AuditCategory.SECURITY
    )


async def completed(tx: Transaction, actor: Actor, held: Held, notes: str) -> Held:
    """The work is done."""
    values = {"state": held.move(Step.COMPLETE), "completed_at": tx.now}
    await clear(tx, held.id, kind=OVERRUN)
    return await settle_on(tx, actor, held, ChangeEvent.COMPLETED, values=values, details={"notes": notes})


async def validated(tx: Transaction, actor: Actor, held: Held, result: str, notes: str, *, by: str = "") -> None:
    """It was looked at whether it works: by a person, or by the checks of its rollout."""
    said = {"result": result, "notes": notes.strip()[: rules.SUMMARY_MAX], "by": by, "at": tx.now.isoformat()}
    if result != rules.PASSED:
        values: Mapping[str, Any] = {"validation": said}
        await settle_on(tx, actor, held, ChangeEvent.VALIDATION_FAILED, values=values, details=said)
        return
    if held.row.bypass_id:
        await note_outcome(tx, held.id, "succeeded")
    if needs_review(held):
        values = {"state": held.move(Step.VALIDATE), "validation": said, **owing_review(held, now=tx.now)}
        held = await settle_on(tx, actor, held, ChangeEvent.VALIDATED, values=values, details=said)
        await await_review(tx, held)
        return
    values = {"state": held.move(Step.CLOSE), "validation": said, "ended_at": tx.now}
    await settle_on(tx, actor, held, ChangeEvent.CLOSED, values=values, details=said)


async def _check_platform(tx: Transaction, held: Held) -> None:
    """Raises WrongState while the platform is at work with it: it says itself when it is done."""
    rollout = (await rollouts_of(tx, [held.id])).get(held.id)
    if rollout is not None and RolloutState(rollout.state) not in OVER:
        doing = rollout.state.replace("_", " ")
        raise WrongState(
            f"The agent platform is at work with {held.reference} ({doing}).",
            where="state",
            next_step="Wait for it, or roll the change back.",
        )


async def _on_overrun(tx: Transaction, due: Due) -> None:
    held = await hold(tx, due.subject)
    if held.state not in AT_WORK or held.row.completed_at is not None:
        return
    details = {"ends_at": due.due_at.isoformat()}
    who = system_actor(tx.tenant)
    await settle_on(tx, who, held, ChangeEvent.OVERRUN, values={}, details=details, category=AuditCategory.SYSTEM)


DEADLINES: Final[Mapping[str, DeadlineHandler]] = {OVERRUN: _on_overrun}
