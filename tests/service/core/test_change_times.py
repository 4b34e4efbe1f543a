"""When a change may be done: windows, freezes, collisions (G6)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from config.yamlfile import parse_yaml
from core.approvals import get_request
from core.approvals.errors import OwnRequest
from core.changes import (
    ChangeCatalogue,
    calendar,
    cancel,
    complete,
    implement,
    schedule,
    submit,
    try_time,
)
from core.changes.errors import (
    CannotBeScheduled,
    GatesMissing,
    InvalidChange,
)
from core.emergency import grant
from tests.changes_desk import EVERYBODY, FRAMEWORK, HOUR, STANDARD, TOMORROW, Desk, desk, with_policy
from tests.factories import START, create_agent

__all__ = ["desk"]  # a fixture
FREEZE = """\
  freezes:
    - freeze: "Quarter end"
      from: "2026-03-03"
      until: "2026-03-04"
      allows: [security_patch]
"""
BEGINNING, END = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
WINDOWS = """\
  windows:
    - {{window: "Ours", hours: "{}"}}
"""


@pytest.mark.row("G6")
async def test_it_is_implemented_in_its_time_alone(desk, company):
    change = await desk.scheduled()
    with pytest.raises(CannotBeScheduled, match="it is too early"):
        await desk.do(implement, "agent_developer", change.id)
    company.advance(days=1, hours=1)
    with pytest.raises(CannotBeScheduled, match="that time is over"):
        await desk.do(implement, "agent_developer", change.id)
    tonight = TOMORROW + 9 * HOUR
    await desk.do(schedule, "agent_developer", change.id, starts_at=tonight, ends_at=tonight + HOUR)
    company.advance(hours=8)
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
    desk = Desk(company, with_policy(FREEZE))
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
@pytest.mark.parametrize(
    ("since", "until", "where", "said"),
    [
        (END, None, "since", "A calendar begins within 100 years of today."),
        (BEGINNING, None, "since", "A calendar begins within 100 years of today."),
        (BEGINNING, END, "since", "A calendar begins within 100 years of today."),
        (None, END, "until", "A calendar shows 366 days at most."),
        (None, BEGINNING, "until", "It ends before it begins."),
        (TOMORROW, START, "until", "It ends before it begins."),
    ],
)
async def test_a_calendar_of_what_is_no_time_says_so(desk, since, until, where, said):
    with pytest.raises(InvalidChange) as refused:
        await desk.do(calendar, "audit_reviewer", since=since, until=until)
    assert (refused.value.where, refused.value.message) == (where, said)


@pytest.mark.row("G6")
async def test_nothing_is_planned_at_the_end_of_time(desk):
    change = await desk.scheduled()
    for use_case in (try_time, schedule):
        with pytest.raises(InvalidChange, match="10 years ahead at most"):
            await desk.do(use_case, "agent_developer", change.id, starts_at=END - HOUR, ends_at=END)


@pytest.mark.row("G6")
async def test_a_change_that_takes_longer_than_its_time_is_told_of(desk, company, runner):
    change = await desk.started()
    company.advance(hours=1)
    await runner.run_due()
    assert (await desk.events(change))[-1] == "overrun"
    assert (await desk.now(change)).state == "implement"


FRIDAY = TOMORROW + timedelta(days=3)  # 09:00: while people work, before a weekend
THURSDAY_NIGHT = TOMORROW + timedelta(days=2, hours=13)


@pytest.fixture
async def approved(desk):
    """A change that was approved for Thursday night, at low risk."""
    change = await desk.submitted(starts_at=THURSDAY_NIGHT, ends_at=THURSDAY_NIGHT + HOUR)
    return await desk.vote(change, "meta_agent_manager")


@pytest.mark.row("G1", "G5", "G6")
@pytest.mark.parametrize("is_scheduled", [False, True])
async def test_a_time_that_needs_more_approval_sends_the_change_back_to_all_of_its_row(
    desk, company, approved, is_scheduled
):
    if is_scheduled:
        await desk.do(schedule, "agent_developer", approved.id)
    long = {"starts_at": FRIDAY, "ends_at": FRIDAY + 5 * HOUR}
    fit = await desk.do(try_time, "agent_developer", approved.id, **long)
    assert (fit.obstacles, fit.risk, fit.again) == ((), "medium", ("technical_lead", "security_manager"))

    change = await desk.do(schedule, "agent_developer", approved.id, **long)

    assert (change.state, change.request, change.scheduled_at) == ("authorise", "REQ-1002", None)
    assert (change.risk.level, change.starts_at) == ("medium", FRIDAY)
    assert change.note == (
        "At its new time (Fri 6 Mar 2026 09:00 to 14:00 UTC) its risk is medium, which needs the approval of:"
        " technical lead, security manager."
    )
    former = await get_request(desk.database, company.actor("audit_reviewer"), approved.request_id)
    request = await get_request(desk.database, company.actor("audit_reviewer"), change.request_id)
    assert former.status == "expired"
    assert {stage.key for stage in request.stages} == {"technical_lead", "security_manager"}
    with pytest.raises(GatesMissing):
        await desk.do(implement, "agent_developer", change.id)
    await desk.vote(change, "meta_agent_manager", "security_manager")
    change = await desk.do(schedule, "agent_developer", change.id)  # as it was approved
    assert (change.state, change.starts_at, change.scheduled_at) == ("schedule", FRIDAY, company.clock.now())
    assert (await desk.events(change)).count("sent_back") == 1


@pytest.mark.row("G1", "G5")
async def test_what_was_approved_without_a_time_is_assessed_when_it_gets_one(desk):
    change = await desk.submitted(starts_at=None, ends_at=None)
    await desk.vote(change, "meta_agent_manager")
    change = await desk.do(schedule, "agent_developer", change.id, starts_at=FRIDAY, ends_at=FRIDAY + 5 * HOUR)
    assert (change.state, change.risk.level) == ("authorise", "medium")


@pytest.mark.row("G5", "G6")
async def test_a_time_of_no_higher_risk_is_taken_and_its_risk_recorded(desk, approved):
    assert approved.risk.score == 15
    change = await desk.do(schedule, "agent_developer", approved.id, starts_at=TOMORROW, ends_at=TOMORROW + HOUR)
    assert (change.state, change.request, change.risk.score) == ("schedule", "REQ-1001", 25)
    assert change.scheduled_at == START
    change = await desk.do(schedule, "agent_developer", approved.id, starts_at=FRIDAY, ends_at=FRIDAY + 5 * HOUR)
    assert change.state == "authorise"  # what counts is what was approved


@pytest.mark.row("G1", "R6")
async def test_who_moves_a_change_for_its_requester_does_not_let_them_decide_about_it(desk, company):
    night = {"starts_at": THURSDAY_NIGHT, "ends_at": THURSDAY_NIGHT + HOUR}
    change = await desk.evidence(await desk.draft("meta_agent_manager", **night), "meta_agent_manager")
    change = await desk.do(submit, "meta_agent_manager", change.id)
    await desk.vote(change, "tenant_administrator")
    change = await desk.do(schedule, "agent_developer", change.id, starts_at=FRIDAY, ends_at=FRIDAY + 5 * HOUR)
    request = await get_request(desk.database, company.actor("audit_reviewer"), change.request_id)
    assert request.requester.email == company.people["meta_agent_manager"].email
    with pytest.raises(OwnRequest):
        await desk.vote(change, "meta_agent_manager")
    (moved,) = await company.trail(action="change.sent_back")
    assert moved["user_id"] == company.people["agent_developer"].email


@pytest.mark.row("G1", "G6")
async def test_a_row_that_asks_more_people_by_now_is_asked_before_another_time_is_taken(desk, company, approved):
    stricter = FRAMEWORK.replace('low_risk: ["technical_lead"]', 'low_risk: ["technical_lead", "compliance_manager"]')
    later = Desk(company, ChangeCatalogue({"default": parse_yaml(stricter, file="default.yaml")}))
    assert (await later.do(schedule, "agent_developer", approved.id)).state == "schedule"  # as it was approved
    change = await later.do(schedule, "agent_developer", approved.id, starts_at=TOMORROW, ends_at=TOMORROW + HOUR)
    assert (change.state, change.risk.level) == ("authorise", "low")


@pytest.mark.row("G1", "G6")
async def test_what_a_template_approved_is_asked_about_at_a_time_of_higher_risk_and_over_when_unused(company, runner):
    desk = Desk(company, with_policy(STANDARD))
    night = {"starts_at": THURSDAY_NIGHT, "ends_at": THURSDAY_NIGHT + HOUR}
    riskier, unused, untimed = [await desk.draft(template="rotate_key", **night) for _ in range(3)]
    for each in (riskier, unused, untimed):
        assert (await desk.do(submit, "agent_developer", each.id)).state == "schedule"
    soon = company.clock.now() + timedelta(minutes=5)
    riskier = await desk.do(schedule, "agent_developer", riskier.id, starts_at=soon, ends_at=soon + 5 * HOUR)
    assert (riskier.state, riskier.request, riskier.risk.level) == ("authorise", "REQ-1001", "medium")
    await desk.do(schedule, "agent_developer", unused.id)
    company.advance(days=11)
    await runner.run_due()
    unused = await desk.now(unused)
    assert (unused.state, unused.note) == ("draft", "Nobody used the approval of its template in time.")
    assert (await desk.now(untimed)).state == "schedule"
    company.advance(days=20)
    await runner.run_due()
    assert (await desk.now(untimed)).state == "draft"


@pytest.mark.row("G6")
async def test_a_change_that_is_at_work_beyond_its_time_is_in_the_way_until_it_is_done(desk, company):
    first = await desk.started()
    company.advance(hours=2)  # an hour longer than it was to take
    soon = company.clock.now() + timedelta(minutes=10)
    second = await desk.submitted(title="Lower the limit", starts_at=soon, ends_at=soon + HOUR)
    await desk.vote(second, *EVERYBODY[:2])
    fit = await desk.do(try_time, "agent_developer", second.id, starts_at=soon, ends_at=soon + HOUR)
    assert [(each.name, each.span) for each in fit.obstacles] == [(first.reference, None)]
    with pytest.raises(CannotBeScheduled, match="CHG-1001 is still at work and touches service:Payments") as refused:
        await desk.do(schedule, "agent_developer", second.id)
    assert refused.value.accepted == ("Tue 3 Mar 2026 12:00 to 13:00 UTC",)
    later = soon + HOUR
    await desk.do(schedule, "agent_developer", second.id, starts_at=later, ends_at=later + HOUR)
    company.advance(minutes=75)
    with pytest.raises(CannotBeScheduled, match="CHG-1001 is still at work") as refused:
        await desk.do(implement, "agent_developer", second.id)
    assert refused.value.where == "schedule"
    await desk.do(complete, "agent_developer", first.id, validation="passed")
    assert (await desk.do(implement, "agent_developer", second.id)).state == "implement"


@pytest.mark.row("G6", "E1")
async def test_a_change_that_is_at_work_without_a_time_is_in_the_way_too(desk, company):
    first = await desk.draft(starts_at=None, ends_at=None)
    await bypassing(desk, first)
    second = await desk.submitted(title="Lower the limit", starts_at=START + HOUR / 2, ends_at=START + HOUR)
    await desk.vote(second, *EVERYBODY[:2])
    with pytest.raises(CannotBeScheduled, match="CHG-1001 is still at work and touches service:Payments"):
        await desk.do(schedule, "agent_developer", second.id)


@pytest.mark.row("G6", "E5", "E1")
async def test_what_was_declared_after_a_time_was_taken_is_in_the_way_of_the_start_but_not_of_a_bypass(desk, company):
    change = await desk.scheduled()
    frozen = Desk(company, with_policy(FREEZE))
    company.advance(days=1)
    with pytest.raises(CannotBeScheduled, match="The freeze 'Quarter end'") as refused:
        await frozen.do(implement, "agent_developer", change.id)
    assert (refused.value.where, refused.value.accepted) == ("schedule", ("Thu 5 Mar 2026 00:00 to 01:00 UTC",))
    assert (await desk.now(change)).state == "schedule"
    change = await bypassing(frozen, change)
    assert (change.state, change.owed) == ("implement", ())
    (recorded,) = await company.trail(subject_id=change.id, action="change.bypassed")
    (passed,) = recorded["details"]["in_the_way"]
    assert passed.startswith("The freeze 'Quarter end'")


@pytest.mark.row("G6")
async def test_a_change_begins_in_what_is_left_of_an_open_window(desk, company):
    change = await desk.scheduled()
    company.advance(days=1, minutes=30)
    closed = Desk(company, with_policy(WINDOWS.format("22:00-04:00")))
    with pytest.raises(CannotBeScheduled, match="outside its maintenance windows"):
        await closed.do(implement, "agent_developer", change.id)
    open_later = Desk(company, with_policy(WINDOWS.format("09:15-12:00")))  # when it was to begin it was closed
    assert (await open_later.do(implement, "agent_developer", change.id)).state == "implement"


async def bypassing(desk, change):
    """The change, begun under an emergency bypass."""
    await grant(
        desk.database,
        desk.company.actor("meta_agent_manager"),
        action="change.implement",
        resource=change.reference,
        justification="Payments stand still since 08:40.",
        duration=HOUR,
    )
    return await desk.do(implement, "meta_agent_manager", change.id)
