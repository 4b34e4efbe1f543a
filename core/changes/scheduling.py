"""Use cases of a change's time: try one, take one (G6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from core.access import TokenScope, permitted, require_scope
from core.actor import Actor, system_actor
from core.approvals import TicketHand, lapse_request, limit_approval
from core.audit import AuditCategory, AuditResult, audited, record
from core.changes import rules, store
from core.changes.catalogue import ChangeCatalogue
from core.changes.errors import InvalidChange, UnknownChange, UnlinkedMover, WrongState
from core.changes.events import ChangeEvent
from core.changes.fitting import check_time, fit
from core.changes.loading import UNUSED, Held, hold, policy_of, require_type, settle_on, type_of, view_of
from core.changes.policy import ChangePolicy
from core.changes.state import ChangeState, Step
from core.changes.timetable import Span, told
from core.changes.views import ChangeView, Fit
from core.changes.weighing import Weighed, ask, weigh_time
from core.db import Database, Transaction
from core.deadlines import DeadlineHandler, Due, set_deadline
from core.errors import Forbidden
from core.tenants import tenant_policy
from core.zones import zone_of

KEPT_AFTER: Final = timedelta(days=7)  # how long after a missed time the approval still holds for another one


@dataclass(frozen=True, slots=True)
class PlannedTime:
    """When a change is planned, scheduled or only wished for; None: not said yet."""

    reference: str
    starts_at: datetime | None
    ends_at: datetime | None
    updated_at: datetime


async def time_zone(database: Database, actor: Actor) -> str:
    """Where the tenant's clocks stand: in which people write the times of changes."""
    async with permitted(database, actor, TokenScope.READ, action="change.time_zone", resource="changes") as tx:
        return (await tenant_policy(tx)).time_zone


def read_time(text: str, zone: str, *, where: str) -> datetime:
    """The instant that somebody wrote as the clocks in the zone show it. Raises InvalidChange."""
    try:
        found = datetime.fromisoformat(text.strip())
        return (found if found.tzinfo else found.replace(tzinfo=zone_of(zone))).astimezone(UTC)
    except (ValueError, OverflowError):  # 0001-01-01 east of Greenwich lies before what can be counted
        raise InvalidChange(f"'{text[:40]}' is no time.", where=where, accepted=("2026-03-03 22:00",)) from None


async def try_time(
    database: Database,
    catalogue: ChangeCatalogue,
    actor: Actor,
    change_id: UUID,
    *,
    starts_at: datetime,
    ends_at: datetime,
) -> Fit:
    """What would be in the way at that time, and the first from then on that is accepted; nothing is changed."""
    async with audited(database, actor, action="change.try_time", resource=str(change_id)) as tx:
        require_scope(actor, TokenScope.READ)
        held, policy = await hold(tx, change_id), await policy_of(tx, catalogue)
        span = rules.check_span(starts_at, ends_at, now=tx.now)
        weighed = await weigh_time(tx, policy, held, span) if held.state is ChangeState.SCHEDULE else None
        return await fit(tx, policy, held, span, weighed=weighed)


async def schedule(
    database: Database,
    catalogue: ChangeCatalogue,
    actor: Actor,
    change_id: UUID,
    *,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> ChangeView:
    """The change has its time: the one given, or the one that was wished for.

    It is assessed at a time that it was not assessed with; where that needs more approval than it has, those who decide
    are asked again instead, and the time is what is wished for. Two who schedule at once see each other's time. Raises
    CannotBeScheduled with everything that is in the way and the first time that would be accepted.
    """
    async with audited(database, actor, action="change.scheduled", resource=str(change_id)) as tx:
        policy = await policy_of(tx, catalogue)
        held = await hold(tx, change_id)
        await require_type(tx, actor, type_of(policy, held.row.change_type))
        held.move(Step.SCHEDULE)
        starts_at, ends_at = starts_at or held.row.starts_at, ends_at or held.row.ends_at
        if starts_at is None or ends_at is None:
            raise InvalidChange("Say when it begins and when it ends.", where="starts_at")
        await _take_time(tx, policy, actor, held, Span(starts_at, ends_at), {})
        return await view_of(tx, change_id)


async def planned_time(tx: Transaction, request_id: UUID) -> PlannedTime | None:
    """When the change that this request asks about is planned; it is held for the rest of the transaction.

    None for a request that is of no change, or of a change's rollback.
    """
    change_id = await store.id_of_request(tx, request_id)
    if change_id is None:
        return None
    held = await hold(tx, change_id)
    row = held.row
    if row.request_id != request_id:
        return None
    return PlannedTime(held.reference, row.starts_at, row.ends_at, row.updated_at)


async def move_from_ticket(
    tx: Transaction,
    catalogue: ChangeCatalogue,
    actor: Actor | None,
    request_id: UUID,
    *,
    by: TicketHand,
    span: Span,
) -> None:
    """The change has the time that its ticket says, by the rules of every schedule, the person's right among them.

    `actor` is who the ticket's hand is linked to; None: nobody, or nobody knows whose it was. Raises UnlinkedMover, or
    what `schedule` raises; then nothing is changed, and the trail has what was denied.
    """
    change_id = await store.id_of_request(tx, request_id)
    if change_id is None:
        raise UnknownChange(where="change")
    held = await hold(tx, change_id)
    source = {"by": by.shown, "system": by.system, "ticket": by.ticket}
    try:
        async with tx.connection.begin_nested():
            policy, mover = await policy_of(tx, catalogue), _linked(actor, by)
            await require_type(tx, mover, type_of(policy, held.row.change_type))
            if held.state is not ChangeState.SCHEDULE:
                when = "its time can be moved once it is approved, until it begins."
                raise WrongState(f"{held.reference} is in '{held.state}'; {when}", where="state")
            await _take_time(tx, policy, mover, held, span, source)
    except Forbidden as exc:
        await _deny(tx, actor, held, exc, source)
        raise


def _linked(actor: Actor | None, by: TicketHand) -> Actor:
    if actor is None:
        raise UnlinkedMover(
            f"{by.author or 'Whoever moved it'} is not linked to anybody in Countersign, so it is not moved.",
            next_step="Schedule it in Countersign; they can link their account at the console, under My security.",
        )
    return actor


async def _deny(tx: Transaction, actor: Actor | None, held: Held, error: Forbidden, source: Mapping[str, str]) -> None:
    await record(
        tx,
        actor or system_actor(tx.tenant),
        action=ChangeEvent.SCHEDULED,
        resource=held.reference,
        category=AuditCategory.SECURITY,
        subject_id=held.id,
        details={**source, "code": error.code, "reason": error.sentence()},
        result=AuditResult.DENIED,
    )


async def _take_time(
    tx: Transaction, policy: ChangePolicy, actor: Actor, held: Held, span: Span, source: Mapping[str, str]
) -> None:
    to = held.move(Step.SCHEDULE)
    span = rules.check_span(span.starts_at, span.ends_at, now=tx.now)
    await store.hold_timetable(tx)
    weighed = await weigh_time(tx, policy, held, span)
    await check_time(tx, policy, held, span, weighed)
    values: dict[str, Any] = {"starts_at": span.starts_at, "ends_at": span.ends_at}
    details: dict[str, Any] = {**{key: at.isoformat() for key, at in values.items()}, **source}
    if weighed is not None:
        risk = weighed.risk
        values |= {"risk": risk.to_json(), "risk_level": risk.level, "reach": list(weighed.reach)}
        details |= {"risk": risk.to_json()}
        if weighed.again:
            await _send_back(tx, policy, actor, held, span, weighed, values=values, details=details)
            return
    await _limit(tx, held, until=span.ends_at + KEPT_AFTER)
    values |= {"state": to, "scheduled_at": tx.now, "note": ""}
    await settle_on(tx, actor, held, ChangeEvent.SCHEDULED, values=values, details=details)


async def _send_back(
    tx: Transaction,
    policy: ChangePolicy,
    actor: Actor,
    held: Held,
    span: Span,
    weighed: Weighed,
    *,
    values: Mapping[str, Any],
    details: Mapping[str, Any],
) -> None:
    """What was approved was approved for another time: it is over, and all of the row are asked about this one."""
    row, when = held.row, told(span, (await tenant_policy(tx)).time_zone)
    who = ", ".join(each.name.replace("_", " ") for each in weighed.again)
    why = f"At its new time ({when}) its risk is {weighed.risk.level}, which needs the approval of: {who}."
    if row.request_id:
        await lapse_request(tx, row.request_id, reason=f"{held.reference}: {why}")
    request_id = await ask(tx, policy, actor, held, span, weighed)
    values = {
        **values,
        "state": held.move(Step.SEND_BACK),
        "request_id": request_id,
        "scheduled_at": None,
        "note": why,
    }
    details = {**details, "reason": why, "request_id": str(request_id)}
    await settle_on(tx, actor, held, ChangeEvent.SENT_BACK, values=values, details=details)


async def _limit(tx: Transaction, held: Held, *, until: datetime) -> None:
    """The approval is over by then, whoever gave it."""
    if held.row.request_id:
        await limit_approval(tx, held.row.request_id, until=until)
    else:
        await set_deadline(tx, held.id, UNUSED, until)


async def _on_unused(tx: Transaction, due: Due) -> None:
    """What a template approved and nobody has done in its time is a draft again."""
    held = await hold(tx, due.subject)
    if held.state is not ChangeState.SCHEDULE or held.row.request_id is not None:
        return
    why = "Nobody used the approval of its template in time."
    values = {"state": held.move(Step.LAPSE), "scheduled_at": None, "note": why}
    who, category = system_actor(tx.tenant), AuditCategory.SYSTEM
    await settle_on(tx, who, held, ChangeEvent.LAPSED, values=values, details={"reason": why}, category=category)


DEADLINES: Final[Mapping[str, DeadlineHandler]] = {UNUSED: _on_unused}
