"""What was done under a bypass, its review, and what follows from that (E2, E3, E5)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from core.decisions import report_outcome
from core.emergency import (
    FollowUp,
    acknowledge,
    close_remediation,
    end,
    get_bypass,
    grant,
    list_remediations,
    review,
    reviews_waiting,
)
from core.emergency.errors import (
    InvalidBypass,
    NotIndependent,
    NotManagement,
    NotYourRemediation,
    RemediationClosed,
    UnknownRemediation,
)
from core.errors import NotFound
from core.ids import uuid7
from core.tenants import BypassPolicy, ReviewRule, TenantPolicy, Who
from tests.factories import START, agent, ask, found_company

WHY = "Payments stand still since 08:40."
DAY = timedelta(days=1)


async def company_with(database, clock, **policy):
    return await found_company(database, clock, TenantPolicy(tenant_id="northwind", bypass=BypassPolicy(**policy)))


async def granted(company, who="meta_agent_manager", **changes):
    wanted = {"action": "*", "resource": "*", "justification": WHY, "duration": timedelta(hours=1), **changes}
    return await grant(company.database, company.actor(who), **wanted)


async def reviewed(company, bypass, who="tenant_administrator", **changes):
    wanted = {"verdict": "justified", "notes": "Needed.", **changes}
    return await review(company.database, company.actor(who), bypass.id, **wanted)


async def events(company, bypass):
    async with company.database.tenant(company.tenant) as tx:
        found = await tx.connection.execute(
            text("SELECT type FROM outbox_events WHERE subject = :s ORDER BY position"), {"s": f"bypass:{bypass.id}"}
        )
        return list(found.scalars())


@pytest.mark.row("E5")
async def test_every_action_that_a_bypass_allowed_stands_under_it_with_both_states_and_what_became_of_it(
    company, catalogue
):
    bypass = await granted(company)
    created = await ask(company, catalogue, "meta_agent_manager", justification="It reads what waits.")
    await report_outcome(
        company.database, company.actor("meta_agent_manager"), created.id, status="succeeded", details={}
    )
    changed = await ask(
        company,
        catalogue,
        "meta_agent_manager",
        action="agent.modify",
        resource={"name": "invoice-reader", "model": "large"},
    )
    await report_outcome(company.database, company.actor("meta_agent_manager"), changed.id, status="failed", details={})
    first, second = (await get_bypass(company.database, company.actor("audit_reviewer"), bypass.id)).uses
    assert (first.decision_id, first.action, first.before, first.outcome) == (
        created.id,
        "agent.create",
        None,
        "succeeded",
    )
    assert (first.by.email, first.context) == (
        company.people["meta_agent_manager"].email,
        {"justification": "It reads what waits."},
    )
    assert (second.before, second.after["attributes"], second.outcome) == (first.after, {"model": "large"}, "failed")


@pytest.mark.row("E3")
async def test_the_risk_is_scored_again_with_what_was_done_and_both_are_kept(company, catalogue):
    idle, busy = await granted(company, "security_manager"), await granted(company)
    done = await ask(company, catalogue, "meta_agent_manager", resource=agent("reader"))
    await report_outcome(company.database, company.actor("meta_agent_manager"), done.id, status="failed", details={})
    after = await reviewed(company, busy)
    before = (("action *", 45), ("any agent, not one", 25))
    assert (after.risk, after.risk_factors) == ("high", before)
    assert after.risk_after_factors == (
        *before,
        ("actions under it: 1", 5),
        ("failed: 1", 15),
        ("senior management never acknowledged it", 15),
    )
    await acknowledge(company.database, company.actor("tenant_administrator"), idle.id)
    calmer = await reviewed(company, idle)
    assert calmer.risk_after_factors == (*before, ("nothing was done under it", -10))
    recorded = (await company.trail(action="bypass.review", result="success"))[0]["details"]
    assert (recorded["risk_before"]["points"], recorded["risk_after"]["points"]) == (70, 105)


@pytest.mark.row("E4")
async def test_once_a_bypass_is_judged_nobody_is_reminded_to_acknowledge_it(company, runner):
    bypass = await granted(company)
    await reviewed(company, bypass)
    company.advance(hours=3)
    await runner.run_due()
    assert {"bypass.unacknowledged", "bypass.escalated"}.isdisjoint(await events(company, bypass))


@pytest.mark.row("E2")
async def test_a_bypass_that_is_reviewed_runs_no_more(company, catalogue):
    bypass = await granted(company)
    after = await reviewed(company, bypass)
    assert (after.status, after.ended_at, after.review_status) == ("ended", START, "done")
    assert (await ask(company, catalogue, "meta_agent_manager")).decision == "pending"
    assert await events(company, bypass) == ["bypass.granted", "bypass.ended", "bypass.reviewed"]


@pytest.mark.row("E2")
async def test_the_checklist_of_the_grant_is_answered_item_by_item(database, clock):
    items = ("The fix is in the code", "Nobody else was affected")
    company = await company_with(database, clock, review=ReviewRule(checklist=items))
    bypass = await granted(company)
    for findings in ({}, {items[0]: True}, {items[0]: True, items[1]: True, "Lunch": True}):
        with pytest.raises(InvalidBypass) as refused:
            await reviewed(company, bypass, findings=findings)
        assert refused.value.where == "checklist"
    done = await reviewed(company, bypass, findings={items[0]: True, items[1]: False})
    assert (done.checklist, done.findings) == (items, {items[0]: True, items[1]: False})


@pytest.mark.row("E2", "R7")
async def test_whoever_acted_under_a_bypass_does_not_review_it(company, catalogue):
    bypass = await granted(company)
    await ask(company, catalogue, "meta_agent_manager")
    async with company.database.tenant(company.tenant) as tx:  # as if the administrator had done it
        await tx.connection.execute(
            text("UPDATE bypass_uses SET user_id = :u"), {"u": company.people["tenant_administrator"].id}
        )
    with pytest.raises(NotIndependent):
        await reviewed(company, bypass)
    assert (await reviewed(company, bypass, "enterprise_administrator")).review_status == "done"


@pytest.mark.row("E2")
async def test_a_tenant_names_its_reviewers(database, clock):
    company = await company_with(database, clock, review=ReviewRule(reviewers=Who(roles=("audit_reviewer",))))
    bypass = await granted(company)
    async with database.tenant(company.tenant) as tx:
        (waiting,) = await reviews_waiting(tx)
        assert [person.id for person in waiting.reviewers] == [company.people["audit_reviewer"].id]
    with pytest.raises(NotManagement) as refused:
        await reviewed(company, bypass)
    assert refused.value.accepted == ("audit_reviewer",)
    assert (await reviewed(company, bypass, "audit_reviewer")).review_status == "done"


@pytest.mark.row("E2")
async def test_a_review_is_reminded_of_before_and_after_it_is_due_and_climbs(database, clock, runner):
    company = await company_with(
        database,
        clock,
        escalate_after=2,
        escalation=(Who(roles=("compliance_manager",)),),
        review=ReviewRule(remind_every=timedelta(hours=12)),
    )
    bypass = await granted(company)
    await acknowledge(database, company.actor("tenant_administrator"), bypass.id)
    seen: list[str] = []
    for hours in range(12, 97, 12):
        company.advance(hours=12)
        await runner.run_due()
        news = (await events(company, bypass))[len(seen) :]
        seen += news
        told = [each for each in news if each.startswith("bypass.review") or each == "bypass.escalated"]
        expected = {
            36: ["bypass.review_reminded"],
            48: ["bypass.review_overdue"],
            60: ["bypass.review_reminded"],
            72: ["bypass.escalated"],
            84: ["bypass.review_reminded"],
            96: ["bypass.review_reminded"],
        }
        assert told == expected.get(hours, []), hours
    assert (await reviewed(company, bypass, "compliance_manager")).review_status == "done"
    company.advance(hours=48)
    await runner.run_due()
    assert (await events(company, bypass))[-1] == "bypass.reviewed"


@pytest.mark.row("E2")
async def test_what_a_review_wants_done_has_an_owner_who_is_reminded_until_it_is_closed(company, runner):
    bypass = await granted(company)
    owner = company.people["agent_operator"]
    for wrong in (
        FollowUp(" ", owner.email, START + DAY),
        FollowUp("x" * 201, owner.email, START + DAY),
        FollowUp("Rotate the key", owner.email, START),
    ):
        with pytest.raises(InvalidBypass) as refused:
            await reviewed(company, bypass, follow_ups=[wrong])
        assert refused.value.where == "follow_ups"
    with pytest.raises(NotFound):
        await reviewed(company, bypass, follow_ups=[FollowUp("Rotate the key", "nobody@x.example", START + DAY)])
    done = await reviewed(
        company,
        bypass,
        follow_ups=[FollowUp("Rotate the key", owner.email, START + DAY), FollowUp("Tell", owner.email, START + DAY)],
    )
    first, second = done.remediations
    assert (first.title, first.owner, first.state, first.bypass) == ("Rotate the key", owner, "open", "BYP-1001")
    company.advance(days=1)
    await runner.run_due()
    company.advance(hours=12)
    await runner.run_due()
    assert (await events(company, bypass)).count("bypass.remediation_due") == 4

    async def closed(who, remediation, state="done", note="Rotated in KEY-3."):
        return await close_remediation(company.database, company.actor(who), remediation, state=state, note=note)

    with pytest.raises(NotYourRemediation):
        await closed("agent_developer", first.id)
    with pytest.raises(NotYourRemediation):  # its owner cannot drop what was asked of them
        await closed("agent_operator", first.id, "dropped")
    for state, note in (("fine", "x"), ("done", " ")):
        with pytest.raises(InvalidBypass):
            await closed("agent_operator", first.id, state, note)
    with pytest.raises(UnknownRemediation):
        await closed("agent_operator", uuid7())
    assert (await closed("agent_operator", first.id)).state == "done"
    with pytest.raises(RemediationClosed):
        await closed("agent_operator", first.id)
    assert (await closed("tenant_administrator", second.id, "dropped", "Known already.")).state == "dropped"
    company.advance(days=2)
    await runner.run_due()
    assert (await events(company, bypass)).count("bypass.remediation_due") == 4
    mine = await list_remediations(company.database, company.actor("agent_operator"), is_mine=True, states=["done"])
    assert [(each.title, each.note) for each in mine] == [("Rotate the key", "Rotated in KEY-3.")]
    with pytest.raises(InvalidBypass):
        await list_remediations(company.database, company.actor("agent_operator"), states=["lost"])


@pytest.mark.row("E1", "E5")
async def test_an_end_waits_for_what_is_allowed_at_the_same_time(company, catalogue):
    """Nothing is recorded under a bypass later than its end, however close the two come."""
    bypass = await granted(company)
    await ask(company, catalogue, "meta_agent_manager")
    ended = await end(company.database, company.actor("meta_agent_manager"), bypass.id)
    assert all(use.at <= ended.ended_at for use in ended.uses)
