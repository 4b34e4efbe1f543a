"""Use cases before anybody is asked: draft, revise, show evidence (G2, G3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from config.suggest import did_you_mean
from core.access import member_of, require_scope
from core.access.scopes import TokenScope
from core.actor import Actor
from core.approvals import lapse_request
from core.audit import audited, record
from core.changes import rules, store
from core.changes.catalogue import ChangeCatalogue
from core.changes.errors import InvalidChange, WrongState
from core.changes.events import ChangeEvent
from core.changes.loading import Held, hold, policy_of, require_own, require_type, settle_on, type_of, view_of
from core.changes.policy import Gate
from core.changes.proposing import SAID, Proposal, filled, requirements_of, template_named, values_of
from core.changes.state import ENDS, ChangeState, Step
from core.changes.views import ChangeView
from core.db import Database, Transaction, next_number
from core.ids import UserId, uuid7
from core.outbox import emit

URL_MAX: Final = 2000  # characters
_GATES: Final = tuple(map(str, Gate))


@dataclass(frozen=True, slots=True)
class Exhibit:
    """What is shown for a gate; `source` says where, if it was not here."""

    gate: str
    summary: str
    result: str = rules.PASSED
    url: str = ""
    source: Mapping[str, str] = field(default_factory=dict)


async def draft(
    database: Database,
    catalogue: ChangeCatalogue,
    actor: Actor,
    proposal: Proposal,
    *,
    template: str = "",
    rollback_plan: str = "",
) -> ChangeView:
    """The change is in the registry, as a draft; a standard one has its template's evidence already.

    `rollback_plan` is evidence for the gate of that name, shown by the actor. Raises InvalidChange naming the field, or
    PermissionMissing.
    """
    about = (proposal.title or template)[: rules.TITLE_MAX]
    async with audited(database, actor, action="change.drafted", resource=about, details={"type": proposal.type}) as tx:
        return await draft_in(tx, catalogue, actor, proposal, template=template, rollback_plan=rollback_plan)


async def draft_in(
    tx: Transaction,
    catalogue: ChangeCatalogue,
    actor: Actor,
    proposal: Proposal,
    *,
    template: str = "",
    rollback_plan: str = "",
) -> ChangeView:
    """As `draft`, together with what else the caller's transaction does."""
    policy = await policy_of(tx, catalogue)
    standard = template_named(policy, template)
    values = await values_of(tx, policy, filled(proposal, standard), standard=standard)
    user = await require_type(tx, actor, type_of(policy, values["change_type"]))
    change_id, number = uuid7(), await next_number(tx, "CHG")
    await store.add(
        tx,
        {
            "change_id": change_id,
            "number": number,
            "state": ChangeState.DRAFT,
            "template": standard.key if standard else "",
            "requester_id": user,
            "requirements": requirements_of(policy),
            "created_at": tx.now,
            "updated_at": tx.now,
            **values,
        },
    )
    shown = [_passed(gate, text, None) for gate, text in (standard.evidence if standard else {}).items()]
    if rollback_plan.strip():
        plan = rules.check_text("rollback_plan", rollback_plan, rules.SUMMARY_MAX)
        shown.append(_passed(Gate.ROLLBACK_PLAN, plan, user))
    if shown:
        await store.add_evidence(tx, change_id, shown)
    said = {"change": f"CHG-{number}", "type": values["change_type"], "resources": values["resources"]}
    reference = f"CHG-{number}"
    event = ChangeEvent.DRAFTED
    details = {**said, "title": values["title"], "template": template, "evidence": [each["gate"] for each in shown]}
    await record(tx, actor, action=str(event), resource=reference, subject_id=change_id, details=details)
    data = {"reference": reference, "by": actor.name, "to": ChangeState.DRAFT.value}
    await emit(tx, subject=f"change:{change_id}", type=event, data=data)
    return await view_of(tx, change_id)


async def revise(
    database: Database,
    catalogue: ChangeCatalogue,
    actor: Actor,
    change_id: UUID,
    proposal: Proposal,
    *,
    reason: str = "",
) -> ChangeView:
    """The change says something else and is a draft again: what was assessed, approved and scheduled is so no more.

    What it says already leaves it, and its approval, as it is. Raises InvalidChange where nothing is said.
    """
    async with audited(database, actor, action="change.revised", resource=str(change_id)) as tx:
        require_scope(actor, TokenScope.REQUEST)
        held = await hold(tx, change_id)
        require_own(actor, held)
        reason = rules.check_text("reason", reason, rules.SUMMARY_MAX, least=0)
        if proposal == Proposal():
            raise InvalidChange("Say what is to change in it.", accepted=SAID)
        to = held.state if held.state is ChangeState.DRAFT else held.move(Step.REVISE)
        policy = await policy_of(tx, catalogue)
        standard = policy.templates.get(held.row.template)
        values = await values_of(tx, policy, proposal, standard=standard, before=held)
        await require_type(tx, actor, type_of(policy, values.get("change_type", held.row.change_type)))
        values = {column: value for column, value in values.items() if getattr(held.row, column) != value}
        if not values:
            return await view_of(tx, change_id)
        if held.row.request_id:
            await lapse_request(tx, held.row.request_id, reason=f"{held.reference} was revised.")
        cleared = {"risk": None, "risk_level": None, "scheduled_at": None, "request_id": None}
        details = {"fields": sorted(values), "reason": reason}
        values = {"state": to, "requirements": requirements_of(policy), "note": reason, **cleared, **values}
        await settle_on(tx, actor, held, ChangeEvent.REVISED, values=values, details=details)
        return await view_of(tx, change_id)


async def show_evidence(
    database: Database,
    catalogue: ChangeCatalogue,
    actor: Actor,
    change_id: UUID,
    *,
    gate: str,
    summary: str,
    result: str = rules.PASSED,
    url: str = "",
) -> ChangeView:
    """The evidence stands with the change, and is the last word on its gate (G3). What is owed can be shown late."""
    async with audited(database, actor, action="change.evidence_added", resource=str(change_id)) as tx:
        held = await hold(tx, change_id)
        await show_evidence_in(tx, catalogue, actor, held, Exhibit(gate, summary, result, url))
        return await view_of(tx, change_id)


async def show_evidence_in(
    tx: Transaction, catalogue: ChangeCatalogue, actor: Actor, held: Held, exhibit: Exhibit
) -> None:
    """As `show_evidence`, together with what else the caller's transaction does."""
    await require_type(tx, actor, type_of(await policy_of(tx, catalogue), held.row.change_type))
    gate, result, url = exhibit.gate, exhibit.result, exhibit.url
    if gate not in tuple(Gate):
        raise InvalidChange(f"There is no gate '{gate}'.{did_you_mean(gate, Gate)}", where="gate", accepted=_GATES)
    if result not in rules.RESULTS:
        raise InvalidChange(f"'{result}' is not a result.", where="result", accepted=rules.RESULTS)
    if held.state in ENDS and held.row.review_state not in ("due", "overdue"):
        raise WrongState(f"{held.reference} is {held.state}; nothing is owed.", where="state")
    text = rules.check_text("summary", exhibit.summary, rules.SUMMARY_MAX)
    if (url and not url.startswith(("https://", "http://"))) or len(url) > URL_MAX:
        raise InvalidChange("That is no address.", where="url", accepted=("https://ci.example.com/run/17",))
    shown = {"gate": gate, "result": result, "summary": text, "url": url}
    await store.add_evidence(tx, held.id, [{**shown, "author_id": member_of(actor)}])
    details = {**shown, **exhibit.source}
    await settle_on(tx, actor, held, ChangeEvent.EVIDENCE_ADDED, values={}, details=details)


def _passed(gate: Gate, summary: str, author: UserId | None) -> dict[str, Any]:
    """Evidence with which the change begins; a template's has no author."""
    return {"gate": gate, "result": rules.PASSED, "summary": summary, "author_id": author}
