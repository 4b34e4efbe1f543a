"""Believable people, requests and bypasses; a test changes only what matters to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from bot.views.lists import Listed
from core.absences import AbsenceView
from core.access import PersonView
from core.approvals import (
    Agenda,
    Assessment,
    CommentView,
    DayOutcomes,
    Outcomes,
    RequestView,
    StageView,
    VoteView,
    Week,
)
from core.approvals.analytics import Spread, StageFigures
from core.approvals.risk import Counted, Risk, RiskLevel
from core.automation import ActionKind, Effect
from core.budgets import BudgetView, Control, Period, PeriodKind, RaiseView, Scope, Terms, Window
from core.budgets import Effect as BudgetEffect
from core.budgets import Standing as BudgetStanding
from core.changes import ChangeRisk, ChangeState, ChangeView, EvidenceView, History
from core.changes.state import steps_from
from core.delegations import DelegationView
from core.emergency import BypassReport, BypassView, ExtensionView, RemediationView, Tally, UseView
from core.finance import Assignments, Chargeback, SubjectKind, Turn
from core.finance.chargeback import Spent, statement_of
from core.ids import UserId
from core.links import TicketLink
from core.named_tickets import NamedTicket, Standing, TicketFacts, TicketKind, TicketState
from core.rollouts import CheckView, RolloutView
from core.schedules import Digest

NOW: Final = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
REQUEST_ID: Final = UUID("01956f0a-0000-7000-8000-000000000001")
BYPASS_ID: Final = UUID("01956f0a-0000-7000-8000-000000000002")
BUDGET_ID: Final = UUID("01956f0a-0000-7000-8000-000000000009")
CHANGE_ID: Final = UUID("01956f0a-0000-7000-8000-000000000007")
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
        "told": (INGRID, PRIYA),
        "reviewers": (INGRID, PRIYA),
    }
    return BypassView(**(facts | changes))


def change_evidence(**changes: Any) -> EvidenceView:
    facts: dict[str, Any] = {
        "gate": "testing",
        "result": "passed",
        "summary": "All 412 tests pass.",
        "url": "https://ci.example.com/run/17",
        "author": DANA,
        "at": NOW,
    }
    return EvidenceView(**(facts | changes))


def change(**changes: Any) -> ChangeView:
    """One that waits for approval; `state` says its own `steps`."""
    facts: dict[str, Any] = {
        "id": CHANGE_ID,
        "reference": "CHG-1007",
        "tenant": "enterprise-corp",
        "title": "Raise the invoice limit",
        "description": "Month-end needs 50 000.",
        "type": "configuration_change",
        "template": "",
        "resources": ("agent:invoice-matcher",),
        "reach": ("agent:invoice-matcher", "service:Payments"),
        "state": "authorise",
        "requester": DANA,
        "risk": ChangeRisk(
            30, RiskLevel.MEDIUM, (Counted("There is no way back yet", 20, {}),), History(similar=12, failed=3, own=1)
        ),
        "request_id": REQUEST_ID,
        "request": "REQ-1042",
        "request_state": "pending",
        "starts_at": NOW + timedelta(days=1),
        "ends_at": NOW + timedelta(days=1, hours=2),
        "scheduled_at": None,
        "implementer": None,
        "started_at": None,
        "completed_at": None,
        "bypass_id": None,
        "bypass": "",
        "owed": (),
        "gates": ("testing", "rollback_plan", "communication"),
        "missing": ("rollback_plan", "communication"),
        "evidence": (change_evidence(),),
        "validation": None,
        "can_roll_out": False,
        "rollout": None,
        "rollback_request_id": None,
        "rollback_request": "",
        "rollback_request_state": "",
        "recovery": None,
        "alarm": None,
        "wants_review": True,
        "review_state": None,
        "review_due_at": None,
        "review": None,
        "note": "",
        "created_at": NOW,
        "updated_at": NOW,
        "ended_at": None,
    }
    found = facts | changes
    return ChangeView(steps=tuple(map(str, steps_from(ChangeState(found["state"])))), **found)


def budget(used: str = "430", **changes: Any) -> BudgetView:
    """Customer care's of March, at so much of 500; near its limit."""
    window = Window(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
    standing = changes.pop("standing", None) or BudgetStanding(
        window, Decimal(500), spent=Decimal(used), charges=1200, alerted=frozenset({"50", "80"})
    )
    facts: dict[str, Any] = {
        "id": BUDGET_ID,
        "reference": "BUD-1003",
        "terms": Terms(
            "Customer care",
            Decimal(500),
            "USD",
            Scope(project="customer-care"),
            controls=(Control(BudgetEffect.STOP, actions=("agent.create", "agent.deploy")),),
            owners=(PRIYA.id,),
        ),
        "period": Period(PeriodKind.MONTH),
        "zone": "UTC",
        "standing": standing,
        "owners": (PRIYA,),
        "controls_now": (),
        "projected": Decimal("1446.67"),
        "gone_at": NOW + timedelta(hours=31),
        "resets_in": "21 days",
        "declared": "customer-care",
        "ended_at": None,
    }
    return BudgetView(**(facts | changes))


def used_up(**changes: Any) -> BudgetView:
    """The same, used up, with everything that can be said of it."""
    window = Window(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
    standing = BudgetStanding(
        window,
        Decimal(500),
        spent=Decimal("650.25"),
        charges=1800,
        carried=Decimal(50),
        extra=Decimal(100),
        alerted=frozenset({"50", "80", "100", "forecast"}),
        throttle_per_hour=6,
        acknowledged_by=LEE.id,
        acknowledged_at=NOW,
    )
    past = BudgetStanding(
        Window(datetime(2026, 2, 1, tzinfo=UTC), window.starts_at), Decimal(500), spent=Decimal("412.5"), closed_at=NOW
    )
    facts: dict[str, Any] = {
        "standing": standing,
        "controls_now": budget().terms.controls,
        "gone_at": None,
        "acknowledged_by": LEE,
        "raise_asked": RaiseView("REQ-1044", REQUEST_ID, Decimal(900), "period"),
        "past": (past,) * 3,
    }
    return budget(**(facts | changes))


def rollout(**changes: Any) -> RolloutView:
    """One that is on its way."""
    facts: dict[str, Any] = {
        "id": UUID("01956f0a-0000-7000-8000-000000000009"),
        "kind": "change",
        "subject_id": CHANGE_ID,
        "reference": "CHG-1007",
        "title": "Raise the invoice limit",
        "resources": ("agent:invoice-matcher",),
        "environment": "",
        "state": "running",
        "progress": 40,
        "message": "Step 2 of 5.",
        "reasons": (),
        "checks": (CheckView("Health", "answers", None, "", None),),
        "ordered_by": LEE.name,
        "is_silent": False,
        "watched_until": None,
        "created_at": NOW,
        "moved_at": NOW,
        "ended_at": None,
    }
    return RolloutView(**(facts | changes))


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


def absence(**changes: Any) -> AbsenceView:
    facts: dict[str, Any] = {
        "id": UUID("01956f0a-0000-7000-8000-000000000004"),
        "absent": LEE,
        "stand_in": INGRID,
        "starts_at": NOW - timedelta(days=1),
        "ends_at": NOW + timedelta(days=4),
        "status": "in_force",
    }
    return AbsenceView(**(facts | changes))


def digest(**changes: Any) -> Digest:
    """A morning on which two requests and a review wait, and a request of one's own was approved."""
    overdue = request(
        (stage(due_at=NOW - timedelta(hours=3)),),
        reference="REQ-1038",
        requester=LEE,
        resource={"name": "invoice-matcher"},
        action="agent.deploy",
        assessment=Assessment(Risk(80, RiskLevel.HIGH, ()), (), ()),
    )
    moved = request((decided("technical_review", vote(PRIYA)),), status="approved", decided_at=NOW - timedelta(hours=9))
    facts: dict[str, Any] = {
        "person": TOMAS,
        "at": time(8, 30),
        "since": NOW - timedelta(days=1),
        "agenda": Agenda((overdue, request()), 2, 1, (moved,)),
        "reviews": (bypass(),),
    }
    return Digest(**(facts | changes))


def week(**changes: Any) -> Week:
    """A week with decisions of people and of policy alone."""
    since = datetime(2026, 2, 23, tzinfo=UTC)
    day = since.date()
    facts: dict[str, Any] = {
        "outcomes": Outcomes(
            since,
            since + timedelta(days=7),
            (DayOutcomes(day, 3, 1, 0, 0), DayOutcomes(day + timedelta(days=2), 5, 0, 1, 1)),
            automatic=4,
            by_people=5,
        ),
        "stages": (
            StageFigures("agent_creation", "technical_review", Spread(5, 3 * 3600.0, 9 * 3600.0), 1, 0, 0, 0),
            StageFigures("agent_creation", "security_review", Spread(4, 26 * 3600.0, 40 * 3600.0), 2, 1, 1, 1),
        ),
    }
    return Week(**(facts | changes))


def listed(requests: Sequence[RequestView]) -> Listed:
    """What is listed when there are these."""
    return Listed(tuple(requests), len(requests))


def named_ticket(standing: Standing = Standing.REFUSED, **changes: Any) -> NamedTicket:
    """A change in ServiceNow that the request rests on; refused unless a test says otherwise."""
    facts = TicketFacts(
        external_id="46e2",
        number="CHG0030001",
        url="https://itsm.example/CHG0030001",
        kind=TicketKind.CHANGE,
        state=TicketState.CANCELLED if standing is Standing.REFUSED else TicketState.APPROVED,
        label="Canceled" if standing is Standing.REFUSED else "Scheduled",
        starts_at=NOW + timedelta(hours=1),
        ends_at=NOW + timedelta(hours=5),
    )
    known: dict[str, Any] = {
        "system": "servicenow",
        "number": "CHG0030001",
        "standing": standing,
        "facts": facts,
        "reasons": (),
        "holds_from": facts.starts_at,
        "holds_until": facts.ends_at,
        "checked_at": NOW,
    }
    if standing is Standing.MISSING:
        known = {"standing": standing}
    return NamedTicket(request_id=REQUEST_ID, **{**known, **changes})


def waiting_for_ticket(standing: Standing, **changes: Any) -> RequestView:
    """Nobody is asked about it before a ticket was found right."""
    stages = (waiting("technical_review"), waiting("security_review"))
    return request(stages, ticket=named_ticket(standing, holds_from=None, holds_until=None, **changes))


def rule_effect(text: str) -> Effect:
    """What a rule wants somebody told."""
    return Effect(
        id=REQUEST_ID,
        rule="tell-the-owner",
        kind=ActionKind.NOTIFY,
        values={"who": "channel", "to": "approvals", "text": text},
        fields={},
        data={},
        because_of="request.opened",
        event_id=REQUEST_ID,
        subject=f"request:{REQUEST_ID}",
        is_done=False,
    )


def used(**changes: Any) -> UseView:
    facts: dict[str, Any] = {
        "decision_id": REQUEST_ID,
        "by": LEE,
        "action": "agent.deploy",
        "resource": "invoice-matcher",
        "context": {"justification": "Roll back to 1.8."},
        "before": {"state": "registered", "version": 3, "attributes": {"model": "large"}},
        "after": {"state": "deployed", "version": 4, "attributes": {"model": "large"}},
        "at": NOW - timedelta(minutes=10),
        "outcome": "succeeded",
    }
    return UseView(**(facts | changes))


def extension(**changes: Any) -> ExtensionView:
    facts: dict[str, Any] = {
        "id": REQUEST_ID,
        "extra": timedelta(minutes=30),
        "reason": "The index is being rebuilt.",
        "state": "asked",
        "asked_by": LEE,
        "asked_at": NOW - timedelta(minutes=5),
    }
    return ExtensionView(**(facts | changes))


def remediation(**changes: Any) -> RemediationView:
    facts: dict[str, Any] = {
        "id": REQUEST_ID,
        "bypass_id": BYPASS_ID,
        "bypass": "BYP-3",
        "title": "Alert when invoices are matched twice",
        "owner": TOMAS,
        "state": "open",
        "due_at": NOW + timedelta(days=14),
    }
    return RemediationView(**(facts | changes))


def whole_bypass(**changes: Any) -> BypassView:
    """Everything that can stand on a bypass while it runs."""
    facts: dict[str, Any] = {
        "environment": "production",
        "reason": "outage",
        "reason_title": "A service is down",
        "incident": "INC0010042",
        "expires_at": NOW + timedelta(minutes=12),
        "uses": (used(), used(action="agent.modify", outcome="failed"), used(action="agent.retire", outcome=None)),
        "extensions": (extension(),),
        "checklist": ("The fix is in the code", "Nobody else was affected"),
    }
    return bypass(**(facts | changes))


def found_out() -> BypassView:
    """A whole bypass with its review."""
    return whole_bypass(
        status="ended",
        ended_at=NOW - timedelta(minutes=5),
        extensions=(extension(state="declined"),),
        acknowledged_by=INGRID,
        acknowledged_at=NOW - timedelta(minutes=14),
        review_status="done",
        review_verdict="not_justified",
        reviewed_by=PRIYA,
        review_notes="It could have waited for the review.",
        findings={"The fix is in the code": True, "Nobody else was affected": False},
        risk_after="high",
        risk_after_factors=(("action agent.deploy", 30), ("actions under it: 3", 15), ("failed: 1", 15)),
        remediations=(remediation(), remediation(title="Tell the customers", state="done")),
    )


def tally(name: str, total: int, *, justified: int = 1, not_justified: int = 0) -> Tally:
    return Tally(name, name, justified, not_justified, total - justified - not_justified)


def bypass_month(**changes: Any) -> BypassReport:
    facts: dict[str, Any] = {
        "first": date(2026, 2, 1),
        "last": date(2026, 2, 28),
        "since": datetime(2026, 2, 1, tzinfo=UTC),
        "until": datetime(2026, 3, 1, tzinfo=UTC),
        "all": tally("All", 4, justified=2, not_justified=1),
        "by_reason": (tally("A service is down", 3), tally("No reason given", 1)),
        "by_person": (tally("Lee Okafor", 3), tally("Tomás Oliveira", 1)),
        "actions": 7,
        "failed": 1,
        "extended": 1,
        "unacknowledged": 1,
        "overdue": 1,
        "remediations_open": 2,
        "to_acknowledgement_s": 420.0,
        "to_review_s": 93_600.0,
    }
    return BypassReport(**(facts | changes))


def quiet_month() -> BypassReport:
    return bypass_month(all=tally("All", 0, justified=0), by_reason=(), by_person=(), actions=0)


def charged_month(*, spent: bool = True) -> Chargeback:
    """What cost centres are charged for February."""
    since, until = date(2026, 2, 1), date(2026, 3, 1)
    costs = (("billing", "reader", "1204.504"), ("claims", "triage", "80.25")) if spent else ()
    used = [Spent(since, project, agent, "cpu_hours", Decimal(1), Decimal(cost)) for project, agent, cost in costs]
    turns = [Turn(SubjectKind.PROJECT, "billing", since, "CC-100")]
    found = statement_of(used, Assignments(turns), {"CC-100": "Payments"}, since=since, until=until, currency="USD")
    made_at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    return Chargeback("enterprise-corp", "Enterprise Corp", "2026-02", found, made_at, True, {}, ("USD",))
