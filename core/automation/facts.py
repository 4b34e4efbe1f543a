"""What is known of what happened: the variables of conditions and texts, as things are now.

A change's and a rollout's state are what the event made of them: when rules hear of it, they may be further already.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from core.access import Directory, directory
from core.approvals import RequestView, agent_facts, load_request, person_facts, time_facts
from core.audit import rfc3339
from core.automation.rules import Happening
from core.changes import ChangeView, load_change
from core.conditions import Facts
from core.db import Transaction
from core.emergency import BypassView, load_bypass
from core.incidents import IncidentView, load_incident
from core.links import TicketLink, origin_of, tickets_of
from core.outbox import Event
from core.rollouts import RolloutView, drill_view
from core.tenants import tenant_policy

_SAID = ("stage", "decision", "reason", "text")  # of what happened, where its event says so


async def load_happening(tx: Transaction, event: Event) -> Happening:
    """The event with what is known of its subject, and every rule that led to it or to its subject."""
    everybody, tenant = await directory(tx), await tenant_policy(tx)
    variables: dict[str, Mapping[str, Any]] = {
        "event": {
            "type": event.type,
            "at": rfc3339(event.occurred_at),
            "by": _by(event, everybody),
            **{key: str(event.data.get(key) or "") for key in _SAID},
        },
        "tenant": {"id": tenant.tenant_id, "compliance": list(tenant.compliance_requirements)},
        "time": time_facts(event.occurred_at, tenant.time_zone),
        **await _about(tx, event, everybody),
    }
    if event.type.startswith("ticket."):
        variables["ticket"] = _ticket_facts(event, await _link(tx, event))
    origin = (await origin_of(tx, event.subject)).then(*event.origin.rules)
    return Happening(event.type, event.subject, origin, bool(event.data.get("ours")), Facts(variables))


async def _about(tx: Transaction, event: Event, everybody: Directory) -> dict[str, Mapping[str, Any]]:
    kind, _, name = event.subject.partition(":")
    match kind:
        case "request":
            request = await load_request(tx, UUID(name))
            requester = person_facts(request.requester, everybody)
            return {
                "request": _request_facts(request),
                "agent": agent_facts(request.resource),
                "requester": requester,
            }
        case "bypass":
            bypass = await load_bypass(tx, UUID(name))
            return {"bypass": _bypass_facts(bypass), "requester": person_facts(bypass.requester, everybody)}
        case "change":
            found = await _of_change(tx, UUID(name), everybody)
            return {**found, "change": {**found["change"], **_then(event, state="to")}}
        case "rollout":
            rollout = await drill_view(tx, UUID(name))
            is_of_change = rollout.kind == "change"
            of_change = await _of_change(tx, rollout.subject_id, everybody) if is_of_change else {}
            facts = {**_rollout_facts(rollout), **_then(event, state="state", progress="progress")}
            return {"rollout": facts, **of_change}
        case "incident":
            return {"incident": _incident_facts(await load_incident(tx, UUID(name)))}
        case _:
            return {}


def _then(event: Event, **names: str) -> dict[str, Any]:
    """These facts as the event left them, where it says so: of two moves at once, each finds its own and no other."""
    return {fact: event.data[name] for fact, name in names.items() if name in event.data}


async def _of_change(tx: Transaction, change_id: UUID, everybody: Directory) -> dict[str, Mapping[str, Any]]:
    change = await load_change(tx, change_id)
    return {"change": _change_facts(change), "requester": person_facts(change.requester, everybody)}


def _change_facts(change: ChangeView) -> dict[str, Any]:
    return {
        "reference": change.reference,
        "title": change.title,
        "type": change.type,
        "state": change.state,
        "risk": str(change.risk.level) if change.risk else "",
        "resources": list(change.resources),
        "request": change.request,
        "starts_at": rfc3339(change.starts_at) if change.starts_at else "",
        "ends_at": rfc3339(change.ends_at) if change.ends_at else "",
        "review": change.review_state or "",
    }


def _rollout_facts(rollout: RolloutView) -> dict[str, Any]:
    return {
        "kind": rollout.kind,
        "reference": rollout.reference,
        "state": rollout.state,
        "progress": rollout.progress,
        "environment": rollout.environment,
        "reasons": list(rollout.reasons),
    }


def _request_facts(request: RequestView) -> dict[str, Any]:
    return {
        "reference": request.reference,
        "action": request.action,
        "resource": request.resource.get("name", ""),
        "justification": request.justification,
        "status": request.status,
        "policy": request.policy,
        "risk": str(request.assessment.risk.level) if request.assessment else "",
        "revision": request.revision,
    }


def _bypass_facts(bypass: BypassView) -> dict[str, Any]:
    return {
        "reference": bypass.reference,
        "action": bypass.action,
        "resource": bypass.resource,
        "justification": bypass.justification,
        "status": bypass.status,
        "risk": bypass.risk,
        "expires_at": rfc3339(bypass.expires_at),
    }


def _incident_facts(incident: IncidentView) -> dict[str, Any]:
    return {
        "reference": incident.reference,
        "title": incident.title,
        "severity": incident.severity,
        "state": incident.state,
        "service": incident.service,
        "business_service": incident.business_service,
        "source": incident.source,
        "assignee": incident.assignee.email if incident.assignee else "",
    }


def _ticket_facts(event: Event, link: TicketLink | None) -> dict[str, Any]:
    said = {key: str(event.data.get(key) or "") for key in ("system", "number", "kind", "state", "by", "text")}
    return {**said, "url": link.url if link else "", "ours": bool(event.data.get("ours"))}


async def _link(tx: Transaction, event: Event) -> TicketLink | None:
    links = (await tickets_of(tx, [event.subject_id])).get(event.subject_id, ())
    return next((link for link in links if link.system == event.data.get("system")), None)


def _by(event: Event, everybody: Directory) -> str:
    """Who did it: their address if they are somebody here, else what the event says."""
    data = event.data
    said = str(data.get("voter") or data.get("author") or data.get("by") or "")
    by_id = {str(user): person.email for user, person in everybody.people.items()}
    return by_id.get(said, said)
