"""Use cases of preferences. Everybody sets their own, and nobody another's."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core.access import TokenScope, member_of, permitted, require_scope
from core.actor import Actor
from core.audit import audited, record
from core.db import Database, Transaction
from core.ids import UserId
from core.preferences.choices import Preferences, Told, with_digest, with_platform, with_quiet
from core.preferences.holding import give_back, lock_quiet
from core.preferences.model import preferences
from core.preferences.quiet import QuietHours


async def get_preferences(database: Database, actor: Actor) -> Preferences:
    """What the actor has chosen."""
    async with permitted(database, actor, TokenScope.READ, action="preferences.show", resource="preferences") as tx:
        return (await all_preferences(tx)).get(member_of(actor), Preferences())


async def set_digest(database: Database, actor: Actor, choice: str) -> Preferences:
    """The actor's morning digest is `on`, `off`, or comes at the time given. Raises InvalidPreference."""
    return await set_preferences(database, actor, digest=choice)


async def set_preferences(
    database: Database,
    actor: Actor,
    *,
    digest: str | None = None,
    platform: str | None = None,
    quiet_hours: str | None = None,
) -> Preferences:
    """What is given is chosen; the rest stays as it was. Raises InvalidPreference, and then nothing has changed.

    What waits for the end of quiet hours comes at once if it is not quiet any more.
    """
    async with audited(database, actor, action="preferences.set", resource="preferences") as tx:
        require_scope(actor, TokenScope.REQUEST)
        user = member_of(actor)
        if quiet_hours is not None:
            await lock_quiet(tx, user)
        before = (await all_preferences(tx)).get(user, Preferences())
        after = before if digest is None else with_digest(before, digest)
        after = after if platform is None else with_platform(after, platform)
        after = after if quiet_hours is None else with_quiet(after, quiet_hours)
        await _put(tx, user, after, before=before)
        if quiet_hours is not None:
            await give_back(tx, user)
        details = {"digest": after.digest_choice, "before": before.digest_choice}
        places = {"platform": after.platform_choice, "platform_before": before.platform_choice}
        hours = {"quiet_hours": after.quiet_choice, "quiet_hours_before": before.quiet_choice}
        await record(
            tx,
            actor,
            action="preferences.set",
            resource=actor.email,
            subject_id=user,
            details=details | (places if platform is not None else {}) | (hours if quiet_hours is not None else {}),
        )
        return (await all_preferences(tx))[user]


async def all_preferences(tx: Transaction) -> Mapping[UserId, Preferences]:
    """Of everybody who has chosen something."""
    columns = preferences.c
    rows = await tx.connection.execute(
        select(
            columns.user_id,
            columns.has_digest,
            columns.digest_at,
            columns.changed_at,
            columns.platform,
            columns.quiet_from,
            columns.quiet_until,
        ).where(columns.tenant_id == tx.tenant)
    )
    return {
        UserId(row.user_id): Preferences(
            row.has_digest,
            row.digest_at,
            row.changed_at,
            None if row.platform is None else Told(row.platform),
            None if row.quiet_from is None else QuietHours(row.quiet_from, row.quiet_until),
        )
        for row in rows
    }


async def _put(tx: Transaction, user: UserId, after: Preferences, *, before: Preferences) -> None:
    """Only what has changed is written: two doors that each change another thing take nothing from each other."""
    values, was = _columns(after), _columns(before)
    changed = {name: value for name, value in values.items() if value != was[name]}
    if before.changed_at is None or changed.keys() & {"has_digest", "digest_at"}:
        changed["changed_at"] = tx.now  # this morning's digest depends on it, and not on the platform
    rows = insert(preferences).values(tenant_id=tx.tenant, user_id=user, **values, changed_at=tx.now)
    key = ["tenant_id", "user_id"]
    await tx.connection.execute(
        rows.on_conflict_do_update(index_elements=key, set_=changed)
        if changed
        else rows.on_conflict_do_nothing(index_elements=key)
    )


def _columns(chosen: Preferences) -> dict[str, object]:
    return {
        "has_digest": chosen.has_digest,
        "digest_at": chosen.digest_at,
        "platform": chosen.platform,
        "quiet_from": chosen.quiet.start if chosen.quiet else None,
        "quiet_until": chosen.quiet.until if chosen.quiet else None,
    }
