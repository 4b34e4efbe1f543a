"""The requester changes what they ask, in person or through the request's ticket (P9, N1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from core.access import Directory, TokenScope, directory, member_of, require_scope
from core.actor import Actor, system_actor
from core.agents import FACT_MAX, missing_facts
from core.approvals import rules, store
from core.approvals.asking import PeopleFor
from core.approvals.assessment import Assessment, Circumstances, PolicyChoice, assess, choose_policy, circumstances_of
from core.approvals.awaiting import begin_anew
from core.approvals.catalogue import PolicyCatalogue
from core.approvals.consequences import follow
from core.approvals.effects import Amend, DecideRequest, Effect
from core.approvals.errors import InvalidRequest, OtherPolicy
from core.approvals.hearing import TicketHand
from core.approvals.loading import AUTOMATIC, JUSTIFICATION_MAX, digest_of, hold, view_of
from core.approvals.policy import ApprovalPolicy
from core.approvals.views import RequestView
from core.audit import audited
from core.db import Database, Transaction
from core.ids import RequestId, UserId
from core.roles.permissions import ACTION_PERMISSIONS
from core.tenants import tenant_policy

JUSTIFICATION: Final = "justification"  # the one fact that is no attribute of what is asked for


async def amend(
    database: Database,
    catalogue: PolicyCatalogue,
    actor: Actor,
    request_id: UUID,
    *,
    changes: Mapping[str, str],
    justification: str | None = None,
    reason: str = "",
) -> RequestView:
    """The request asks for the changed resource and every stage begins anew: earlier votes do not count (P9).

    `changes` holds the attributes that change; a blank one is taken away. The same as before changes nothing. What
    would fall under another policy is refused: a request keeps the one under which it was opened, and must not get
    round a stricter one so.
    """
    async with audited(database, actor, action="request.amend", resource=str(request_id)) as tx:
        require_scope(actor, TokenScope.REQUEST)
        held = await hold(tx, request_id)
        wanted = _Wanted(changes, justification, reason)
        return await _amend(tx, catalogue, actor, held, wanted, as_=member_of(actor))


async def amend_from_ticket(
    tx: Transaction, catalogue: PolicyCatalogue, request_id: UUID, by: TicketHand, *, changes: Mapping[str, str]
) -> RequestView:
    """The request asks for what somebody wrote on its ticket, by the same rules as if its requester had changed it.

    The change is theirs in the trail, under their name in that system, never a person's here. `changes` may hold
    `justification`. Raises what `amend` raises, before anything is written.
    """
    held = await hold(tx, request_id)
    facts = {name: value for name, value in changes.items() if name != JUSTIFICATION}
    wanted = _Wanted(facts, changes.get(JUSTIFICATION), f"Changed on {by.ticket} by {by.shown} in {by.system}.")
    return await _amend(tx, catalogue, by.actor(tx.tenant), held, wanted, as_=held.state.requester)


@dataclass(frozen=True, slots=True)
class _Wanted:
    changes: Mapping[str, str]
    justification: str | None
    reason: str


async def _amend(
    tx: Transaction, catalogue: PolicyCatalogue, actor: Actor, held: store.Held, wanted: _Wanted, *, as_: UserId
) -> RequestView:
    if held.row.action not in ACTION_PERMISSIONS:
        raise InvalidRequest(
            f"REQ-{held.row.number} is about {held.row.resource_name}; what it asks is changed there.",
            where="request",
            next_step=f"Revise {held.row.resource_name}.",
        )
    everybody = await directory(tx)
    asker = everybody.people.get(held.state.requester)
    justification = held.row.justification if wanted.justification is None else wanted.justification
    change = _change(held, wanted.changes, justification, asker.email if asker is not None else actor.email)
    before, after = await _circumstances(tx, replace(actor, user=as_), everybody, held, change)
    candidates = catalogue.for_tenant(await tenant_policy(tx)).candidates(held.row.action)
    found = assess(held.policy, after)
    change = replace(change, assessment=found.to_json())
    people = PeopleFor(everybody, change.resource, as_)
    skipped = found.skipped(held.policy)
    effects = rules.amend(held.state, held.policy, change, as_, people, now=tx.now, skipped=skipped)
    if effects:
        _check_policy(candidates, before, after)
        about = {"request": f"REQ-{held.row.number}", "resource": held.row.resource_name}
        if await begin_anew(tx, held.row.request_id, is_needed=found.needs_ticket, about=about):
            effects = rules.held_back(effects)
    await _follow(tx, actor, held, found, effects, reason=wanted.reason)
    return await view_of(tx, UUID(str(held.row.request_id)))


async def _circumstances(
    tx: Transaction, actor: Actor, everybody: Directory, held: store.Held, change: Amend
) -> tuple[Circumstances, Circumstances]:
    """What was asked, and what would be asked, at this instant."""
    tenant = await tenant_policy(tx)
    asked = ((held.row.resource, held.row.justification), (change.resource, change.justification))
    before, after = (
        circumstances_of(
            actor,
            everybody,
            tenant,
            action=held.row.action,
            resource=resource,
            justification=justification,
            now=tx.now,
        )
        for resource, justification in asked
    )
    return before, after


def _check_policy(candidates: tuple[ApprovalPolicy, ...], before: Circumstances, after: Circumstances) -> None:
    """Returns if the change leaves the choice of the policy as it is. Raises OtherPolicy."""
    kept, chosen = choose_policy(candidates, before), choose_policy(candidates, after)
    if _key(kept) == _key(chosen):
        return
    title = chosen.policy.title if chosen.policy else "no policy that can be read"
    raise OtherPolicy(
        f"With this change '{title}' would decide about it, not the policy under which you asked.",
        where="resource",
        next_step="Withdraw the request and ask anew.",
    )


def _key(choice: PolicyChoice) -> str | None:
    return choice.policy.key if choice.policy else None


async def _follow(
    tx: Transaction, actor: Actor, held: store.Held, found: Assessment, effects: tuple[Effect, ...], *, reason: str
) -> None:
    """What follows from the change; that it is approved by itself then is nobody's act, in the trail too."""
    about = (RequestId(held.row.request_id), held.row.number, held.row.resource_name)
    decided = [effect for effect in effects if isinstance(effect, DecideRequest)] if found.is_automatic else []
    await follow(tx, actor, *about, [effect for effect in effects if effect not in decided], note=reason)
    if decided:
        await follow(tx, system_actor(tx.tenant), *about, decided, note=AUTOMATIC)


def _change(held: store.Held, changes: Mapping[str, str], justification: str, requester: str) -> Amend:
    """Raises InvalidRequest naming the field."""
    row = held.row
    if len(justification) > JUSTIFICATION_MAX:
        raise InvalidRequest(f"A justification has at most {JUSTIFICATION_MAX} characters.", where="justification")
    wanted = {key: str(value).strip() for key, value in {**row.resource, **changes}.items()}
    after = {key: value for key, value in wanted.items() if value}
    if after.get("name") != row.resource_name:
        raise InvalidRequest(
            "A request is about one agent; for another, ask anew.", where="resource.name", accepted=(row.resource_name,)
        )
    for key, value in after.items():
        if len(value) > FACT_MAX:
            raise InvalidRequest(f"'{key}' has at most {FACT_MAX} characters.", where=f"resource.{key}")
    if row.action == "agent.create" and (lacking := missing_facts(after)):
        raise InvalidRequest(f"Every agent needs a {lacking[0].replace('_', ' ')}.", where=f"resource.{lacking[0]}")
    before = {**row.resource, "justification": row.justification}
    now = {**after, "justification": justification}
    fields = [key for key in {**before, **now} if before.get(key) != now.get(key)]
    return Amend(
        digest=digest_of(row.action, after, justification, requester, revision=row.revision + 1),
        resource=after,
        justification=justification,
        changed={key: (str(before.get(key, "")), str(now.get(key, ""))) for key in fields},
        voided=sum(vote.digest == held.state.digest for vote in held.state.votes),
    )
