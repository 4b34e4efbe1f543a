"""Rules hear of changes and of what the platform does of them, and act through the request of the change (N5, G11)."""

from __future__ import annotations

import pytest

from core.approvals import get_request
from core.audit import rfc3339
from core.automation import TRIGGERS
from core.changes import complete, implement
from core.rollouts import RolloutEvent
from tests.automation_world import World, rulebook
from tests.changes_desk import Desk, desk

__all__ = ["Desk", "desk"]  # the fixture

pytestmark = pytest.mark.row("N5", "G11")
NOTES = """\
  - name: say-when
    on: change.scheduled
    when: 'change.risk != "" && "service:Payments" in change.resources'
    then: [{comment: {on: request, text: "{change.reference} begins {change.starts_at}, for {requester.name}."}}]
  - name: say-that-it-began
    on: [change.started]
    when: 'change.state == "implement"'
    then: [{comment: {on: request, text: "{change.title}: begun."}}]
"""


def world(company, catalogue, yaml):
    return World(company, catalogue, rulebook(company, yaml))


async def comments(company, request_id):
    request = await get_request(company.database, company.actor("agent_developer"), request_id)
    return [each.text for each in request.comments]


async def test_a_rule_about_a_change_speaks_under_the_request_that_approved_it_once(company, catalogue, desk):
    rules = world(company, catalogue, NOTES)
    change = await desk.scheduled()
    await rules.settle()
    await rules.settle()
    company.clock.advance(change.starts_at - company.clock.now())
    await desk.do(implement, "agent_developer", change.id)
    await rules.settle()

    begins = rfc3339(change.starts_at)
    said = await comments(company, change.request_id)
    assert [each for each in said if each.startswith(("CHG-", "Raise the limit: "))] == [
        f"{change.reference} begins {begins}, for {change.requester.name}.",
        "Raise the limit: begun.",
    ]


async def test_of_two_steps_at_once_a_rule_fires_for_the_one_that_it_asks_about(company, catalogue, desk):
    steps = """\
  - name: step
    on: [change.started, change.completed]
    when: 'change.state == "implement"'
    then: [{comment: {on: request, text: "{change.title}: {change.state}."}}]
"""
    rules = world(company, catalogue, steps)
    change = await desk.started()
    await desk.do(complete, "agent_developer", change.id)
    await rules.settle()

    assert (await comments(company, change.request_id)).count("Raise the limit: implement.") == 1
    (run,) = await rules.history("step")
    assert run.event_type == "change.started"


async def test_a_change_that_nobody_was_asked_about_yet_has_nothing_to_comment_on(company, catalogue, desk):
    rules = world(
        company, catalogue, '  - {name: note, on: change.drafted, then: [{comment: {on: request, text: "New."}}]}\n'
    )
    await desk.draft()
    await rules.settle()

    (run,) = await rules.history()
    assert [effect.state for effect in run.effects] == ["dead"]


def test_orders_to_the_platform_can_be_heard_and_the_clock_cannot():
    heard = {each for each in RolloutEvent if each is not RolloutEvent.LOOK_DUE}
    assert {each for each in TRIGGERS if each.startswith("rollout.")} == set(map(str, heard))
