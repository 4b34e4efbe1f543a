"""What is said of an effect: in the trail, and in the outbox."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, assert_never
from uuid import UUID

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
    Resume,
    Seating,
    UndoVote,
)
from core.approvals.events import RequestEvent
from core.approvals.state import RequestStatus
from core.db import Transaction

Told = (
    OpenStage
    | RecordVote
    | DecideStage
    | DecideRequest
    | Escalate
    | Remind
    | Delegate
    | Amend
    | UndoVote
    | ReopenStage
    | Pause
    | Resume
    | AskAlso
    | Seating
)

_FINAL_EVENTS: Final[Mapping[RequestStatus, RequestEvent]] = {
    RequestStatus.APPROVED: RequestEvent.APPROVED,
    RequestStatus.REJECTED: RequestEvent.REJECTED,
    RequestStatus.WITHDRAWN: RequestEvent.WITHDRAWN,
    RequestStatus.EXPIRED: RequestEvent.EXPIRED,
}


def told(effect: Told) -> tuple[RequestEvent, dict[str, Any]]:
    """What the trail and the outbox say of the effect."""
    match effect:
        case RecordVote(vote):
            return RequestEvent.VOTED, {
                "stage": vote.stage,
                "decision": vote.choice.value,
                "reason": vote.reason,
                "voter": str(vote.voter),
                "criteria": dict(vote.criteria),
                "digest": vote.digest,
                "assurance": vote.assurance.value,
                **({"on_behalf_of": str(vote.on_behalf_of)} if vote.on_behalf_of else {}),
            }
        case OpenStage():
            return RequestEvent.STAGE_OPENED, {
                "stage": effect.stage,
                "roles": list(effect.roles),
                "people": _texts(effect.approvers),
                "due_at": effect.due_at.isoformat(),
                "escalation_level": effect.escalation_level,
            }
        case DecideStage():
            return RequestEvent.STAGE_DECIDED, {"stage": effect.stage, "status": effect.status.value}
        case DecideRequest():
            return _FINAL_EVENTS[effect.status], {"status": effect.status.value}
        case Escalate():
            return RequestEvent.ESCALATED, {
                "stage": effect.stage,
                "from_roles": list(effect.from_roles),
                "to_role": effect.to_role,
                "level": effect.level,
                "people": _texts(effect.approvers),
                "due_at": effect.due_at.isoformat(),
            }
        case Amend():
            return RequestEvent.AMENDED, {
                "changed": {field: list(values) for field, values in effect.changed.items()},
                "voided": effect.voided,
                "digest": effect.digest,
            }
        case UndoVote(vote):
            return RequestEvent.VOTE_UNDONE, {
                "stage": vote.stage,
                "decision": vote.choice.value,
                "voter": str(vote.voter),
                "cast_at": vote.cast_at.isoformat(),
                "digest": vote.digest,
            }
        case ReopenStage():
            return RequestEvent.STAGE_REOPENED, {"stage": effect.stage, "due_at": effect.due_at.isoformat()}
        case Pause():
            return RequestEvent.PAUSED, {"stage": effect.stage, "until": effect.until.isoformat()}
        case Resume():
            return RequestEvent.RESUMED, {"stage": effect.stage, "due_at": effect.due_at.isoformat()}
        case AskAlso():
            role = {"role": effect.role} if effect.role else {}
            return RequestEvent.ASKED_ALSO, {"stage": effect.stage, "people": _texts(effect.approvers), **role}
        case Remind():
            return RequestEvent.REMINDED, {"stage": effect.stage, "people": _texts(effect.people)}
        case Delegate():
            return RequestEvent.DELEGATED, {
                "stage": effect.stage,
                "from": str(effect.from_person),
                "to": str(effect.to_person),
            }
        case FillPlace() | GiveBack() | AskAbsent():
            return _told_of_seat(effect)
        case _:
            assert_never(effect)


async def named(tx: Transaction, effect: Effect) -> dict[str, str]:
    """Both people of a delegated act by their addresses: the trail is read by people, years later (A2)."""
    match effect:
        case RecordVote(vote) if vote.on_behalf_of is not None:
            pair = {"voter_email": vote.voter, "on_behalf_of_email": vote.on_behalf_of}
        case FillPlace():
            pair = {"from_email": effect.absent, "to_email": effect.seat.stand_in}
        case GiveBack():
            pair = {"from_email": effect.stand_in, "to_email": effect.absent}
        case AskAbsent():
            pair = {"to_email": effect.absent}
        case _:
            return {}
    people = (await directory(tx)).people
    return {key: people[user].email for key, user in pair.items()}


def _told_of_seat(effect: Seating) -> tuple[RequestEvent, dict[str, Any]]:
    match effect:
        case FillPlace():
            return RequestEvent.STAND_IN_ASKED, {
                "stage": effect.stage,
                "from": str(effect.absent),
                "to": str(effect.seat.stand_in),
            }
        case GiveBack():
            return RequestEvent.STAND_IN_ENDED, {
                "stage": effect.stage,
                "from": str(effect.stand_in),
                "to": str(effect.absent),
            }
        case AskAbsent():
            return RequestEvent.ABSENT_ASKED, {"stage": effect.stage, "to": str(effect.absent)}
        case _:
            assert_never(effect)


def _texts(people: Iterable[UUID]) -> list[str]:
    return sorted(str(person) for person in people)
