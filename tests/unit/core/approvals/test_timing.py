"""Stages that count working time, and what becomes of those that nobody decides (P3, P6)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from core.approvals.effects import OpenStage, Resume
from core.approvals.errors import AlreadyDecided
from core.approvals.policy import ApprovalPolicy
from core.approvals.state import RequestStatus, StageStatus
from core.errors import ConfigError
from tests.unit.core.approvals.engine import EVERYBODY, SEC, TECH, Journey, person, policy_of

TIMED = """\
Agent Creation Approval:
  calendar: {zone: UTC, hours: "08:00-18:00", holidays: CH, closed: ["2026-03-03"]}
  stages:
    - {stage: technical_review, approvers: [meta_agent_manager], timeout: 12 hours, reminder: 4 hours}
"""
PLAIN = """\
Agent Creation Approval:
  stages:
    - {stage: first_review, approvers: [meta_agent_manager], timeout: 1 hour}
    - {stage: second_review, approvers: [security_manager], timeout: 1 hour}
"""


@pytest.mark.row("P3")
def test_a_stage_falls_due_after_its_working_time():
    (opened,) = Journey(policy_of(TIMED)).opening  # Monday 2 March, 9:00; closed on the 3rd
    assert isinstance(opened, OpenStage)
    assert opened.due_at == datetime(2026, 3, 4, 11, tzinfo=UTC)
    assert opened.remind_at == datetime(2026, 3, 2, 17, tzinfo=UTC)


def test_a_policy_with_a_calendar_survives_the_database():
    policy = policy_of(TIMED.replace("timeout: 12 hours", "timeout: 12 hours, on_timeout: reject, escalations: 2"))
    again = ApprovalPolicy.from_json(json.loads(json.dumps(policy.to_json())))
    assert (again, again.version) == (policy, policy.version)


@pytest.mark.row("P6")
def test_a_stage_may_reject_what_nobody_decides_and_names_no_voter():
    request = Journey(policy_of(PLAIN.replace("timeout: 1 hour}", "timeout: 1 hour, on_timeout: reject}")))
    request.vote(TECH)
    request.time_out("second_review")
    assert request.state.status is RequestStatus.REJECTED
    assert request.status_of("second_review") is StageStatus.REJECTED
    with pytest.raises(AlreadyDecided) as caught:
        request.vote(SEC)
    assert caught.value.by is None


@pytest.mark.row("P6")
def test_a_stage_may_expire_at_once():
    request = Journey(policy_of(PLAIN.replace("timeout: 1 hour}", "timeout: 1 hour, on_timeout: expire}")))
    request.time_out("first_review")
    assert request.state.status is RequestStatus.EXPIRED


@pytest.mark.row("P6")
def test_escalation_ends_after_as_many_times_as_the_policy_says():
    request = Journey(policy_of(PLAIN.replace("timeout: 1 hour}", "timeout: 1 hour, escalations: 1}")))
    request.time_out("first_review")
    assert request.state.status is RequestStatus.PENDING
    request.wait(timedelta(hours=1))
    request.time_out("first_review")
    assert request.state.status is RequestStatus.EXPIRED


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PLAIN.replace("timeout: 1 hour}", "timeout: 1 hour, on_timeout: approve}"), "Silence is no consent"),
        (TIMED.replace("zone: UTC", "zone: Europe/Zurick"), "Did you mean 'Europe/Zurich'?"),
        (TIMED.replace("18:00", "07:00"), "no working hours"),
        (TIMED.replace("holidays: CH", "holidays: Narnia"), "not known"),
        (TIMED.replace("2026-03-03", "2026-02-30"), "not a date"),
        (TIMED.replace("zone: UTC,", "zone: UTC, days: [mondey],"), "Did you mean 'monday'?"),
    ],
)
def test_every_slip_is_named(text, said):
    with pytest.raises(ConfigError) as caught:
        policy_of(text)
    assert said in caught.value.message


OWN_TIME = """\
Agent Creation Approval:
  calendar: {zone: approver, hours: "09:00-17:00"}
  stages:
    - {stage: technical_review, approvers: [meta_agent_manager], timeout: 8 hours, reminder: 2 hours}
"""
ZURICH, TOKYO, AUCKLAND = map(person, (21, 22, 23))
ZONES = {ZURICH: "Europe/Zurich", TOKYO: "Asia/Tokyo", AUCKLAND: "Pacific/Auckland"}
ABROAD = {**EVERYBODY, "meta_agent_manager": frozenset(ZONES)}


def due(quorum: object, people=ABROAD) -> datetime:
    text = OWN_TIME.replace("timeout:", f"quorum: {quorum}, timeout:")
    (opened,) = Journey(policy_of(text).lived_by(ZONES), people).opening  # Monday 2 March 2026, 9:00 UTC
    assert isinstance(opened, OpenStage)
    assert opened.remind_at < opened.due_at
    return opened.due_at


@pytest.mark.row("P3")
def test_where_each_ones_own_time_counts_a_stage_is_due_when_enough_have_had_theirs():
    auckland = datetime(2026, 3, 3, 4, tzinfo=UTC)  # all of the 3rd there, 17:00 at UTC+13
    tokyo = datetime(2026, 3, 3, 8, tzinfo=UTC)  # all of the 3rd there, 17:00 at UTC+9
    zurich = datetime(2026, 3, 3, 9, tzinfo=UTC)  # 10:00 to 17:00 on the 2nd, and an hour on the 3rd
    assert [due(quorum) for quorum in ("any", 2, "all")] == [auckland, tokyo, zurich]
    assert due("any", {**EVERYBODY, "meta_agent_manager": frozenset({ZURICH})}) == zurich


@pytest.mark.row("P3")
def test_somebody_whose_zone_nobody_knows_works_by_utc():
    lost = {**EVERYBODY, "meta_agent_manager": frozenset({TECH})}
    assert due("any", lost) == datetime(2026, 3, 2, 17, tzinfo=UTC)


@pytest.mark.row("P3")
def test_what_was_left_of_each_ones_own_time_goes_on_after_a_pause():
    request = Journey(policy_of(OWN_TIME).lived_by(ZONES), {**EVERYBODY, "meta_agent_manager": frozenset({ZURICH})})
    request.wait(timedelta(hours=2))  # 12:00 in Zurich: 6 of 8 hours are left
    request.question(ZURICH)
    request.wait(timedelta(days=1))
    (resumed,) = request.answer()
    assert isinstance(resumed, Resume)
    assert resumed.due_at == datetime(2026, 3, 4, 9, tzinfo=UTC)  # 12:00 to 17:00, and an hour on the 4th
    assert resumed.remind_at == datetime(2026, 3, 3, 15, tzinfo=UTC)
