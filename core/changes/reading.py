"""Changes as doors show them: seven statements for a page, however long it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from core import emergency
from core.access import Directory, PersonView
from core.approvals import request_states
from core.changes import rules, store
from core.changes.assessing import ChangeRisk
from core.changes.policy import Gate
from core.changes.state import ChangeState, steps_from
from core.changes.views import AlarmView, ChangeView, EvidenceView, RecoveryView, ReviewView, ValidationView
from core.db import Transaction
from core.ids import UserId
from core.rollouts import RolloutView, rollouts_of


async def views(tx: Transaction, rows: Sequence[Row[Any]], everybody: Directory) -> tuple[ChangeView, ...]:
    """The rows as doors show them, in their order."""
    if not rows:
        return ()
    shown = await store.evidence_of(tx, [row.change_id for row in rows])
    asked = [each for row in rows for each in (row.request_id, row.rollback_request_id) if each]
    known = _Known(
        everybody,
        requests=await request_states(tx, asked),
        bypasses=await emergency.numbers(tx, [row.bypass_id for row in rows if row.bypass_id]),
        rollouts=await rollouts_of(tx, [row.change_id for row in rows]),
    )
    return tuple(_view(tx, row, shown.get(row.change_id, []), known) for row in rows)


def evidence_in(rows: Sequence[Row[Any]]) -> tuple[rules.Evidence, ...]:
    """As rules read it, the oldest first."""
    return tuple(rules.Evidence(Gate(row.gate), row.result, row.summary) for row in rows)


def gates_of(row: Row[Any]) -> tuple[Gate, ...]:
    """The gates that its policy asks for."""
    return tuple(Gate(each) for each in row.requirements["gates"])


@dataclass(frozen=True, slots=True)
class _Known:
    """What the rows of a page refer to."""

    everybody: Directory
    requests: Mapping[UUID, tuple[int, str]]
    bypasses: Mapping[UUID, int]
    rollouts: Mapping[UUID, RolloutView]

    def person(self, user: UUID | str) -> PersonView:
        """The person with this id."""
        return self.everybody.people[UserId(UUID(str(user)))]

    def request(self, request_id: UUID | None) -> tuple[str, str]:
        """Its reference and its state; empty where there is none."""
        number, state = self.requests.get(request_id, (0, "")) if request_id else (0, "")
        return (f"REQ-{number}" if number else "", state)


def _view(tx: Transaction, row: Row[Any], shown: Sequence[Row[Any]], known: _Known) -> ChangeView:
    person, bypasses = known.person, known.bypasses
    request, state = known.request(row.request_id)
    rollback, rollback_state = known.request(row.rollback_request_id)
    gates = gates_of(row)
    validation, review = row.validation, row.review
    return ChangeView(
        id=row.change_id,
        reference=f"CHG-{row.number}",
        tenant=tx.tenant,
        title=row.title,
        description=row.description,
        type=row.change_type,
        template=row.template,
        resources=tuple(row.resources),
        reach=tuple(row.reach),
        state=row.state,
        steps=tuple(map(str, steps_from(ChangeState(row.state)))),
        requester=person(row.requester_id),
        risk=ChangeRisk.from_json(row.risk) if row.risk else None,
        request_id=row.request_id,
        request=request,
        request_state=state,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        scheduled_at=row.scheduled_at,
        implementer=person(row.implementer_id) if row.implementer_id else None,
        started_at=row.started_at,
        completed_at=row.completed_at,
        bypass_id=row.bypass_id,
        bypass=f"BYP-{bypasses[row.bypass_id]}" if row.bypass_id in bypasses else "",
        owed=tuple(row.owed),
        gates=tuple(map(str, gates)),
        missing=tuple(map(str, rules.missing_gates(gates, evidence_in(shown)))),
        evidence=tuple(
            EvidenceView(
                gate=each.gate,
                result=each.result,
                summary=each.summary,
                url=each.url,
                author=person(each.author_id) if each.author_id else None,
                at=each.created_at,
            )
            for each in shown
        ),
        validation=validation
        and ValidationView(validation["result"], validation["notes"], _by(known, validation), _at(validation)),
        can_roll_out=row.requirements.get("rollout") is not None,
        rollout=known.rollouts.get(row.change_id),
        rollback_request_id=row.rollback_request_id,
        rollback_request=rollback,
        rollback_request_state=rollback_state,
        recovery=_recovery(known, row.recovery) if row.recovery else None,
        alarm=_alarm(known, row.alarm) if row.alarm else None,
        wants_review=bool(row.requirements["review"] or row.bypass_id),
        review_state=row.review_state,
        review_due_at=row.review_due_at,
        review=_review(known, review) if review else None,
        note=row.note,
        created_at=row.created_at,
        updated_at=row.updated_at,
        ended_at=row.ended_at,
    )


def _review(known: _Known, document: Mapping[str, Any]) -> ReviewView:
    return ReviewView(
        outcome=document["outcome"],
        notes=document["notes"],
        lessons=document["lessons"],
        tags=tuple(document.get("tags", ())),
        by=known.person(document["by"]),
        at=_at(document),
    )


def _recovery(known: _Known, document: Mapping[str, str]) -> RecoveryView:
    at = _at(document) if "at" in document else None
    return RecoveryView(document["state"], document.get("notes", ""), _by(known, document), at)


def _alarm(known: _Known, document: Mapping[str, Any]) -> AlarmView:
    by = document.get("acknowledged_by")
    return AlarmView(
        what=document["what"],
        at=_at(document),
        people=tuple(known.person(each) for each in document["people"]),
        acknowledged_by=known.person(by) if by else None,
        acknowledged_at=datetime.fromisoformat(document["acknowledged_at"]) if by else None,
    )


def _by(known: _Known, document: Mapping[str, str]) -> PersonView | None:
    return known.person(document["by"]) if document.get("by") else None


def _at(document: Mapping[str, str]) -> datetime:
    return datetime.fromisoformat(document["at"])
