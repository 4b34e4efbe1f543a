"""A month of bypasses in figures: why, by whom, what their reviews said, and how long people took (E2, E4). Read-only.

A bypass belongs to the month in which it was granted, as the tenant's calendar has it, whatever became of it later.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import median
from typing import Final

from core.access import TokenScope, permitted
from core.actor import Actor, system_actor
from core.audit import AuditCategory, audited, record
from core.db import Database, Transaction
from core.emergency import store
from core.emergency.errors import InvalidBypass
from core.emergency.showing import views_of
from core.emergency.views import BypassView
from core.ids import TenantId
from core.tenants import tenant_policy
from core.zones import zone_of

NO_REASON: Final = "No reason given"
_MONTH: Final = re.compile(r"(\d{4})-(\d{2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many bypasses have something in common, by what their review said. `key` tells it from others."""

    key: str
    name: str
    justified: int
    not_justified: int
    unreviewed: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.justified + self.not_justified + self.unreviewed


@dataclass(frozen=True, slots=True)
class BypassReport:
    """The bypasses granted from `since` until just before `until`; times are None where nothing was measured."""

    first: date
    last: date
    since: datetime
    until: datetime
    all: Tally
    by_reason: tuple[Tally, ...]  # the most frequent first
    by_person: tuple[Tally, ...]
    actions: int  # done under them
    failed: int  # of these
    extended: int  # times
    unacknowledged: int
    overdue: int  # reviews, now
    remediations_open: int
    to_acknowledgement_s: float | None  # median
    to_review_s: float | None


async def bypass_report(database: Database, actor: Actor, *, month: str = "") -> BypassReport:
    """The figures of the month (2026-03), or of the last whole one. Raises InvalidBypass for what is no month."""
    async with permitted(database, actor, TokenScope.READ, action="bypass.report", resource=month or "bypasses") as tx:
        return await _reported(tx, month)


async def issue_bypass_report(database: Database, tenant: TenantId, *, month: str) -> BypassReport:
    """The same for those to whom it is sent by the calendar; that it was made is recorded."""
    actor = system_actor(tenant)
    async with audited(database, actor, action="bypass.reported", resource=month) as tx:
        found = await _reported(tx, month)
        details = {"report": f"bypasses:{month}", "bypasses": found.all.total}
        category = AuditCategory.COMPLIANCE
        await record(tx, actor, action="bypass.reported", resource=month, category=category, details=details)
        return found


async def _reported(tx: Transaction, month: str) -> BypassReport:
    zone = (await tenant_policy(tx)).time_zone
    first = month_named(month) if month else last_month(tx.now.astimezone(zone_of(zone)).date())
    after = _next(first)
    since, until = (datetime.combine(day, time(), zone_of(zone)) for day in (first, after))
    found = await views_of(tx, await store.granted_between(tx, since, until))
    return report_of(found, first=first, last=after - timedelta(days=1), window=(since, until), now=tx.now)


def month_named(text: str) -> date:
    """The first day of the month. Raises InvalidBypass."""
    found = _MONTH.fullmatch(text.strip())
    try:
        day = date(int(found[1]), int(found[2]), 1) if found else None
        if day is not None and date.min.year < day.year < date.max.year:  # days before and after it are asked for
            return day
    except ValueError:
        pass
    raise InvalidBypass(f"'{text[:20]}' is not a month.", where="month", accepted=("2026-03",))


def last_month(today: date) -> date:
    """The first day of the last month that is over."""
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1)


def report_of(
    found: Sequence[BypassView], *, first: date, last: date, window: tuple[datetime, datetime], now: datetime
) -> BypassReport:
    """These bypasses in figures. Pure."""
    uses = [use for each in found for use in each.uses]
    acknowledged = [each.acknowledged_at - each.granted_at for each in found if each.acknowledged_at is not None]
    reviewed = [each.reviewed_at - each.granted_at for each in found if each.reviewed_at is not None]
    return BypassReport(
        first=first,
        last=last,
        since=window[0],
        until=window[1],
        all=_tally("all", "All", found),
        by_reason=_tallies(found, lambda each: (each.reason, each.reason_title or NO_REASON)),
        by_person=_tallies(found, lambda each: (each.requester.email, each.requester.name)),
        actions=len(uses),
        failed=sum(use.outcome == "failed" for use in uses),
        extended=sum(extension.state == "confirmed" for each in found for extension in each.extensions),
        unacknowledged=len(found) - len(acknowledged),
        overdue=sum(each.review_status != "done" and each.review_due_at <= now for each in found),
        remediations_open=sum(each.state in ("open", "overdue") for view in found for each in view.remediations),
        to_acknowledgement_s=_median_s(acknowledged),
        to_review_s=_median_s(reviewed),
    )


def _tallies(found: Sequence[BypassView], common: Callable[[BypassView], tuple[str, str]]) -> tuple[Tally, ...]:
    groups: defaultdict[tuple[str, str], list[BypassView]] = defaultdict(list)
    for each in found:
        groups[common(each)].append(each)
    tallies = (_tally(key, name, members) for (key, name), members in groups.items())
    return tuple(sorted(tallies, key=lambda each: (-each.total, each.name)))


def _tally(key: str, name: str, members: Sequence[BypassView]) -> Tally:
    verdicts = [each.review_verdict for each in members]
    return Tally(key, name, verdicts.count("justified"), verdicts.count("not_justified"), verdicts.count(None))


def _median_s(spans: Iterable[timedelta]) -> float | None:
    seconds = [span.total_seconds() for span in spans]
    return median(seconds) if seconds else None


def _next(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)
