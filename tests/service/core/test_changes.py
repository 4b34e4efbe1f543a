"""The change registry on a real database: a change's life, its gates, its review, who may (G1 to G3)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.views.answers import sentence_of
from config.yamlfile import parse_yaml
from core.access.errors import PermissionMissing, ScopeMissing
from core.approvals import RequestFilter, get_request, list_requests
from core.changes import (
    ChangeCatalogue,
    ChangeFilter,
    Proposal,
    assess,
    cancel,
    complete,
    draft,
    fail,
    get_change,
    implement,
    list_changes,
    review,
    roll_back,
    schedule,
    show_evidence,
    submit,
    validate_recovery,
)
from core.changes.errors import (
    GatesMissing,
    InvalidChange,
    NotAReviewer,
    NotIndependent,
    NotYourChange,
    UnknownChange,
    WrongState,
)
from core.emergency import get_bypass, grant
from core.errors import InvalidInput
from core.ids import uuid7
from core.tenants import TenantPolicy
from tests.changes_desk import EVERYBODY, FRAMEWORK, HOUR, TOMORROW, Desk, desk
from tests.factories import START, create_agent, found_company

__all__ = ["desk"]  # a fixture
WITHOUT_PATCHES = FRAMEWORK.replace('    - "security_patch"\n', "")


@pytest.mark.row("G1", "G2", "G3")
async def test_a_change_goes_from_a_draft_to_its_review_and_all_of_it_is_in_one_place(desk, company):
    change = await desk.draft()
    assert (change.reference, change.state, change.missing) == (
        "CHG-1001",
        "draft",
        ("testing", "rollback_plan", "communication"),
    )
    await desk.evidence(change)
    change = await desk.do(submit, "agent_developer", change.id)
    assert (change.state, change.request, change.request_state) == ("authorise", "REQ-1001", "pending")
    change = await desk.vote(change, "meta_agent_manager")
    await desk.deliver()
    change = await desk.now(change)
    assert (change.state, change.scheduled_at) == ("schedule", None)
    change = await desk.do(schedule, "agent_developer", change.id)
    assert change.scheduled_at == START
    company.advance(days=1, minutes=5)
    change = await desk.do(implement, "agent_developer", change.id)
    assert (change.state, change.implementer.email) == ("implement", company.people["agent_developer"].email)
    change = await desk.do(complete, "agent_developer", change.id)
    assert (change.state, change.validation) == ("validate", None)
    change = await desk.do(complete, "agent_developer", change.id, validation="passed", notes="All green.")
    assert (change.state, change.validation.result, change.review_state) == ("review", "passed", "due")
    assert change.review_due_at == TOMORROW + timedelta(days=5, minutes=5)
    change = await desk.do(
        review, "meta_agent_manager", change.id, outcome="successful", notes="As planned.", lessons="Warn the desk."
    )
    assert (change.state, change.review.lessons, change.review_state, change.steps) == (
        "closed",
        "Warn the desk.",
        "done",
        (),
    )
    life = [
        "drafted",
        *["evidence_added"] * 3,
        "assessed",
        "submitted",
        "authorised",
        "scheduled",
        "started",
        "completed",
        "validated",
        "closed",
    ]
    assert await desk.events(change) == life
    trail = await company.trail(subject_id=change.id)
    assert [each["action"].removeprefix("change.") for each in trail] == life
    assert {each["result"] for each in trail} == {"success"}
    assert (await get_request(desk.database, company.actor("agent_developer"), change.request_id)).used
    assert await get_change(desk.database, company.actor("audit_reviewer"), 1001) == change


@pytest.mark.row("G3")
async def test_without_its_evidence_nothing_is_implemented_and_every_missing_gate_is_named(desk, company):
    change = await desk.draft()
    change = await desk.do(submit, "agent_developer", change.id)
    assert change.risk.level == "high"  # no test, and no way back
    change = await desk.vote(change, *EVERYBODY)
    await desk.do(schedule, "agent_developer", change.id)
    company.advance(days=1)
    with pytest.raises(GatesMissing) as refused:
        await desk.do(implement, "agent_developer", change.id)
    assert refused.value.accepted == ("testing", "rollback_plan", "communication")
    assert "Missing: testing, rollback plan, communication." in refused.value.message
    await desk.evidence(change)
    await desk.do(show_evidence, "agent_developer", change.id, gate="testing", summary="2 of 40 fail.", result="failed")
    with pytest.raises(GatesMissing) as refused:
        await desk.do(implement, "agent_developer", change.id)
    assert refused.value.accepted == ("testing",)
    assert (await desk.now(change)).state == "schedule"


@pytest.mark.row("G3", "E5", "E1")
async def test_a_live_bypass_lets_it_pass_and_what_is_missing_is_owed_at_the_review(desk, company):
    change = await desk.submitted(starts_at=None, ends_at=None)
    change = await desk.do(
        show_evidence, "agent_developer", change.id, gate="testing", summary="No time.", result="failed"
    )
    bypass = await grant(
        desk.database,
        company.actor("meta_agent_manager"),
        action="change.implement",
        resource=change.reference,
        justification="Payments stand still since 08:40.",
        duration=HOUR,
    )
    with pytest.raises(GatesMissing):  # a bypass is one person's
        await desk.do(implement, "agent_developer", change.id)
    change = await desk.do(implement, "meta_agent_manager", change.id)
    assert (change.state, change.bypass, change.owed) == ("implement", bypass.reference, ("testing",))
    request = await get_request(desk.database, company.actor("agent_developer"), change.request_id)
    assert request.status == "expired"  # nobody is asked what is done already
    (recorded,) = await company.trail(subject_id=change.id, action="change.bypassed")
    assert (recorded["category"], recorded["details"]["owed"]) == ("security", ["testing"])
    change = await desk.do(complete, "meta_agent_manager", change.id, validation="passed")
    reviewing = {"outcome": "successful_with_issues", "notes": "It was needed."}
    with pytest.raises(GatesMissing, match="still owes: testing"):
        await desk.do(review, "tenant_administrator", change.id, **reviewing)
    await desk.evidence(change, gates=("testing",))
    assert (await desk.do(review, "tenant_administrator", change.id, **reviewing)).state == "closed"
    bypass = await get_bypass(desk.database, company.actor("audit_reviewer"), bypass.id)
    assert [(each.action, each.resource, each.outcome) for each in bypass.uses] == [
        ("change.implement", "CHG-1001", "succeeded")
    ]


@pytest.mark.row("G3", "E1")
async def test_a_bypass_that_is_over_lets_nothing_pass(desk, company):
    change = await desk.submitted()
    await grant(
        desk.database,
        company.actor("meta_agent_manager"),
        action="*",
        resource="*",
        justification="Payments stand still since 08:40.",
        duration=HOUR,
    )
    company.advance(hours=1)
    with pytest.raises(GatesMissing):
        await desk.do(implement, "meta_agent_manager", change.id)


@pytest.mark.row("G3")
async def test_of_two_who_implement_at_once_one_does(desk, company):
    change = await desk.scheduled()
    company.advance(days=1)
    whos = ("agent_developer", "meta_agent_manager", "tenant_administrator")
    done = await asyncio.gather(*(desk.do(implement, who, change.id) for who in whos), return_exceptions=True)
    assert sorted(type(each).__name__ for each in done) == ["ChangeView", "WrongState", "WrongState"]
    assert (await desk.events(change)).count("started") == 1


@pytest.mark.row("G3")
async def test_a_validation_that_failed_leaves_the_choice_between_another_and_a_rollback(desk):
    change = await desk.started()
    change = await desk.do(complete, "agent_developer", change.id, validation="failed", notes="Totals differ.")
    assert (change.state, change.validation.result) == ("validate", "failed")
    with pytest.raises(InvalidChange, match="Say how the validation went"):
        await desk.do(complete, "agent_developer", change.id)
    change = await desk.do(roll_back, "agent_developer", change.id, reason="Totals differ.")
    assert (change.state, change.note, change.review_state) == ("rolled_back", "Totals differ.", "due")
    await desk.do(validate_recovery, "agent_developer", change.id, result="passed")
    change = await desk.do(review, "meta_agent_manager", change.id, outcome="unsuccessful", notes="Tested too little.")
    assert (change.state, change.review_state) == ("rolled_back", "done")
    with pytest.raises(WrongState, match="Nothing of CHG-1001 waits for a review"):
        await desk.do(review, "meta_agent_manager", change.id, outcome="unsuccessful", notes="Again.")


@pytest.mark.row("G2")
async def test_a_change_can_be_rolled_back_until_it_is_closed(desk):
    change = await desk.started()
    await desk.do(complete, "agent_developer", change.id, validation="passed")
    assert (await desk.rolled_back(change)).state == "rolled_back"
    other = await desk.started(title="Another", starts_at=TOMORROW + HOUR * 30, ends_at=TOMORROW + HOUR * 31)
    assert (await desk.do(fail, "agent_developer", other.id, reason="No way back.")).state == "failed"
    with pytest.raises(WrongState):
        await desk.do(roll_back, "agent_developer", other.id, reason="Too late.")


@pytest.mark.row("G3", "R6")
async def test_the_review_is_independent_and_by_the_row_of_its_risk(desk, company):
    change = await desk.started()
    await desk.do(complete, "agent_developer", change.id, validation="passed")
    said = {"outcome": "successful", "notes": "Fine."}
    with pytest.raises(NotIndependent):
        await desk.do(review, "agent_developer", change.id, **said)
    with pytest.raises(NotAReviewer) as refused:
        await desk.do(review, "compliance_manager", change.id, **said)
    assert refused.value.accepted == ("meta_agent_manager",)
    denied = await company.trail(result="denied", action="change.reviewed")
    assert [each["details"]["code"] for each in denied] == ["changes.not_independent", "changes.not_a_reviewer"]
    assert (await desk.do(review, "tenant_administrator", change.id, **said)).state == "closed"  # above the row


@pytest.mark.row("G3")
async def test_a_review_that_nobody_does_is_overdue_and_said_so(desk, company, runner):
    change = await desk.started()
    await desk.do(complete, "agent_developer", change.id, validation="passed")
    company.advance(days=5)
    await runner.run_due()
    assert (await desk.now(change)).review_state == "overdue"
    assert (await desk.events(change))[-1] == "review_overdue"
    waiting = await desk.do(list_changes, "audit_reviewer", ChangeFilter(waits_for_review=True))
    assert [each.reference for each in waiting] == ["CHG-1001"]


@pytest.mark.row("G2", "R6")
async def test_who_may_not_is_refused_and_recorded(desk, company):
    with pytest.raises(PermissionMissing):
        await desk.draft("compliance_manager")
    denied = await company.trail(result="denied")
    assert [(each["action"], each["resource"]) for each in denied] == [("change.drafted", "Raise the limit")]
    change = await desk.draft()
    with pytest.raises(NotYourChange):
        await cancel(desk.database, company.actor("meta_agent_manager"), change.id, reason="No.")
    with pytest.raises(ScopeMissing):
        reader = company.actor("agent_developer", scopes=frozenset({"read"}))
        await submit(desk.database, desk.catalogue, reader, change.id)
    change = await cancel(desk.database, company.actor("tenant_administrator"), change.id, reason="No.")
    assert (change.state, change.note) == ("cancelled", "No.")


@pytest.mark.row("G2")
@pytest.mark.parametrize(
    ("proposal", "where"),
    [
        ({"title": " "}, "title"),
        ({"type": "configuration"}, "type"),
        ({"type": None}, "type"),
        ({"resources": []}, "resources"),
        ({"resources": ["Payments"]}, "resources.0"),
        ({"resources": ["agent:nobody"]}, "resources"),
        ({"ends_at": TOMORROW}, "ends_at"),
        ({"ends_at": None}, "ends_at"),
        ({"starts_at": START - HOUR * 2, "ends_at": START - HOUR}, "starts_at"),
        ({"description": "x" * 3501}, "description"),
    ],
)
async def test_what_cannot_be_taken_is_named_and_nothing_is_kept(desk, company, proposal, where):
    with pytest.raises(InvalidChange) as refused:
        await desk.draft(**proposal)
    assert refused.value.where == where
    assert await desk.do(list_changes, "audit_reviewer", ChangeFilter()) == ()


@pytest.mark.row("G2")
async def test_changes_are_found_by_what_is_known_of_them(desk, company, catalogue):
    await create_agent(company, catalogue)
    await desk.draft(title="Raise the limit")
    await desk.do(assess, "agent_developer", (await desk.draft(resources=["agent:invoice-reader"], title="Tune")).id)
    await desk.draft("meta_agent_manager", type="security_patch", title="Patch 100%")
    actor = company.actor("audit_reviewer")

    async def found(**wanted):
        return [each.title for each in await list_changes(desk.database, desk.catalogue, actor, ChangeFilter(**wanted))]

    assert await found() == ["Patch 100%", "Tune", "Raise the limit"]
    assert await found(contains="CHG-1002") == ["Tune"]
    assert await found(contains="100%") == ["Patch 100%"]
    assert await found(contains="invoice") == ["Tune"]
    assert await found(resource="service:Accounts Payable") == ["Tune"]  # it feels it
    assert await found(type="security_patch") == ["Patch 100%"]
    assert await found(state="assess", risk="high") == ["Tune"]
    assert await found(requester=company.people["meta_agent_manager"].id) == ["Patch 100%"]
    assert await found(since=TOMORROW + HOUR) == []
    newer = await list_changes(desk.database, desk.catalogue, actor, ChangeFilter(), after=1003, limit=1)
    assert [each.title for each in newer] == ["Tune"]


@pytest.mark.row("T1", "G2")
async def test_another_tenant_sees_none_of_it(desk, database, clock, change_catalogue):
    change = await desk.scheduled()
    other = Desk(await found_company(database, clock, TenantPolicy(tenant_id="northwind")), change_catalogue)
    with pytest.raises(UnknownChange):
        await get_change(database, other.company.actor("tenant_administrator"), change.id)
    with pytest.raises(UnknownChange):
        await other.do(roll_back, "tenant_administrator", change.id, reason="Mine?")
    theirs = await other.scheduled()  # the same time on a service of the same name does not collide
    assert (theirs.reference, theirs.scheduled_at) == ("CHG-1001", START)
    shown = await other.do(list_changes, "audit_reviewer", ChangeFilter())
    assert [each.id for each in shown] == [theirs.id]
    requests = await list_requests(database, other.company.actor("audit_reviewer"), RequestFilter())
    assert len(requests) == 1


async def test_there_is_no_change_of_an_unknown_number(desk, company):
    for reference in (uuid7(), 4711):
        with pytest.raises(UnknownChange):
            await get_change(desk.database, company.actor("audit_reviewer"), reference)


@pytest.mark.row("G2", "G3")
async def test_a_draft_comes_with_its_way_back_or_not_at_all(desk, company):
    said = Proposal(title="Raise the limit", type="configuration_change", resources=["service:Payments"])
    with pytest.raises(InvalidChange, match="here are 4001"):
        await desk.do(draft, "agent_developer", said, rollback_plan="x" * 4001)
    assert await desk.do(list_changes, "audit_reviewer", ChangeFilter()) == ()
    change = await desk.do(draft, "agent_developer", said, rollback_plan="Lower it again.")
    (plan,) = change.evidence
    assert (plan.gate, plan.summary, plan.author.id) == ("rollback_plan", "Lower it again.", change.requester.id)
    assert change.missing == ("testing", "communication")


@pytest.mark.row("G2")
@pytest.mark.parametrize(
    ("wanted", "accepted"),
    [
        ({"state": "foo"}, "authorise"),
        ({"risk": "foo"}, "high"),
        ({"type": "foo"}, "security_patch"),
        ({"resource": "Payments"}, "service:Payments"),
    ],
)
async def test_a_list_that_is_asked_for_what_nothing_can_be_says_so_with_what_it_accepts(desk, wanted, accepted):
    with pytest.raises(InvalidInput) as refused:
        await desk.do(list_changes, "audit_reviewer", ChangeFilter(**wanted))
    assert (refused.value.where, accepted in refused.value.accepted) == (*wanted, True)


@pytest.mark.row("G2")
async def test_changes_of_a_type_that_was_given_up_are_found(company, desk):
    await desk.draft(type="security_patch")
    later = Desk(company, ChangeCatalogue({"default": parse_yaml(WITHOUT_PATCHES, file="default.yaml")}))
    found = await later.do(list_changes, "audit_reviewer", ChangeFilter(type="security_patch"))
    assert len(found) == 1


@pytest.mark.row("G2")
@pytest.mark.parametrize("edge", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
async def test_the_ends_of_time_break_nothing(desk, edge):
    await desk.draft()
    for wanted in (ChangeFilter(since=edge), ChangeFilter(until=edge)):
        assert len(await desk.do(list_changes, "audit_reviewer", wanted)) in (0, 1)
    for times in ({"starts_at": edge}, {"ends_at": edge}):
        with pytest.raises(InvalidChange):
            await desk.draft(**times)


@pytest.mark.row("G3", "G10")
async def test_notes_that_are_too_long_are_refused_and_not_cut(desk):
    change, long = await desk.started(), "x" * 4001
    with pytest.raises(InvalidChange, match="here are 4001") as refused:
        await desk.do(complete, "agent_developer", change.id, validation="passed", notes=long)
    assert refused.value.where == "notes"
    assert (await desk.now(change)).state == "implement"
    change = await desk.rolled_back(change)
    with pytest.raises(InvalidChange, match="here are 4001") as refused:
        await desk.do(validate_recovery, "agent_developer", change.id, result="passed", notes=long)
    assert refused.value.where == "notes"


@pytest.mark.row("G2", "G3")
async def test_a_refusal_says_once_and_in_peoples_words_what_could_not_be_done(desk):
    change = await desk.draft(starts_at=None, ends_at=None)
    with pytest.raises(InvalidChange) as untyped:
        await desk.draft(type=None)
    assert untyped.value.message == "Say of which type it is."
    with pytest.raises(GatesMissing) as refused:
        await desk.do(implement, "agent_developer", change.id)
    assert "Accepted" not in refused.value.sentence()
    assert sentence_of(refused.value) == f"{refused.value.message} {refused.value.next_step}"
    change = await desk.evidence(change)
    await desk.do(submit, "agent_developer", change.id)
    with pytest.raises(WrongState) as again:
        await desk.do(submit, "agent_developer", change.id)
    assert again.value.message == "CHG-1001 is in 'authorise'; it cannot be submitted from there."
    assert again.value.accepted == ("revise", "bypass", "cancel")
