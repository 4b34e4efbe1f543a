"""What was allowed and what was done, where the two differ: people are told of both (X8)."""

from __future__ import annotations

from typing import Final

from core.actor import Actor
from core.db import Transaction
from core.decisions.views import DecisionView
from core.incidents import GATE, Alert, AlertState, Severity, open_or_update

UNREPORTED: Final = "unreported"  # the group whose alerts share an incident


async def alarm_unapproved(tx: Transaction, actor: Actor, view: DecisionView) -> None:
    """Something was done that the gate had not allowed: an incident of its own for each decision."""
    said = f"The gate's answer was '{view.decision}': {view.reasons[0].message}" if view.reasons else ""
    alert = Alert(
        tenant=tx.tenant,
        source=GATE,
        key=f"unapproved:{view.id}",
        state=AlertState.FIRING,
        severity=Severity.HIGH,
        service=_service(view),
        title=f"Done without approval: {_what(view)}",
        words=f"{actor.name} reports that it was done. {said}".strip(),
        started_at=tx.now,
        labels={"action": view.action, "decision": str(view.id)},
    )
    await open_or_update(tx, alert)


async def alarm_unreported(tx: Transaction, view: DecisionView) -> None:
    """What people approved, or a bypass let pass, was not reported in time: all of these share an incident.

    What policy allows by itself is left alone: a platform that only asks, as AuthZEN's do, never reports.
    """
    if view.request_id or view.bypass_id:
        await open_or_update(tx, _unreported(tx, view, AlertState.FIRING))


async def settle_unreported(tx: Transaction, view: DecisionView) -> None:
    """It was reported after all."""
    if view.operation == "lapsed" and (view.request_id or view.bypass_id):
        await open_or_update(tx, _unreported(tx, view, AlertState.RESOLVED))


def _unreported(tx: Transaction, view: DecisionView, state: AlertState) -> Alert:
    return Alert(
        tenant=tx.tenant,
        source=GATE,
        key=f"unreported:{view.id}",
        group=UNREPORTED,
        state=state,
        severity=Severity.LOW,
        service=_service(view),
        title=f"Approved and not reported as done: {_what(view)}",
        words="The platform was told that it may, and has not said what came of it.",
        started_at=view.decided_at,
        labels={"action": view.action, "decision": str(view.id)},
    )


def _what(view: DecisionView) -> str:
    return f"{view.action} of {view.resource['name']}"


def _service(view: DecisionView) -> str:
    return f"agent:{view.resource['name']}" if view.resource.get("type", "agent") == "agent" else view.resource["name"]
