"""Requests as doors show them, put together from all their tables: six statements for a page, however long it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, tuple_

from core.access import Directory, PersonView
from core.approvals.assessment import Assessment
from core.approvals.model import comments, policy_versions, request_stages, stage_approvers, votes
from core.approvals.policy import ApprovalPolicy
from core.approvals.suggesting import told_first
from core.approvals.views import CommentView, RequestView, StageView, VoteView
from core.db import Transaction
from core.ids import UserId
from core.links import tickets_of
from core.named_tickets import tickets_needed


async def views(tx: Transaction, rows: Sequence[Row[Any]], everybody: Directory) -> tuple[RequestView, ...]:
    """The rows as doors show them, in their order."""
    if not rows:
        return ()
    ids = [row.request_id for row in rows]
    parts = await _parts(tx, ids)
    policies = await _policies(tx, rows)
    links = await tickets_of(tx, ids)
    gated = [row.request_id for row in rows if policies[row.policy_key, row.policy_version].ticket]
    named = await tickets_needed(tx, gated) if gated else {}
    return tuple(
        replace(
            _view(
                tx, row, policies[row.policy_key, row.policy_version], parts, links.get(row.request_id, ()), everybody
            ),
            ticket=named.get(row.request_id),
        )
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
            suggested=tuple(person(user) for user, _place in asked if user in row.suggested),
            told_first=told_first(stage_policy.quorum, row.suggested, [UserId(user) for user, _place in asked]),
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
        amended_at=row.amended_at,
        reopens=f"REQ-{row.reopens}" if row.reopens else "",
        assessment=assessment,
    )


def _asked_at(place: Row[Any], votes: Sequence[Row[Any]]) -> list[tuple[UUID, UUID]]:
    """(who, whose place) of those asked at this place; of one that has its vote only who cast it."""
    holder = place.delegated_to or place.user_id
    people = {place.stand_in or holder: None, **({holder: None} if place.stays_asked else {})}
    voted = [vote.voter_id for vote in votes if (vote.on_behalf_of or vote.voter_id) == place.user_id]
    return [(user, place.user_id) for user in (voted or people)]
