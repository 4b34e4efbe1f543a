"""A request in the hands of a test: it asks the rules and folds their effects."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from config.yamlfile import parse_yaml
from core.approvals import ballots, folding, pausing, rules, undoing
from core.approvals.asking import PeopleByRole
from core.approvals.effects import Amend, Effect
from core.approvals.policy import ApprovalPolicy
from core.approvals.policy_file import read_policies
from core.approvals.state import Choice, RequestState, RequestStatus, StageState, StageStatus, Vote
from core.ids import UserId

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DIGEST = "digest-of-what-was-seen"
FRAMEWORK = """\
Agent Creation Approval:
  stages:
    - stage: "technical_review"
      approvers: ["meta_agent_manager"]
      criteria: ["technical_feasibility", "resource_requirements"]
      timeout: "24 hours"
    - stage: "security_review"
      approvers: ["security_manager"]
      criteria: ["security_compliance", "data_protection"]
      timeout: "48 hours"
    - stage: "compliance_review"
      approvers: ["compliance_manager"]
      criteria: ["regulatory_compliance", "policy_adherence"]
      timeout: "72 hours"
    - stage: "business_approval"
      approvers: ["tenant_administrator"]
      criteria: ["business_justification", "budget_approval"]
      timeout: "48 hours"
"""


def person(number: int) -> UserId:
    return UserId(UUID(int=number))


ASKER, TECH, SEC, COMP, BOSS, CHIEF, OTHER = map(person, range(1, 8))
EVERYBODY: PeopleByRole = {
    "agent_developer": frozenset({ASKER}),
    "meta_agent_manager": frozenset({TECH}),
    "security_manager": frozenset({SEC}),
    "compliance_manager": frozenset({COMP}),
    "tenant_administrator": frozenset({BOSS}),
    "enterprise_administrator": frozenset({CHIEF}),
}


def policy_of(text: str) -> ApprovalPolicy:
    """The one policy in this YAML."""
    (policy,) = read_policies(parse_yaml(text, file="test.yaml"))
    return policy


class Journey:
    """One request, from its opening on, with a clock that the test moves."""

    def __init__(
        self,
        policy: ApprovalPolicy,
        people: PeopleByRole = EVERYBODY,
        *,
        requester: UserId = ASKER,
        skipped: frozenset[str] = frozenset(),
    ) -> None:
        self.skipped = skipped
        self.policy, self.people, self.now, self.revision = policy, people, START, 1
        self.state = RequestState(
            requester=requester,
            digest=DIGEST,
            status=RequestStatus.PENDING,
            stages=tuple(StageState(stage.key, roles=stage.approvers) for stage in policy.stages),
        )
        self.opening = self.follow(rules.open_request(policy, requester, people, now=self.now, skipped=skipped))

    def follow(self, effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
        """The effects have happened."""
        self.state = folding.apply(self.state, effects)
        return effects

    def vote(
        self,
        voter: UserId,
        stage: str | None = None,
        choice: Choice = Choice.APPROVE,
        *,
        reason: str = "",
        criteria: Mapping[str, bool] | None = None,
        digest: str | None = None,
    ) -> tuple[Effect, ...]:
        """Cast at the present instant on what stands now, unless said otherwise."""
        vote = Vote(
            stage=ballots.stage_to_vote_on(self.state, voter, stage),
            voter=voter,
            choice=choice,
            reason=reason,
            criteria=criteria or {},
            digest=self.state.digest if digest is None else digest,
            cast_at=self.now,
        )
        return self.follow(rules.cast_vote(self.state, self.policy, vote, self.people, now=self.now))

    def reject(self, voter: UserId, stage: str | None = None, reason: str = "Too risky") -> tuple[Effect, ...]:
        return self.vote(voter, stage, Choice.REJECT, reason=reason)

    def time_out(self, stage: str) -> tuple[Effect, ...]:
        """The clock stands at the stage's due time, and the deadline runs."""
        due_at = self.state.stage(stage).due_at
        assert due_at is not None
        self.now = max(self.now, due_at)
        return self.follow(rules.on_timeout(self.state, self.policy, stage, self.people, now=self.now))

    def delegate(self, stage: str, giver: UserId, taker: UserId) -> tuple[Effect, ...]:
        return self.follow(rules.delegate(self.state, self.policy, stage, giver, taker))

    def withdraw(self, by: UserId) -> tuple[Effect, ...]:
        return self.follow(rules.withdraw(self.state, by, now=self.now))

    def undo(self, by: UserId) -> tuple[Effect, ...]:
        return self.follow(undoing.undo_vote(self.state, self.policy, by, now=self.now))

    def question(self, by: UserId) -> tuple[Effect, ...]:
        return self.follow(pausing.pause(self.state, self.policy, by, now=self.now))

    def answer(self) -> tuple[Effect, ...]:
        return self.follow(pausing.resume(self.state, self.policy, now=self.now))

    def wait(self, duration: timedelta) -> None:
        self.now += duration

    def amend(self, by: UserId | None = None, *, same: bool = False) -> tuple[Effect, ...]:
        """The person (else the requester) changes what it asks, or sends it in again as it is."""
        self.revision += 1
        change = Amend(
            digest=f"digest-{self.revision}",
            resource={"name": "invoice-reader", "owner": f"owner-{self.revision}"},
            justification="",
            changed={} if same else {"owner": ("before", f"owner-{self.revision}")},
            voided=len(self.state.votes),
        )
        who = self.state.requester if by is None else by
        return self.follow(
            rules.amend(self.state, self.policy, change, who, self.people, now=self.now, skipped=self.skipped)
        )

    def status_of(self, stage: str) -> StageStatus:
        return self.state.stage(stage).status
