"""The emergency bypass on a real database: who, how long, who is told, and what must follow (E1 to E5)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from core.decisions import report_outcome
from core.emergency import (
    acknowledge,
    check_extension_offered,
    check_review_offered,
    end,
    get_bypass,
    grant,
    list_bypasses,
    review,
)
from core.emergency.errors import (
    AlreadyReviewed,
    BypassNotAllowed,
    BypassOver,
    InvalidBypass,
    NotManagement,
    OwnReview,
    ReviewDebt,
    UnknownBypass,
)
from core.errors import Forbidden
from core.ids import uuid7
from core.tenants import BypassPolicy, TenantPolicy
from tests.factories import START, agent, ask, create_agent, found_company

WHY = "Payments stand still since 08:40."


async def granted(company, who="security_manager", **changes):
    wanted = {
        "action": "agent.create",
        "resource": "invoice-reader",
        "justification": WHY,
        "duration": timedelta(hours=1),
    }
    return await grant(company.database, company.actor(who), **{**wanted, **changes})


async def events(company, bypass):
    async with company.database.tenant(company.tenant) as tx:
        found = await tx.connection.execute(
            text("SELECT type FROM outbox_events WHERE subject = :s ORDER BY position"), {"s": f"bypass:{bypass.id}"}
        )
        return [event for event in found.scalars() if event != "bypass.counted_down"]


async def now(company, bypass):
    return await get_bypass(company.database, company.actor("audit_reviewer"), bypass.id)


@pytest.mark.row("E1", "E2", "E3", "E4")
async def test_a_bypass_is_active_at_once_with_its_risk_and_its_review_and_management_is_told(company):
    bypass = await granted(company, justification=f"  {WHY}  ")
    assert (bypass.reference, bypass.status, bypass.review_status) == ("BYP-1001", "active", "due")
    assert (bypass.granted_at, bypass.expires_at, bypass.review_due_at) == (
        START,
        START + timedelta(hours=1),
        START + timedelta(hours=48),
    )
    assert (bypass.justification, bypass.acknowledged_by, bypass.ended_at) == (WHY, None, None)
    assert (bypass.risk, bypass.risk_factors) == ("medium", (("action agent.create", 30),))
    assert await events(company, bypass) == ["bypass.granted"]
    (recorded,) = await company.trail(subject_id=bypass.id)
    assert (recorded["action"], recorded["category"], recorded["result"]) == ("bypass.grant", "security", "success")
    assert recorded["details"] == {
        "door": "api",
        "bypass": "BYP-1001",
        "emergency": True,
        "action": "agent.create",
        "justification": WHY,
        "expires_at": "2026-03-02T10:00:00+00:00",
        "risk": {"level": "medium", "points": 30, "factors": [["action agent.create", 30]]},
        "assurance": "click",
    }
    assert await get_bypass(company.database, company.actor("audit_reviewer"), 1001) == bypass


@pytest.mark.row("E3")
@pytest.mark.parametrize(
    ("action", "resource", "hours", "level", "points"),
    [
        ("agent.retire", "x", 1, "low", 10),
        ("agent.modify", "x", 1, "low", 25),
        ("agent.modify", "x", 3, "medium", 40),
        ("agent.deploy", "*", 2, "high", 55),
        ("*", "*", 4, "high", 85),
    ],
)
async def test_the_risk_grows_with_what_is_bypassed_where_and_for_how_long(
    company, action, resource, hours, level, points
):
    bypass = await granted(company, action=action, resource=resource, duration=timedelta(hours=hours))
    assert (bypass.risk, sum(part for _name, part in bypass.risk_factors)) == (level, points)


@pytest.mark.row("E1", "R6")
async def test_only_the_roles_of_the_policy_may_use_the_bypass(company):
    for who in ("tenant_administrator", "meta_agent_manager", "security_manager"):
        assert (await granted(company, who)).status == "active"
    for who in ("agent_developer", "enterprise_administrator", "audit_reviewer"):
        with pytest.raises(BypassNotAllowed) as refused:
            await granted(company, who)
        assert refused.value.accepted == ("tenant_administrator", "meta_agent_manager", "security_manager")
    denied = await company.trail(result="denied")
    assert [(entry["action"], entry["user_id"], entry["details"]["justification"]) for entry in denied] == [
        ("bypass.grant", company.people[who].email, WHY)
        for who in ("agent_developer", "enterprise_administrator", "audit_reviewer")
    ]


@pytest.mark.row("E2", "B1", "R6")
async def test_nobody_writes_a_review_or_asks_for_time_that_would_not_be_taken(company):
    bypass = await granted(company)
    everybody = {who: company.actor(who) for who in ("security_manager", "agent_developer", "tenant_administrator")}
    with pytest.raises(OwnReview):
        await check_review_offered(company.database, everybody["security_manager"], bypass.id)
    with pytest.raises(NotManagement):
        await check_review_offered(company.database, everybody["agent_developer"], bypass.id)
    with pytest.raises(NotManagement):
        await check_extension_offered(company.database, everybody["agent_developer"], bypass.id)
    denied = [
        (each["details"]["form"], each["details"]["code"]) for each in await company.trail(action="bypass.prepare")
    ]
    assert denied == [
        ("review", OwnReview.code), ("review", NotManagement.code), ("extension", NotManagement.code)
    ]  # fmt: skip
    await check_extension_offered(company.database, everybody["security_manager"], bypass.id)
    manager = everybody["tenant_administrator"]
    await check_review_offered(company.database, manager, bypass.id)
    await review(company.database, manager, bypass.id, verdict="justified", notes="It was needed.")
    with pytest.raises(AlreadyReviewed):
        await check_review_offered(company.database, manager, bypass.id)
    with pytest.raises(BypassOver):
        await check_extension_offered(company.database, everybody["security_manager"], bypass.id)


@pytest.mark.row("E1")
async def test_an_agent_that_is_named_with_its_kind_is_covered(company, catalogue):
    await create_agent(company, catalogue)
    bypass = await granted(company, "meta_agent_manager", action="agent.modify", resource="agent:invoice-reader")
    asked = await ask(company, catalogue, "meta_agent_manager", action="agent.modify", resource=agent())
    assert (bypass.resource, asked.decision, asked.bypass_id) == ("invoice-reader", "allow", bypass.id)


@pytest.mark.row("E1")
@pytest.mark.parametrize("action", ["agent.deploy", "agent.modify", "agent.retire", "change.implement"])
async def test_a_mistyped_agent_is_named_before_anybody_relies_on_the_bypass(company, catalogue, action):
    await create_agent(company, catalogue)
    with pytest.raises(InvalidBypass) as refused:
        await granted(company, action=action, resource="Invoice-Raeder")
    assert refused.value.message == "There is no agent 'Invoice-Raeder' in the registry. Did you mean 'invoice-reader'?"
    assert (refused.value.where, refused.value.accepted) == ("resource", ("invoice-reader",))
    assert (await granted(company, action="agent.create", resource="invoice-reader-2")).status == "active"


@pytest.mark.row("E1")
async def test_a_change_that_there_is_not_is_not_bypassed_for(company):
    with pytest.raises(InvalidBypass, match="There is no CHG-9999 here"):
        await granted(company, action="change.implement", resource="CHG-9999")


@pytest.mark.row("E1")
@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"duration": timedelta(minutes=4, seconds=59)}, "duration"),
        ({"duration": timedelta(hours=4, seconds=1)}, "duration"),
        ({"justification": "   fix it   "}, "justification"),
        ({"justification": "x" * 2001}, "justification"),
        ({"resource": " "}, "resource"),
        ({"resource": "x" * 121}, "resource"),
        ({"action": "agent.fly"}, "action"),
    ],
)
async def test_a_bypass_beyond_its_limits_is_refused_and_nothing_is_granted(company, changes, where):
    with pytest.raises(InvalidBypass) as refused:
        await granted(company, **changes)
    assert refused.value.where == where
    assert await list_bypasses(company.database, company.actor("audit_reviewer")) == ()


@pytest.mark.row("E1")
async def test_a_tenant_sets_its_own_limits(database, clock):
    policy = TenantPolicy(
        tenant_id="northwind",
        bypass=BypassPolicy(
            allowed_roles=("security_analyst",), max_duration=timedelta(minutes=30), review_due=timedelta(hours=24)
        ),
    )
    company = await found_company(database, clock, policy)
    with pytest.raises(BypassNotAllowed):
        await granted(company, "security_manager", duration=timedelta(minutes=30))
    with pytest.raises(InvalidBypass, match="A bypass lasts from 5 minutes to 30 minutes here"):
        await granted(company, "security_analyst", duration=timedelta(minutes=31))
    bypass = await granted(company, "security_analyst", duration=timedelta(minutes=30))
    assert bypass.review_due_at == START + timedelta(hours=24)


@pytest.mark.row("E5", "E1")
async def test_under_a_bypass_the_gate_allows_and_the_record_holds_the_state_before_and_after(company, catalogue):
    bypass = await granted(company, "meta_agent_manager", action="*")
    created = await ask(company, catalogue, "meta_agent_manager")
    assert (created.decision, created.bypass_id, created.request_id) == ("allow", bypass.id, None)
    await report_outcome(
        company.database, company.actor("meta_agent_manager"), created.id, status="succeeded", details={}
    )
    changed = await ask(
        company,
        catalogue,
        "meta_agent_manager",
        action="agent.modify",
        resource={"name": "invoice-reader", "owner": "lee@enterprise-corp.example", "model": "large"},
    )
    first, second = [
        entry
        for entry in await company.trail(category="security")
        if entry["action"] in {"agent_create", "agent_modify"}
    ]
    before = {
        "state": "registered",
        "version": 1,
        "sponsor": "cfo@enterprise-corp.example",
        "owner": "agent.developer@enterprise-corp.example",
        "business_service": "Accounts Payable",
        "attributes": {},
    }
    after = {**before, "version": 2, "owner": "lee@enterprise-corp.example", "attributes": {"model": "large"}}
    assert [(entry["details"]["before"], entry["details"]["after"]) for entry in (first, second)] == [
        (None, before),
        (before, after),
    ]
    assert {entry["details"]["bypass_id"] for entry in (first, second)} == {str(bypass.id)}
    assert {entry["details"]["emergency"] for entry in (first, second)} == {True}
    assert changed.reasons[0].code == "emergency.bypass"
    assert await events(company, bypass) == ["bypass.granted", "bypass.used", "bypass.used"]


@pytest.mark.row("E1")
async def test_a_bypass_covers_its_holder_its_action_and_its_agent_alone(company, catalogue):
    await granted(company, "meta_agent_manager")
    assert (await ask(company, catalogue, "meta_agent_manager", resource=agent("other"))).decision == "pending"
    assert (await ask(company, catalogue, "agent_developer", resource=agent())).decision == "pending"
    assert (await ask(company, catalogue, "meta_agent_manager", resource=agent())).decision == "allow"


@pytest.mark.row("E1", "R3")
async def test_a_bypass_spares_the_approval_and_nothing_else(company, catalogue):
    await granted(company, "security_manager", action="*", resource="*")
    denied = await ask(company, catalogue, "security_manager")
    assert (denied.decision, denied.reasons[0].code) == ("deny", "access.permission_missing")
    await granted(company, "meta_agent_manager", action="*", resource="*")
    denied = await ask(company, catalogue, "meta_agent_manager", resource=agent(sponsor=""))
    assert (denied.decision, denied.reasons[0].code) == ("deny", "agents.fact_missing")


@pytest.mark.row("E1")
@pytest.mark.parametrize("runs", [True, False])
async def test_a_bypass_is_over_to_the_second_whether_or_not_the_deadline_was_handled(company, catalogue, runner, runs):
    bypass = await granted(company, "meta_agent_manager", resource="*")
    company.advance(minutes=59, seconds=59)
    await runner.run_due()
    assert (await ask(company, catalogue, "meta_agent_manager", resource=agent("in-time"))).decision == "allow"
    company.advance(seconds=1)
    if runs:
        await runner.run_due()
        assert ((await now(company, bypass)).status, (await now(company, bypass)).ended_at) == (
            "expired",
            START + timedelta(hours=1),
        )
        assert len(await company.trail(action="bypass.expire")) == 1
    assert (await ask(company, catalogue, "meta_agent_manager", resource=agent("too-late"))).decision == "pending"


@pytest.mark.row("E1")
async def test_a_bypass_is_ended_by_its_holder_or_by_management_and_by_nobody_else(company, catalogue, runner):
    mine, theirs = await granted(company, "meta_agent_manager"), await granted(company, "security_manager")
    with pytest.raises(NotManagement):
        await end(company.database, company.actor("agent_developer"), mine.id)
    ended = await end(company.database, company.actor("meta_agent_manager"), mine.id, reason="Over.")
    assert (ended.status, ended.ended_at) == ("ended", START)
    assert (await ask(company, catalogue, "meta_agent_manager")).decision == "pending"
    assert (await end(company.database, company.actor("tenant_administrator"), theirs.id)).status == "ended"
    with pytest.raises(BypassOver, match="BYP-1001 is ended already"):
        await end(company.database, company.actor("meta_agent_manager"), mine.id)
    company.advance(hours=1)
    await runner.run_due()
    assert (await now(company, mine)).status == "ended"
    assert await company.trail(action="bypass.expire") == []


@pytest.mark.row("E4")
async def test_management_is_reminded_every_ten_minutes_until_one_of_them_acknowledges(company, runner):
    bypass = await granted(company)
    for _ in range(3):
        company.advance(minutes=10)
        await runner.run_due()
    assert await events(company, bypass) == ["bypass.granted", *["bypass.unacknowledged"] * 3]
    first = await acknowledge(company.database, company.actor("tenant_administrator"), bypass.id)
    assert (first.acknowledged_by.email, first.acknowledged_at) == (
        company.people["tenant_administrator"].email,
        START + timedelta(minutes=30),
    )
    second = await acknowledge(company.database, company.actor("enterprise_administrator"), bypass.id)
    assert second == first
    company.advance(minutes=20)
    await runner.run_due()
    assert await events(company, bypass) == [
        "bypass.granted",
        *["bypass.unacknowledged"] * 3,
        "bypass.acknowledged",
    ]
    assert len(await company.trail(action="bypass.acknowledge")) == 1


@pytest.mark.row("E4")
async def test_twenty_acknowledgements_at_once_are_one(company):
    bypass = await granted(company)
    people = ["tenant_administrator", "enterprise_administrator"] * 10
    seen = await asyncio.gather(*(acknowledge(company.database, company.actor(who), bypass.id) for who in people))
    assert len({(view.acknowledged_by.id, view.acknowledged_at) for view in seen}) == 1
    assert (await events(company, bypass)).count("bypass.acknowledged") == 1


@pytest.mark.row("E4", "R7", "R6")
async def test_neither_the_holder_nor_a_stranger_to_management_can_acknowledge(company):
    bypass = await granted(company, "tenant_administrator")
    for who in ("tenant_administrator", "security_manager"):
        with pytest.raises(NotManagement):
            await acknowledge(company.database, company.actor(who), bypass.id)
    assert [(entry["action"], entry["user_id"]) for entry in await company.trail(result="denied")] == [
        ("bypass.acknowledge", company.people[who].email) for who in ("tenant_administrator", "security_manager")
    ]


@pytest.mark.row("E2")
async def test_an_overdue_review_blocks_the_next_bypass_until_it_is_done(company, runner):
    bypass = await granted(company)
    company.advance(hours=47, minutes=59, seconds=59)
    await runner.run_due()
    assert (await now(company, bypass)).review_status == "due"
    assert (await granted(company)).reference == "BYP-1002"
    company.advance(seconds=1)
    await runner.run_due()
    assert (await now(company, bypass)).review_status == "overdue"
    assert (await events(company, bypass))[-1] == "bypass.review_overdue"
    with pytest.raises(ReviewDebt, match="The review of BYP-1001 is overdue"):
        await granted(company)
    assert (await granted(company, "meta_agent_manager")).status == "active"  # the debt is one person's
    await review(
        company.database, company.actor("tenant_administrator"), bypass.id, verdict="justified", notes="Needed."
    )
    assert (await granted(company)).status == "active"


@pytest.mark.row("E2")
async def test_an_overdue_review_blocks_even_if_its_deadline_was_not_handled_yet(company):
    await granted(company)
    company.advance(hours=48)
    with pytest.raises(ReviewDebt):
        await granted(company)


@pytest.mark.row("E2", "E3", "R7")
async def test_a_review_is_done_once_by_management_and_never_by_the_holder(company, runner):
    bypass = await granted(company, "tenant_administrator")
    await company.add("second_administrator", "tenant_administrator")

    async def reviewed(who, verdict="justified", notes="Checked the log."):
        return await review(company.database, company.actor(who), bypass.id, verdict=verdict, notes=notes)

    with pytest.raises(OwnReview):
        await reviewed("tenant_administrator")
    with pytest.raises(NotManagement):
        await reviewed("security_manager")
    for verdict, notes, where in (
        ("fine", "x", "verdict"),
        ("justified", " ", "notes"),
        ("justified", "x" * 4001, "notes"),
    ):
        with pytest.raises(InvalidBypass) as refused:
            await reviewed("second_administrator", verdict, notes)
        assert refused.value.where == where
    done = await reviewed("second_administrator", "not_justified", "  Could have waited.  ")
    assert (done.review_status, done.review_verdict, done.review_notes, done.reviewed_by.email) == (
        "done",
        "not_justified",
        "Could have waited.",
        company.people["second_administrator"].email,
    )
    with pytest.raises(AlreadyReviewed, match="BYP-1001 was reviewed already: not_justified"):
        await reviewed("enterprise_administrator")
    company.advance(hours=48)
    await runner.run_due()
    assert (await now(company, bypass)).review_status == "done"
    (recorded,) = await company.trail(action="bypass.review", result="success")
    assert (recorded["category"], recorded["details"]["verdict"]) == ("compliance", "not_justified")
    assert recorded["details"]["risk_before"] == {
        "level": "medium",
        "points": 30,
        "factors": [["action agent.create", 30]],
    }


@pytest.mark.row("E1", "E4")
async def test_somebody_who_only_administers_the_tenant_can_neither_use_nor_acknowledge_a_bypass(company):
    bypass = await granted(company)
    visitor = _visitor(company)
    with pytest.raises(Forbidden, match="Only a person of this tenant can do this"):
        await grant(
            company.database,
            visitor,
            action="*",
            resource="*",
            justification=WHY,
            duration=timedelta(hours=1),
        )
    with pytest.raises(Forbidden):
        await acknowledge(company.database, visitor, bypass.id)


async def test_a_bypass_that_does_not_exist_is_not_found(company):
    with pytest.raises(UnknownBypass):
        await end(company.database, company.actor("tenant_administrator"), uuid7())
    with pytest.raises(UnknownBypass, match="There is no BYP-7 here"):
        await get_bypass(company.database, company.actor("tenant_administrator"), 7)


async def test_bypasses_are_listed_newest_first_by_state_and_review(company, catalogue):
    await create_agent(company, catalogue)
    first, second = await granted(company), await granted(company, "meta_agent_manager")
    await end(company.database, company.actor("security_manager"), first.id)

    async def references(**wanted):
        found = await list_bypasses(company.database, company.actor("audit_reviewer"), **wanted)
        return [entry.reference for entry in found]

    assert await references() == ["BYP-1002", "BYP-1001"]
    assert await references(state="active") == ["BYP-1002"]
    assert await references(review_state="due", after=second.id) == ["BYP-1001"]


def _visitor(company):
    """An enterprise administrator of another tenant, as `authenticate` lets them in: no member here."""
    actor = company.actor("audit_reviewer")
    return type(actor)(
        tenant=company.tenant,
        user=None,
        email="root@holding.example",
        name="Root",
        door=actor.door,
        is_enterprise_admin=True,
    )
