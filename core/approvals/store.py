"""All SQL that changes requests: load under lock, apply effects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never
from uuid import UUID

from sqlalchemy import Row, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from core.access import directory
from core.approvals.effects import (
    Amend,
    AskAbsent,
    AskAlso,
    DecideRequest,
    DecideStage,
    Delegate,
    Effect,
    Escalate,
    FillPlace,
    GiveBack,
    OpenStage,
    Pause,
    RecordVote,
    Remind,
    ReopenStage,
    ResetStage,
    Resume,
    UndoVote,
)
from core.approvals.model import comments, policy_versions, request_stages, requests, stage_approvers, votes
from core.approvals.policy import ApprovalPolicy
from core.approvals.state import Choice, RequestState, RequestStatus, Seat, StageState, StageStatus, Vote
from core.db import Transaction
from core.ids import RequestId, UserId, uuid7
from core.signin import Assurance


@dataclass(frozen=True, slots=True)
class Held:
    """A request under lock: its row, the policy it is pinned to, and what the rules read."""

    row: Row[Any]
    policy: ApprovalPolicy
    state: RequestState


async def add_request(tx: Transaction, values: Mapping[str, Any], policy: ApprovalPolicy) -> bool:
    """Whether no live request for the same action and resource stood in the way; then it is stored, stages waiting."""
    await tx.connection.execute(
        insert(policy_versions)
        .values(
            tenant_id=tx.tenant,
            policy_key=policy.key,
            version=policy.version,
            document=policy.to_json(),
            loaded_at=tx.now,
        )
        .on_conflict_do_nothing()
    )
    added = await tx.connection.execute(
        insert(requests).values(tenant_id=tx.tenant, **values).on_conflict_do_nothing().returning(requests.c.request_id)
    )
    if added.first() is None:
        return False
    if policy.stages:
        await tx.connection.execute(
            insert(request_stages),
            [
                {
                    "tenant_id": tx.tenant,
                    "request_id": values["request_id"],
                    "stage": stage.key,
                    "ordinal": ordinal,
                    "status": StageStatus.WAITING,
                    "roles": list(stage.approvers),
                }
                for ordinal, stage in enumerate(policy.stages)
            ],
        )
    return True


async def hold(tx: Transaction, request_id: UUID) -> Held | None:
    """The request, locked for the rest of the transaction; None if there is none."""
    columns = requests.c
    row = (
        await tx.connection.execute(
            select(requests).where(columns.tenant_id == tx.tenant, columns.request_id == request_id).with_for_update()
        )
    ).first()
    if row is None:
        return None
    document = (
        await tx.connection.execute(
            select(policy_versions.c.document).where(
                policy_versions.c.tenant_id == tx.tenant,
                policy_versions.c.policy_key == row.policy_key,
                policy_versions.c.version == row.policy_version,
            )
        )
    ).scalar_one()
    policy = ApprovalPolicy.from_json(document).lived_by((await directory(tx)).zones)
    return Held(row=row, policy=policy, state=await _state(tx, row))


async def apply(tx: Transaction, request_id: RequestId, effects: Iterable[Effect], *, door: str) -> None:
    """The rows say what `folding.apply` would say. The request is locked or new."""
    for effect in effects:
        match effect:
            case OpenStage():
                await _set_stage(
                    tx,
                    request_id,
                    effect.stage,
                    status=StageStatus.OPEN,
                    roles=list(effect.roles),
                    opened_at=effect.opened_at,
                    due_at=effect.due_at,
                    escalation_level=effect.escalation_level,
                )
                await _ask(tx, request_id, effect.stage, effect.approvers)
            case AskAlso():
                await _ask(tx, request_id, effect.stage, effect.approvers)
                if effect.role is not None:
                    roles = func.array_append(request_stages.c.roles, effect.role)
                    await _set_stage(tx, request_id, effect.stage, roles=roles)
            case RecordVote(vote):
                await tx.connection.execute(
                    votes.insert().values(
                        tenant_id=tx.tenant,
                        request_id=request_id,
                        stage=vote.stage,
                        voter_id=vote.voter,
                        decision=vote.choice,
                        reason=vote.reason,
                        criteria=dict(vote.criteria),
                        digest=vote.digest,
                        door=door,
                        cast_at=vote.cast_at,
                        on_behalf_of=vote.on_behalf_of,
                        assurance=vote.assurance,
                    )
                )
            case DecideStage() | ReopenStage() | Pause() | Resume():
                await _set_stage(tx, request_id, effect.stage, **_turned(effect))
            case UndoVote(vote):
                await _delete_vote(tx, request_id, vote)
            case DecideRequest():
                await tx.connection.execute(
                    update(requests)
                    .where(requests.c.tenant_id == tx.tenant, requests.c.request_id == request_id)
                    .values(state=effect.status, decided_at=effect.at)
                )
            case Escalate():
                await _set_stage(
                    tx,
                    request_id,
                    effect.stage,
                    due_at=effect.due_at,
                    escalation_level=effect.level,
                    roles=[*effect.from_roles, effect.to_role],
                )
                await _ask(tx, request_id, effect.stage, effect.approvers)
            case Delegate():
                taken = {"delegated_to": effect.to_person, "stand_in": None, "stays_asked": False}
                await _set_place(tx, request_id, effect.stage, effect.from_person, **taken)
            case FillPlace(stage, place, _absent, seat):
                filled = {"stand_in": seat.stand_in, "stays_asked": seat.stays_asked}
                await _set_place(tx, request_id, stage, place, **filled)
            case GiveBack():
                await _set_place(tx, request_id, effect.stage, effect.place, stand_in=None, stays_asked=False)
            case Amend():
                await tx.connection.execute(
                    update(requests)
                    .where(requests.c.tenant_id == tx.tenant, requests.c.request_id == request_id)
                    .values(
                        digest=effect.digest,
                        resource=dict(effect.resource),
                        justification=effect.justification,
                        revision=requests.c.revision + 1,
                        assessment=dict(effect.assessment),
                        amended_at=tx.now,
                    )
                )
            case ResetStage():
                await _reset(tx, request_id, effect)
            case Remind() | AskAbsent():
                pass
            case _:
                assert_never(effect)


async def add_comment(tx: Transaction, request_id: UUID, author: UserId, kind: str, body: str) -> UUID:
    """The comment stands under the request; its id."""
    comment_id = uuid7()
    await tx.connection.execute(
        comments.insert().values(
            tenant_id=tx.tenant,
            comment_id=comment_id,
            request_id=request_id,
            author_id=author,
            kind=kind,
            body=body,
            created_at=tx.now,
        )
    )
    return comment_id


async def mark_used(tx: Transaction, request_id: UUID, decision_id: UUID) -> bool:
    """Whether the approval was unused; then this decision has consumed it."""
    columns = requests.c
    result = await tx.connection.execute(
        update(requests)
        .where(
            columns.tenant_id == tx.tenant,
            columns.request_id == request_id,
            columns.state == RequestStatus.APPROVED,
            columns.used_by.is_(None),
        )
        .values(used_by=decision_id)
        .returning(columns.request_id)
    )
    return result.first() is not None


async def _set_stage(tx: Transaction, request_id: UUID, stage: str, **values: Any) -> None:
    columns = request_stages.c
    await tx.connection.execute(
        update(request_stages)
        .where(columns.tenant_id == tx.tenant, columns.request_id == request_id, columns.stage == stage)
        .values(**values)
    )


def _turned(effect: DecideStage | ReopenStage | Pause | Resume) -> dict[str, Any]:
    """The columns of a stage that has only turned."""
    match effect:
        case DecideStage():
            return {"status": effect.status, "decided_at": effect.at, "paused_at": None}
        case ReopenStage():
            return {"status": StageStatus.OPEN, "decided_at": None, "due_at": effect.due_at}
        case Pause():
            return {"paused_at": effect.at}
        case Resume():
            return {"paused_at": None, "due_at": effect.due_at}
        case _:
            assert_never(effect)


async def _delete_vote(tx: Transaction, request_id: UUID, vote: Vote) -> None:
    columns = votes.c
    await tx.connection.execute(
        delete(votes).where(
            columns.tenant_id == tx.tenant,
            columns.request_id == request_id,
            columns.stage == vote.stage,
            columns.voter_id == vote.voter,
            columns.digest == vote.digest,
        )
    )


async def _reset(tx: Transaction, request_id: UUID, effect: ResetStage) -> None:
    nothing = {"opened_at": None, "due_at": None, "decided_at": None, "paused_at": None, "escalation_level": 0}
    await _set_stage(tx, request_id, effect.stage, status=StageStatus.WAITING, roles=list(effect.roles), **nothing)
    columns = stage_approvers.c
    await tx.connection.execute(
        delete(stage_approvers).where(
            columns.tenant_id == tx.tenant, columns.request_id == request_id, columns.stage == effect.stage
        )
    )


async def _set_place(tx: Transaction, request_id: UUID, stage: str, place: UserId, **values: Any) -> None:
    columns = stage_approvers.c
    await tx.connection.execute(
        update(stage_approvers)
        .where(
            columns.tenant_id == tx.tenant,
            columns.request_id == request_id,
            columns.stage == stage,
            columns.user_id == place,
        )
        .values(**values)
    )


async def _ask(tx: Transaction, request_id: UUID, stage: str, people: frozenset[UserId]) -> None:
    await tx.connection.execute(
        insert(stage_approvers).on_conflict_do_nothing(),
        [
            {"tenant_id": tx.tenant, "request_id": request_id, "stage": stage, "user_id": person, "asked_at": tx.now}
            for person in sorted(people)
        ],
    )


async def _state(tx: Transaction, row: Row[Any]) -> RequestState:
    of_request = {"tenant_id": tx.tenant, "request_id": row.request_id}
    stage_rows = await tx.connection.execute(
        select(request_stages).filter_by(**of_request).order_by(request_stages.c.ordinal)
    )
    asked: dict[str, set[UserId]] = defaultdict(set)
    delegates: dict[str, dict[UserId, UserId]] = defaultdict(dict)
    seats: dict[str, dict[UserId, Seat]] = defaultdict(dict)
    for place in await tx.connection.execute(select(stage_approvers).filter_by(**of_request)):
        asked[place.stage].add(UserId(place.user_id))
        if place.delegated_to:
            delegates[place.stage][UserId(place.user_id)] = UserId(place.delegated_to)
        if place.stand_in:
            seats[place.stage][UserId(place.user_id)] = Seat(UserId(place.stand_in), place.stays_asked)
    vote_rows = await tx.connection.execute(select(votes).filter_by(**of_request).order_by(votes.c.cast_at))
    return RequestState(
        requester=UserId(row.requester_id),
        digest=row.digest,
        status=RequestStatus(row.state),
        stages=tuple(
            StageState(
                key=stage.stage,
                status=StageStatus(stage.status),
                opened_at=stage.opened_at,
                due_at=stage.due_at,
                paused_at=stage.paused_at,
                escalation_level=stage.escalation_level,
                roles=tuple(stage.roles),
                approvers=frozenset(asked[stage.stage]),
                delegates=delegates[stage.stage],
                stand_ins=seats[stage.stage],
            )
            for stage in stage_rows
        ),
        votes=tuple(
            Vote(
                stage=vote.stage,
                voter=UserId(vote.voter_id),
                choice=Choice(vote.decision),
                reason=vote.reason,
                criteria=vote.criteria,
                digest=vote.digest,
                cast_at=vote.cast_at,
                on_behalf_of=UserId(vote.on_behalf_of) if vote.on_behalf_of else None,
                assurance=Assurance(vote.assurance),
            )
            for vote in vote_rows
        ),
    )


async def note_nudge(tx: Transaction, request_id: UUID) -> None:
    """The request's people were reminded at this instant by its requester's wish."""
    await tx.connection.execute(
        update(requests)
        .where(requests.c.tenant_id == tx.tenant, requests.c.request_id == request_id)
        .values(nudged_at=tx.now)
    )


async def requests_touched_by(tx: Transaction, absent: UserId) -> Sequence[UUID]:
    """Pending requests with an open stage that asks this person, or on which anybody stands in, by id."""
    r, s, a = requests.c, request_stages.c, stage_approvers.c
    rows = await tx.connection.execute(
        select(r.request_id)
        .distinct()
        .join(request_stages, (s.tenant_id == r.tenant_id) & (s.request_id == r.request_id))
        .join(stage_approvers, (a.tenant_id == s.tenant_id) & (a.request_id == s.request_id) & (a.stage == s.stage))
        .where(
            r.tenant_id == tx.tenant,
            r.state == RequestStatus.PENDING,
            s.status == StageStatus.OPEN,
            or_(a.user_id == absent, a.delegated_to == absent, a.stand_in.is_not(None)),
        )
        .order_by(r.request_id)  # whoever writes a row for each takes them in the same order
    )
    return rows.scalars().all()
