"""When a change may be done: windows, freezes, collisions (G6)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from core.changes import (
    calendar,
    cancel,
    implement,
    schedule,
    try_time,
)
from core.changes.errors import (
    CannotBeScheduled,
)
from tests.changes_desk import HOUR, TOMORROW, Desk, desk, with_policy
from tests.factories import START, create_agent

__all__ = ["desk"]  # a fixture


@pytest.mark.row("G6")
async def test_it_is_implemented_in_its_time_alone(desk, company):
    change = await desk.scheduled()
    with pytest.raises(CannotBeScheduled, match="it is too early"):
        await desk.do(implement, "agent_developer", change.id)
    company.advance(days=1, hours=1)
    with pytest.raises(CannotBeScheduled, match="that time is over"):
        await desk.do(implement, "agent_developer", change.id)
    change = await desk.do(
        schedule, "agent_developer", change.id, starts_at=company.clock.now(), ends_at=company.clock.now() + HOUR
    )
    assert (await desk.do(implement, "agent_developer", change.id)).state == "implement"


@pytest.mark.row("G6")
async def test_of_two_on_the_same_service_the_second_hears_what_collides_and_what_would_be_accepted(desk, company):
    first = await desk.scheduled()
    second = await desk.submitted(title="Lower the limit")
    await desk.vote(second, "meta_agent_manager")
    with pytest.raises(CannotBeScheduled) as refused:
        await desk.do(schedule, "agent_developer", second.id)
    assert refused.value.message == (
        "CHG-1001 (Tue 3 Mar 2026 09:00 to 10:00 UTC) touches service:Payments at that time."
    )
    assert refused.value.accepted == ("Tue 3 Mar 2026 10:00 to 11:00 UTC",)
    fit = await desk.do(try_time, "agent_developer", second.id, starts_at=TOMORROW, ends_at=TOMORROW + HOUR)
    assert [each.name for each in fit.obstacles] == [first.reference]
    await desk.do(
        schedule, "agent_developer", second.id, starts_at=fit.accepted.starts_at, ends_at=fit.accepted.ends_at
    )
    shown = await desk.do(calendar, "audit_reviewer", since=START, until=START + timedelta(days=7))
    assert [each.reference for each in shown.changes] == ["CHG-1001", "CHG-1002"]
    await cancel(desk.database, company.actor("agent_developer"), first.id, reason="Not needed.")
    assert (await desk.do(schedule, "agent_developer", second.id, starts_at=TOMORROW, ends_at=TOMORROW + HOUR)).state


@pytest.mark.row("G6")
async def test_two_who_take_the_same_time_at_once_do_not_both_get_it(desk):
    changes = [await desk.submitted(title=f"Limit {number}") for number in range(3)]
    for change in changes:
        await desk.vote(change, "meta_agent_manager")
    done = await asyncio.gather(
        *(desk.do(schedule, "agent_developer", change.id) for change in changes), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in done) == ["CannotBeScheduled", "CannotBeScheduled", "ChangeView"]


@pytest.mark.row("G6", "G4")
async def test_a_change_of_an_agent_collides_with_one_of_the_service_that_it_serves(desk, company, catalogue):
    await create_agent(company, catalogue)  # serves Accounts Payable
    await desk.scheduled(resources=["agent:invoice-reader"])
    other = await desk.submitted(title="Move the books", resources=["service:Accounts Payable"])
    await desk.vote(other, "meta_agent_manager")
    with pytest.raises(CannotBeScheduled, match="touches service:Accounts Payable"):
        await desk.do(schedule, "agent_developer", other.id)


@pytest.mark.row("G6")
async def test_a_freeze_is_in_the_way_unless_it_allows_the_type(company):
    freeze = """\
  freezes:
    - freeze: "Quarter end"
      from: "2026-03-03"
      until: "2026-03-04"
      allows: [security_patch]
"""
    desk = Desk(company, with_policy(freeze))
    change = await desk.submitted()
    await desk.vote(change, "meta_agent_manager")
    with pytest.raises(CannotBeScheduled, match="The freeze 'Quarter end'") as refused:
        await desk.do(schedule, "agent_developer", change.id)
    assert refused.value.accepted == ("Thu 5 Mar 2026 00:00 to 01:00 UTC",)
    shown = await desk.do(calendar, "audit_reviewer", since=START, until=START + timedelta(days=7))
    assert [each.name for each in shown.freezes] == ["Quarter end"]
    patch = await desk.submitted(type="security_patch", title="Patch it", resources=["service:Ledger"])
    await desk.vote(patch, "meta_agent_manager", "security_manager")
    patch = await desk.do(schedule, "agent_developer", patch.id)
    assert patch.scheduled_at == START


@pytest.mark.row("G6")
async def test_a_change_that_takes_longer_than_its_time_is_told_of(desk, company, runner):
    change = await desk.started()
    company.advance(hours=1)
    await runner.run_due()
    assert (await desk.events(change))[-1] == "overrun"
    assert (await desk.now(change)).state == "implement"
