"""Whether a change may be done at a time, held against windows, freezes and whatever else is done then (G6)."""

from __future__ import annotations

from dataclasses import replace

from core.changes import rules, store
from core.changes.loading import Held
from core.changes.policy import ChangePolicy
from core.changes.timetable import Span, first_accepted, obstacles
from core.changes.views import Fit
from core.changes.weighing import Weighed
from core.db import Transaction
from core.tenants import tenant_policy


async def fit(tx: Transaction, policy: ChangePolicy, held: Held, span: Span, *, weighed: Weighed | None = None) -> Fit:
    """What is in the way at that time, and the first from then on that is accepted. `weighed`: with its risk then."""
    zone = (await tenant_policy(tx)).time_zone
    change = store.as_planned(held.row, span)
    if weighed is not None:
        change = weighed.moved(change)
    others = await store.planned(tx, since=min(span.starts_at, tx.now), but=held.id)
    found = obstacles(policy, change, others, time_zone=zone)
    accepted: Span | None = span
    if found:
        earliest = max(tx.now, span.starts_at)
        accepted = first_accepted(policy, change, others, not_before=earliest, time_zone=zone)
    again = tuple(each.name for each in weighed.again) if weighed else ()
    return Fit(span, found, accepted, weighed.risk.level if weighed else held.row.risk_level, again)


async def fit_now(tx: Transaction, policy: ChangePolicy, held: Held) -> Fit | None:
    """What is in the way of beginning now, in the time that it has; None outside that time.

    Much may have changed since the time was taken: a freeze was declared, another change is not done yet. Two who begin
    at once see each other.
    """
    schedule = held.schedule
    if schedule is None or not schedule.starts_at <= tx.now < schedule.ends_at:
        return None
    await store.hold_timetable(tx)
    rest = await fit(tx, policy, held, Span(tx.now, schedule.ends_at))
    if not rest.obstacles:
        return rest
    whole = await fit(tx, policy, held, Span(tx.now, tx.now + schedule.length))  # it is offered all of its time
    return replace(rest, accepted=whole.accepted)


async def check_time(tx: Transaction, policy: ChangePolicy, held: Held, span: Span, weighed: Weighed | None) -> None:
    """Returns if nothing is in the way. Raises CannotBeScheduled."""
    found = await fit(tx, policy, held, span, weighed=weighed)
    if found.obstacles:
        raise rules.in_the_way(found, (await tenant_policy(tx)).time_zone, where="starts_at")
