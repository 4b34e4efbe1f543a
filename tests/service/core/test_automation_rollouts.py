"""Rules hear of what the agent platform does, and act on it once (N5, G6, G7, G9)."""

from __future__ import annotations

import pytest
import pytest_asyncio

from core.approvals import get_request
from core.automation import Result, rehearse
from core.changes import start_drill
from core.rollouts import Report, Said, hear
from sandbox.faults import Fault
from tests.automation_world import World, rulebook
from tests.changes_desk import Desk, with_policy
from tests.rollout_floor import open_floor, watched
from tests.service.core.test_rollouts import rolled_out

pytestmark = pytest.mark.row("N5", "G6", "G7", "G9")
DRILL = '  drills:\n    - {drill: "Payments", resources: ["service:Payments"], environment: staging, every: "7 days"}\n'
OUT = "CHG-1001 is out: 100 %."
RULES = """\
  - name: ordered
    on: rollout.start_ordered
    when: 'rollout.kind == "change"'
    then: [{comment: {on: request, text: "{rollout.reference}: the platform begins with {change.title}."}}]
  - name: out
    on: rollout.moved
    when: 'rollout.state == "watching"'
    then: [{comment: {on: request, text: "{rollout.reference} is out: {rollout.progress} %."}}]
  - name: undone
    on: rollout.undo_ordered
    when: 'rollout.kind == "change" && rollout.reasons.exists(each, each.startsWith("Health"))'
    then: [{comment: {on: request, text: "{rollout.reference} is being undone, for {requester.name}."}}]
  - name: half-way
    on: rollout.progressed
    when: 'int(rollout.progress) >= 50'
    then: [{notify: {channel: approvals, text: "{rollout.reference} is at {rollout.progress} %."}}]
  - name: silent
    on: rollout.went_silent
    then: [{notify: {role: meta_agent_manager, text: "Nothing is heard of {rollout.reference} any more."}}]
  - name: rehearsed
    on: rollout.moved
    when: 'rollout.kind == "drill" && rollout.state == "rolled_back"'
    then: [{notify: {channel: approvals, text: "{rollout.reference} in {rollout.environment}: rolled back."}}]
"""


@pytest_asyncio.fixture
async def floor(company, runner):
    async with open_floor(lambda url: Desk(company, with_policy(watched(url, more=DRILL))), runner) as running:
        yield running


@pytest.fixture
def rules(company, catalogue):
    return World(company, catalogue, rulebook(company, RULES))


async def turn(floor, rules, times=1):
    """So many looks, with whatever rules make of each as it stands then."""
    await rules.settle()
    for _ in range(times):
        await floor.turn()
        await rules.settle()


async def until(floor, rules, change, state):
    for _ in range(40):
        found = await floor.desk.now(change)
        if found.rollout.state == state:
            await rules.settle()
            return found
        await turn(floor, rules)
    pytest.fail(f"waited for {state}, and it is {found.rollout.state}")


async def said(rules, change):
    """The comments under the request that approved the change."""
    request = await get_request(rules.company.database, rules.company.actor("agent_developer"), change.request_id)
    return [each.text for each in request.comments if change.reference in each.text]


async def fired(rules, name):
    """What a rule said each time that it fired."""
    return [run.effects[0].values["text"] for run in await rules.history(name) if run.result is Result.FIRED]


async def test_rules_follow_a_rollout_that_goes_bad_from_its_order_to_its_undoing(floor, rules):
    change = await until(floor, rules, await rolled_out(floor, "bad"), "rolled_back")

    told = await said(rules, change)
    begun, undone = (
        "CHG-1001: the platform begins with Raise the limit.",
        f"CHG-1001 is being undone, for {change.requester.name}.",
    )
    assert (told.count(begun), told.count(undone), told.count(OUT), told[0]) == (1, 1, 1, begun)
    assert await fired(rules, "rehearsed") == await fired(rules, "silent") == []


async def test_of_two_moves_at_once_a_rule_fires_for_the_one_that_it_asks_about(floor, rules):
    change = await rolled_out(floor)
    company, rollout = rules.company, (await floor.desk.now(change)).rollout
    for said in (Said.RUNNING, Said.SUCCEEDED):
        await hear(company.database, company.tenant, rollout.id, Report(said))
    await rules.settle()

    assert await fired(rules, "out") == [OUT]
    book = rulebook(company, RULES)
    (out,) = (rule for rule in book.of(company.tenant) if rule.name == "out")
    found = await rehearse(company.database, company.actor("audit_reviewer"), out)
    assert [each.actions[0].values["text"] for each in found] == [OUT]


async def test_a_rule_about_progress_fires_for_what_it_asks_about_and_not_for_the_rest(floor, rules):
    change = await until(floor, rules, await rolled_out(floor), "succeeded")

    told = await fired(rules, "half-way")
    assert told
    assert all(each in {f"{change.reference} is at {percent} %." for percent in range(50, 101)} for each in told)
    assert await fired(rules, "undone") == []


async def test_a_platform_that_falls_silent_is_told_to_a_role_by_rule_once(floor, rules):
    change = await rolled_out(floor, "silent")
    await turn(floor, rules, 2)
    floor.faults.add("platform", Fault.DOWN, 1000)
    await turn(floor, rules, 10)

    assert (await floor.desk.now(change)).rollout.is_silent
    assert await fired(rules, "silent") == ["Nothing is heard of CHG-1001 any more."]


async def test_a_drill_is_heard_of_too_and_has_no_change_to_speak_of(floor, rules):
    await floor.desk.do(start_drill, "meta_agent_manager", "Payments")
    await turn(floor, rules, 16)

    assert await fired(rules, "rehearsed") == ["DRILL-1001 in staging: rolled back."]
    runs = await rules.history()
    assert {run.result for run in runs} == {Result.FIRED}, "a rule that asks for its kind is never unclear"
    assert await fired(rules, "ordered") == []
