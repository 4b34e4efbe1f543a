"""How risky a change is at a time, and whether what was approved reaches that far (G1, G5, G6)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from core.access import directory
from core.actor import Actor, Door
from core.approvals import load_request, open_request
from core.changes import assessing, matrix, rules, store
from core.changes.assessing import ChangeRisk, Subject
from core.changes.loading import Held
from core.changes.policy import Approver, ChangePolicy, Gate
from core.changes.reaching import radius_of
from core.changes.timetable import Planned, Span
from core.db import Transaction
from core.dependencies import TENANT, named
from core.ids import UserId
from core.tenants import tenant_policy


@dataclass(frozen=True, slots=True)
class Weighed:
    """What feels the change and how risky it is at a time. `again`: who must be asked, as more approval is needed."""

    reach: tuple[str, ...]
    risk: ChangeRisk
    again: tuple[Approver, ...] = ()

    def moved(self, change: Planned) -> Planned:
        """The change as the timetable sees it with this risk."""
        return replace(change, risk=self.risk.level, reach=self.reach)


async def weigh(tx: Transaction, policy: ChangePolicy, held: Held, span: Span | None) -> Weighed:
    """Its reach and its risk at that time, as things are now."""
    row = held.row
    radius = await radius_of(tx, policy, row.resources)
    # Two changes do not collide because one tenant feels both.
    felt = tuple(sorted(each.resource for each in radius if not each.via or not named(TENANT, (each.resource,))))
    lacking = rules.missing_gates(tuple(Gate), held.evidence)
    subject = Subject(
        type=row.change_type,
        is_standard=bool(row.template),
        resources=tuple(row.resources),
        reach=felt,
        starts_at=span.starts_at if span else None,
        ends_at=span.ends_at if span else None,
        is_tested=Gate.TESTING not in lacking,
        has_rollback_plan=Gate.ROLLBACK_PLAN not in lacking,
        history=await store.history(tx, row.change_type, row.resources, UserId(row.requester_id)),
    )
    zone = (await tenant_policy(tx)).time_zone
    return Weighed(felt, assessing.assess(policy.risk, subject, now=tx.now, time_zone=zone))


async def weigh_time(tx: Transaction, policy: ChangePolicy, held: Held, span: Span) -> Weighed | None:
    """An approved change at that time, with who must be asked again; None for the time that it was assessed with."""
    row = held.row
    if (row.starts_at, row.ends_at) == (span.starts_at, span.ends_at):
        return None
    found = await weigh(tx, policy, held, span)
    if row.request_id is None:
        again = () if is_standard(policy, held, found) else policy.matrix[found.risk.level]
        return replace(found, again=again)
    request = await load_request(tx, row.request_id)
    approved = request.assessment.risk.level if request.assessment else row.risk_level
    asked = frozenset(stage.key for stage in request.stages)
    return replace(found, again=rules.asked_again(policy.matrix[found.risk.level], found.risk.level, approved, asked))


def is_standard(policy: ChangePolicy, held: Held, weighed: Weighed) -> bool:
    """Whether its template approves it."""
    row = held.row
    return rules.is_preapproved(
        policy.templates.get(row.template),
        weighed.risk.level,
        title=row.title,
        change_type=row.change_type,
        resources=row.resources,
    )


async def ask(
    tx: Transaction, policy: ChangePolicy, actor: Actor, held: Held, span: Span | None, weighed: Weighed
) -> UUID:
    """Those of the risk's row are asked, by its requester; the id of the request.

    Raises NobodyToAsk where a role of the row and all above it are empty.
    """
    row = held.row
    facts = {
        "risk": str(weighed.risk.level),
        "feels_it": ", ".join(weighed.reach),
        "planned_start": span.starts_at.isoformat() if span else "",
        "planned_end": span.ends_at.isoformat() if span else "",
        "rollback_plan": _last(held, Gate.ROLLBACK_PLAN),
        "test_plan": _last(held, Gate.TESTING),
    }
    request_id, _is_approved = await open_request(
        tx,
        await _requester(tx, actor, held),
        matrix.approval_policy(policy, weighed.risk),
        action=rules.ACTION,
        resource=matrix.what_is_asked(held.reference, row.title, row.change_type, tuple(row.resources), facts),
        justification=f"{row.title}\n\n{row.description}".strip(),
    )
    return request_id


async def _requester(tx: Transaction, actor: Actor, held: Held) -> Actor:
    """Its requester: whoever moves a change for them must not become the one who may not decide about it."""
    if actor.user == held.row.requester_id:
        return actor
    person = (await directory(tx)).people[UserId(held.row.requester_id)]
    return Actor(tenant=tx.tenant, user=person.id, email=person.email, name=person.name, door=Door.SYSTEM)


def _last(held: Held, gate: Gate) -> str:
    """The last evidence for the gate, in words."""
    found = [each for each in held.evidence if each.gate is gate]
    return f"{found[-1].result}: {found[-1].summary}" if found else ""
