"""Questions about many requests: where time goes, who decides how, what waits too long (P8). Read-only.

Times are seconds of wall clock. A stage's time runs from its opening to its decision; only decided ones are measured,
and what is open now is counted beside them, so that a stage that nobody ever decides does not look fast.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, extract, func, or_, select

from core.access import Directory, PersonView, TokenScope, directory, permitted
from core.actor import Actor
from core.approvals.errors import InvalidRequest
from core.approvals.model import request_stages, requests, stage_approvers, votes
from core.db import Database, Transaction
from core.ids import UserId

WINDOW: Final = timedelta(days=30)
WINDOW_MAX: Final = timedelta(days=366)
APPROVERS_SHOWN: Final = 50
_SLOW_SHARE: Final = 0.5  # of all time spent in stages: above it one stage is the bottleneck
_OVERDUE_SHARE: Final = 0.2
_ESCALATED_SHARE: Final = 0.2


@dataclass(frozen=True, slots=True)
class Spread:
    """How long something takes, in seconds: the middle and the slow end."""

    count: int
    median_s: float | None
    p90_s: float | None


@dataclass(frozen=True, slots=True)
class Totals:
    """What became of the requests of the window."""

    asked: int
    pending: int
    approved: int
    rejected: int
    withdrawn: int
    expired: int
    amended: int
    unused: int  # approved, and no decision has used it
    time_to_decision: Spread

    @property
    def approval_rate(self) -> float | None:
        """Of those that people decided, the share that was approved; None if they decided none."""
        decided = self.approved + self.rejected
        return self.approved / decided if decided else None


@dataclass(frozen=True, slots=True)
class StageFigures:
    """One stage of one policy."""

    policy: str
    stage: str
    time: Spread
    open_now: int
    overdue_now: int
    escalated: int
    rejected: int


@dataclass(frozen=True, slots=True)
class ActionFigures:
    """One governed action."""

    action: str
    asked: int
    approved: int
    rejected: int


@dataclass(frozen=True, slots=True)
class ApproverFigures:
    """One person who votes. `response` runs from being asked to voting."""

    person: PersonView
    approvals: int
    rejections: int
    waiting_now: int
    response: Spread


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """A stage that holds requests up, and why we say so."""

    policy: str
    stage: str
    share_of_time: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything about one window of time: requests that were opened in it."""

    since: datetime
    until: datetime
    totals: Totals
    stages: tuple[StageFigures, ...]
    actions: tuple[ActionFigures, ...]
    approvers: tuple[ApproverFigures, ...]
    bottlenecks: tuple[Bottleneck, ...]


async def figures(
    database: Database, actor: Actor, *, since: datetime | None = None, until: datetime | None = None
) -> Figures:
    """The figures of the window, by default the last thirty days. Raises InvalidRequest for one that is none."""
    async with permitted(database, actor, TokenScope.READ, action="analytics.show", resource="approvals") as tx:
        start, end = window(since, until, now=tx.now)
        stages = await stage_figures(tx, *_in(tx, start, end))
        return Figures(
            since=start,
            until=end,
            totals=await _totals(tx, start, end),
            stages=stages,
            actions=await _actions(tx, start, end),
            approvers=await _approvers(tx, start, end, await directory(tx)),
            bottlenecks=bottlenecks(stages),
        )


def window(since: datetime | None, until: datetime | None, *, now: datetime) -> tuple[datetime, datetime]:
    """From when to when; what is not said is the last thirty days. Raises InvalidRequest for a window that is none."""
    end = until or now
    start = since or end - WINDOW
    if not timedelta() < end - start <= WINDOW_MAX:
        raise InvalidRequest("A window ends after it begins and is at most 366 days long.", where="since")
    return start, end


def shares_of_time(stages: tuple[StageFigures, ...]) -> tuple[float, ...]:
    """For each stage, the share of all time that was spent in it: its median times how often it was decided."""
    spent_s = [(each.time.median_s or 0) * each.time.count for each in stages]
    total_s = sum(spent_s)
    return tuple(each / total_s if total_s else 0.0 for each in spent_s)


def bottlenecks(stages: tuple[StageFigures, ...]) -> tuple[Bottleneck, ...]:
    """The stages that hold requests up, the worst first, each with its reasons in words."""
    found = []
    for each, share in zip(stages, shares_of_time(stages), strict=True):
        if reasons := _reasons(each, share, others=len(stages) - 1):
            found.append(Bottleneck(each.policy, each.stage, share, reasons))
    return tuple(sorted(found, key=lambda each: (-each.share_of_time, each.policy, each.stage)))


def _reasons(stage: StageFigures, share: float, *, others: int) -> tuple[str, ...]:
    reasons = []
    if others and share > _SLOW_SHARE:
        reasons.append(f"{share:.0%} of all time in stages is spent here.")
    if stage.open_now and stage.overdue_now / stage.open_now > _OVERDUE_SHARE:
        count = f"{stage.overdue_now} of {stage.open_now} that are open now are overdue."
        reasons.append("The one that is open now is overdue." if stage.open_now == 1 else count)
    handled = stage.time.count + stage.open_now
    if handled and stage.escalated / handled > _ESCALATED_SHARE:
        reasons.append(f"{stage.escalated} of {handled} had to be escalated.")
    return tuple(reasons)


def _in(tx: Transaction, since: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    columns = requests.c
    return columns.tenant_id == tx.tenant, columns.created_at >= since, columns.created_at < until


def _spread(seconds: ColumnElement[Any], counted: ColumnElement[bool]) -> tuple[ColumnElement[Any], ...]:
    """Count, median and 90th percentile, as columns n, median, p90."""
    return (
        func.count().filter(counted).label("n"),
        func.percentile_cont(0.5).within_group(seconds).filter(counted).label("median"),
        func.percentile_cont(0.9).within_group(seconds).filter(counted).label("p90"),
    )


def _read(row: Row[*tuple[Any, ...]]) -> Spread:
    return Spread(row.n, *(None if value is None else float(value) for value in (row.median, row.p90)))


def _how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(condition)


async def _totals(tx: Transaction, since: datetime, until: datetime) -> Totals:
    columns = requests.c
    decided = columns.state.in_(("approved", "rejected"))
    row = (
        await tx.connection.execute(
            select(
                func.count().label("asked"),
                *(
                    _how_many(columns.state == state).label(state)
                    for state in ("pending", "approved", "rejected", "withdrawn", "expired")
                ),
                _how_many(columns.revision > 1).label("amended"),
                _how_many((columns.state == "approved") & columns.used_by.is_(None)).label("unused"),
                *_spread(extract("epoch", columns.decided_at - columns.created_at), decided),
            ).where(*_in(tx, since, until))
        )
    ).one()
    return Totals(
        asked=row.asked,
        pending=row.pending,
        approved=row.approved,
        rejected=row.rejected,
        withdrawn=row.withdrawn,
        expired=row.expired,
        amended=row.amended,
        unused=row.unused,
        time_to_decision=_read(row),
    )


def _of_request(table: Any) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = (table.c.tenant_id == requests.c.tenant_id) & (
        table.c.request_id == requests.c.request_id
    )
    return condition


async def stage_figures(tx: Transaction, *chosen: ColumnElement[bool]) -> tuple[StageFigures, ...]:
    """The stages of the requests and stages that the conditions choose."""
    r, s = requests.c, request_stages.c
    is_decided, is_open = s.status.in_(("approved", "rejected")), s.status == "open"
    rows = await tx.connection.execute(
        select(
            r.policy_key,
            s.stage,
            *_spread(extract("epoch", s.decided_at - s.opened_at), is_decided),
            _how_many(is_open).label("open_now"),
            _how_many(is_open & ((s.due_at <= tx.now) | (s.escalation_level > 0))).label("overdue_now"),
            _how_many(s.opened_at.is_not(None) & (s.escalation_level > 0)).label("escalated"),
            _how_many(s.status == "rejected").label("rejected"),
        )
        .join(requests, _of_request(request_stages))
        .where(*chosen)
        .group_by(r.policy_key, s.stage)
        .order_by(r.policy_key, func.min(s.ordinal))
    )
    return tuple(
        StageFigures(
            policy=row.policy_key,
            stage=row.stage,
            time=_read(row),
            open_now=row.open_now,
            overdue_now=row.overdue_now,
            escalated=row.escalated,
            rejected=row.rejected,
        )
        for row in rows
    )


async def _actions(tx: Transaction, since: datetime, until: datetime) -> tuple[ActionFigures, ...]:
    columns = requests.c
    rows = await tx.connection.execute(
        select(
            columns.action,
            func.count().label("asked"),
            _how_many(columns.state == "approved").label("approved"),
            _how_many(columns.state == "rejected").label("rejected"),
        )
        .where(*_in(tx, since, until))
        .group_by(columns.action)
        .order_by(func.count().desc(), columns.action)
    )
    return tuple(ActionFigures(row.action, row.asked, row.approved, row.rejected) for row in rows)


async def _approvers(
    tx: Transaction, since: datetime, until: datetime, everybody: Directory
) -> tuple[ApproverFigures, ...]:
    """Those who were asked, the most asked first; a vote in another's place counts for whoever cast it."""
    asked = places_asked(tx, since, until).subquery()
    has_voted = asked.c.cast_at.is_not(None)
    rows = await tx.connection.execute(
        select(
            asked.c.who,
            _how_many(asked.c.decision == "approve").label("approvals"),
            _how_many(asked.c.decision == "reject").label("rejections"),
            _how_many(asked.c.waits).label("waiting_now"),
            *_spread(extract("epoch", asked.c.cast_at - asked.c.asked_at), has_voted),
        )
        .group_by(asked.c.who)
        .order_by(func.count().desc(), asked.c.who)
        .limit(APPROVERS_SHOWN)
    )
    return tuple(
        ApproverFigures(
            person=everybody.people[UserId(row.who)],
            approvals=row.approvals,
            rejections=row.rejections,
            waiting_now=row.waiting_now,
            response=_read(row),
        )
        for row in rows
    )


def places_asked(tx: Transaction, since: datetime, until: datetime) -> Select[Any]:
    """One row for each place on a stage that was asked, with the vote that came of it."""
    r, s, a, v = requests.c, request_stages.c, stage_approvers.c, votes.c
    holder = func.coalesce(a.delegated_to, a.user_id)
    who = func.coalesce(v.voter_id, a.stand_in, holder)
    fills_it = or_(func.coalesce(v.on_behalf_of, v.voter_id) == a.user_id, v.voter_id == holder)
    same_place = (v.tenant_id == a.tenant_id) & (v.request_id == a.request_id) & (v.stage == a.stage)
    return (
        select(
            who.label("who"),
            a.asked_at,
            v.decision,
            v.cast_at,
            (v.cast_at.is_(None) & (s.status == "open") & (r.state == "pending")).label("waits"),
        )
        .select_from(stage_approvers)
        .join(requests, _of_request(stage_approvers))
        .join(request_stages, _of_request(request_stages) & (s.stage == a.stage))
        .outerjoin(votes, same_place & fills_it & (v.digest == r.digest))
        .where(*_in(tx, since, until))
    )
