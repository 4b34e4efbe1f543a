"""Whom a change is asked of, and what its approval comes to (G1, G5)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.approvals import amend, get_request, withdraw
from core.approvals.errors import InvalidRequest
from core.approvals.state import Choice
from core.changes import (
    Proposal,
    assess,
    complete,
    implement,
    review,
    revise,
    submit,
    validate_recovery,
)
from core.changes.errors import (
    GatesMissing,
    InvalidChange,
    NotYourChange,
)
from core.decisions import reopen
from tests.changes_desk import HOUR, STANDARD, TOMORROW, Desk, desk, with_policy

__all__ = ["desk"]  # a fixture


@pytest.mark.row("G1")
@pytest.mark.parametrize(
    ("proposal", "level", "stages"),
    [
        ({}, "low", {"technical_lead"}),
        ({"type": "infrastructure_change"}, "medium", {"technical_lead", "security_manager"}),
        (
            {"type": "infrastructure_change", "resources": [f"service:S{n}" for n in range(6)]},
            "high",
            {"technical_lead", "security_manager", "compliance_manager", "tenant_admin"},
        ),
    ],
)
async def test_the_row_of_its_risk_says_who_decides(desk, company, proposal, level, stages):
    change = await desk.submitted(**proposal)
    assert change.risk.level == level
    request = await get_request(desk.database, company.actor("audit_reviewer"), change.request_id)
    assert {stage.key for stage in request.stages} == stages
    assert {stage.status for stage in request.stages} == {"open"}  # all at once
    assert (request.action, request.resource["name"]) == ("change.implement", "CHG-1001")
    found = request.assessment.risk
    assert (found.score, found.level) == (change.risk.score, change.risk.level)
    assert len(found.counted) == len(change.risk.counted)


@pytest.mark.row("G1")
async def test_all_of_the_row_must_approve(desk):
    change = await desk.submitted(type="infrastructure_change")
    assert (await desk.vote(change, "meta_agent_manager")).state == "authorise"
    await desk.vote(change, "security_manager")
    await desk.deliver()
    assert (await desk.now(change)).state == "schedule"


@pytest.mark.row("G1")
async def test_nobody_approves_their_own_change(desk):
    change = await desk.evidence(await desk.draft("meta_agent_manager"), "meta_agent_manager")
    change = await desk.do(submit, "meta_agent_manager", change.id)
    request = await get_request(desk.database, desk.company.actor("audit_reviewer"), change.request_id)
    asked = {person.email for stage in request.stages for person in stage.approvers}
    assert desk.company.people["meta_agent_manager"].email not in asked
    assert asked


@pytest.mark.row("G1", "G2")
async def test_a_rejection_sends_it_back_with_the_reason_and_it_can_be_asked_again(desk):
    change = await desk.submitted()
    first = change.request_id
    await desk.vote(change, "meta_agent_manager", choice=Choice.REJECT)
    await desk.deliver()
    await desk.deliver()  # at least once: the second time changes nothing
    change = await desk.now(change)
    assert (change.state, change.note, change.scheduled_at) == ("draft", "REQ-1001 was rejected.", None)
    assert (await desk.events(change)).count("turned_down") == 1
    change = await desk.do(submit, "agent_developer", change.id)
    assert change.state == "authorise"
    assert change.request_id != first
    await desk.deliver()  # the first request's outcome says nothing about the second
    assert (await desk.now(change)).state == "authorise"


@pytest.mark.row("G1", "P9")
async def test_withdrawing_the_request_withdraws_the_submission(desk, company):
    change = await desk.submitted()
    await withdraw(desk.database, company.actor("agent_developer"), change.request_id, reason="Later.")
    await desk.deliver()
    assert (await desk.now(change)).state == "draft"


@pytest.mark.row("G1", "G6")
async def test_an_approval_whose_time_was_missed_is_over_a_week_later(desk, company, runner):
    change = await desk.scheduled()
    company.advance(days=8)
    await runner.run_due()
    assert (await desk.now(change)).state == "schedule"
    company.advance(hours=2)
    await runner.run_due()
    await desk.deliver()
    change = await desk.now(change)
    assert (change.state, change.note, change.scheduled_at) == ("draft", "REQ-1001 has expired.", None)


@pytest.mark.row("G1", "P9")
async def test_what_a_change_s_request_asks_is_changed_in_the_change_alone(desk, company, catalogue):
    change = await desk.submitted()
    actor = company.actor("agent_developer")
    with pytest.raises(InvalidRequest, match="REQ-1001 is about CHG-1001"):
        await amend(desk.database, catalogue, actor, change.request_id, changes={"title": "Something else"})
    await desk.vote(change, "meta_agent_manager", choice=Choice.REJECT)
    with pytest.raises(InvalidRequest, match="submit that again"):
        await reopen(desk.database, company.gate(catalogue), actor, change.request_id, reason="Please.")


@pytest.mark.row("G2")
async def test_a_revised_change_must_be_approved_again(desk, company):
    change = await desk.scheduled()
    request_id = change.request_id
    with pytest.raises(NotYourChange):
        await desk.do(revise, "meta_agent_manager", change.id, Proposal(title="Another limit"))
    change = await desk.do(revise, "agent_developer", change.id, Proposal(title="Another limit"), reason="Typo.")
    assert (change.title, change.state, change.risk, change.request_id, change.scheduled_at) == (
        "Another limit",
        "draft",
        None,
        None,
        None,
    )
    assert change.description == "Month-end needs more."
    request = await get_request(desk.database, company.actor("agent_developer"), request_id)
    assert request.status == "expired"
    with pytest.raises(GatesMissing) as refused:
        await desk.do(implement, "agent_developer", change.id)
    assert refused.value.accepted == ("approval", "schedule")


@pytest.mark.row("G2")
async def test_a_revision_that_changes_nothing_keeps_the_approval(desk, company):
    change = await desk.scheduled()
    with pytest.raises(InvalidChange, match="Say what is to change in it") as refused:
        await desk.do(revise, "agent_developer", change.id, Proposal(), reason="Hm.")
    assert "title" in refused.value.accepted
    same = Proposal(title=change.title, resources=list(change.resources), starts_at=change.starts_at)
    assert await desk.do(revise, "agent_developer", change.id, same) == await desk.now(change) == change
    with pytest.raises(InvalidChange, match="here are 4001") as refused:
        await desk.do(revise, "agent_developer", change.id, Proposal(title="Other"), reason="x" * 4001)
    assert refused.value.where == "reason"
    request = await get_request(desk.database, company.actor("agent_developer"), change.request_id)
    assert request.status == "approved"


@pytest.mark.row("G1")
async def test_a_standard_change_is_approved_beforehand_up_to_its_template_s_risk(company):
    desk = Desk(company, with_policy(STANDARD))
    change = await desk.draft(template="rotate_key")
    assert (change.template, change.missing) == ("rotate_key", ())
    assert {each.author for each in change.evidence} == {None}
    change = await desk.do(submit, "agent_developer", change.id)
    assert (change.state, change.request_id) == ("schedule", None)
    many = [f"data:D{number}" for number in range(7)]
    riskier = await desk.draft(template="rotate_key", resources=many, ends_at=TOMORROW + 5 * HOUR)
    riskier = await desk.do(submit, "agent_developer", riskier.id)
    assert (riskier.risk.level, riskier.state) == ("medium", "authorise")
    with pytest.raises(InvalidChange, match="Did you mean 'rotate_key'"):
        await desk.draft(template="rotate_keys")
    with pytest.raises(InvalidChange, match="The template says"):
        await desk.draft(template="rotate_key", type="security_patch")


@pytest.mark.row("G1", "G2")
@pytest.mark.parametrize(
    ("other", "where", "accepted"),
    [
        ({"title": "Drop the ledger"}, "title", ("Rotate a key",)),
        ({"resources": ["service:Payments", "service:Ledger"]}, "resources.1", ("service:Payments", "data:*")),
        ({"resources": ["infrastructure:cluster-a"]}, "resources.0", ("service:Payments", "data:*")),
    ],
)
async def test_a_template_approves_its_own_work_on_what_it_names_alone(company, other, where, accepted):
    desk = Desk(company, with_policy(STANDARD))
    with pytest.raises(InvalidChange) as refused:
        await desk.draft(template="rotate_key", **other)
    assert (refused.value.where, refused.value.accepted) == (where, accepted)
    change = await desk.draft(template="rotate_key", resources=["data:keys"])
    with pytest.raises(InvalidChange) as refused:
        await desk.do(revise, "agent_developer", change.id, Proposal(**other))
    assert refused.value.where == where


@pytest.mark.row("G1")
async def test_what_a_template_no_longer_approves_by_now_is_asked_about(company):
    change = await Desk(company, with_policy(STANDARD)).draft(template="rotate_key")
    narrower = Desk(company, with_policy(STANDARD.replace('"service:Payments", ', "")))
    assert (await narrower.do(submit, "agent_developer", change.id)).state == "authorise"


@pytest.mark.row("G1")
async def test_a_template_that_names_each_thing_says_what_is_touched(company):
    desk = Desk(company, with_policy(STANDARD.replace(', "data:*"', "")))
    assert (await desk.draft(template="rotate_key", resources=())).resources == ("service:Payments",)


@pytest.mark.row("G5")
async def test_the_risk_shows_how_similar_changes_ended(desk, company):
    for number in range(5):
        starts_at = TOMORROW + timedelta(days=2 * number)
        change = await desk.started(title=f"Limit {number}", starts_at=starts_at, ends_at=starts_at + HOUR)
        if number < 2:
            await desk.rolled_back(change)
        else:
            change = await desk.do(complete, "agent_developer", change.id, validation="passed")
            await desk.do(review, "meta_agent_manager", change.id, outcome="successful", notes="Fine.")
    change = await desk.draft(starts_at=None, ends_at=None)
    change = await desk.do(assess, "agent_developer", change.id)
    assert (change.risk.history.similar, change.risk.history.failed, change.risk.history.basis) == (
        5,
        2,
        "type and resources",
    )
    (counted,) = [each for each in change.risk.counted if each.name == "One in five similar changes went wrong"]
    assert counted.values == {"history.is_enough": True, "history.rate": 0.4}


@pytest.mark.row("G5", "G10")
async def test_a_change_that_failed_once_counts_as_failed_whatever_becomes_of_it(desk, company):
    change = await desk.rolled_back(await desk.started())

    async def counted():
        other = await desk.draft(title="Another", starts_at=None, ends_at=None)
        history = (await desk.do(assess, "agent_developer", other.id)).risk.history
        return history.similar, history.failed

    assert await counted() == (1, 1)
    change = await desk.do(validate_recovery, "agent_developer", change.id, result="failed", notes="Still slow.")
    assert (change.state, await counted()) == ("implement", (1, 1))
    change = await desk.do(complete, "agent_developer", change.id, validation="passed")
    assert (change.state, await counted()) == ("review", (1, 1))
    change = await desk.do(review, "meta_agent_manager", change.id, outcome="successful", notes="At last.")
    assert (change.state, await counted()) == ("closed", (1, 1))
