"""What would happen if somebody asked for this: which policy, why, which stages, who (P10, R3). Nothing is changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from core.access import Directory, PersonView, TokenScope, directory, permitted
from core.actor import Actor
from core.approvals.asking import PeopleFor
from core.approvals.assessment import (
    Assessment,
    Circumstances,
    PolicyChoice,
    assess,
    choose_policy,
    circumstances_of,
)
from core.approvals.catalogue import PolicyCatalogue
from core.approvals.errors import NobodyToAsk
from core.approvals.policy import ApprovalPolicy, PolicySet
from core.approvals.routing import first_asked
from core.approvals.rules import needs_of
from core.approvals.suggesting import Experience, experience, ranked
from core.db import Database, Transaction
from core.delegations import stand_ins
from core.ids import UserId
from core.tenants import tenant_policy


@dataclass(frozen=True, slots=True)
class StageOutlook:
    """A stage as it would be. `asked` is who would be asked today if nobody had voted, the likely quickest first."""

    key: str
    title: str
    is_needed: bool
    needs: tuple[str, ...]
    roles: tuple[str, ...]
    asked: tuple[PersonView, ...]
    problem: str = ""  # why nobody could decide it
    suggested: tuple[PersonView, ...] = ()  # whom the policy would tell first


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a policy set makes of one question."""

    choice: PolicyChoice
    assessment: Assessment | None  # None: no policy applies
    stages: tuple[StageOutlook, ...] = ()
    experience: Mapping[UserId, Experience] = field(default_factory=dict)  # of those asked, with requests like this
    away: frozenset[UserId] = frozenset()  # of those asked

    @property
    def outcome(self) -> str:
        """denied, allowed (by permission alone), automatic (approval), impossible (nobody to ask) or pending."""
        if self.choice.policy is None:
            return "denied"
        if not self.choice.policy.stages:
            return "allowed"
        if self.assessment is not None and self.assessment.is_automatic:
            return "automatic"
        return "impossible" if any(stage.problem for stage in self.stages) else "pending"

    @property
    def needed(self) -> tuple[str, ...]:
        """The keys of the stages that people would decide."""
        return tuple(stage.key for stage in self.stages if stage.is_needed)


def outlook(policies: PolicySet, circumstances: Circumstances, everybody: Directory) -> Outlook:
    """What these policies make of these circumstances. Pure."""
    choice = choose_policy(policies.candidates(circumstances.action), circumstances)
    policy = choice.policy
    if policy is None:
        return Outlook(choice, None)
    found = assess(policy, circumstances)
    skipped = found.skipped(policy)
    stages = tuple(_stage(policy, key, skipped, circumstances, everybody) for key in _keys(policy))
    return Outlook(choice, found, stages)


async def explain(
    database: Database,
    catalogue: PolicyCatalogue,
    actor: Actor,
    *,
    action: str,
    resource: Mapping[str, str],
    justification: str = "",
) -> Outlook:
    """What would happen now if the actor asked for this. Raises Unavailable if no policy is loaded."""
    async with permitted(database, actor, TokenScope.READ, action="policy.explain", resource=action) as tx:
        everybody, tenant = await directory(tx), await tenant_policy(tx)
        circumstances = circumstances_of(
            actor,
            everybody,
            tenant,
            action=action,
            resource=resource,
            justification=justification,
            now=tx.now,
        )
        return await _ranked(tx, outlook(catalogue.for_tenant(tenant), circumstances, everybody), action)


async def _ranked(tx: Transaction, found: Outlook, action: str) -> Outlook:
    """The same, with what is known of those who would be asked, and in the order in which they are likely to answer."""
    asked = {person.id: stage.key for stage in found.stages for person in stage.asked}
    if not asked:
        return found
    known, standing = await experience(tx, action, asked), await stand_ins(tx, action)
    away = frozenset(user for user, stage in asked.items() if standing.is_away(user, stage))
    stages = tuple(replace(stage, asked=ranked(stage.asked, known, away)) for stage in found.stages)
    return replace(found, stages=stages, experience=known, away=away)


def _keys(policy: ApprovalPolicy) -> tuple[str, ...]:
    return tuple(stage.key for stage in policy.stages)


def _stage(
    policy: ApprovalPolicy,
    key: str,
    skipped: frozenset[str],
    circumstances: Circumstances,
    everybody: Directory,
) -> StageOutlook:
    stage = policy.stage(key)
    needs = tuple(sorted(needs_of(policy, stage, skipped)))
    if key in skipped:
        return StageOutlook(key, stage.title, is_needed=False, needs=needs, roles=stage.approvers, asked=())
    try:
        people_by_key = PeopleFor(everybody, circumstances.resource, circumstances.requester_id)
        asked = first_asked(stage, people_by_key, excluded=frozenset({circumstances.requester_id}))
    except NobodyToAsk as exc:
        return StageOutlook(
            key, stage.title, is_needed=True, needs=needs, roles=stage.approvers, asked=(), problem=exc.message
        )
    people = tuple(sorted((everybody.people[user] for user in asked.people), key=_name))
    first = frozenset[UserId]().union(*(people_by_key.get(name, ()) for name in stage.suggested))
    return StageOutlook(
        key,
        stage.title,
        is_needed=True,
        needs=needs,
        roles=asked.roles,
        asked=people,
        suggested=tuple(person for person in people if person.id in first),
    )


def _name(person: PersonView) -> str:
    return person.name
