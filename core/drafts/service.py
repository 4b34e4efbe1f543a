"""Use cases of drafts. Only sizes are checked on saving: what is missing is said when it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from core.access import TokenScope, member_of, permission_for, permitted, require_scope
from core.actor import Actor
from core.agents import FACT_MAX
from core.approvals.errors import InvalidRequest
from core.approvals.loading import JUSTIFICATION_MAX
from core.audit import audited, record
from core.db import Database
from core.decisions import DecisionView, Gate
from core.decisions.views import Answer
from core.drafts import store
from core.drafts.views import DraftView
from core.errors import Conflict, NotFound
from core.ids import uuid7

DRAFTS_MAX: Final = 50  # for each person
ATTRIBUTES_MAX: Final = 30


async def list_drafts(database: Database, actor: Actor) -> tuple[DraftView, ...]:
    """The actor's drafts, the one changed last first."""
    async with permitted(database, actor, TokenScope.READ, action="draft.list", resource="drafts") as tx:
        return await store.of_author(tx, member_of(actor))


async def get_draft(database: Database, actor: Actor, draft_id: UUID) -> DraftView:
    """The actor's draft. Raises NotFound."""
    async with permitted(database, actor, TokenScope.READ, action="draft.show", resource=str(draft_id)) as tx:
        return _found(await store.find(tx, member_of(actor), draft_id))


async def save(
    database: Database,
    actor: Actor,
    *,
    action: str,
    resource: Mapping[str, str],
    justification: str,
    draft_id: UUID | None = None,
) -> DraftView:
    """The draft holds this; without an id it is a new one.

    Raises UnknownAction, InvalidRequest, Conflict or NotFound.
    """
    async with audited(database, actor, action="draft.save", resource=str(draft_id or "new")) as tx:
        require_scope(actor, TokenScope.REQUEST)
        author = member_of(actor)
        permission_for(action)
        facts = _checked(resource, justification)
        if draft_id is None and await store.count(tx, author) >= DRAFTS_MAX:
            raise Conflict(f"You have {DRAFTS_MAX} drafts.", next_step="Ask for one of them, or discard it.")
        if draft_id is not None:
            _found(await store.find(tx, author, draft_id))
        draft = DraftView(draft_id or uuid7(), action, facts, justification, tx.now)
        if not await store.put(tx, author, draft):
            raise NotFound("There is no such draft.", where="draft")
        await record(
            tx, actor, action="draft.save", resource=facts.get("name", ""), subject_id=draft.id, details={"for": action}
        )
        return draft


async def discard(database: Database, actor: Actor, draft_id: UUID) -> None:
    """There is no such draft any more. Raises NotFound."""
    async with audited(database, actor, action="draft.discard", resource=str(draft_id)) as tx:
        require_scope(actor, TokenScope.REQUEST)
        if not await store.remove(tx, member_of(actor), draft_id):
            raise NotFound("There is no such draft.", where="draft")
        await record(tx, actor, action="draft.discard", resource=str(draft_id), subject_id=draft_id, details={})


async def submit(database: Database, gate: Gate, actor: Actor, draft_id: UUID) -> DecisionView:
    """What the gate says to the draft; unless it denies, the draft is gone.

    Dying between the two leaves the draft: asking again meets the request that is open already. Raises NotFound.
    """
    draft = await get_draft(database, actor, draft_id)
    decision = await gate.decide(
        actor,
        action=draft.action,
        resource={"type": "agent", **draft.resource},
        context={"justification": draft.justification},
    )
    if decision.decision is not Answer.DENY:
        async with audited(database, actor, action="draft.submit", resource=str(draft_id)) as tx:
            await store.remove(tx, member_of(actor), draft_id)
    return decision


def _checked(resource: Mapping[str, str], justification: str) -> dict[str, str]:
    if len(justification) > JUSTIFICATION_MAX:
        raise InvalidRequest(f"A justification has at most {JUSTIFICATION_MAX} characters.", where="justification")
    if len(resource) > ATTRIBUTES_MAX:
        raise InvalidRequest(f"A resource has at most {ATTRIBUTES_MAX} attributes.", where="resource")
    for key, value in resource.items():
        if len(value) > FACT_MAX:
            raise InvalidRequest(f"'{key}' has at most {FACT_MAX} characters.", where=f"resource.{key}")
    return {key: value.strip() for key, value in resource.items() if value.strip()}


def _found(draft: DraftView | None) -> DraftView:
    if draft is None:
        raise NotFound("There is no such draft.", where="draft")
    return draft
