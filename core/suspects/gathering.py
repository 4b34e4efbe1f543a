"""What is known around an incident: changes, the trail, the dependency graph, other incidents, alerts (S5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from core.agents import services_of_agents
from core.audit import AuditFilter, search
from core.budgets import BudgetEvent, Effect, load_budgets
from core.changes import ChangeView, changes_at_work
from core.db import Transaction
from core.incidents import AlertView, IncidentView, begun_between, needs_of, resource_of
from core.outbox import past_events
from core.sla import label_counts
from core.suspects.evidence import Happening, Kind, Scene, Share
from core.suspects.ranking import AHEAD, FAILURES_MIN, LOOK_BACK
from core.suspects.shares import shares_of_alerts, shares_of_samples

RECORDS_MAX: Final = 500  # of the trail, each kind
VALUES_MAX: Final = 200  # of labels of samples, those that failed most
SAMPLED_BEFORE: Final = timedelta(minutes=30)  # an alert fires, before which samples failed
SAMPLED_AFTER: Final = timedelta(minutes=60)
LABELS_PAST: Final = timedelta(days=30)  # with which labels of alerts are compared
_RISKS: Final[Mapping[str, float]] = {"low": 0.85, "medium": 1.0, "high": 1.2}
_WENT_BAD: Final = 1.5
_ROLLS_BACK: Final = "roll_back"
_HOLD_BACK: Final = (BudgetEvent.THROTTLED, BudgetEvent.THRESHOLD_REACHED)  # after which a budget may hold back


async def scene_of(tx: Transaction, incident: IncidentView) -> Scene:
    """Everything that is known around it."""
    served = dict(await services_of_agents(tx))
    needs = {resource: frozenset(others) for resource, others in (await needs_of(tx)).items()}
    since, until = incident.started_at - LOOK_BACK, incident.started_at + AHEAD
    affected = frozenset(
        resource_of(each, served) for each in (incident.service, incident.business_service) if each.strip()
    )
    changed = [_change(each) for each in await changes_at_work(tx, since=since, until=until)]
    deployed = await _deployments(tx, since, until)
    others = await begun_between(tx, since=since, until=until)
    neighbours = [_incident(each, served) for each in others if each.id != incident.id]
    throttled = await _throttles(tx, since, until, needs)
    return Scene(
        began_at=incident.started_at,
        affected=affected,
        needs=needs,
        happenings=(*changed, *deployed, *neighbours, *throttled),
        shares=(*shares_of_alerts(incident.alerts, await _usual(tx, incident)), *await _sampled(tx, incident)),
    )


def _change(change: ChangeView) -> Happening:
    assert change.started_at is not None  # it was chosen so
    level = str(change.risk.level) if change.risk else "medium"
    weight, marks = _RISKS.get(level, 1.0), []
    if change.risk:
        marks.append(f"its risk is {level}")
    if (change.validation and change.validation.result == "failed") or (change.rollout and change.rollout.reasons):
        weight *= _WENT_BAD
        marks.append("its checks failed")
    if change.bypass:
        marks.append(f"it was done under {change.bypass}")
    if change.request:
        marks.append(f"approved as {change.request}")
    return Happening(
        kind=Kind.CHANGE,
        reference=change.reference,
        title=change.title,
        at=change.started_at,
        ended_at=change.completed_at or change.ended_at,
        resources=frozenset(change.resources),
        weight=weight,
        marks=tuple(marks),
        change_id=change.id if _ROLLS_BACK in change.steps else None,
    )


def _incident(incident: IncidentView, served: Mapping[str, str]) -> Happening:
    severe = {"critical": 1.2, "high": 1.0, "medium": 0.8}.get(incident.severity, 0.6)
    named = (incident.service, incident.business_service)
    return Happening(
        kind=Kind.INCIDENT,
        reference=incident.reference,
        title=incident.title,
        at=incident.started_at,
        ended_at=incident.resolved_at,
        resources=frozenset(resource_of(each, served) for each in named if each.strip()),
        weight=severe,
        marks=(f"its severity is {incident.severity}",),
    )


async def _deployments(tx: Transaction, since: datetime, until: datetime) -> list[Happening]:
    """What agent platforms reported as done: agents created, deployed, changed, retired."""
    found = []
    for record in await _records(tx, "decision.outcome", since, until):
        details = record["details"]
        action = str(details.get("governed_action", ""))
        if not action.startswith("agent."):
            continue
        at, failed = datetime.fromisoformat(record["timestamp"]), details.get("status") == "failed"
        found.append(
            Happening(
                kind=Kind.DEPLOYMENT,
                reference=f"agent:{record['resource']}",
                title=f"{action.partition('.')[2].capitalize()} {record['resource']}",
                at=at,
                ended_at=at,
                resources=frozenset({f"agent:{record['resource']}"}),
                weight=_WENT_BAD if failed else 1.0,
                marks=("the platform reported that it failed",) if failed else (),
            )
        )
    return found


async def _throttles(
    tx: Transaction, since: datetime, until: datetime, needs: Mapping[str, frozenset[str]]
) -> list[Happening]:
    """Budgets that hold governed actions back: felt by the agent that they count, or by all where they name none."""
    agents = frozenset(each for each in _named(needs) if each.startswith("agent:"))
    turned: dict[UUID, datetime] = {}
    for event in await past_events(tx, types=_HOLD_BACK, since=since, limit=RECORDS_MAX):
        if event.occurred_at <= until:
            turned.setdefault(event.subject_id, event.occurred_at)
    found = []
    for budget in await load_budgets(tx, turned.keys()):
        if not budget.standing.throttle_per_hour and all(each.does is Effect.WARN for each in budget.controls_now):
            continue  # lifted, or it only warns
        scope = budget.terms.scope
        found.append(
            Happening(
                kind=Kind.THROTTLE,
                reference=budget.reference,
                title=f"Budget {budget.terms.name} holds back",
                at=turned[budget.id],
                ended_at=None,
                resources=frozenset({f"agent:{scope.agent}"}) if scope.agent else agents,
                marks=(f"{budget.standing.percent} % of it are used",),
            )
        )
    return found


def _named(needs: Mapping[str, frozenset[str]]) -> set[str]:
    return {one for resource, others in needs.items() for one in (resource, *others)}


async def _records(tx: Transaction, action: str, since: datetime, until: datetime) -> Sequence[dict[str, Any]]:
    wanted = AuditFilter(action=action, since=since, until=until, result=None)
    found = await search(tx, wanted, after=None, limit=RECORDS_MAX)
    return [record for _position, record in found if record["result"] != "denied"]


async def _usual(tx: Transaction, incident: IncidentView) -> list[AlertView]:
    """The alerts of other incidents before this one."""
    since, until = incident.started_at - LABELS_PAST, incident.started_at
    others = await begun_between(tx, since=since, until=until)
    return [alert for each in others if each.id != incident.id for alert in each.alerts]


async def _sampled(tx: Transaction, incident: IncidentView) -> tuple[Share, ...]:
    """What labels the samples that failed around its beginning have."""
    began = incident.started_at
    until = min(incident.resolved_at or tx.now, began + SAMPLED_AFTER)
    services = {each for each in (incident.service, incident.business_service) if each.strip()}
    counts = await label_counts(
        tx, services, since=began - SAMPLED_BEFORE, until=until, failures=FAILURES_MIN, limit=VALUES_MAX
    )
    return tuple(shares_of_samples(counts))
