"""Use cases of a bypass's grant: what may be asked for, the grant itself, and one that waits for a second factor."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from core.access import TokenScope, directory, member_of, permitted, require_scope
from core.actor import Actor
from core.audit import audited
from core.db import Database, Transaction, next_number
from core.deadlines import set_deadline
from core.emergency import risk as risks
from core.emergency import rules, store
from core.emergency.errors import ReviewDebt
from core.emergency.events import EmergencyEvent
from core.emergency.holding import ACKNOWLEDGE, COUNT_DOWN, EXPIRY, REVIEW, REVIEW_REMINDER, emit_on, record_on
from core.emergency.naming import check_named
from core.emergency.risk import BypassRisk
from core.emergency.rules import UNSAID, Circumstances, Wish
from core.emergency.showing import view_of
from core.emergency.views import BypassView
from core.errors import Forbidden
from core.ids import BypassId, uuid7
from core.signin import (
    Assurance,
    Proof,
    StepUpRequired,
    assurance_of,
    find_challenge,
    give_proof,
    is_assured_within,
    open_challenge,
    security_of,
    use_challenge,
)
from core.tenants import StepUp, tenant_policy
from core.tenants.bypass_policy import BypassReason

PURPOSE = "bypass"  # of the challenge under which a bypass waits


@dataclass(frozen=True, slots=True)
class BypassTerms:
    """What the person may ask for: where, for how long, why, and whether an incident must be named."""

    longest: timedelta  # anywhere
    environments: tuple[str, ...] = ()  # empty: they are not told apart
    reasons: tuple[BypassReason, ...] = ()
    reason_required: bool = True
    wants_incident: bool = False  # for some reason
    incident_format: str = ""


@dataclass(frozen=True, slots=True)
class WaitingBypass:
    """What its holder is asked to confirm, with the risk as it stands now."""

    wish: Wish
    risk: BypassRisk
    reason_title: str
    needs_proof: bool


class _Unassured(StepUpRequired):
    """A bypass needs your second factor."""

    def __init__(self, wish: Wish, risk: BypassRisk) -> None:
        self.wish, self.risk = wish, risk
        super().__init__()


async def terms_for(database: Database, actor: Actor) -> BypassTerms:
    """What the actor may ask for. Raises BypassNotAllowed, which is recorded like an attempt (R6)."""
    async with audited(database, actor, action="bypass.prepare", resource="bypass") as tx:
        return await _terms(tx, actor)


async def terms_offered(database: Database, actor: Actor) -> BypassTerms | None:
    """The same for a page that offers it beside other things; None for whoever may not, as they have not tried."""
    async with database.tenant(actor.tenant) as tx:
        try:
            return await _terms(tx, actor)
        except Forbidden:
            return None


async def assess_wish(database: Database, actor: Actor, wish: Wish) -> BypassRisk:
    """The risk that the grant would record; nothing is granted. Raises what `grant` raises but StepUpRequired."""
    async with permitted(database, actor, TokenScope.REQUEST, action="bypass.assess", resource=wish.resource) as tx:
        return await _weighed(tx, actor, wish.trimmed())


async def grant(
    database: Database,
    actor: Actor,
    *,
    action: str,
    resource: str,
    justification: str,
    duration: timedelta,
    named: Circumstances = UNSAID,
) -> BypassView:
    """The bypass is active at once, management is being told, and its review is open with a due date (E1, E2, E4).

    Raises BypassNotAllowed, ReviewDebt, InvalidBypass, or StepUpRequired, which says where it waits to be confirmed.
    """
    wish = Wish(action, resource, justification, duration, named).trimmed()
    async with (
        _stepping_up(database, actor),
        audited(
            database,
            actor,
            action="bypass.grant",
            resource=wish.resource,
            details={"action": action, "justification": justification[:500]},
        ) as tx,
    ):
        risk = await _weighed(tx, actor, wish)
        need = (await tenant_policy(tx)).bypass.step_up_in(wish.named.environment)
        if not _is_sure(actor, need, tx):
            raise _Unassured(wish, risk)
        return await _granted(tx, actor, wish, risk)


async def waiting_bypass(database: Database, actor: Actor, token: str) -> WaitingBypass:
    """What waits under the token for this person. Raises LinkOver, or what `grant` raises by now."""
    async with permitted(database, actor, TokenScope.REQUEST, action="bypass.step_up", resource="bypass") as tx:
        _subject, facts = await find_challenge(tx, actor, token, purpose=PURPOSE)
        wish = Wish.from_json(facts)
        policy = (await tenant_policy(tx)).bypass
        reason = policy.reason(wish.named.reason)
        needs_proof = not _is_sure(actor, policy.step_up_in(wish.named.environment), tx)
        return WaitingBypass(wish, await _weighed(tx, actor, wish), reason.title if reason else "", needs_proof)


async def confirm_bypass(database: Database, actor: Actor, token: str, *, proof: Proof) -> tuple[BypassView, Actor]:
    """The bypass that waited is active, once; and the actor, assured. A factor that is fresh enough is not asked again.

    Raises CodeRefused or KeyRefused, which leave it waiting, LinkOver, or what `grant` raises.
    """
    waiting = await waiting_bypass(database, actor, token)
    if waiting.needs_proof:
        actor = await give_proof(database, actor, proof)
    wish = waiting.wish
    said = {"action": wish.action, "justification": wish.justification[:500]}
    async with audited(database, actor, action="bypass.grant", resource=wish.resource, details=said) as tx:
        await use_challenge(tx, token)  # with the grant or not at all
        return await _granted(tx, actor, wish, await _weighed(tx, actor, wish)), actor


async def _terms(tx: Transaction, actor: Actor) -> BypassTerms:
    policy = (await tenant_policy(tx)).bypass
    open_to = rules.environments_for(policy, await directory(tx), member_of(actor))
    incidents = [policy.incident, *(each.incident for each in policy.reasons if each.incident is not None)]
    return BypassTerms(
        environments=tuple(each for each in open_to if each),
        longest=max(policy.longest_in(each) for each in open_to),
        reasons=policy.reasons,
        reason_required=policy.reason_required,
        wants_incident=any(each.required or each.format for each in incidents),
        incident_format=next((each.format for each in incidents if each.format), ""),
    )


@asynccontextmanager
async def _stepping_up(database: Database, actor: Actor) -> AsyncIterator[None]:
    """A bypass inside that is not sure enough waits, and StepUpRequired says where. Nothing else was changed."""
    try:
        yield
    except _Unassured as exc:
        risk = f"Its risk is {exc.risk.level} ({exc.risk.points} points)."
        async with database.tenant(actor.tenant) as tx:
            owned = await security_of(tx, member_of(actor))
            if not owned.has_factor:
                message = f"This bypass needs your second factor, and you have none yet. {risk}"
                raise StepUpRequired(message, link=f"{database.address}/console/security") from exc
            facts = exc.wish.to_json()
            token = await open_challenge(tx, actor, subject_id=uuid7(), facts=facts, purpose=PURPOSE)
        message = f"This bypass needs your second factor. {risk}"
        raise StepUpRequired(message, link=f"{database.address}/step-up/bypass/{token}") from exc


async def _weighed(tx: Transaction, actor: Actor, wish: Wish) -> BypassRisk:
    """The risk of a wish that may be granted."""
    require_scope(actor, TokenScope.REQUEST)
    policy, everybody, user = (await tenant_policy(tx)).bypass, await directory(tx), member_of(actor)
    rules.environments_for(policy, everybody, user)
    rules.check_wish(policy, wish)
    rules.check_may_bypass(policy, everybody, user, environment=wish.named.environment)
    await check_named(tx, wish)
    team = rules.team_of(everybody, user) if policy.review.blocks == "team" else {user}
    if (debt := await store.overdue_review(tx, team)) is not None:
        number, holder = debt
        whose = "" if holder == user else f", of {everybody.people[holder].name} in your team,"
        raise ReviewDebt(f"The review of BYP-{number}{whose} is overdue; it must be done before the next bypass.")
    return risks.assess(policy, wish, unjustified=await store.count_unjustified(tx, user))


def _is_sure(actor: Actor, need: StepUp, tx: Transaction) -> bool:
    return need.assurance != Assurance.MFA or is_assured_within(actor, need.max_age, now=tx.now)


async def _granted(tx: Transaction, actor: Actor, wish: Wish, risk: BypassRisk) -> BypassView:
    whole = await tenant_policy(tx)
    policy, user, bypass_id = whole.bypass, member_of(actor), BypassId(uuid7())
    expires_at, review_due_at = tx.now + wish.duration, tx.now + policy.review_due
    assurance = assurance_of(actor, now=tx.now)
    await store.add(
        tx,
        {
            "bypass_id": bypass_id,
            "number": await next_number(tx, "BYP"),
            "requester_id": user,
            "action": wish.action,
            "resource_name": wish.resource,
            "environment": wish.named.environment,
            "reason": wish.named.reason,
            "incident": wish.named.incident,
            "justification": wish.justification,
            "assurance": assurance.value,
            "state": "active",
            "risk": risk.to_json(),
            "granted_at": tx.now,
            "expires_at": expires_at,
            "level": rules.first_level(whole, await directory(tx), holder=user),
            "review_due_at": review_due_at,
            "review_state": "due",
            "checklist": list(policy.review.checklist),
        },
    )
    await set_deadline(tx, bypass_id, EXPIRY, expires_at)
    if (count_down := rules.next_count_down(expires_at, now=tx.now)) is not None:
        await set_deadline(tx, bypass_id, COUNT_DOWN, count_down)
    await set_deadline(tx, bypass_id, REVIEW, review_due_at)
    if (remind_at := review_due_at - policy.review.remind_every) > tx.now:
        await set_deadline(tx, bypass_id, REVIEW_REMINDER, remind_at)
    await set_deadline(tx, bypass_id, ACKNOWLEDGE, tx.now + policy.acknowledge_every)
    view = await view_of(tx, bypass_id)
    named = {"environment": wish.named.environment, "reason": wish.named.reason, "incident": wish.named.incident}
    await record_on(
        tx,
        actor,
        "bypass.grant",
        view,
        details={
            "action": wish.action,
            "justification": wish.justification,
            "expires_at": expires_at.isoformat(),
            "risk": risk.to_json(),
            "assurance": assurance.value,
            **{key: said for key, said in named.items() if said},
        },
    )
    await emit_on(tx, view, EmergencyEvent.GRANTED)
    return view
