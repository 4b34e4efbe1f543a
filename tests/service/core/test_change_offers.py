"""A form of a change is opened for whoever can do what it asks for, and refused before anything is written (G2, B1)."""

from __future__ import annotations

import pytest

from core.access import PermissionMissing
from core.changes import Step, check_may_raise, check_offered, complete
from core.changes.errors import NotAReviewer, NotIndependent, WrongState
from tests.changes_desk import desk

__all__ = ["desk"]

STEPS = (Step.SCHEDULE, Step.COMPLETE, Step.ROLL_BACK, Step.REOPEN)


async def offered(desk, change):
    """Those of the steps that are not refused for the state of the change."""
    found = []
    for step in STEPS:
        try:
            await desk.do(check_offered, "agent_developer", change.id, step)
        except WrongState:
            continue
        found.append(step)
    return found


@pytest.mark.row("G2", "B1")
async def test_what_can_be_done_is_offered_and_nothing_else(desk):
    assert await offered(desk, await desk.draft(resources=["service:Ledger"])) == []
    change = await desk.started()
    assert await offered(desk, change) == [Step.COMPLETE, Step.ROLL_BACK]
    await desk.do(complete, "agent_developer", change.id)
    assert await offered(desk, change) == [Step.COMPLETE, Step.ROLL_BACK]  # whether it works is not said yet
    await desk.rolled_back(change)
    assert await offered(desk, change) == [Step.REOPEN]


@pytest.mark.row("G2", "B1")
async def test_nobody_writes_a_review_that_would_not_be_taken(desk):
    draft = await desk.draft(resources=["service:Ledger"])
    change = await desk.started()
    await desk.do(complete, "agent_developer", change.id, validation="passed")
    for who, each, refusal in (
        ("agent_developer", change, NotIndependent),
        ("agent_operator", change, NotAReviewer),
        ("tenant_administrator", draft, WrongState),
    ):
        with pytest.raises(refusal):
            await desk.do(check_offered, who, each.id, Step.REVIEW)
    await desk.do(check_offered, "meta_agent_manager", change.id, Step.REVIEW)


@pytest.mark.row("G2", "B1", "R6")
async def test_the_form_of_a_new_change_is_for_those_who_may_raise_one(desk):
    await desk.do(check_may_raise, "agent_developer")
    with pytest.raises(PermissionMissing) as refused:
        await desk.do(check_may_raise, "audit_reviewer")
    assert refused.value.message.startswith("None of your roles may modify config.")
    with pytest.raises(PermissionMissing):
        await desk.do(check_offered, "audit_reviewer", (await desk.draft()).id, Step.SCHEDULE)
    denied = await desk.company.trail(action="change.prepare")
    assert [(each["result"], each["details"]["form"]) for each in denied] == [("denied", "new"), ("denied", "schedule")]
