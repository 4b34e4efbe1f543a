"""Rollback drills: a rollout outside production that is undone as soon as it is out, to see that this works (G9)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid5

from config.suggest import did_you_mean
from core.access import TokenScope, permitted, require
from core.actor import Actor, system_actor
from core.audit import AuditCategory, audited, record
from core.changes import store
from core.changes.catalogue import ChangeCatalogue
from core.changes.errors import NoPlatform, UnknownDrill
from core.changes.events import DrillEvent
from core.changes.loading import policy_of
from core.changes.policy import Drill
from core.db import Database, Transaction, next_number
from core.deadlines import DeadlineHandler, Due, clear, parts_of, set_deadline
from core.errors import CountersignError, Unavailable
from core.outbox import Event, emit
from core.roles.permissions import Permission
from core.rollouts import (
    OVER,
    RolloutEvent,
    RolloutState,
    RolloutView,
    Work,
    drill_view,
    open_rollout,
    rollouts_of,
    undo,
)
from core.tenants import THE_TENANT, tenant_ids, tenant_policy

DRILL: Final = "changes.drill"
_SPACE: Final = UUID("0192f0c4-6d1a-7cc3-9b8e-5a2f4e0d7b61")  # of the ids of drills


async def start_drill(database: Database, catalogue: ChangeCatalogue, actor: Actor, name: str) -> RolloutView:
    """The drill is under way; one that is under way already is answered instead of a second one.

    Raises UnknownDrill, NoPlatform or PermissionMissing.
    """
    async with audited(database, actor, action="drill.started", resource=name) as tx:
        await require(tx, actor, Permission.DEPLOY_AGENTS, TokenScope.REQUEST)
        policy = await policy_of(tx, catalogue)
        drill = policy.drills.get(name)
        if drill is None:
            message = f"There is no drill '{name}'.{did_you_mean(name, policy.drills)}"
            raise UnknownDrill(message, where="drill", accepted=tuple(policy.drills))
        return await _start(tx, catalogue, actor, drill)


async def list_drills(
    database: Database, catalogue: ChangeCatalogue, actor: Actor
) -> tuple[tuple[Drill, RolloutView | None], ...]:
    """Each drill that is planned, with its last run."""
    async with permitted(database, actor, TokenScope.READ, action="drill.list", resource="drills") as tx:
        drills = (await policy_of(tx, catalogue)).drills.values()
        last = await rollouts_of(tx, [_id(tx.tenant, each.name) for each in drills])
        return tuple((each, last.get(_id(tx.tenant, each.name))) for each in drills)


async def ensure_drills(database: Database, catalogue: ChangeCatalogue) -> None:
    """Every drill that is planned has its time, from now on in its interval; those planned no more have none."""
    for tenant in await tenant_ids(database):
        async with database.tenant(tenant) as tx:
            drills = await _planned(tx, catalogue)
            known = await parts_of(tx, THE_TENANT, DRILL)
            for name in known.keys() - drills.keys():
                await clear(tx, THE_TENANT, kind=DRILL, part=name)
            for name, drill in drills.items():
                every = drill.every.total_seconds()
                if known.get(name, {}).get("every_s") != every:
                    await set_deadline(tx, THE_TENANT, DRILL, tx.now + drill.every, part=name, data={"every_s": every})


async def run_due(database: Database, catalogue: ChangeCatalogue, event: Event) -> None:
    """The drill whose time has come is under way, or it is told why it cannot be."""
    async with database.tenant(event.tenant) as tx:
        drill = (await policy_of(tx, catalogue)).drills.get(event.data["drill"])
        if drill is None:
            return
        who = system_actor(event.tenant)
        try:
            await _start(tx, catalogue, who, drill)
        except CountersignError as exc:
            await _tell(tx, DrillEvent.FAILED, _id(tx.tenant, drill.name), drill.name, exc.message)


async def hear(database: Database, event: Event) -> None:
    """What is out is undone again; a drill that has ended is told of."""
    if event.type != RolloutEvent.MOVED:
        return
    async with database.tenant(event.tenant) as tx:
        view = await drill_view(tx, event.subject_id)
        match RolloutState(event.data["to"]):
            case RolloutState.SUCCEEDED if view.state == RolloutState.SUCCEEDED:
                await undo(tx, system_actor(tx.tenant), view.id, reason="A drill: what is out is undone again.")
            case RolloutState.ROLLED_BACK if event.data["from"] == RolloutState.ROLLING_BACK:  # it had never begun
                await _tell(tx, DrillEvent.FAILED, view.subject_id, view.title, " ".join(view.reasons))
            case RolloutState.ROLLED_BACK:
                took = int((tx.now - view.created_at).total_seconds())
                words = f"Rolled out, undone and checked in {took} s."
                await _tell(tx, DrillEvent.PASSED, view.subject_id, view.title, words)
            case RolloutState.FAILED:
                await _tell(tx, DrillEvent.FAILED, view.subject_id, view.title, " ".join(view.reasons))
            case _:
                pass


async def _start(tx: Transaction, catalogue: ChangeCatalogue, actor: Actor, drill: Drill) -> RolloutView:
    plan = (await policy_of(tx, catalogue)).rollout
    if plan is None:
        raise NoPlatform
    await store.hold_drills(tx)
    subject = _id(tx.tenant, drill.name)
    last = (await rollouts_of(tx, [subject])).get(subject)
    if last is not None and RolloutState(last.state) not in OVER:
        return last
    reference = f"DRILL-{await next_number(tx, 'DRILL')}"
    work = Work("drill", subject, reference, drill.name, drill.resources, drill.environment)
    rollout_id = await open_rollout(tx, actor, work, plan)
    category = AuditCategory.USER if actor.user else AuditCategory.SYSTEM
    details = {"drill": drill.name, "environment": drill.environment, "resources": list(drill.resources)}
    await record(
        tx, actor, action="drill.started", resource=reference, subject_id=rollout_id, category=category, details=details
    )
    return await drill_view(tx, rollout_id)


async def _tell(tx: Transaction, event: DrillEvent, subject: UUID, name: str, words: str) -> None:
    said = {"drill": name, "words": words}
    await record(
        tx,
        system_actor(tx.tenant),
        action=str(event),
        resource=name,
        subject_id=subject,
        category=AuditCategory.SYSTEM,
        details=said,
    )
    await emit(tx, subject=f"drill:{subject}", type=event, data=said)


async def _on_due(tx: Transaction, due: Due) -> None:
    every = timedelta(seconds=due.data["every_s"])
    await set_deadline(tx, due.subject, DRILL, tx.now + every, part=due.part, data=due.data)
    await emit(tx, subject=f"drill:{_id(tx.tenant, due.part)}", type=DrillEvent.DUE, data={"drill": due.part})


async def _planned(tx: Transaction, catalogue: ChangeCatalogue) -> Mapping[str, Drill]:
    """The tenant's drills; none where it has no policy, which keeps nobody from starting the service (X9)."""
    try:
        return catalogue.for_tenant(await tenant_policy(tx)).drills
    except Unavailable:
        return {}


def _id(tenant: str, name: str) -> UUID:
    return uuid5(_SPACE, f"{tenant}/{name}")


DEADLINES: Final[Mapping[str, DeadlineHandler]] = {DRILL: _on_due}
