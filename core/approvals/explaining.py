"""What would happen if somebody asked for this: which policy, why, which stages, who (P10, R3). Nothing is changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
from core.db import Database
from core.tenants import tenant_policy


@dataclass(frozen=True, slots=True)
class StageOutlook:
    """A stage as it would be. `asked` is who would be asked today if nobody had voted."""

    key: str
    title: str
    is_needed: bool
    needs: tuple[str, ...]
    roles: tuple[str, ...]
    asked: tuple[PersonView, ...]
    problem: str = ""  # why nobody could decide it


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a policy set makes of one question."""

    choice: PolicyChoice
    assessment: Assessment | None  # None: no policy applies
    stages: tuple[StageOutlook, ...] = ()

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
        return outlook(catalogue.for_tenant(tenant), circumstances, everybody)


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
    people = sorted((everybody.people[user] for user in asked.people), key=lambda person: person.name)
    return StageOutlook(key, stage.title, is_needed=True, needs=needs, roles=asked.roles, asked=tuple(people))
