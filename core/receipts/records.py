"""The record of a decision: who decided what about a request, signed for whoever must believe it later. Pure.

It proves and permits nothing: its type is not that of a receipt, so that no gate takes it and nobody who verifies
receipts offline does. It may therefore lie where many can read it, such as on a ticket.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from core.access import PersonView
from core.approvals import RequestView, StageView, VoteView

TYPE: Final = "decision+jwt"


def record_of(request: RequestView, *, issuer: str, evidence: Sequence[Mapping[str, str]] = ()) -> dict[str, Any]:
    """What is certified of the decided request. The same for ever: it says nothing of the time at which it is made."""
    return {
        "iss": issuer,
        "aud": request.tenant,
        "sub": str(request.id),
        "iat": int((request.decided_at or request.created_at).timestamp()),
        "reference": request.reference,
        "request_digest": request.digest,
        "status": request.status,
        "action": request.action,
        "resource": dict(request.resource),
        "justification": request.justification,
        "policy": request.policy,
        "requester": request.requester.email,
        "stages": [_stage(stage) for stage in request.stages],
        "evidence": [dict(each) for each in evidence],
    }


def _stage(stage: StageView) -> dict[str, Any]:
    decided_at = stage.decided_at.isoformat() if stage.decided_at else None
    votes = [_vote(vote) for vote in stage.votes]
    return {"key": stage.key, "title": stage.title, "status": stage.status, "decided_at": decided_at, "votes": votes}


def _vote(vote: VoteView) -> dict[str, Any]:
    return {
        "by": vote.voter.email,
        "on_behalf_of": _email(vote.on_behalf_of),
        "decision": vote.decision,
        "reason": vote.reason,
        "criteria": {key: bool(confirmed) for key, confirmed in vote.criteria.items()},
        "assurance": vote.assurance,
        "at": vote.at.isoformat(),
    }


def _email(person: PersonView | None) -> str | None:
    return person.email if person is not None else None
