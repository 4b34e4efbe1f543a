"""The plan of rollouts, who decides about rollbacks, and drills, as YAML (G7, G8, G9)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from config.yamlfile import parse_yaml
from core.changes.policy_file import read_change_policy
from core.errors import ConfigError
from core.rollouts import CheckKind, OnFailure

FRAMEWORK = (Path(__file__).parents[4] / "config" / "changes" / "default.yaml").read_text()
ROLLOUT = """\
  rollout:
    watch: "5 minutes"
    on_failure: tell
    checks:
      - {check: "Errors", kind: metric, metric: error_rate, at_most: 0.05}
"""


def policy(extension):
    return read_change_policy(parse_yaml(FRAMEWORK + extension, file="acme.yaml"))


@pytest.mark.row("G1", "G7")
def test_what_the_framework_prints_rolls_nothing_out_and_has_a_short_approval_of_rollbacks():
    read = policy("")
    assert read.rollout is None
    assert (read.rollback.approvers, read.rollback.timeout) == ((), timedelta(minutes=15))


@pytest.mark.row("G7", "G8", "G9")
def test_everything_that_can_be_said_is_read():
    read = policy(
        ROLLOUT
        + '  rollback: {approvers: ["technical_lead"], timeout: "5 minutes"}\n'
        + '  drills: [{drill: "Readers", resources: ["agent:reader"], environment: staging, every: "7 days"}]\n'
    )
    assert (read.rollout.watch, read.rollout.on_failure) == (timedelta(minutes=5), OnFailure.TELL)
    (check,) = read.rollout.checks
    assert (check.kind, check.metric, check.at_most, check.bounds) == (
        CheckKind.METRIC,
        "error_rate",
        0.05,
        "at most 0.05",
    )
    assert [each.key for each in read.rollback.approvers] == ["meta_agent_manager"]
    assert read.drills["Readers"].every == timedelta(days=7)


@pytest.mark.row("G7", "G9")
@pytest.mark.parametrize(
    ("extension", "said"),
    [
        ('  rollout: {checks: [{check: "A", kind: metric}]}\n', "needs 'metric'"),
        ('  rollout: {checks: [{check: "A", kind: service_level, metric: burn_rate}]}\n', "needs 'service'"),
        (
            '  rollout: {checks: [{check: "A", kind: service_level, service: "s", metric: burn, at_most: 1}]}\n',
            "Did you mean 'burn_rate'",
        ),
        (
            '  rollout: {checks: [{check: "A", kind: service_level, service: "s", metric: burn_rate, at_most: 1, over: 9h}]}\n',
            "1 minute to 6 hours",
        ),
        ('  rollout: {checks: [{check: "A", kind: health, url: "ftp://x"}]}\n', "That is no address."),
        ('  rollout: {checks: [{check: "A", kind: query, url: "https://x", value: rate}]}\n', "no JSON pointer"),
        ('  rollout: {checks: [{check: "A", kind: metric, metric: m}]}\n', "at_most, at_least, or both"),
        ('  rollout: {every: "2 hours"}\n', "once a second to once in its limit"),
        ('  rollout: {wach: "1 minute"}\n', "Did you mean 'watch'"),
        ('  rollout: {}\n  drills: [{drill: A, resources: ["agent:a"], environment: Production}]\n', "in production"),
        ('  drills: [{drill: A, resources: ["agent:a"], environment: staging}]\n', "need the agent platform"),
        ("  rollout: {}\n  drills: [{drill: A, resources: [], environment: staging}]\n", "Say what is rolled back"),
    ],
)
def test_a_mistake_is_named_with_its_line(extension, said):
    with pytest.raises(ConfigError) as refused:
        policy(extension)
    assert said in str(refused.value)
    assert (refused.value.file or str(refused.value)).startswith("acme.yaml"), "where it stands"
