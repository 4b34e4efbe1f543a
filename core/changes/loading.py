"""What the use cases of changes begin and end with: a change under lock, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from core.access import TokenScope, directory, member_of, require
from core.actor import Actor, system_actor
from core.approvals import request_states
from core.audit import AuditCategory, record
from core.changes import lessons, reading, rules, store
from core.changes.catalogue import ChangeCatalogue
from core.changes.errors import NotYourChange, UnknownChange
from core.changes.events import ChangeEvent
from core.changes.policy import ChangePolicy, ChangeType, Gate
from core.changes.state import ENDS, ChangeState, Step
from core.changes.telling import tell_rollbacks_ticket, tell_ticket
from core.changes.timetable import Span
from core.changes.views import ChangeView
from core.db import Transaction
from core.deadlines import clear, set_deadline
from core.ids import UserId
from core.outbox import emit
from core.tenants import tenant_policy

REVIEW: Final = "changes.review"
UNUSED: Final = "changes.unused"  # what a template approves has no request whose own end would end it
_OUTCOMES: Final[Mapping[str, Mapping[ChangeState, Step]]] = {  # of its request -> what that means where it stands
    "approved": {ChangeState.AUTHORISE: Step.APPROVE},
    **{
        each: {ChangeState.AUTHORISE: Step.TURN_DOWN, ChangeState.SCHEDULE: Step.LAPSE}
        for each in ("rejected", "withdrawn", "expired")
    },
}
_TOLD: Final = {
    Step.APPROVE: ChangeEvent.AUTHORISED,
    Step.TURN_DOWN: ChangeEvent.TURNED_DOWN,
    Step.LAPSE: ChangeEvent.LAPSED,
}


@dataclass(frozen=True, slots=True)
class Held:
    """A change under lock, with its evidence."""

    row: Row[Any]
    evidence: tuple[rules.Evidence, ...]

    @property
    def id(self) -> UUID:
        """Its id."""
        found: UUID = self.row.change_id
        return found

    @property
    def reference(self) -> str:
        """CHG-7."""
        return f"CHG-{self.row.number}"

    @property
    def state(self) -> ChangeState:
        """Where it is."""
        return ChangeState(self.row.state)

    @property
    def gates(self) -> tuple[Gate, ...]:
        """Those that it must pass."""
        return reading.gates_of(self.row)

    @property
    def schedule(self) -> Span | None:
        """Its accepted time."""
        return Span(self.row.starts_at, self.row.ends_at) if self.row.scheduled_at else None

    def move(self, step: Step) -> ChangeState:
        """Where the step leads. Raises WrongState."""
        return rules.move(self.reference, self.state, step)


async def hold(tx: Transaction, change_id: UUID) -> Held:
    """The change, locked, with what its approval has come to taken over. Raises UnknownChange.

    The outbox brings the outcome too, a moment later; whoever was told that it is approved need not wait for that.
    """
    row = await store.lock(tx, change_id)
    if row is None:
        raise UnknownChange(where="change")
    shown = await store.evidence_of(tx, [change_id])
    return await _settled(tx, Held(row, reading.evidence_in(shown.get(change_id, []))))


async def policy_of(tx: Transaction, catalogue: ChangeCatalogue) -> ChangePolicy:
    """The tenant's policy in force. Raises Unavailable."""
    return catalogue.for_tenant(await tenant_policy(tx))


def type_of(policy: ChangePolicy, key: str) -> ChangeType:
    """The type; one that the policy does not know any more takes what is usual."""
    return policy.types.get(key) or ChangeType(key)


async def require_type(tx: Transaction, actor: Actor, change_type: ChangeType) -> UserId:
    """The actor, who may make changes of this type. Raises PermissionMissing or ScopeMissing."""
    await require(tx, actor, change_type.permission, TokenScope.REQUEST)
    return member_of(actor)


def require_own(actor: Actor, held: Held) -> None:
    """Returns if the actor raised it. Raises NotYourChange."""
    if member_of(actor) != held.row.requester_id:
        raise NotYourChange


async def settle_on(
    tx: Transaction,
    actor: Actor,
    held: Held,
    event: ChangeEvent,
    *,
    values: Mapping[str, Any],
    details: Mapping[str, Any] | None = None,
    category: AuditCategory = AuditCategory.USER,
) -> Held:
    """The change has these values, which are recorded and told; how it is then."""
    row = await store.change(tx, held.id, values)
    said = {
        "change": held.reference,
        "from": held.state.value,
        "to": row.state,
        **({"by": actor.name} if actor.user else {}),
        **(details or {}),
    }
    await record(
        tx, actor, action=str(event), resource=held.reference, subject_id=held.id, category=category, details=said
    )
    await emit(tx, subject=f"change:{held.id}", type=event, data={"reference": held.reference, **said})
    await tell_ticket(tx, row, event, said)
    if ChangeState(row.state) in ENDS and held.state not in ENDS:
        await clear(tx, held.id)
        await tell_rollbacks_ticket(tx, held.row, row)
    return Held(row, held.evidence)


def owing_review(held: Held, *, now: datetime) -> dict[str, Any]:
    """The values of a change whose work is over: a review is due where the policy or a bypass asks for one."""
    if not needs_review(held):
        return {}
    due = now + timedelta(seconds=held.row.requirements["review_due_s"])
    return {"review_state": "due", "review_due_at": due}


def needs_review(held: Held) -> bool:
    """Whether its policy asks for a review, or a bypass that it was implemented under does."""
    return bool(held.row.requirements["review"] or held.row.bypass_id)


async def await_review(tx: Transaction, held: Held) -> None:
    """The clock sees to a review that is due."""
    if held.row.review_state == "due":
        await set_deadline(tx, held.id, REVIEW, held.row.review_due_at)


async def view_of(tx: Transaction, change_id: UUID) -> ChangeView:
    """The change as doors show it. Raises UnknownChange."""
    row = await store.by_id(tx, change_id)
    if row is None:
        raise UnknownChange(where="change")
    (view,) = await reading.views(tx, [row], await directory(tx))
    return replace(view, suggested=await lessons.suggested(tx, row))


async def _settled(tx: Transaction, held: Held) -> Held:
    request_id = held.row.request_id
    if request_id is None or held.state not in (ChangeState.AUTHORISE, ChangeState.SCHEDULE):
        return held
    number, outcome = (await request_states(tx, [request_id]))[request_id]
    step = _OUTCOMES.get(outcome, {}).get(held.state)
    if step is None:
        return held
    values: dict[str, Any] = {"state": held.move(step)}
    if step is not Step.APPROVE:
        said = "has expired" if outcome == "expired" else f"was {outcome}"
        values |= {"scheduled_at": None, "note": f"REQ-{number} {said}."}
    return await settle_on(
        tx,
        system_actor(tx.tenant),
        held,
        _TOLD[step],
        values=values,
        details={"request": f"REQ-{number}", "outcome": outcome},
        category=AuditCategory.SYSTEM,
    )
