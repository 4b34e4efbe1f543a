"""What the agent platform does of a change: watched, and undone where it goes wrong (G6, G7, G10)."""

from __future__ import annotations

import asyncio
import json
from uuid import uuid4

import pytest
import pytest_asyncio

from connectors.executor.wire import UnreadableStatus
from connectors.itsm.base import WebhookRejected
from core.approvals import RequestEvent
from core.changes import acknowledge, complete, fail, review, roll_back, roll_out, validate_recovery
from core.changes.errors import NoPlatform, NotPaged, WrongState
from core.outbox import past_events
from core.rollouts import Report, Said, UnknownRollout, hear
from sandbox.faults import Fault
from sandbox.signing import sign
from tests.changes_desk import Desk, desk, with_policy
from tests.factories import START
from tests.rollout_floor import open_floor, watched

__all__ = ["desk"]  # a fixture


@pytest_asyncio.fixture
async def floor(company, runner):
    async with open_floor(lambda url: Desk(company, with_policy(watched(url))), runner) as running:
        yield running


async def rolled_out(floor, outcome="good", **proposal):
    """A change that the platform has been told to do, with the outcome that is chosen for it."""
    floor.platform.configure({"next": outcome})
    change = await floor.desk.scheduled(**proposal)
    clock = floor.desk.company.clock
    clock.advance(change.starts_at - clock.now())
    return await floor.desk.do(roll_out, "agent_developer", change.id)


@pytest.mark.row("G6", "X8")
async def test_what_the_platform_rolls_out_is_watched_and_validated_by_its_checks(floor):
    change = await rolled_out(floor)
    assert (change.state, change.rollout.state) == ("implement", "starting")

    change = await floor.until(change, "watching")
    assert (change.state, change.rollout.progress) == ("validate", 100)
    with pytest.raises(WrongState, match="The agent platform is at work with CHG-1001"):
        await floor.desk.do(complete, "agent_developer", change.id, validation="passed")

    change = await floor.until(change, "succeeded")
    assert (change.state, change.validation.result, change.validation.by) == ("review", "passed", None)
    assert {each.name: each.passed for each in change.rollout.checks} == {
        "Health": True,
        "Errors": True,
        "Figures": True,
    }
    (resource,) = floor.platform.records("resource")
    assert (resource["name"], resource["rollout"]) == ("service:Payments", str(change.rollout.id))


@pytest.mark.row("G7", "G10")
async def test_a_change_that_goes_bad_is_undone_by_itself_with_the_reasons_and_the_recovery_is_checked(floor):
    change = await floor.until(await rolled_out(floor, "bad"), "rolled_back")

    assert (change.state, change.review_state) == ("rolled_back", "due")
    assert change.rollout.reasons == (
        "Errors: 0.31, wanted at most 0.05.",
        "Figures: 0.31, wanted at most 0.05.",
        "Health: It answered 503.",
    )
    assert (change.recovery.state, change.recovery.by) == ("passed", None)
    assert floor.platform.records("resource")[0]["healthy"] is True
    told = [each for each in await floor.desk.events(change) if each != "progressed"]
    assert told[-5:] == ["started", "completed", "rollback_started", "rolled_back", "recovered"]


@pytest.mark.row("G7", "N6")
async def test_a_rollback_that_is_heard_of_twice_is_told_once(floor):
    floor.deliveries = 2
    change = await floor.until(await rolled_out(floor, "bad"), "rolled_back")

    assert len(change.rollout.reasons) > 1
    told = [each for each in await floor.desk.events(change) if each != "progressed"]
    assert told[-5:] == ["started", "completed", "rollback_started", "rolled_back", "recovered"]


@pytest.mark.row("G7")
async def test_one_failing_look_is_chance_and_two_in_a_row_are_not(floor):
    change = await floor.until(await rolled_out(floor), "watching")
    await floor.platform.edit("resource", "service:Payments", {"healthy": False, "error_rate": 0.0})
    await floor.turn()
    await floor.platform.edit("resource", "service:Payments", {"healthy": True})
    assert (await floor.until(change, "succeeded")).state == "review"


@pytest.mark.row("G7")
async def test_what_the_platform_itself_calls_failed_is_undone_too(floor):
    change = await floor.until(await rolled_out(floor, "fails"), "rolled_back")
    assert change.rollout.reasons == ("The platform says that it failed: The new version does not start.",)
    assert change.state == "rolled_back"


@pytest.mark.row("G7")
async def test_where_the_policy_says_so_people_decide_what_follows_a_failure(company, runner):
    def make(url):
        return Desk(company, with_policy(watched(url, on_failure="tell")))

    async with open_floor(make, runner) as floor:
        change = await floor.until(await rolled_out(floor, "bad"), "failed")
        assert (change.state, change.alarm.acknowledged_by) == ("validate", None)
        change = await floor.desk.do(roll_back, "agent_developer", change.id, reason="It is ill.")
        assert change.rollback_request == "", "nobody is asked about what has failed already"
        assert (await floor.until(change, "rolled_back")).state == "rolled_back"


@pytest.mark.row("G7", "G10")
async def test_a_rollback_that_fails_half_way_tells_people_until_somebody_looks_after_it(floor):
    change = await floor.until(await rolled_out(floor, "rollback_fails"), "failed")
    assert change.state == "validate"
    assert change.alarm.what == "The platform could not roll it back: The version before cannot be fetched."
    told = {person.email for person in change.alarm.people}
    desk = floor.desk
    assert {desk.company.people[who].email for who in ("agent_developer", "meta_agent_manager")} <= told
    with pytest.raises(NotPaged):
        await acknowledge(desk.database, desk.company.actor("compliance_manager"), change.id)
    for _ in range(21):  # ten minutes, until they are told again
        await floor.turn()
    assert "alarm_repeated" in await desk.events(change)
    change = await acknowledge(desk.database, desk.company.actor("meta_agent_manager"), change.id)
    assert change.alarm.acknowledged_by.email == desk.company.people["meta_agent_manager"].email
    before = await desk.events(change)
    await floor.turn(25)
    assert await desk.events(change) == before
    with pytest.raises(WrongState, match="waits to be acknowledged"):
        await acknowledge(desk.database, desk.company.actor("meta_agent_manager"), change.id)


@pytest.mark.row("G10")
async def test_what_does_not_work_after_its_rollback_is_open_again_and_can_be_undone_once_more(floor):
    change = await floor.until(await rolled_out(floor, "stays_ill"), "failed")
    assert (change.state, change.recovery.state, change.review_state) == ("implement", "failed", None)
    assert change.alarm.what.startswith("Rolled back, and it does not work again: What was rolled back does not work")
    change = await floor.desk.do(fail, "agent_developer", change.id, reason="It stays as it is.")
    assert (change.state, change.review_state) == ("failed", "due")


@pytest.mark.row("G7")
async def test_two_rollbacks_at_once_are_one(floor):
    change = await floor.until(await rolled_out(floor, "rollback_fails"), "failed")
    floor.platform.configure({"next": "good"})
    desk = floor.desk
    both = await asyncio.gather(
        *(desk.do(roll_back, who, change.id, reason="Again.") for who in ("agent_developer", "meta_agent_manager"))
    )
    assert [each.rollout.state for each in both] == ["rolling_back", "rolling_back"]
    events = await desk.events(change)
    assert events.count("rollback_started") == 2, "the one by itself, and one of these two"


@pytest.mark.row("G6")
@pytest.mark.parametrize("fault", [Fault.DOWN, Fault.SERVER_ERROR, Fault.COMMIT_THEN_TIMEOUT, Fault.RATE_LIMITED])
async def test_an_order_reaches_the_platform_once_however_it_fails(floor, fault):
    floor.faults.add("platform", fault, 1, 0.0, "/rollouts$")
    change = await floor.until(await rolled_out(floor), "succeeded")
    (rollout,) = floor.platform.records("rollout")
    assert (rollout["id"], rollout["change"]) == (str(change.rollout.id), "CHG-1001")
    assert [each["state"] for each in rollout["history"]].count("succeeded") == 1


@pytest.mark.row("G6")
async def test_a_platform_that_refuses_the_order_fails_the_rollout_with_what_it_says(floor):
    change = await rolled_out(floor, resources=["service:Payments"])
    async with floor.desk.database.tenant(floor.desk.company.tenant) as tx:
        await tx.connection.exec_driver_sql("UPDATE rollouts SET resources = '{}'")
    await floor.pump()
    change = await floor.desk.now(change)
    assert (change.state, change.rollout.state) == ("implement", "failed")
    assert change.alarm.what.startswith(
        "The platform refused the order: The agent platform refused this with status 422"
    )


@pytest.mark.row("G6", "G10")
async def test_the_alarm_of_a_silent_platform_is_over_once_it_is_heard_again(floor):
    floor.platform.configure({"next": "silent"})
    change = await rolled_out(floor, "silent")
    await floor.turn(2)
    floor.faults.add("platform", Fault.DOWN, 1000)
    await floor.turn(8)
    assert (await floor.desk.now(change)).alarm.what.startswith("Nothing is heard of the agent platform")
    floor.faults.clear("platform")
    await floor.turn(2)
    change = await floor.desk.now(change)
    assert (change.state, change.rollout.is_silent, change.alarm) == ("implement", False, None)
    events = await floor.desk.events(change)
    assert (events.count("went_silent"), events.count("heard_again")) == (1, 1)
    floor.faults.add("platform", Fault.DOWN, 1000)
    await floor.turn(8)
    assert (await floor.desk.now(change)).alarm is not None, "another silence is another alarm"


@pytest.mark.row("G6", "G7")
async def test_a_silent_platform_is_told_of_and_after_its_limit_the_change_is_undone(floor):
    floor.platform.configure({"next": "silent"})
    change = await rolled_out(floor, "silent")
    await floor.turn(2)
    floor.faults.add("platform", Fault.DOWN, 1000)
    await floor.turn(8)
    change = await floor.desk.now(change)
    assert change.rollout.is_silent
    assert change.alarm.what.startswith("Nothing is heard of the agent platform since Tue 3 Mar 2026 ")
    await floor.turn(32)
    change = await floor.desk.now(change)
    assert (change.rollout.state, change.rollout.reasons) == ("rolling_back", ("It was not done within 20 min.",))
    await floor.turn(42)
    change = await floor.desk.now(change)
    assert change.rollout.state == "failed"
    assert change.rollout.reasons[-1] == "It was not rolled back within 20 min."


@pytest.mark.row("G6")
async def test_a_jump_of_the_clock_moves_nothing_but_the_time(floor):
    change = await floor.until(await rolled_out(floor), "watching")
    floor.desk.company.advance(hours=12)
    assert (await floor.until(change, "succeeded")).state == "review"


@pytest.mark.row("G6", "X8")
async def test_what_the_platform_says_counts_if_it_is_signed_and_late_words_change_nothing(floor):
    change = await floor.until(await rolled_out(floor), "watching")
    executor, now = floor.executor, int(floor.desk.company.clock.now().timestamp())

    async def say(secret=executor.secret, at=now, **said):
        body = json.dumps({"id": str(change.rollout.id), **said}).encode()
        await executor.receive(sign(secret, "msg_1", at, body), body)

    await say(state="running", progress=20)
    assert (await floor.desk.now(change)).rollout.state == "watching"
    for wrong in ({"secret": "whsec_" + "A" * 40}, {"at": now - 301}):
        with pytest.raises(WebhookRejected):
            await say(state="rolled_back", **wrong)
    for nonsense in ({"state": "exploded"}, {"state": "running", "progress": 101}, {"state": "running", "metrics": 1}):
        with pytest.raises(UnreadableStatus):
            await say(**nonsense)
    with pytest.raises(WebhookRejected):
        await say(secret="whsec_" + "A" * 40, state="exploded")
    with pytest.raises(UnknownRollout) as unknown:
        await say(id=str(uuid4()), state="running")
    assert unknown.value.where == "/id"
    await say(state="rolled_back", message="Somebody pressed the button there")
    await floor.pump()
    change = await floor.desk.now(change)
    assert (change.state, change.recovery.state) == ("rolled_back", "due")
    assert change.rollout.reasons == ("The platform rolled it back by itself: Somebody pressed the button there.",)


@pytest.mark.row("G6")
async def test_without_a_platform_nothing_is_rolled_out(desk):
    change = await desk.scheduled()
    desk.company.clock.advance(change.starts_at - desk.company.clock.now())
    assert not change.can_roll_out
    with pytest.raises(NoPlatform):
        await desk.do(roll_out, "agent_developer", change.id)


@pytest.mark.row("G10")
async def test_the_recovery_of_what_the_platform_undid_is_not_for_people_to_say_twice(floor):
    change = await floor.until(await rolled_out(floor, "bad"), "rolled_back")
    with pytest.raises(WrongState, match="No rollback of CHG-1001 waits to be looked at"):
        await floor.desk.do(validate_recovery, "agent_developer", change.id, result="passed")


@pytest.mark.row("X8", "G10")
async def test_what_the_platform_undoes_after_the_change_is_closed_is_alarmed(floor):
    change = await floor.until(await rolled_out(floor), "succeeded")
    said = {"outcome": "successful", "notes": "Fine."}
    change = await floor.desk.do(review, "meta_agent_manager", change.id, **said)
    assert change.state == "closed"
    report = Report(Said.ROLLED_BACK, message="Somebody pressed the button there")
    await hear(floor.desk.database, floor.desk.company.tenant, change.rollout.id, report)
    await floor.pump()
    change = await floor.desk.now(change)
    assert change.state == "closed"
    assert change.alarm.what.startswith("It was rolled back after it was closed. The platform rolled it back by itself")


@pytest.mark.row("G8", "N1")
async def test_the_ticket_of_a_rollback_that_was_approved_and_never_succeeded_ends_with_the_change(floor):
    change = await floor.until(await rolled_out(floor, "rollback_fails"), "watching")
    change = await floor.desk.do(roll_back, "agent_developer", change.id, reason="It is ill.")
    change = await floor.until(await floor.desk.agreed(change), "failed")
    async with floor.desk.database.tenant(floor.desk.company.tenant) as tx:
        assert await past_events(tx, types=[RequestEvent.OUTCOME], since=START, limit=10) == ()
    await floor.desk.do(fail, "agent_developer", change.id, reason="There is no way back.")
    async with floor.desk.database.tenant(floor.desk.company.tenant) as tx:
        (told,) = await past_events(tx, types=[RequestEvent.OUTCOME], since=START, limit=10)
    assert (told.subject_id, told.data["status"]) == (change.rollback_request_id, "failed")
    assert told.data["text"] == "CHG-1001 was not rolled back."


@pytest.mark.row("G8")
async def test_a_yes_to_a_rollback_that_is_heard_twice_is_of_one_rollback(floor):
    change = await floor.until(await rolled_out(floor, "stays_ill"), "watching")
    change = await floor.desk.do(roll_back, "agent_developer", change.id, reason="It is ill.")
    change = await floor.desk.agreed(change)
    change = await floor.until(change, "failed")
    assert change.state == "implement", "open again, as nothing works after the rollback"
    before = await floor.desk.events(change)
    await floor.desk.deliver()
    assert await floor.desk.events(change) == before
