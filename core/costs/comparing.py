"""Whether the sums are those of the ledger, to the last digit: all when asked, each night what may differ (C10).

At night a month is read that has other sums than those that agreed with the ledger when they were compared last; and
whatever its sums say the month that runs, the one before, and the one whose comparison is the longest ago. So the work
of a night does not grow with the ledger, and no month goes unread for more nights than there are months.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Row

from core.actor import Actor, system_actor
from core.audit import AuditCategory, AuditResult, record
from core.costs import checks, store
from core.costs.checks import Compared, MonthNow
from core.costs.events import CostEvent
from core.db import Transaction
from core.ids import uuid7
from core.outbox import emit

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Check:
    """Whether the sums were those of the ledger. `differences` names the first that were not."""

    checked_at: datetime
    lines: int
    differing: int
    repaired: bool
    differences: tuple[dict[str, str], ...]
    months: tuple[str, ...] = ()  # that were read, as 2026-11; none: all

    @property
    def is_sound(self) -> bool:
        """Whether every sum was true."""
        return self.differing == 0


async def compare_sums(tx: Transaction, actor: Actor | None = None, *, repair: bool = False) -> Check:
    """Every sum has been compared with the whole ledger; a difference is recorded and told of.

    With `repair` the sums are made anew from the ledger where they differ.
    """
    if repair:
        await store.hold(tx)
    found = await checks.compared(tx)
    if repair and found.differing:
        await checks.sum_anew(tx)
    return await _told(tx, actor, found, (), is_repaired=repair and bool(found.differing))


async def compare_changed(tx: Transaction) -> Check:
    """The same of the months that may differ; of those that agree it is known from now on."""
    now = await checks.months_now(tx)
    months = to_compare(now, today=tx.now.date())
    found = await checks.compared(tx, [each.month for each in months])
    agreed = [each for each in months if each.month not in found.differing]
    if agreed:
        await checks.keep_months(tx, agreed, found.lines)
    return await _told(tx, None, found, tuple(f"{each.month:%Y-%m}" for each in months), is_repaired=False)


def to_compare(months: Sequence[MonthNow], *, today: date) -> list[MonthNow]:
    """Pure: those of the months that are read tonight, in their order."""
    this = today.replace(day=1)
    before = (this - timedelta(days=1)).replace(day=1)
    wanted = {each.month for each in months if not each.is_as_compared or each.month >= before}
    left = [each for each in months if each.month not in wanted]
    if left:
        wanted.add(min(left, key=lambda each: (each.compared_at or _NEVER, each.month)).month)
    return [each for each in months if each.month in wanted]


async def _told(
    tx: Transaction, actor: Actor | None, found: Compared, months: tuple[str, ...], *, is_repaired: bool
) -> Check:
    check = Check(
        tx.now,
        sum(found.lines.values()),
        sum(found.differing.values()),
        is_repaired,
        tuple(_difference(row) for row in found.differences),
        months,
    )
    details = {
        "lines": check.lines,
        "differing": check.differing,
        "repaired": check.repaired,
        "differences": list(check.differences),
        "months": list(months),
    }
    check_id = uuid7()
    await checks.keep_check(tx, {"check_id": check_id, "checked_at": tx.now, **details})
    await record(
        tx,
        actor or system_actor(tx.tenant),
        action="costs.checked",
        resource="ledger",
        subject_id=check_id,
        category=AuditCategory.SYSTEM,
        result=AuditResult.SUCCESS if check.is_sound else AuditResult.FAILURE,
        details=details,
    )
    if not check.is_sound:
        await emit(tx, subject=f"cost_check:{check_id}", type=CostEvent.SUMS_DIFFER, data=details)
    return check


def _difference(row: Row[Any]) -> dict[str, str]:
    names = ("day", "project", "agent", "meter", "meter_class", "currency")
    return {name: str(getattr(row, name)) for name in names} | {"ledger": str(row.ledger), "rollup": str(row.rollup)}
