"""Use cases of more time: asked for by whoever needs it, confirmed by somebody else of senior management (E1).

A bypass that is over is not revived: an extension that nobody decided by then lapses with it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from core.access import TokenScope, member_of, require_scope
from core.actor import Actor
from core.audit import audited
from core.db import Database, Transaction
from core.deadlines import clear, set_deadline
from core.emergency import part_store, rules, store
from core.emergency.errors import BypassOver, ExtensionRefused, InvalidBypass, NoExtension, OwnExtension
from core.emergency.events import EmergencyEvent
from core.emergency.holding import COUNT_DOWN, EXPIRY, emit_on, locked, record_on, require_told
from core.emergency.showing import view_of
from core.emergency.views import BypassView
from core.ids import uuid7
from core.tenants import tenant_policy
from core.tenants.bypass_policy import ExtensionRule

REASON_MAX: Final = 500  # characters


async def ask_extension(
    database: Database, actor: Actor, bypass_id: UUID, *, extra: timedelta, reason: str
) -> BypassView:
    """More time waits to be confirmed; nothing lasts longer yet. By its holder or senior management.

    Raises BypassOver, ExtensionRefused or InvalidBypass.
    """
    async with audited(database, actor, action="bypass.ask_extension", resource=str(bypass_id)) as tx:
        require_scope(actor, TokenScope.REQUEST)
        row = await locked(tx, bypass_id)
        rule = await check_extendable(tx, actor, row)
        if not rules.DURATION_MIN <= extra <= rule.longest:
            minutes = rule.longest.total_seconds() / 60
            raise InvalidBypass(f"An extension is of 5 to {minutes:g} minutes here.", where="duration")
        if not reason.strip() or len(reason) > REASON_MAX:
            raise InvalidBypass(f"Say why in 1 to {REASON_MAX} characters.", where="reason")
        await part_store.add_extension(
            tx,
            extension_id=uuid7(),
            bypass_id=bypass_id,
            extra_s=int(extra.total_seconds()),
            reason=reason.strip(),
            state="asked",
            asked_by=member_of(actor),
            asked_at=tx.now,
        )
        view = await view_of(tx, bypass_id)
        said = {"extra_s": int(extra.total_seconds()), "reason": reason.strip()}
        await record_on(tx, actor, "bypass.ask_extension", view, details=said)
        await emit_on(tx, view, EmergencyEvent.EXTENSION_ASKED, actor, data=said)
        return view


async def check_extendable(tx: Transaction, actor: Actor, row: Row[Any]) -> ExtensionRule:
    """By which rule the actor may ask for more time now. Raises NotManagement, BypassOver or ExtensionRefused."""
    if row.requester_id != actor.user:
        await require_told(tx, actor, row)
    _check_running(row, tx)
    rule = (await tenant_policy(tx)).bypass.extensions
    before = await part_store.extensions_of(tx, [row.bypass_id])
    if any(each.state == "asked" for each in before):
        raise ExtensionRefused(f"An extension of BYP-{row.number} waits already.")
    if sum(each.state == "confirmed" for each in before) >= rule.most:
        raise ExtensionRefused(
            f"BYP-{row.number} cannot be extended any more.", next_step="Ask for another bypass, or for approval."
        )
    return rule


async def confirm_extension(database: Database, actor: Actor, bypass_id: UUID) -> BypassView:
    """The bypass lasts longer, from its old end on. Raises OwnExtension, NotManagement, NoExtension, BypassOver."""
    async with audited(database, actor, action="bypass.extend", resource=str(bypass_id)) as tx:
        row, asked = await _asked(tx, actor, bypass_id)
        expires_at = row.expires_at + timedelta(seconds=asked.extra_s)
        await part_store.decide_extension(tx, asked.extension_id, state="confirmed", by=actor.user)
        await store.change(tx, bypass_id, expires_at=expires_at)
        await set_deadline(tx, bypass_id, EXPIRY, expires_at)
        await clear(tx, bypass_id, kind=COUNT_DOWN)
        if (count_down := rules.next_count_down(expires_at, now=tx.now)) is not None:
            await set_deadline(tx, bypass_id, COUNT_DOWN, count_down)
        view = await view_of(tx, bypass_id)
        said = {"extra_s": asked.extra_s, "expires_at": expires_at.isoformat(), "asked_by": str(asked.asked_by)}
        await record_on(
            tx, actor, "bypass.extend", view, details={**said, "expired_at_before": row.expires_at.isoformat()}
        )
        await emit_on(tx, view, EmergencyEvent.EXTENDED, actor, data=said)
        return view


async def decline_extension(database: Database, actor: Actor, bypass_id: UUID) -> BypassView:
    """The bypass ends when it was to end. Raises as `confirm_extension` does."""
    async with audited(database, actor, action="bypass.decline_extension", resource=str(bypass_id)) as tx:
        _row, asked = await _asked(tx, actor, bypass_id)
        await part_store.decide_extension(tx, asked.extension_id, state="declined", by=actor.user)
        view = await view_of(tx, bypass_id)
        await record_on(tx, actor, "bypass.decline_extension", view)
        await emit_on(tx, view, EmergencyEvent.EXTENSION_DECLINED, actor)
        return view


async def lapse_extension(tx: Transaction, bypass_id: UUID) -> None:
    """What waited to be decided does not any more, as the bypass is over."""
    for each in await part_store.extensions_of(tx, [bypass_id]):
        if each.state == "asked":
            await part_store.decide_extension(tx, each.extension_id, state="lapsed", by=None)


async def _asked(tx: Transaction, actor: Actor, bypass_id: UUID) -> tuple[Row[Any], Row[Any]]:
    """The bypass that runs, held, and its extension that this person may decide."""
    require_scope(actor, TokenScope.VOTE)
    row = await locked(tx, bypass_id)
    if row.requester_id == member_of(actor):
        raise OwnExtension
    await require_told(tx, actor, row)
    waiting = [each for each in await part_store.extensions_of(tx, [bypass_id]) if each.state == "asked"]
    if not waiting:
        raise NoExtension
    if waiting[0].asked_by == actor.user:
        raise OwnExtension
    _check_running(row, tx)
    return row, waiting[0]


def _check_running(row: Row[Any], tx: Transaction) -> None:
    if row.state != "active" or row.expires_at <= tx.now:
        raise BypassOver(f"BYP-{row.number} is over.")
