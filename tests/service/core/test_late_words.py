"""What an agent platform says late, again, or after all: the rollout and its change stay true (G7, G8, X8)."""

from __future__ import annotations

import json

import pytest

from connectors.executor.desk import LOOKS
from core.changes import complete, fail, roll_back, start_drill
from core.outbox import past_events
from core.rollouts import RolloutState, load_order, note_refused
from sandbox.faults import Fault
from sandbox.signing import sign
from tests.changes_desk import Desk, with_policy
from tests.factories import START
from tests.rollout_floor import open_floor, watched
from tests.service.core.test_drills import DRILL, last
from tests.service.core.test_rollouts import floor, rolled_out

__all__ = ["floor"]  # a fixture
NEVER_BEGAN = "It had never begun at the platform: there was nothing to undo."


async def say(floor, change, state, message=""):
    """The platform calls our hook, and the change has heard of it."""
    body = json.dumps({"id": str(change.rollout.id), "state": state, "message": message}).encode()
    at = int(floor.desk.company.clock.now().timestamp())
    await floor.executor.receive(sign(floor.executor.secret, "msg_1", at, body), body)
    await floor.pump()
    return await floor.desk.now(change)


async def events_of(floor, *types):
    async with floor.desk.database.tenant(floor.desk.company.tenant) as tx:
        return await past_events(tx, types=types, since=START, limit=10_000)


async def told(floor, change):
    return [each for each in await floor.desk.events(change) if each != "progressed"]


async def undone_before_it_was_sent(floor, fault=Fault.DOWN):
    """A change whose start is not known to have arrived, and that somebody has had rolled back."""
    floor.faults.add("platform", fault, 1000, 0.0, "/rollouts$")
    change = await rolled_out(floor)
    await floor.pump()
    change = await floor.desk.do(roll_back, "agent_developer", change.id, reason="Not today.")
    change = await floor.desk.agreed(change)
    assert (change.state, change.rollout.state) == ("implement", "rolling_back")
    floor.faults.clear()
    return change


@pytest.mark.row("G10", "X8")
async def test_an_undo_that_is_told_again_throws_no_repaired_change_back(floor):
    change = await floor.until(await rolled_out(floor, "stays_ill"), "failed")
    assert change.recovery.state == "failed"
    before = await told(floor, change)

    change = await say(floor, change, "rolled_back")
    assert (change.state, change.rollout.state) == ("implement", "failed")
    assert await told(floor, change) == before

    change = await floor.desk.do(complete, "agent_developer", change.id)
    change = await floor.desk.do(complete, "agent_developer", change.id, validation="passed")
    change = await say(floor, change, "rolled_back")
    assert (change.state, change.rollout.state) == ("review", "failed")
    await floor.turn(4)
    assert (await floor.desk.now(change)).state == "review"


@pytest.mark.row("G10", "X8")
async def test_a_look_that_was_due_before_the_end_is_not_made_after_it(floor):
    change = await floor.until(await rolled_out(floor, "stays_ill"), "failed")
    floor.faults.add("platform", Fault.DOWN, 1)
    await floor.executors.look((await events_of(floor, *LOOKS))[-1])
    assert floor.faults.listing()[-1]["left"] == 1, "nobody was asked"
    assert (await floor.desk.now(change)).rollout.state == "failed"


@pytest.mark.row("G7", "X8")
async def test_an_undo_that_failed_and_succeeds_later_is_heard(floor):
    change = await floor.until(await rolled_out(floor, "rollback_fails"), "failed")
    change = await say(floor, change, "rolled_back", "Somebody fetched it by hand")
    assert (change.state, change.rollout.state) == ("rolled_back", "recovering")
    assert change.rollout.reasons[-1] == ("The platform has rolled it back after all: Somebody fetched it by hand.")


@pytest.mark.row("G7")
async def test_a_second_undo_is_not_failed_by_what_is_said_of_the_first(floor):
    change = await floor.until(await rolled_out(floor, "rollback_fails"), "failed")
    floor.faults.add("platform", Fault.DOWN, 1000)
    change = await floor.desk.do(roll_back, "agent_developer", change.id, reason="Again.")
    change = await say(floor, change, "rollback_failed")
    assert change.rollout.state == "rolling_back"
    floor.faults.clear()
    await floor.until(change, "failed")
    (rollout,) = floor.platform.records("rollout")
    assert [each["state"] for each in rollout["history"]].count("rollback_failed") == 2


@pytest.mark.row("G8", "X8")
async def test_what_never_reached_the_platform_is_undone_without_it(floor):
    change = await undone_before_it_was_sent(floor)
    change = await floor.until(change, "rolled_back")

    assert (change.state, change.review_state) == ("rolled_back", "due")
    assert change.rollout.reasons == ("Not today.", NEVER_BEGAN)
    assert (change.recovery.state, change.recovery.notes, change.alarm) == ("passed", NEVER_BEGAN, None)
    assert floor.platform.records("rollout") == [], "the start is not sent after the undo"
    assert (await told(floor, change))[-3:] == ["rollback_started", "rolled_back", "recovered"]


@pytest.mark.row("G8", "X8")
async def test_what_reached_the_platform_without_an_answer_is_undone_by_it(floor):
    change = await undone_before_it_was_sent(floor, Fault.COMMIT_THEN_TIMEOUT)
    change = await floor.until(change, "rolled_back")

    assert change.state == "rolled_back"
    assert NEVER_BEGAN not in change.rollout.reasons
    (rollout,) = floor.platform.records("rollout")
    assert rollout["state"] == "rolled_back"


@pytest.mark.row("G8")
async def test_what_the_platform_refused_to_begin_can_be_rolled_back(floor):
    change = await rolled_out(floor)
    async with floor.desk.database.tenant(floor.desk.company.tenant) as tx:
        await tx.connection.exec_driver_sql("UPDATE rollouts SET resources = '{}'")
    change = await floor.until(change, "failed")
    change = await floor.desk.do(roll_back, "agent_developer", change.id, reason="It touches nothing.")
    change = await floor.until(change, "rolled_back")
    assert (change.state, change.rollout.reasons[-1]) == ("rolled_back", NEVER_BEGAN)


@pytest.mark.row("G8")
async def test_a_refusal_to_begin_that_comes_after_the_undo_was_ordered_does_not_end_the_undo(floor):
    change = await undone_before_it_was_sent(floor)
    company = floor.desk.company
    ordered = RolloutState.STARTING
    await note_refused(company.database, company.tenant, change.rollout.id, "Not that.", ordered=ordered)
    assert (await floor.desk.now(change)).rollout.state == "rolling_back"


@pytest.mark.row("G8", "X8")
async def test_what_the_platform_had_and_does_not_know_any_more_is_not_taken_for_undone(floor):
    change = await undone_before_it_was_sent(floor)
    await say(floor, change, "running")
    change = await floor.until(change, "failed")
    assert change.alarm.what.startswith(
        "The platform refused the order: The agent platform refused this with status 404"
    )


@pytest.mark.row("G8", "X8")
async def test_what_begins_there_after_all_is_undone_and_alarmed(floor):
    change = await floor.until(await undone_before_it_was_sent(floor), "rolled_back")
    (begun,) = await events_of(floor, "rollout.start_ordered")
    floor.deliveries = 2
    await floor.executor.platform.start(await load_order(floor.desk.database, begun))  # it was long under way

    change = await say(floor, change, "running")
    assert (change.state, change.alarm.what) == ("rolled_back", "The platform began it after all.")
    change = await floor.until(change, "rolled_back")
    (rollout,) = floor.platform.records("rollout")
    assert rollout["state"] == "rolled_back"
    assert (await told(floor, change)).count("rollout_failed") == 1


@pytest.mark.row("G9", "X8")
async def test_a_drill_that_never_began_has_not_passed(company, runner):
    async with open_floor(lambda url: Desk(company, with_policy(watched(url, more=DRILL))), runner) as floor:
        floor.faults.add("platform", Fault.DOWN, 1000)
        await floor.desk.do(start_drill, "meta_agent_manager", "Payments")
        await floor.turn(42)
        floor.faults.clear()
        await floor.turn()
        assert (await last(floor)).reasons == ("It was not done within 20 min.", NEVER_BEGAN)
        (event,) = await events_of(floor, "drill.passed", "drill.failed")
        assert (event.type, event.data["words"]) == ("drill.failed", f"It was not done within 20 min. {NEVER_BEGAN}")


@pytest.mark.row("X8", "G10")
async def test_what_is_undone_after_the_change_was_given_up_is_alarmed_once(floor):
    change = await floor.until(await rolled_out(floor, "rollback_fails"), "failed")
    change = await floor.desk.do(fail, "agent_developer", change.id, reason="There is no way back.")
    await floor.pump()
    floor.deliveries = 2

    change = await say(floor, change, "rolled_back", "The version before runs again")
    words = "It was rolled back after it was given up. The platform has rolled it back after all: The version before runs again."
    assert (change.state, change.rollout.state, change.note, change.alarm.what) == (
        "failed",
        "recovering",
        words,
        words,
    )
    assert (await told(floor, change))[-2:] == ["failed", "undone_late"]

    change = await floor.until(change, "failed")
    assert change.alarm.what.startswith("What was rolled back does not work again.")
    assert (await told(floor, change))[-1] == "rollout_failed"


@pytest.mark.row("G7")
async def test_who_gives_a_change_up_is_not_alarmed_about_it(floor):
    change = await floor.until(await rolled_out(floor, "silent"), "running")
    change = await floor.desk.do(fail, "agent_developer", change.id, reason="There is no way back.")
    await floor.pump()
    change = await floor.desk.now(change)
    assert (change.rollout.state, change.alarm) == ("failed", None)
