"""/api/v1/policies: which approvals a tenant asks for, what would happen, and what a change would have changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field

from config.errors import YamlSyntaxError
from config.yamlfile import parse_yaml
from core.access import PersonView
from core.approvals import (
    Experience,
    Outlook,
    PolicyCatalogue,
    PolicyHolders,
    Side,
    Simulation,
    StageOutlook,
    explain,
    holders,
    policies_in_force,
    simulate,
)
from core.clock import Clock
from core.db import Database
from core.errors import ErrorKind, InvalidInput
from web.api.convert import assessment_out, judged_out, person_out
from web.api.shapes import AssessmentOut, JudgedOut, PersonOut
from web.endpoint import Call, Method, endpoint
from web.paging import Page, whole
from web.schema import Input, Output

Resource = Annotated[dict[str, str | int | float | None], Field(max_length=30, description="as in a decision")]


class PolicyOut(Output):
    """An approval policy in force."""

    key: str
    title: str
    version: str
    applies_to: list[str]
    document: dict[str, Any]


class ExplainIn(Input):
    """What somebody might ask for."""

    action: Annotated[str, Field(max_length=100)]
    resource: Resource
    context: Annotated[dict[str, str], Field(max_length=30)] = Field(default_factory=dict)


class AskedOut(PersonOut):
    """Somebody who would be asked, and what they did about such requests in the last ninety days."""

    is_suggested: bool  # the policy would tell them first
    is_away: bool
    decided: int
    median_seconds: float | None  # from being asked to voting
    waiting_now: int


class StageOutlookOut(Output):
    """A stage as it would be."""

    key: str
    title: str
    is_needed: bool
    needs: list[str]
    roles: list[str]
    asked: list[AskedOut]  # who is likely to answer soonest first
    problem: str  # why nobody could decide it; empty if somebody can


class OutlookOut(Output):
    """What would happen now if the caller asked for this."""

    outcome: str  # denied, allowed, automatic, pending, impossible
    policy: str | None
    version: str | None
    because: JudgedOut | None  # the condition by which the policy applies; null: it has none
    passed_over: list[JudgedOut]  # policies whose condition does not hold
    problem: str  # why it cannot be told which policy applies
    assessment: AssessmentOut | None
    stages: list[StageOutlookOut]


class StageHoldersOut(Output):
    """A stage, and who could decide it if anybody asked for it now."""

    key: str
    title: str
    needs: str
    people: list[PersonOut]
    away: list[str]  # the e-mails of those who are away
    named_by_request: list[str]  # who is known only once somebody asks
    problem: str  # why too few could decide it; empty if enough can
    note: str


class PolicyHoldersOut(Output):
    """A policy in force, and whether enough people could decide every stage of it today."""

    key: str
    title: str
    applies_to: list[str]
    is_decidable: bool
    stages: list[StageHoldersOut]


class SimulateIn(Input):
    """Changed policies."""

    policies: Annotated[str, Field(max_length=200_000, description="YAML, as in a policy file")]
    days: Annotated[int, Field(ge=1, le=3660, description="how far to look back")] = 90


class SideOut(Output):
    """What one set of policies makes of a request."""

    policy: str
    outcome: str
    stages: list[str]
    risk: str


class DifferenceOut(Output):
    """A past request that would go another way."""

    reference: str
    action: str
    resource: str
    state: str
    before: SideOut
    after: SideOut


class SimulationOut(Output):
    """What would differ; nothing has been changed."""

    requests: int
    differing: int
    outcomes_before: dict[str, int]
    outcomes_after: dict[str, int]
    stages_before: int
    stages_after: int
    differences: list[DifferenceOut]  # the newest thousand


class Policies:
    """Approval policies."""

    def __init__(self, database: Database, catalogue: PolicyCatalogue, clock: Clock) -> None:
        self._database = database
        self._catalogue = catalogue
        self._clock = clock

    @endpoint(Method.GET, "/api/v1/policies", summary="List approval policies", tags=("policies",))
    async def list(self, call: Call[None, None, None]) -> Page[PolicyOut]:
        """Those in force for this tenant."""
        policies = await policies_in_force(self._database, self._catalogue, call.actor)
        return whole(
            [
                PolicyOut(
                    key=each.key,
                    title=each.title,
                    version=each.version,
                    applies_to=list(each.applies_to),
                    document=each.to_json(),
                )
                for each in policies
            ]
        )

    @endpoint(Method.GET, "/api/v1/policies/holders", summary="Say who could decide what", tags=("policies",))
    async def holders(self, call: Call[None, None, None]) -> Page[PolicyHoldersOut]:
        """Who could decide each stage today, and which stages too few could."""
        return whole([_holders_out(each) for each in await holders(self._database, self._catalogue, call.actor)])

    @endpoint(Method.POST, "/api/v1/policies/explain", summary="Say what would happen and why", tags=("policies",))
    async def explain(self, call: Call[ExplainIn, None, None]) -> OutlookOut:
        """Which policy would apply if the caller asked now, why, which stages, and who would be asked."""
        found = await explain(
            self._database,
            self._catalogue,
            call.actor,
            action=call.body.action,
            resource={key: str(value) for key, value in call.body.resource.items() if value is not None},
            justification=call.body.context.get("justification", ""),
        )
        return _outlook_out(found)

    @endpoint(
        Method.POST,
        "/api/v1/policies/simulate",
        summary="Replay past requests under changed policies",
        tags=("policies",),
        errors=(ErrorKind.INVALID,),
    )
    async def simulate(self, call: Call[SimulateIn, None, None]) -> SimulationOut:
        """What would have differed. Actions that the changed policies leave out keep the policies in force."""
        try:
            changed = PolicyCatalogue([parse_yaml(call.body.policies, file="policies")])
        except YamlSyntaxError as exc:
            raise InvalidInput(str(exc), where="policies") from exc
        since = self._clock.now() - timedelta(days=call.body.days)
        return _simulation_out(await simulate(self._database, self._catalogue, call.actor, changed, since=since))


def _holders_out(found: PolicyHolders) -> PolicyHoldersOut:
    return PolicyHoldersOut(
        key=found.key,
        title=found.title,
        applies_to=list(found.applies_to),
        is_decidable=found.is_decidable,
        stages=[
            StageHoldersOut(
                key=stage.key,
                title=stage.title,
                needs=stage.needs,
                people=[person_out(person) for person in stage.people],
                away=[person.email for person in stage.people if person.id in stage.away],
                named_by_request=list(stage.named_by_request),
                problem=stage.problem,
                note=stage.note,
            )
            for stage in found.stages
        ],
    )


def _outlook_out(found: Outlook) -> OutlookOut:
    choice = found.choice
    return OutlookOut(
        outcome=found.outcome,
        policy=choice.policy.title if choice.policy else None,
        version=choice.policy.version if choice.policy else None,
        because=judged_out(choice.held) if choice.held else None,
        passed_over=[judged_out(each) for each in choice.passed_over],
        problem=choice.unreadable.error if choice.unreadable else "",
        assessment=assessment_out(found.assessment) if found.assessment else None,
        stages=[
            StageOutlookOut(
                key=stage.key,
                title=stage.title,
                is_needed=stage.is_needed,
                needs=list(stage.needs),
                roles=list(stage.roles),
                asked=[_asked_out(found, stage, person) for person in stage.asked],
                problem=stage.problem,
            )
            for stage in found.stages
        ],
    )


def _asked_out(found: Outlook, stage: StageOutlook, person: PersonView) -> AskedOut:
    known = found.experience.get(person.id, Experience())
    return AskedOut(
        id=person.id,
        email=person.email,
        name=person.name,
        is_suggested=person in stage.suggested,
        is_away=person.id in found.away,
        decided=known.decided,
        median_seconds=known.median_s,
        waiting_now=known.waiting_now,
    )


def _simulation_out(found: Simulation) -> SimulationOut:
    return SimulationOut(
        requests=found.requests,
        differing=found.differing,
        outcomes_before=found.outcomes_before,
        outcomes_after=found.outcomes_after,
        stages_before=found.stages_before,
        stages_after=found.stages_after,
        differences=[
            DifferenceOut(
                reference=each.reference,
                action=each.action,
                resource=each.resource,
                state=each.state,
                before=_side_out(each.before),
                after=_side_out(each.after),
            )
            for each in found.differences
        ],
    )


def _side_out(side: Side) -> SideOut:
    return SideOut(policy=side.policy, outcome=side.outcome, stages=list(side.stages), risk=side.risk)
