"""Requests, bypasses and incidents as a mapping sees them: `connectors.itsm.mapping.FACTS` shows the shape."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from core.access import PersonView
from core.approvals import RequestView, StageView
from core.emergency import BypassView
from core.incidents import IncidentView

_PERSON: Final = ("email", "name", "title", "time_zone")
_RISKS: Final = {"critical": "high", "high": "high", "medium": "medium", "low": "low"}  # a severity as mappings know it
_SCORES: Final = {"critical": 100, "high": 75, "medium": 50, "low": 25}


def request_facts(request: RequestView, *, address: str) -> dict[str, Any]:
    """What is known of a request now; `address` is this installation's own."""
    risk = request.assessment.risk if request.assessment is not None else None
    return {
        "request": {
            "id": str(request.id),
            "reference": request.reference,
            "action": request.action,
            "justification": request.justification,
            "status": request.status,
            "policy": request.policy,
            "created_at": request.created_at.isoformat(),
            "expires_at": "",
        },
        "requester": _person(request.requester),
        "resource": dict(request.resource),
        "risk": {"level": str(risk.level), "score": risk.score} if risk is not None else {},
        "stages": [_stage(stage) for stage in request.stages],
        "links": {"console": f"{address}/console/requests/{request.reference}"},
    }


def bypass_facts(bypass: BypassView, *, address: str) -> dict[str, Any]:
    """What is known of a bypass now; it has no stages, and its resource is a name alone."""
    return {
        "request": {
            "id": str(bypass.id),
            "reference": bypass.reference,
            "action": bypass.action,
            "justification": bypass.justification,
            "status": bypass.status,
            "policy": "",
            "created_at": bypass.granted_at.isoformat(),
            "expires_at": bypass.expires_at.isoformat(),
        },
        "requester": _person(bypass.requester),
        "resource": {"name": bypass.resource},
        "risk": {"level": bypass.risk, "score": sum(weight for _name, weight in bypass.risk_factors)},
        "stages": [],
        "links": {"console": f"{address}/console"},
    }


def incident_facts(incident: IncidentView, *, address: str) -> dict[str, Any]:
    """What is known of an incident now, in the same shape; it has no stages, and its resource is what is affected."""
    return {
        "request": {
            "id": str(incident.id),
            "reference": incident.reference,
            "action": "incident",
            "justification": incident.description or incident.title,
            "status": incident.state,
            "policy": "",
            "created_at": incident.reported_at.isoformat(),
            "expires_at": "",
        },
        "requester": _person(incident.reporter) if incident.reporter else dict.fromkeys(_PERSON, ""),
        "resource": {"name": incident.service, "business_service": incident.business_service},
        "risk": {"level": _RISKS[incident.severity], "score": _SCORES[incident.severity]},
        "stages": [],
        "links": {"console": f"{address}/console/incidents/{incident.reference}"},
    }


def _person(person: PersonView) -> dict[str, str]:
    return {"email": person.email, "name": person.name, "title": person.title, "time_zone": person.time_zone}


def _stage(stage: StageView) -> dict[str, Any]:
    return {
        "key": stage.key,
        "title": stage.title,
        "status": stage.status,
        "due_at": _text(stage.due_at),
        "approvers": [person.email for person in stage.approvers],
        "decided_by": [vote.voter.email for vote in stage.votes],
    }


def _text(at: datetime | None) -> str:
    return at.isoformat() if at is not None else ""
