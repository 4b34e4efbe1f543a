"""The tenant's look at the calendar: whose morning has come, whether the week's report is due; and when to look again.

Everything is read anew at each look, at least every quarter of an hour: a person who joins, another time zone or
another hour needs no timer to be moved, and nobody is told at an hour that is no longer theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from core.access import directory
from core.actor import system_actor
from core.approvals import people_asked
from core.db import Database, Transaction
from core.deadlines import DeadlineHandler, Due, has_deadline, set_deadline
from core.delegations import away_altogether
from core.emergency import reviews_waiting
from core.outbox import emit
from core.preferences import Preferences, all_preferences
from core.schedules import rules, store
from core.schedules.events import ScheduleEvent
from core.schedules.rules import Occurrence
from core.tenants import SCHEDULE, THE_TENANT, list_tenants, tenant_ids, tenant_policy
from core.tickets import ask_for_walk, list_inboxes

LOOK_EVERY: Final = timedelta(minutes=15)
DIGEST: Final = "digest"
REPORT: Final = "report"
BYPASS_REPORT: Final = "bypass_report"
CHARGEBACK: Final = "chargeback"
RECONCILIATION: Final = "reconciliation"
UNUSED: Final = timedelta(hours=1)


async def ensure_looks(database: Database) -> None:
    """Every tenant has its deadline, also one from before there were schedules."""
    for tenant in await tenant_ids(database):
        async with database.tenant(tenant) as tx:
            if not await has_deadline(tx, THE_TENANT, SCHEDULE):
                await set_deadline(tx, THE_TENANT, SCHEDULE, tx.now)


async def _look(tx: Transaction, due: Due) -> None:
    (tenant,) = await list_tenants(tx)
    upcoming = [tx.now + LOOK_EVERY]
    upcoming += await _digests(tx, not_before=tenant.created_at)
    upcoming += await _report(tx, not_before=tenant.created_at)
    upcoming += await _bypass_report(tx, not_before=tenant.created_at)
    upcoming += await _chargeback(tx, not_before=tenant.created_at)
    upcoming.append(await _reconciliation(tx, not_before=tenant.created_at))
    await set_deadline(tx, due.subject, SCHEDULE, min(upcoming))


async def _digests(tx: Transaction, *, not_before: datetime) -> list[datetime]:
    """Those whose morning has come have had their turn, and an event if something waits; when the next ones are due.

    A turn is had also by those for whom nothing waits: what comes later in the morning tells of itself.
    """
    everybody, chosen = await directory(tx), await all_preferences(tx)
    mornings: dict[UUID, Occurrence] = {}
    since: dict[UUID, datetime] = {}
    times = set()
    for user in everybody.active:
        mine, zone = chosen.get(user, Preferences()), everybody.zones[user]
        if not mine.has_digest:
            continue
        times.add((mine.digest_at, zone))
        morning = rules.digest_today(mine.digest_at, zone, now=tx.now)
        earliest = max(not_before, mine.changed_at) if mine.changed_at else not_before
        if morning is not None and morning.is_due(tx.now, not_before=earliest):
            mornings[user] = morning
            since[user] = rules.digest_before(morning, mine.digest_at, zone)
    claimed = await store.claim(tx, DIGEST, {user: morning.day for user, morning in mornings.items()})
    if claimed:
        reviewers = frozenset(person.id for each in await reviews_waiting(tx) for person in each.reviewers)
        concerned = await people_asked(tx) | reviewers
        for person in sorted((claimed & concerned) - await away_altogether(tx)):
            await _emit(tx, ScheduleEvent.DIGEST_DUE, person, mornings[person], since[person])
    return [rules.next_digest(at, zone, after=tx.now) for at, zone in times]


async def _report(tx: Transaction, *, not_before: datetime) -> list[datetime]:
    """The week's report, if it is due, has had its turn and its event; when the next one is due."""
    policy = await tenant_policy(tx)
    plan, zone = policy.weekly_report, policy.time_zone
    if plan is None:
        return []
    report = rules.report_this_week(plan, zone, now=tx.now)
    if report.is_due(tx.now, not_before=not_before) and await store.claim(tx, REPORT, {THE_TENANT: report.day}):
        since, until = rules.week_before(report, zone)
        await _emit(tx, ScheduleEvent.REPORT_DUE, THE_TENANT, report, since, data={"until": until.isoformat()})
    return [rules.next_report(plan, zone, after=tx.now)]


async def _bypass_report(tx: Transaction, *, not_before: datetime) -> list[datetime]:
    """The month's report on bypasses, if it is due, has had its turn and its event; when the next one is due."""
    policy = await tenant_policy(tx)
    plan, zone = policy.bypass_report, policy.time_zone
    if plan is None:
        return []
    report = rules.report_this_month(plan, zone, now=tx.now)
    is_due = report.is_due(tx.now, not_before=not_before)
    if is_due and await store.claim(tx, BYPASS_REPORT, {THE_TENANT: report.day}):
        month = f"{rules.month_before(report):%Y-%m}"
        await _emit(tx, ScheduleEvent.BYPASS_REPORT_DUE, THE_TENANT, report, report.at, data={"month": month})
    return [rules.next_monthly_report(plan, zone, after=tx.now)]


async def _chargeback(tx: Transaction, *, not_before: datetime) -> list[datetime]:
    """The month's statement, if it is due, has had its turn and its event; when the next one is due."""
    policy = await tenant_policy(tx)
    if policy.chargeback_report is None:
        return []
    plan, zone = policy.chargeback_report.monthly, policy.time_zone
    report = rules.report_this_month(plan, zone, now=tx.now)
    is_due = report.is_due(tx.now, not_before=not_before)
    if is_due and await store.claim(tx, CHARGEBACK, {THE_TENANT: report.day}):
        month = f"{rules.month_before(report):%Y-%m}"
        await _emit(tx, ScheduleEvent.CHARGEBACK_DUE, THE_TENANT, report, report.at, data={"month": month})
    return [rules.next_monthly_report(plan, zone, after=tx.now)]


async def _reconciliation(tx: Transaction, *, not_before: datetime) -> datetime:
    """Tonight's walks through the tickets, if it is night, have been asked for; when the next ones are due."""
    zone = (await tenant_policy(tx)).time_zone
    night = rules.night(zone, now=tx.now)
    if night.is_due(tx.now, not_before=not_before) and await store.claim(tx, RECONCILIATION, {THE_TENANT: night.day}):
        for inbox in await list_inboxes(tx):
            # Systems that nobody looks at any more are not connected.
            if inbox.next_look_at >= tx.now - UNUSED:
                await ask_for_walk(tx, inbox.system, actor=system_actor(tx.tenant))
    return rules.next_night(zone, after=tx.now)


async def _emit(
    tx: Transaction,
    event: ScheduleEvent,
    subject: UUID,
    occurrence: Occurrence,
    since: datetime,
    *,
    data: Mapping[str, str] | None = None,
) -> None:
    await emit(
        tx,
        subject=f"{event.partition('.')[0]}:{subject}",
        type=event,
        data={
            "day": occurrence.day.isoformat(),
            "since": since.isoformat(),
            "expires": occurrence.until.isoformat(),
            **(data or {}),
        },
    )


DEADLINES: Final[Mapping[str, DeadlineHandler]] = {SCHEDULE: _look}
