"""Rolling a change back by hand: who is asked, when nobody is, and whether everything works again (G8, G10)."""

from __future__ import annotations

import pytest

from core.approvals import RequestEvent
from core.approvals.state import Choice
from core.changes import complete, fail, hear_of_request, review, roll_back, validate_recovery
from core.changes.errors import InvalidChange, WrongState
from core.outbox import emit, past_events
from tests.changes_desk import Desk, desk, with_policy
from tests.factories import START

__all__ = ["desk"]  # a fixture


@pytest.mark.row("G8")
async def test_one_of_those_who_decide_is_asked_and_with_a_yes_it_is_rolled_back(desk):
    change = await desk.started()
    change = await desk.do(roll_back, "agent_developer", change.id, reason="Too slow.")
    assert (change.state, change.rollback_request, change.rollback_request_state) == (
        "implement",
        "REQ-1002",
        "pending",
    )

    change = await desk.agreed(change)
    assert (change.state, change.note, change.rollback_request_state) == ("rolled_back", "Too slow.", "approved")
    assert (await desk.events(change))[-3:] == ["started", "rollback_asked", "rolled_back"]


async def outcomes(desk, change):
    """What the ticket of the rollback's approval is told at the end."""
    async with desk.database.tenant(desk.company.tenant) as tx:
        found = await past_events(tx, types=[RequestEvent.USED, RequestEvent.OUTCOME], since=START, limit=100)
    mine = [each for each in found if each.subject_id == change.rollback_request_id]
    return [each.data.get("status", "used") for each in mine]


@pytest.mark.row("G8", "N1")
async def test_the_ticket_of_the_rollbacks_approval_ends_when_it_is_rolled_back_and_is_not_ended_again(desk):
    change = await desk.do(roll_back, "agent_developer", (await desk.started()).id, reason="Too slow.")
    assert await outcomes(desk, change) == []
    change = await desk.agreed(change)
    assert await outcomes(desk, change) == ["used", "succeeded"]

    await desk.do(validate_recovery, "agent_developer", change.id, result="failed", notes="Still down.")
    await desk.do(roll_back, "agent_developer", change.id, reason="The cache too.")
    await desk.do(validate_recovery, "agent_developer", change.id, result="passed")
    await desk.do(review, "meta_agent_manager", change.id, outcome="unsuccessful", notes="Slow.")
    assert await outcomes(desk, change) == ["used", "succeeded"]


@pytest.mark.row("G8", "N1")
async def test_a_rollback_that_was_not_approved_in_time_has_no_outcome(desk):
    change = await desk.do(roll_back, "agent_developer", (await desk.started()).id, reason="Too slow.")
    change = await desk.do(fail, "agent_developer", change.id, reason="No way back.")
    assert await outcomes(desk, change) == []


@pytest.mark.row("G8")
async def test_a_rollback_is_done_for_the_reason_that_was_approved_whatever_has_happened_since(desk):
    change = await desk.do(roll_back, "agent_developer", (await desk.started()).id, reason="Too slow.")
    async with desk.database.tenant(desk.company.tenant) as tx:
        about = {"ticket": "CHG0030005", "system": "ServiceNow", "by": "Beth", "state": "Closed", "people": []}
        await emit(tx, subject=f"request:{change.request_id}", type=RequestEvent.TICKET_ENDED, data=about)
        (ended,) = await past_events(tx, types=[RequestEvent.TICKET_ENDED], since=START, limit=1)
    await hear_of_request(desk.database, ended)
    assert "was ended in ServiceNow" in (await desk.now(change)).note

    change = await desk.agreed(change)
    assert (change.state, change.note) == ("rolled_back", "Too slow.")
    (recorded,) = await desk.company.trail(action="change.rolled_back")
    assert recorded["details"]["reason"] == "Too slow."


@pytest.mark.row("G8")
async def test_a_no_leaves_the_change_as_it_is_with_the_reason_and_it_can_be_asked_again(desk):
    change = await desk.do(roll_back, "agent_developer", (await desk.started()).id, reason="Too slow.")
    change = await desk.agreed(change, choice=Choice.REJECT)
    assert (change.state, change.note) == ("implement", "The rollback was declined.")
    change = await desk.do(roll_back, "agent_developer", change.id, reason="It is down.")
    assert (change.rollback_request, change.rollback_request_state) == ("REQ-1003", "pending")


@pytest.mark.row("G8")
async def test_asked_for_twice_it_is_one_request(desk):
    change = await desk.started()
    for reason in ("Too slow.", "Too slow, really."):
        change = await desk.do(roll_back, "agent_developer", change.id, reason=reason)
    assert change.rollback_request == "REQ-1002"
    assert (await desk.events(change)).count("rollback_asked") == 1


@pytest.mark.row("G8")
async def test_nobody_is_asked_about_what_has_failed_its_validation(desk):
    change = await desk.started()
    await desk.do(complete, "agent_developer", change.id, validation="failed", notes="Errors.")
    change = await desk.do(roll_back, "agent_developer", change.id, reason="Errors.")
    assert (change.state, change.rollback_request) == ("rolled_back", "")


@pytest.mark.row("G8")
async def test_the_policy_may_name_others_who_decide_about_rollbacks(company):
    desk = Desk(company, with_policy('  rollback: {approvers: ["compliance_manager"], timeout: "5 minutes"}\n'))
    change = await desk.do(roll_back, "agent_developer", (await desk.started()).id, reason="Too slow.")
    change = await desk.agreed(change, who="compliance_manager")
    assert change.state == "rolled_back"


@pytest.mark.row("G8")
async def test_a_yes_that_comes_when_the_change_has_failed_already_undoes_nothing(desk):
    change = await desk.do(roll_back, "agent_developer", (await desk.started()).id, reason="Too slow.")
    change = await desk.do(fail, "agent_developer", change.id, reason="No way back.")
    assert (change.state, change.rollback_request_state) == ("failed", "expired")


@pytest.mark.row("G10")
async def test_after_a_rollback_it_is_said_whether_everything_works_again(desk):
    change = await desk.rolled_back(await desk.started())
    assert change.recovery.state == "due"
    with pytest.raises(InvalidChange, match="'maybe' is not a result"):
        await desk.do(validate_recovery, "agent_developer", change.id, result="maybe")
    change = await desk.do(validate_recovery, "agent_developer", change.id, result="passed", notes="As before.")
    assert (change.state, change.recovery.state, change.recovery.notes) == ("rolled_back", "passed", "As before.")
    assert change.recovery.by.email == desk.company.people["agent_developer"].email


@pytest.mark.row("G10")
async def test_a_failed_recovery_opens_the_change_again_and_nobody_is_asked_before_the_next_rollback(desk):
    change = await desk.rolled_back(await desk.started())
    change = await desk.do(validate_recovery, "agent_developer", change.id, result="failed", notes="Still down.")
    assert (change.state, change.review_state, change.ended_at) == ("implement", None, None)
    assert change.alarm.what == "Rolled back, and it does not work again: Still down."
    change = await desk.do(roll_back, "agent_developer", change.id, reason="The cache too.")
    assert (change.state, change.recovery.state, change.rollback_request_state) == ("rolled_back", "due", "approved")


@pytest.mark.row("G3", "G10")
async def test_a_rollback_is_not_reviewed_before_its_recovery_is_known(desk):
    change = await desk.rolled_back(await desk.started())
    with pytest.raises(WrongState, match="Say first whether everything works again"):
        await desk.do(review, "meta_agent_manager", change.id, outcome="unsuccessful", notes="Slow.")
    await desk.do(validate_recovery, "agent_developer", change.id, result="passed")
    change = await desk.do(review, "meta_agent_manager", change.id, outcome="unsuccessful", notes="Slow.")
    assert change.review_state == "done"
