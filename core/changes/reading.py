"""Changes as doors show them: four statements for a page, however long it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from core.changes.views import ChangeView, EvidenceView, ReviewView, ValidationView
from core.db import Transaction
from core.ids import UserId


async def views(tx: Transaction, rows: Sequence[Row[Any]], everybody: Directory) -> tuple[ChangeView, ...]:
    """The rows as doors show them, in their order."""
    if not rows:
        return ()
    shown = await store.evidence_of(tx, [row.change_id for row in rows])
    requests = await request_states(tx, [row.request_id for row in rows if row.request_id])
    bypasses = await emergency.numbers(tx, [row.bypass_id for row in rows if row.bypass_id])
    return tuple(_view(tx, row, shown.get(row.change_id, []), requests, bypasses, everybody) for row in rows)


def evidence_in(rows: Sequence[Row[Any]]) -> tuple[rules.Evidence, ...]:
    """As rules read it, the oldest first."""
    return tuple(rules.Evidence(Gate(row.gate), row.result, row.summary) for row in rows)


def gates_of(row: Row[Any]) -> tuple[Gate, ...]:
    """The gates that its policy asks for."""
    return tuple(Gate(each) for each in row.requirements["gates"])


def _view(
    tx: Transaction,
    row: Row[Any],
    shown: Sequence[Row[Any]],
    requests: Mapping[UUID, tuple[int, str]],
    bypasses: Mapping[UUID, int],
    everybody: Directory,
) -> ChangeView:
    def person(user: UUID | str) -> PersonView:
        return everybody.people[UserId(UUID(str(user)))]

    number, state = requests.get(row.request_id, (0, ""))
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
        request=f"REQ-{number}" if number else "",
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
        and ValidationView(validation["result"], validation["notes"], person(validation["by"]), _at(validation)),
        review_state=row.review_state,
        review_due_at=row.review_due_at,
        review=review
        and ReviewView(review["outcome"], review["notes"], review["lessons"], person(review["by"]), _at(review)),
        note=row.note,
        created_at=row.created_at,
        updated_at=row.updated_at,
        ended_at=row.ended_at,
    )


def _at(document: Mapping[str, str]) -> datetime:
    return datetime.fromisoformat(document["at"])
