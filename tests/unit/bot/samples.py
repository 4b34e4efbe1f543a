"""Believable people, requests and bypasses; a test changes only what matters to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from bot.views.lists import Listed
from core.access import PersonView
from core.approvals import CommentView, RequestView, StageView, VoteView
from core.delegations import DelegationView
from core.emergency import BypassView
from core.ids import UserId
from core.links import TicketLink

NOW: Final = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
REQUEST_ID: Final = UUID("01956f0a-0000-7000-8000-000000000001")
BYPASS_ID: Final = UUID("01956f0a-0000-7000-8000-000000000002")
DIGEST: Final = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def person(number: int, name: str) -> PersonView:
    first = name.partition(" ")[0].lower()
    return PersonView(id=UserId(UUID(int=number)), email=f"{first}@enterprise.example", name=name)


DANA, TOMAS, PRIYA, LEE, INGRID = (
    person(number, name)
    for number, name in enumerate(
        ("Dana Whitfield", "Tomás Oliveira", "Priya Raman", "Lee Okafor", "Ingrid Solberg"), start=1
    )
)


def vote(voter: PersonView = TOMAS, decision: str = "approve", reason: str = "", **changes: Any) -> VoteView:
    facts = {"criteria": {}, "at": NOW - timedelta(hours=1), **changes}
    return VoteView(voter=voter, decision=decision, reason=reason, **facts)


def stage(key: str = "technical_review", **changes: Any) -> StageView:
    facts: dict[str, Any] = {
        "title": key.replace("_", " ").capitalize(),
        "status": "open",
        "criteria": ("technical_feasibility", "resource_availability"),
        "approver_roles": ("meta_agent_manager",),
        "approvers": (TOMAS,),
        "opened_at": NOW - timedelta(hours=2),
        "due_at": NOW + timedelta(hours=22),
        "decided_at": None,
        "escalation_level": 0,
        "votes": (),
    }
    return StageView(key=key, **(facts | changes))


def waiting(key: str) -> StageView:
    return stage(key, status="waiting", approvers=(), opened_at=None, due_at=None)


def decided(key: str, *votes: VoteView, status: str = "approved") -> StageView:
    return stage(key, status=status, votes=votes, decided_at=NOW - timedelta(hours=1))


def request(stages: Sequence[StageView] | None = None, **changes: Any) -> RequestView:
    facts: dict[str, Any] = {
        "id": REQUEST_ID,
        "reference": "REQ-1042",
        "tenant": "enterprise-corp",
        "action": "agent.create",
        "resource": {
            "name": "support-bot",
            "owner": "dana@enterprise.example",
            "sponsor": "ingrid@enterprise.example",
            "business_service": "Customer support",
        },
        "justification": "It answers the 40 % of tickets that only ask for a status.",
        "requester": DANA,
        "status": "pending",
        "policy": "agent_creation",
        "digest": DIGEST,
        "created_at": NOW - timedelta(hours=2),
        "decided_at": None,
        "stages": tuple(
            stages
            if stages is not None
            else (stage(), waiting("security_review"), waiting("compliance_review"), waiting("business_approval"))
        ),
        "comments": (),
        "tickets": (),
    }
    return RequestView(**(facts | changes))


def rejected(reason: str = "Its owner is on leave for three months.") -> RequestView:
    last = decided("technical_review", vote(TOMAS, "reject", reason), status="rejected")
    return request((last, waiting("security_review")), status="rejected", decided_at=NOW - timedelta(hours=1))


def comment(kind: str = "question", text: str = "Which data does it read?", author: PersonView = TOMAS) -> CommentView:
    return CommentView(author=author, kind=kind, text=text, at=NOW - timedelta(minutes=30))


def ticket(**changes: Any) -> TicketLink:
    facts = {
        "subject_id": REQUEST_ID,
        "system": "servicenow",
        "kind": "change_request",
        "external_id": "a1b2",
        "number": "CHG0030077",
        "url": "https://enterprise.service-now.example/nav_to.do?uri=change_request.do?sys_id=a1b2&x=1",
        "state": "Authorize",
    }
    return TicketLink(**(facts | changes))


def bypass(**changes: Any) -> BypassView:
    facts: dict[str, Any] = {
        "id": BYPASS_ID,
        "reference": "BYP-3",
        "tenant": "enterprise-corp",
        "requester": LEE,
        "action": "agent.deploy",
        "resource": "invoice-matcher",
        "justification": "Invoices are matched twice; every hour costs 300 customers money.",
        "status": "active",
        "granted_at": NOW - timedelta(minutes=15),
        "expires_at": NOW + timedelta(minutes=45),
        "ended_at": None,
        "risk": "medium",
        "acknowledged_by": None,
        "acknowledged_at": None,
        "review_due_at": NOW + timedelta(hours=24),
        "review_status": "due",
        "review_verdict": None,
        "tickets": (),
        "risk_factors": (("action agent.deploy", 30),),
    }
    return BypassView(**(facts | changes))


def reviewed() -> BypassView:
    return bypass(
        status="ended",
        ended_at=NOW - timedelta(minutes=5),
        acknowledged_by=INGRID,
        acknowledged_at=NOW - timedelta(minutes=14),
        review_status="done",
        review_verdict="justified",
        reviewed_by=PRIYA,
        review_notes="The double match was real. The fix is in REQ-1043.",
    )


def delegation(**changes: Any) -> DelegationView:
    facts: dict[str, Any] = {
        "id": UUID("01956f0a-0000-7000-8000-000000000003"),
        "absent": TOMAS,
        "stand_in": PRIYA,
        "decides": PRIYA,
        "starts_at": NOW - timedelta(days=1),
        "ends_at": NOW + timedelta(days=13),
        "actions": None,
        "stages": None,
        "reason": "Out of office: skiing.",
        "status": "in_force",
        "created_by": TOMAS.email,
    }
    return DelegationView(**(facts | changes))


def listed(requests: Sequence[RequestView]) -> Listed:
    """What is listed when there are these."""
    return Listed(tuple(requests), len(requests))
