"""Use cases of a bypass that runs: end it, acknowledge it."""

from __future__ import annotations

from uuid import UUID

from core.access import TokenScope, require_scope
from core.actor import Actor
from core.audit import audited
from core.db import Database
from core.deadlines import clear
from core.emergency import store
from core.emergency.ending import finish
from core.emergency.errors import BypassOver
from core.emergency.events import EmergencyEvent
from core.emergency.holding import ACKNOWLEDGE, emit_on, locked, record_on, require_told
from core.emergency.showing import view_of
from core.emergency.views import BypassView


async def end(database: Database, actor: Actor, bypass_id: UUID, *, reason: str = "") -> BypassView:
    """The bypass is over before its time. By its holder or senior management."""
    async with audited(database, actor, action="bypass.end", resource=str(bypass_id)) as tx:
        require_scope(actor, TokenScope.REQUEST)
        row = await locked(tx, bypass_id)
        if row.requester_id != actor.user:
            await require_told(tx, actor, row)
        if row.state != "active":
            raise BypassOver(f"BYP-{row.number} is {row.state} already.")
        await finish(tx, bypass_id)
        view = await view_of(tx, bypass_id)
        await record_on(tx, actor, "bypass.end", view, details={"reason": reason})
        await emit_on(tx, view, EmergencyEvent.ENDED, actor)
        return view


async def acknowledge(database: Database, actor: Actor, bypass_id: UUID) -> BypassView:
    """Management knows; nobody is reminded any more. A second acknowledgement changes nothing (E4)."""
    async with audited(database, actor, action="bypass.acknowledge", resource=str(bypass_id)) as tx:
        require_scope(actor, TokenScope.VOTE)
        row = await locked(tx, bypass_id)
        await require_told(tx, actor, row)
        if row.acknowledged_at is None:
            await store.change(tx, bypass_id, acknowledged_by=actor.user, acknowledged_at=tx.now)
            await clear(tx, bypass_id, kind=ACKNOWLEDGE)
            view = await view_of(tx, bypass_id)
            await record_on(tx, actor, "bypass.acknowledge", view)
            await emit_on(tx, view, EmergencyEvent.ACKNOWLEDGED, actor)
        return await view_of(tx, bypass_id)
