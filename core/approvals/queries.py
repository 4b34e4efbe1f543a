"""All SQL that only looks for requests, and counts them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Row, Text, bindparam, exists, func, or_, select

from core.approvals.errors import UnknownRequest
from core.approvals.model import request_stages, requests, stage_approvers, votes
from core.approvals.views import UsableApproval
from core.db import Transaction, id_behind
from core.ids import RequestId, UserId
from core.named_tickets import tickets_needed


@dataclass(frozen=True, slots=True)
class RequestFilter:
    """What to look for; None matches everything."""

    state: str | None = None
    requester: UserId | None = None
    waiting_for: UserId | None = None
    action: str | None = None
    contains: str | None = None


async def id_of(tx: Transaction, which: UUID | int) -> UUID:
    """The id behind REQ-<number>; an id is not looked up. Raises UnknownRequest."""
    columns = requests.c
    return await id_behind(
        tx, which, kind="REQ", ids=columns.request_id, numbers=columns.number, unknown=UnknownRequest
    )


async def numbers(tx: Transaction, ids: Collection[UUID]) -> dict[UUID, int]:
    """The number of each of these requests."""
    columns = requests.c
    rows = await tx.connection.execute(
        select(columns.request_id, columns.number).where(
            columns.tenant_id == tx.tenant, columns.request_id.in_(tuple(ids))
        )
    )
    return {row.request_id: row.number for row in rows}


async def request_states(tx: Transaction, ids: Collection[UUID]) -> dict[UUID, tuple[int, str]]:
    """The number and the state of each of these requests."""
    columns = requests.c
    rows = await tx.connection.execute(
        select(columns.request_id, columns.number, columns.state).where(
            columns.tenant_id == tx.tenant, columns.request_id.in_(tuple(ids))
        )
    )
    return {row.request_id: (row.number, row.state) for row in rows}


async def is_used(tx: Transaction, request_id: UUID) -> bool:
    """Whether what it approves has been begun."""
    columns = requests.c
    wanted = select(columns.used_by).where(columns.tenant_id == tx.tenant, columns.request_id == request_id)
    return (await tx.connection.execute(wanted)).scalar() is not None


async def live_request(tx: Transaction, action: str, name: str) -> UUID | None:
    """The pending request for the action on the resource."""
    columns = requests.c
    found: UUID | None = (
        await tx.connection.execute(
            select(columns.request_id).where(
                columns.tenant_id == tx.tenant,
                columns.action == action,
                columns.resource_name == name,
                columns.state == "pending",
            )
        )
    ).scalar()
    return found


async def usable_approvals(tx: Transaction, names: Collection[str]) -> tuple[UsableApproval, ...]:
    """The approved requests about agents of these names that no decision has consumed, newest first."""
    columns = requests.c
    rows = await tx.connection.execute(
        select(columns.request_id, columns.action, columns.resource)
        .where(
            columns.tenant_id == tx.tenant,
            columns.resource_name == func.any(bindparam("names", list(names), type_=ARRAY(Text))),
            columns.state == "approved",
            columns.used_by.is_(None),
        )
        .order_by(columns.number.desc())
    )
    found = rows.all()
    named = await tickets_needed(tx, [row.request_id for row in found]) if found else {}
    return tuple(
        UsableApproval(RequestId(row.request_id), row.action, row.resource, named.get(row.request_id)) for row in found
    )


async def page(tx: Transaction, wanted: RequestFilter, *, after: int | None, limit: int) -> Sequence[Row[Any]]:
    """Request rows, newest first, beyond the number `after`."""
    columns = requests.c
    statement = select(requests).where(*_wanted(tx, wanted)).order_by(columns.number.desc()).limit(limit)
    if after is not None:
        statement = statement.where(columns.number < after)
    return (await tx.connection.execute(statement)).all()


async def most_urgent(tx: Transaction, user: UserId, *, limit: int) -> Sequence[Row[Any]]:
    """Request rows that wait for the person, what is due first coming first."""
    r, s = requests.c, request_stages.c
    due = (
        select(func.min(s.due_at))
        .where(s.tenant_id == r.tenant_id, s.request_id == r.request_id, s.status == "open")
        .correlate(requests)
        .scalar_subquery()
    )
    wanted = _wanted(tx, RequestFilter(waiting_for=user))
    statement = select(requests).where(*wanted).order_by(due.nulls_last(), r.number).limit(limit)
    return (await tx.connection.execute(statement)).all()


async def count_overdue(tx: Transaction, user: UserId) -> int:
    """How many requests wait for the person with an open stage that is overdue."""
    r, s = requests.c, request_stages.c
    is_late = exists(
        select(s.stage).where(
            s.tenant_id == r.tenant_id, s.request_id == r.request_id, s.status == "open", s.due_at <= tx.now
        )
    )
    wanted = (*_wanted(tx, RequestFilter(waiting_for=user)), is_late)
    return int((await tx.connection.execute(select(func.count()).select_from(requests).where(*wanted))).scalar_one())


async def moved_since(tx: Transaction, requester: UserId, since: datetime, *, limit: int) -> Sequence[Row[Any]]:
    """The person's requests that others or the clock have moved since then, newest first."""
    r, s = requests.c, request_stages.c
    is_decided = (r.decided_at >= since) & (r.state != "withdrawn")
    has_advanced = exists(
        select(s.stage).where(s.tenant_id == r.tenant_id, s.request_id == r.request_id, s.decided_at >= since)
    )
    statement = select(requests).where(
        r.tenant_id == tx.tenant,
        r.requester_id == requester,
        or_(is_decided, (r.state == "pending") & has_advanced),
    )
    return (await tx.connection.execute(statement.order_by(r.number.desc()).limit(limit))).all()


async def people_asked(tx: Transaction) -> frozenset[UserId]:
    """Everybody who is asked on an open stage, whether they have voted or not."""
    r, s, a = requests.c, request_stages.c, stage_approvers.c
    rows = await tx.connection.execute(
        select(a.user_id, a.delegated_to, a.stand_in)
        .join(request_stages, (s.tenant_id == a.tenant_id) & (s.request_id == a.request_id) & (s.stage == a.stage))
        .join(requests, (r.tenant_id == a.tenant_id) & (r.request_id == a.request_id))
        .where(a.tenant_id == tx.tenant, s.status == "open", r.state == "pending")
        .distinct()
    )
    return frozenset(UserId(user) for row in rows for user in row if user is not None)


async def count(tx: Transaction, wanted: RequestFilter) -> int:
    """How many there are."""
    found = await tx.connection.execute(select(func.count()).select_from(requests).where(*_wanted(tx, wanted)))
    return int(found.scalar_one())


def _wanted(tx: Transaction, wanted: RequestFilter) -> list[ColumnElement[bool]]:
    columns = requests.c
    conditions: list[ColumnElement[bool]] = [columns.tenant_id == tx.tenant]
    equal = {columns.state: wanted.state, columns.requester_id: wanted.requester, columns.action: wanted.action}
    conditions += [column == value for column, value in equal.items() if value]
    if wanted.contains:
        text = wanted.contains
        conditions.append(
            or_(
                columns.resource_name.icontains(text, autoescape=True),
                columns.justification.icontains(text, autoescape=True),
            )
        )
    if wanted.waiting_for:
        conditions += [columns.state == "pending", _waits_for(tx, wanted.waiting_for)]
    return conditions


async def by_ids(tx: Transaction, ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """The rows of these requests."""
    return (
        await tx.connection.execute(
            select(requests).where(requests.c.tenant_id == tx.tenant, requests.c.request_id.in_(ids))
        )
    ).all()


async def live_among(tx: Transaction, ids: Collection[UUID], *, decided_since: datetime) -> tuple[UUID, ...]:
    """Those of these requests that are pending, approved and unused, or decided since then."""
    r = requests.c
    is_open = (r.state == "pending") | ((r.state == "approved") & r.used_by.is_(None)) | (r.decided_at >= decided_since)
    rows = await tx.connection.execute(
        select(r.request_id).where(r.tenant_id == tx.tenant, r.request_id.in_(tuple(ids)), is_open)
    )
    return tuple(rows.scalars())


async def count_since(tx: Transaction, since: datetime) -> int:
    """How many requests were asked from then on."""
    where = (requests.c.tenant_id == tx.tenant, requests.c.created_at >= since)
    return (await tx.connection.execute(select(func.count()).select_from(requests).where(*where))).scalar_one()


async def page_since(tx: Transaction, since: datetime, *, before: int | None, limit: int) -> Sequence[Row[Any]]:
    """Requests asked from then on, newest first, beyond the number `before`."""
    columns = requests.c
    wanted = select(requests).where(columns.tenant_id == tx.tenant, columns.created_at >= since)
    if before is not None:
        wanted = wanted.where(columns.number < before)
    return (await tx.connection.execute(wanted.order_by(columns.number.desc()).limit(limit))).all()


def _waits_for(tx: Transaction, user: UserId) -> Any:
    """The request has an open stage on which this person is asked, in their own place or another's, and silent."""
    r, s, a, v = requests.c, request_stages.c, stage_approvers.c, votes.c
    return exists(
        select(s.stage)
        .join(stage_approvers, (a.tenant_id == s.tenant_id) & (a.request_id == s.request_id) & (a.stage == s.stage))
        .where(
            s.tenant_id == tx.tenant,
            s.request_id == r.request_id,
            s.status == "open",
            or_(
                a.stand_in == user,
                (func.coalesce(a.delegated_to, a.user_id) == user) & (a.stand_in.is_(None) | a.stays_asked),
            ),
            ~exists(
                select(v.stage).where(
                    v.tenant_id == tx.tenant,
                    v.request_id == s.request_id,
                    v.stage == s.stage,
                    or_(v.voter_id == user, func.coalesce(v.on_behalf_of, v.voter_id) == a.user_id),
                    v.digest == r.digest,
                )
            ),
        )
    )
