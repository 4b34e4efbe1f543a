"""All SQL that only reads requests: a page of them takes six statements, however many it holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Row, Text, bindparam, exists, func, or_, select, tuple_

from core.access import Directory, PersonView
from core.approvals.assessment import Assessment
from core.approvals.model import comments, policy_versions, request_stages, requests, stage_approvers, votes
from core.approvals.policy import ApprovalPolicy
from core.approvals.views import CommentView, RequestView, StageView, UsableApproval, VoteView
from core.db import Transaction
from core.ids import RequestId, UserId
from core.links import tickets_of


@dataclass(frozen=True, slots=True)
class RequestFilter:
    """What to look for; None matches everything."""

    state: str | None = None
    requester: UserId | None = None
    waiting_for: UserId | None = None
    action: str | None = None
    contains: str | None = None


async def id_of_number(tx: Transaction, number: int) -> UUID | None:
    """The id behind REQ-<number>."""
    found: UUID | None = (
        await tx.connection.execute(
            select(requests.c.request_id).where(requests.c.tenant_id == tx.tenant, requests.c.number == number)
        )
    ).scalar()
    return found


async def numbers(tx: Transaction, ids: Collection[UUID]) -> dict[UUID, int]:
    """The number of each of these requests."""
    columns = requests.c
    rows = await tx.connection.execute(
        select(columns.request_id, columns.number).where(
            columns.tenant_id == tx.tenant, columns.request_id.in_(tuple(ids))
        )
    )
    return {row.request_id: row.number for row in rows}


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
    return tuple(UsableApproval(RequestId(row.request_id), row.action, row.resource) for row in rows)


async def page(tx: Transaction, wanted: RequestFilter, *, after: int | None, limit: int) -> Sequence[Row[Any]]:
    """Request rows, newest first, beyond the number `after`."""
    columns = requests.c
    statement = select(requests).where(*_wanted(tx, wanted)).order_by(columns.number.desc()).limit(limit)
    if after is not None:
        statement = statement.where(columns.number < after)
    return (await tx.connection.execute(statement)).all()


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


async def views(tx: Transaction, rows: Sequence[Row[Any]], everybody: Directory) -> tuple[RequestView, ...]:
    """The rows as doors show them, in their order."""
    if not rows:
        return ()
    ids = [row.request_id for row in rows]
    parts = await _parts(tx, ids)
    policies = await _policies(tx, rows)
    links = await tickets_of(tx, ids)
    return tuple(
        _view(tx, row, policies[row.policy_key, row.policy_version], parts, links.get(row.request_id, ()), everybody)
        for row in rows
    )


@dataclass(frozen=True, slots=True)
class _Parts:
    stages: dict[UUID, list[Row[Any]]]
    approvers: dict[tuple[UUID, str], list[Row[Any]]]
    votes: dict[tuple[UUID, str], list[Row[Any]]]
    comments: dict[UUID, list[Row[Any]]]


async def _parts(tx: Transaction, ids: Sequence[UUID]) -> _Parts:
    parts = _Parts(defaultdict(list), defaultdict(list), defaultdict(list), defaultdict(list))
    for table, order, into in (
        (request_stages, request_stages.c.ordinal, parts.stages),
        (comments, comments.c.comment_id, parts.comments),
    ):
        for row in await tx.connection.execute(
            select(table).where(table.c.tenant_id == tx.tenant, table.c.request_id.in_(ids)).order_by(order)
        ):
            into[row.request_id].append(row)
    for table, order, by_stage in (
        (stage_approvers, stage_approvers.c.asked_at, parts.approvers),
        (votes, votes.c.cast_at, parts.votes),
    ):
        for row in await tx.connection.execute(
            select(table).where(table.c.tenant_id == tx.tenant, table.c.request_id.in_(ids)).order_by(order)
        ):
            by_stage[row.request_id, row.stage].append(row)
    return parts


async def _policies(tx: Transaction, rows: Sequence[Row[Any]]) -> dict[tuple[str, str], ApprovalPolicy]:
    columns = policy_versions.c
    wanted = {(row.policy_key, row.policy_version) for row in rows}
    found = await tx.connection.execute(
        select(policy_versions).where(
            columns.tenant_id == tx.tenant, tuple_(columns.policy_key, columns.version).in_(wanted)
        )
    )
    return {(row.policy_key, row.version): ApprovalPolicy.from_json(row.document) for row in found}


def _view(
    tx: Transaction, row: Row[Any], policy: ApprovalPolicy, parts: _Parts, links: tuple[Any, ...], everybody: Directory
) -> RequestView:
    def person(user: UUID) -> PersonView:
        return everybody.people[UserId(user)]

    def vote_view(vote: Row[Any]) -> VoteView:
        return VoteView(
            voter=person(vote.voter_id),
            decision=vote.decision,
            reason=vote.reason,
            criteria=vote.criteria,
            at=vote.cast_at,
            on_behalf_of=person(vote.on_behalf_of) if vote.on_behalf_of else None,
            assurance=vote.assurance,
        )

    assessment = Assessment.from_json(row.assessment) if row.assessment else None
    unneeded = assessment.skipped(policy) if assessment else frozenset()

    def stage_view(stage: Row[Any]) -> StageView:
        key = (row.request_id, stage.stage)
        stage_policy = policy.stage(stage.stage)
        asked = [pair for place in parts.approvers[key] for pair in _asked_at(place, parts.votes[key])]
        return StageView(
            key=stage.stage,
            title=stage_policy.title,
            status=stage.status,
            criteria=stage_policy.criteria,
            needs=stage_policy.needs,
            approver_roles=tuple(stage.roles),
            approvers=tuple(person(user) for user, _place in asked),
            in_place_of={user: person(place) for user, place in asked if user != place},
            opened_at=stage.opened_at,
            due_at=stage.due_at,
            paused_at=stage.paused_at,
            decided_at=stage.decided_at,
            escalation_level=stage.escalation_level,
            votes=tuple(vote_view(vote) for vote in parts.votes[key] if vote.digest == row.digest),
            is_needed=stage.stage not in unneeded,
            superseded=tuple(vote_view(vote) for vote in parts.votes[key] if vote.digest != row.digest),
        )

    return RequestView(
        id=row.request_id,
        reference=f"REQ-{row.number}",
        tenant=tx.tenant,
        action=row.action,
        resource=row.resource,
        justification=row.justification,
        requester=person(row.requester_id),
        status=row.state,
        policy=policy.title,
        digest=row.digest,
        created_at=row.created_at,
        decided_at=row.decided_at,
        stages=tuple(stage_view(stage) for stage in parts.stages[row.request_id]),
        comments=tuple(
            CommentView(author=person(entry.author_id), kind=entry.kind, text=entry.body, at=entry.created_at)
            for entry in parts.comments[row.request_id]
        ),
        tickets=links,
        used=row.used_by is not None,
        revision=row.revision,
        reopens=f"REQ-{row.reopens}" if row.reopens else "",
        assessment=assessment,
    )


def _asked_at(place: Row[Any], votes: Sequence[Row[Any]]) -> list[tuple[UUID, UUID]]:
    """(who, whose place) of those asked at this place; of one that has its vote only who cast it."""
    holder = place.delegated_to or place.user_id
    people = {place.stand_in or holder: None, **({holder: None} if place.stays_asked else {})}
    voted = [vote.voter_id for vote in votes if (vote.on_behalf_of or vote.voter_id) == place.user_id]
    return [(user, place.user_id) for user in (voted or people)]


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
