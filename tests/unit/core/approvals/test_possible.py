"""A stage that nobody could ever decide is refused when its policy is loaded, at its line (P6, X5)."""

from __future__ import annotations

import pytest

from config.yamlfile import parse_yaml
from core.approvals.policy_file import read_policies
from core.errors import ConfigError

HEAD = "Deployment:\n  applies_to: [agent.deploy]\n"
ONE = (
    HEAD
    + "  stages:\n    - stage: review\n      approvers: {approvers}\n      timeout: 4 hours\n      quorum: {quorum}\n"
)


def problem(text: str) -> str:
    with pytest.raises(ConfigError) as refused:
        read_policies(parse_yaml(text, file="policies.yaml"))
    return refused.value.sentence()


def loads(text: str) -> None:
    read_policies(parse_yaml(text, file="policies.yaml"))


def stages(*lines: str, more: str = "") -> str:
    listed = "".join(f"    - {{stage: s{number}, timeout: 4 hours, {line}}}\n" for number, line in enumerate(lines))
    return HEAD + more + "  stages:\n" + listed


@pytest.mark.row("X5", "P6", "P7")
@pytest.mark.parametrize(
    ("approvers", "quorum", "said"),
    [
        (
            '["person:a@x.example", "person:b@x.example"]',
            "3",
            "3 approvals can never come together: 2 people are named.",
        ),
        ("[agent.owner]", "2", "2 approvals can never come together: one person is named."),
        (
            '["person:a@x.example", security_manager]',
            '{"person:a@x.example": 2}',
            "a@x.example is one person and gives one approval; here are 2.",
        ),
    ],
)
def test_more_approvals_than_people_can_be_meant(approvers, quorum, said):
    found = problem(ONE.format(approvers=approvers, quorum=quorum))
    assert found.startswith("policies.yaml:7")
    assert said in found


@pytest.mark.parametrize(
    ("approvers", "quorum"),
    [
        ('["person:a@x.example", "person:b@x.example"]', "2"),
        ('["person:a@x.example", "group:sre"]', "3"),
        ("[requester.manager]", "any"),
        ("[agent.owner, agent.sponsor]", "each"),
        ("[security_manager]", "5"),
    ],
)
def test_what_some_tenant_could_satisfy_loads(approvers, quorum):
    loads(ONE.format(approvers=approvers, quorum=quorum))


@pytest.mark.row("X5", "P2")
@pytest.mark.parametrize("condition", ["false", "1 > 2", "'a' == 'b'"])
def test_a_condition_on_people_that_is_false_whoever_they_are(condition):
    found = problem(stages(f'approvers: [{{where: "{condition}"}}]'))
    assert found.startswith("policies.yaml:4")
    assert "This fits nobody, whoever works there: the condition is always false." in found


def test_a_condition_that_somebody_might_fit_loads():
    loads(stages("approvers: [{where: \"person.title == 'Head'\"}]"))
    loads(stages('approvers: [{where: "true"}]'))


@pytest.mark.row("X5", "R7")
def test_stages_whose_people_are_all_needed_for_others():
    found = problem(stages('approvers: ["person:a@x.example"]', 'approvers: ["person:a@x.example"]'))
    assert found.startswith("policies.yaml:5")
    assert "Nobody is left for the stage 's1'" in found
    both = 'approvers: ["person:a@x.example", "person:b@x.example"]'
    assert "Nobody is left" in problem(stages(f"{both}, quorum: all", 'approvers: ["person:b@x.example"]'))


@pytest.mark.row("R7")
def test_stages_that_can_share_their_people_out_load():
    both = 'approvers: ["person:a@x.example", "person:b@x.example"]'
    loads(stages(both, 'approvers: ["person:a@x.example"]'))
    loads(stages('approvers: ["person:a@x.example"]', 'approvers: ["person:a@x.example", security_manager]'))
    loads(
        stages(
            'approvers: ["person:a@x.example"]',
            'approvers: ["person:a@x.example"]',
            more="  same_voter_may_decide_stages: true\n",
        )
    )


@pytest.mark.row("R7")
def test_stages_with_conditions_may_exclude_each_other():
    only = 'approvers: ["person:a@x.example"]'
    high, low = "when: \"risk.level == 'high'\"", "when: \"risk.level == 'low'\""
    loads(stages("approvers: [security_manager]", f"{only}, {high}", f"{only}, {low}"))
    assert "Nobody is left" in problem(stages(only, f"{only}, {high}"))
