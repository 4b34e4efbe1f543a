"""A believable incident; a test changes only what matters to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from core.incidents import AlertView, EntryView, FollowUpView, IncidentReview, IncidentState, IncidentView, LinkView
from core.incidents.state import steps_from
from core.suspects import Kind, Suspect
from tests.unit.bot.samples import CHANGE_ID, INGRID, LEE, NOW, PRIYA, TOMAS, ticket

INCIDENT_ID: Final = UUID("01956f0a-0000-7000-8000-000000000009")
BEGAN: Final = NOW - timedelta(minutes=20)


def fired(**changes: Any) -> AlertView:
    facts: dict[str, Any] = {
        "source": "sla",
        "key": "payments/p95",
        "state": "firing",
        "severity": "critical",
        "title": "Payments answer too slowly",
        "words": "p95 is 4.2 s; the objective is 2 s.",
        "labels": {"region": "eu"},
        "link": "",
        "times": 3,
        "started_at": BEGAN,
        "first_at": BEGAN,
        "last_at": NOW,
        "resolved_at": None,
    }
    return AlertView(**(facts | changes))


def entry(text: str = "Priya Raman looks after it", **changes: Any) -> EntryView:
    facts: dict[str, Any] = {
        "id": INCIDENT_ID,
        "kind": "acknowledged",
        "at": NOW - timedelta(minutes=12),
        "written_at": NOW - timedelta(minutes=12),
        "author": PRIYA,
        "details": {},
        "is_public": False,
    }
    return EntryView(text=text, **(facts | changes))


def follow_up(**changes: Any) -> FollowUpView:
    facts: dict[str, Any] = {
        "id": INCIDENT_ID,
        "incident_id": INCIDENT_ID,
        "title": "Cache the exchange rates",
        "owner": LEE,
        "due_at": NOW + timedelta(days=7),
        "state": "open",
        "before": "p95 4.2 s",
        "after": "",
        "evidence": "",
        "done_by": None,
        "done_at": None,
    }
    return FollowUpView(**(facts | changes))


def suspect(**changes: Any) -> Suspect:
    facts: dict[str, Any] = {
        "kind": Kind.CHANGE,
        "reference": "CHG-1007",
        "title": "Raise the cache limit",
        "confidence": 0.62,
        "reasons": (
            "it was done 4 min before the incident",
            "it touches agent:payer: service:Payments needs agent:payer",
        ),
        "at": NOW - timedelta(minutes=24),
        "change_id": CHANGE_ID,
    }
    return Suspect(**(facts | changes))


def incident(**changes: Any) -> IncidentView:
    state = changes.get("state", "open")
    facts: dict[str, Any] = {
        "id": INCIDENT_ID,
        "reference": "INC-1012",
        "tenant": "enterprise-corp",
        "title": "Payments answer too slowly",
        "description": "At this rate the month's budget is gone in 5 h; 3 of 43 min are left.",
        "severity": "critical",
        "state": state,
        "steps": tuple(map(str, steps_from(IncidentState(state)))),
        "service": "agent:payer",
        "business_service": "Payments",
        "source": "sla",
        "reporter": None,
        "assignee": None,
        "roles": {},
        "paged": (TOMAS, PRIYA),
        "page_level": 1,
        "stakeholders": (),
        "started_at": BEGAN,
        "reported_at": NOW - timedelta(minutes=15),
        "acknowledged_by": None,
        "acknowledged_at": None,
        "told_at": NOW - timedelta(minutes=15),
        "resolved_by": None,
        "resolved_at": None,
        "resolution": "",
        "cause": "",
        "reopened": 0,
        "closed_at": None,
        "review_state": None,
        "review_due_at": None,
        "review": None,
        "channel": "",
        "alerts": (fired(),),
        "links": (),
        "follow_ups": (),
        "newest": (),
        "tickets": (),
        "wants_tickets": True,
        "updated_at": NOW,
    }
    return IncidentView(**(facts | changes))


def worked_on(**changes: Any) -> IncidentView:
    """Somebody looks after it, and has said how it stands."""
    facts: dict[str, Any] = {
        "state": "acknowledged",
        "acknowledged_by": PRIYA,
        "acknowledged_at": NOW - timedelta(minutes=12),
        "assignee": LEE,
        "roles": {"commander": PRIYA},
        "links": (LinkView("change", "CHG-1007", PRIYA, NOW),),
        "newest": (entry(), entry("We roll the cache back.", kind="updated", is_public=True, at=NOW)),
        "tickets": (ticket(kind="incident", number="INC0010004", state="In Progress"),),
        "channel": "inc-1012-payments-answer-too-slowly",
    }
    return incident(**(facts | changes))


def over(**changes: Any) -> IncidentView:
    """It is resolved, and its review is due."""
    facts: dict[str, Any] = {
        "state": "resolved",
        "resolved_by": PRIYA,
        "resolved_at": NOW,
        "resolution": "The cache was rolled back.",
        "cause": "CHG-1007 let the cache grow without bound.",
        "review_state": "due",
        "review_due_at": NOW + timedelta(days=5),
        "alerts": (fired(state="resolved", resolved_at=NOW),),
        "follow_ups": (follow_up(), follow_up(title="Alert earlier", owner=TOMAS, state="done")),
        "reopened": 2,
    }
    return worked_on(**(facts | changes))


def learnt_from(**changes: Any) -> IncidentView:
    """It is closed."""
    said = IncidentReview("A cache filled up.", "Nobody had bounded it.", "Paging.", "No test.", INGRID, NOW)
    return over(**({"state": "closed", "closed_at": NOW, "review_state": "done", "review": said} | changes))


def huge_incident(words: str, people: Any, some: int) -> IncidentView:
    """As much, and as hostile, as people can put into one."""
    said = IncidentReview(words[:3000], words[:3000], words[:3000], words[:3000], people[0], NOW)
    return over(
        title=words[:200],
        description=words[:4000],
        service=words[:120],
        business_service=words[:120],
        source=words[:40],
        reporter=people[0],
        assignee=people[1],
        roles={"commander": people[2], "communications": people[3], "scribe": people[4]},
        paged=people,
        links=(LinkView("page", words[:2000], people[0], NOW),) * some,
        resolution=words[:3000],
        cause=words[:3000],
        review=said,
        alerts=(fired(title=words[:200]),) * some,
        follow_ups=(follow_up(title=words[:300], owner=people[0]),) * some,
        newest=(entry(words[:3000], is_public=True),) * 6,
        tickets=(ticket(number=words[:100]),) * min(some, 9),
        channel="inc-1012-" + "w" * 51,
    )
