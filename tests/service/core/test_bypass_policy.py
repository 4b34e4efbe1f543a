"""What a tenant's policy of bypasses does: who, where, why, how sure, more time, who hears of it (E1, E3, E4, X2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import text

from core.access import put_group
from core.emergency import (
    Circumstances,
    acknowledge,
    ask_extension,
    assess_wish,
    confirm_bypass,
    confirm_extension,
    decline_extension,
    end,
    get_bypass,
    grant,
    list_bypasses,
    terms_for,
    waiting_bypass,
)
from core.emergency.errors import (
    BypassNotAllowed,
    BypassOver,
    ExtensionRefused,
    InvalidBypass,
    NoExtension,
    NotManagement,
    OwnExtension,
    ReviewDebt,
)
from core.emergency.rules import Wish
from core.signin import Proof, StepUpRequired, accept_invitation, begin_totp, confirm_totp, invite
from core.signin.errors import CodeRefused, LinkOver
from core.tenants import BypassPolicy, ReviewRule, StepUp, TenantPolicy, Who
from core.tenants.bypass_policy import BypassReason, EnvironmentRule, ExtensionRule, IncidentRule
from tests.factories import START, agent, ask, found_company

WHY = "Payments stand still since 08:40."
HOUR = timedelta(hours=1)


async def company_with(database, clock, **policy):
    return await found_company(
        database,
        clock,
        TenantPolicy(
            tenant_id="northwind",
            senior_management=("tenant_administrator",),
            bypass=BypassPolicy(**policy),
        ),
    )


async def granted(company, who="security_manager", *, actor=None, **changes):
    named = Circumstances(**{key: changes.pop(key) for key in ("environment", "reason", "incident") if key in changes})
    wanted = {"action": "*", "resource": "invoice-reader", "justification": WHY, "duration": HOUR, **changes}
    return await grant(company.database, actor or company.actor(who), **wanted, named=named)


async def events(company, bypass):
    async with company.database.tenant(company.tenant) as tx:
        found = await tx.connection.execute(
            text("SELECT type FROM outbox_events WHERE subject = :s ORDER BY position"), {"s": f"bypass:{bypass.id}"}
        )
        return list(found.scalars())


@pytest.mark.row("E1")
async def test_a_group_and_a_person_may_where_the_policy_names_them(database, clock):
    company = await company_with(
        database,
        clock,
        allowed_roles=(),
        allowed_groups=("on-call",),
        allowed_people=("agent.operator@northwind.example",),
    )
    await put_group(
        database,
        company.actor("tenant_administrator"),
        "on-call",
        title="On call",
        members=[company.people["security_analyst"].email],
    )
    assert (await granted(company, "security_analyst")).status == "active"
    assert (await granted(company, "agent_operator")).status == "active"
    with pytest.raises(BypassNotAllowed) as refused:
        await granted(company, "security_manager")
    assert refused.value.accepted == ("on-call", "agent.operator@northwind.example")


@pytest.mark.row("E1")
async def test_in_production_others_may_and_for_less_time(database, clock, catalogue):
    company = await company_with(
        database,
        clock,
        allowed_roles=("meta_agent_manager", "security_manager"),
        environments={
            "production": EnvironmentRule(Who(roles=("meta_agent_manager",)), timedelta(minutes=30)),
            "staging": EnvironmentRule(),
        },
    )
    with pytest.raises(InvalidBypass, match="Name the environment") as refused:
        await granted(company)
    assert refused.value.accepted == ("production", "staging")
    with pytest.raises(BypassNotAllowed, match="in 'production'"):
        await granted(company, environment="production", duration=timedelta(minutes=30))
    with pytest.raises(InvalidBypass, match="30 minutes"):
        await granted(company, "meta_agent_manager", environment="production")
    assert (await terms_for(database, company.actor("security_manager"))).environments == ("staging",)
    bypass = await granted(company, "meta_agent_manager", environment="production", duration=timedelta(minutes=30))
    assert ("environment production has stricter rules", 10) in bypass.risk_factors
    for place, answer in (("staging", "pending"), ("", "pending"), ("production", "allow")):
        asked = await ask(company, catalogue, "meta_agent_manager", resource=agent(environment=place))
        assert asked.decision == answer, place
    moved = await ask(
        company,
        catalogue,
        "meta_agent_manager",
        action="agent.modify",
        resource={"name": "invoice-reader", "environment": "staging"},
    )
    assert moved.bypass_id is None  # it would leave the environment that the bypass is for
    with pytest.raises(InvalidBypass, match="'invoice-reader' is in 'production', not in 'staging'"):
        await granted(company, "meta_agent_manager", environment="staging")


@pytest.mark.row("E1")
async def test_a_reason_is_chosen_and_says_whether_an_incident_is_named(database, clock):
    company = await company_with(
        database,
        clock,
        reasons=(
            BypassReason("outage", "A service is down", IncidentRule(required=True, format="INC[0-9]{7}")),
            BypassReason("fix", "A fix that cannot wait"),
        ),
    )
    for said, where in (
        ({}, "reason"),
        ({"reason": "boredom"}, "reason"),
        ({"reason": "outage"}, "incident"),
        ({"reason": "outage", "incident": "INC12"}, "incident"),
        ({"reason": "fix", "environment": "production"}, "environment"),
    ):
        with pytest.raises(InvalidBypass) as refused:
            await granted(company, **said)
        assert refused.value.where == where, said
    bypass = await granted(company, reason="outage", incident=" INC0010001 ")
    assert (bypass.reason, bypass.reason_title, bypass.incident) == ("outage", "A service is down", "INC0010001")
    (recorded,) = await company.trail(action="bypass.grant", result="success")
    assert (recorded["details"]["reason"], recorded["details"]["incident"]) == ("outage", "INC0010001")
    assert ("no incident is named", 10) in (await granted(company, reason="fix")).risk_factors


@pytest.fixture
async def sure(database, clock):
    """A tenant that wants a second factor of the last five minutes, and somebody who has one."""
    company = await company_with(database, clock, step_up=StepUp("mfa", timedelta(minutes=5)))
    actor = company.actor("security_manager")
    administrator = company.actor("tenant_administrator")
    await accept_invitation(
        database, await invite(database, administrator, email=actor.email), password="a quiet green lamp"
    )
    app = pyotp.TOTP(await begin_totp(database, actor, password="a quiet green lamp"))
    await confirm_totp(database, actor, code=app.at(company.clock.now()))
    company.advance(minutes=1)
    return company, app


@pytest.mark.row("E1", "E3", "X2")
async def test_a_bypass_waits_for_a_fresh_second_factor_and_is_granted_once(sure):
    company, app = sure
    actor = company.actor("security_manager")
    with pytest.raises(StepUpRequired, match=r"Its risk is medium \(45 points\)") as refused:
        await granted(company)
    assert await list_bypasses(company.database, actor) == ()
    address, _, token = refused.value.link.rpartition("/")
    assert address.endswith("/step-up/bypass")
    waiting = await waiting_bypass(company.database, actor, token)
    assert (waiting.wish.resource, waiting.needs_proof) == ("invoice-reader", True)
    assert waiting.risk.factors == (("action *", 45),)
    with pytest.raises(LinkOver):
        await waiting_bypass(company.database, company.actor("meta_agent_manager"), token)
    with pytest.raises(CodeRefused):
        await confirm_bypass(company.database, actor, token, proof=Proof(code="000000"))
    code = app.at(company.clock.now())
    bypass, assured = await confirm_bypass(company.database, actor, token, proof=Proof(code=code))
    assert (bypass.status, bypass.assurance, bypass.justification) == ("active", "mfa", WHY)
    with pytest.raises(LinkOver):
        await confirm_bypass(company.database, assured, token, proof=Proof())
    company.advance(minutes=4)
    assert (await granted(company, actor=assured)).assurance == "mfa"
    company.advance(minutes=1)
    with pytest.raises(StepUpRequired):
        await granted(company, actor=assured)


@pytest.mark.row("E1", "X2")
async def test_whoever_has_no_second_factor_is_led_to_where_it_is_set_up(sure):
    company, _app = sure
    with pytest.raises(StepUpRequired, match="you have none yet") as refused:
        await granted(company, "meta_agent_manager")
    assert refused.value.link.endswith("/console/security")


@pytest.mark.row("E3")
async def test_the_risk_can_be_seen_before_anything_is_granted(company):
    wish = Wish("agent.deploy", "*", WHY, timedelta(hours=3))
    risk = await assess_wish(company.database, company.actor("security_manager"), wish)
    assert (risk.level, risk.points) == ("high", 70)
    assert await list_bypasses(company.database, company.actor("security_manager")) == ()
    with pytest.raises(BypassNotAllowed):
        await assess_wish(company.database, company.actor("agent_developer"), wish)


@pytest.mark.row("E1")
async def test_more_time_is_confirmed_by_a_second_person_of_management_and_never_by_the_holder(
    database, clock, catalogue
):
    company = await company_with(database, clock, extensions=ExtensionRule(1, timedelta(minutes=30)))
    await company.add("second_administrator", "tenant_administrator")
    bypass = await granted(company, "tenant_administrator")
    other = company.actor("second_administrator")
    holder = company.actor("tenant_administrator")
    with pytest.raises(NoExtension):
        await confirm_extension(database, other, bypass.id)
    for extra, reason, where in ((31, "x", "duration"), (1, "x", "duration"), (30, " ", "reason")):
        with pytest.raises(InvalidBypass) as refused:
            await ask_extension(database, holder, bypass.id, extra=timedelta(minutes=extra), reason=reason)
        assert refused.value.where == where
    with pytest.raises(NotManagement):
        await ask_extension(
            database, company.actor("agent_developer"), bypass.id, extra=timedelta(minutes=30), reason="x"
        )
    asked = await ask_extension(database, holder, bypass.id, extra=timedelta(minutes=30), reason="Index is rebuilt.")
    assert (asked.expires_at, asked.asked_extension.reason) == (START + HOUR, "Index is rebuilt.")
    with pytest.raises(ExtensionRefused, match="waits already"):
        await ask_extension(database, holder, bypass.id, extra=timedelta(minutes=30), reason="x")
    with pytest.raises(OwnExtension):
        await confirm_extension(database, holder, bypass.id)
    with pytest.raises(NotManagement):
        await confirm_extension(database, company.actor("security_manager"), bypass.id)
    extended = await confirm_extension(database, other, bypass.id)
    assert (extended.expires_at, extended.asked_extension) == (START + timedelta(minutes=90), None)
    with pytest.raises(ExtensionRefused, match="cannot be extended any more"):
        await ask_extension(database, holder, bypass.id, extra=timedelta(minutes=30), reason="x")
    assert [each for each in await events(company, bypass) if "exten" in each] == [
        "bypass.extension_asked",
        "bypass.extended",
    ]


@pytest.mark.row("E1")
async def test_whoever_of_management_asks_for_more_time_does_not_confirm_it(database, clock):
    company = await company_with(database, clock)
    bypass = await granted(company)
    await ask_extension(database, company.actor("tenant_administrator"), bypass.id, extra=HOUR, reason="Needed.")
    with pytest.raises(OwnExtension):
        await confirm_extension(database, company.actor("tenant_administrator"), bypass.id)


@pytest.mark.row("E1")
async def test_an_extension_is_declined_or_lapses_with_the_bypass(company, runner):
    first, second = await granted(company), await granted(company, "meta_agent_manager")
    administrator = company.actor("tenant_administrator")
    await ask_extension(company.database, company.actor("security_manager"), first.id, extra=HOUR, reason="More.")
    declined = await decline_extension(company.database, administrator, first.id)
    assert (declined.expires_at, declined.extensions[0].state) == (START + HOUR, "declined")
    await ask_extension(company.database, company.actor("meta_agent_manager"), second.id, extra=HOUR, reason="More.")
    company.advance(hours=1)
    with pytest.raises(BypassOver):
        await confirm_extension(company.database, administrator, second.id)
    await runner.run_due()
    after = await get_bypass(company.database, administrator, second.id)
    assert (after.status, after.extensions[0].state) == ("expired", "lapsed")


@pytest.mark.row("E1")
async def test_an_extended_bypass_runs_on_past_its_old_end_and_stops_at_its_new_one(company, catalogue, runner):
    bypass = await granted(company, "meta_agent_manager", resource="*")
    await ask_extension(company.database, company.actor("meta_agent_manager"), bypass.id, extra=HOUR, reason="More.")
    await confirm_extension(company.database, company.actor("tenant_administrator"), bypass.id)
    company.advance(minutes=119)
    await runner.run_due()
    assert (await ask(company, catalogue, "meta_agent_manager", resource=agent("late"))).decision == "allow"
    company.advance(minutes=1)
    assert (await ask(company, catalogue, "meta_agent_manager", resource=agent("later"))).decision == "pending"
    await runner.run_due()
    assert (await get_bypass(company.database, company.actor("audit_reviewer"), bypass.id)).status == "expired"


@pytest.mark.row("E1", "B3")
async def test_the_message_is_counted_down_at_sensible_steps(company, runner):
    bypass = await granted(company)
    for _minute in range(60):
        company.advance(minutes=1)
        await runner.run_due()
    seen = await events(company, bypass)
    assert seen.count("bypass.counted_down") == 5  # 30, 15, 10, 5 and 1 minute before the end
    company.advance(minutes=1)
    await end(company.database, company.actor("security_manager"), (await granted(company)).id)
    company.advance(hours=1)
    await runner.run_due()
    assert (await events(company, bypass)).count("bypass.counted_down") == 5


@pytest.mark.row("E4")
async def test_after_several_reminders_the_next_level_is_told_and_can_acknowledge(database, clock, runner):
    company = await company_with(
        database,
        clock,
        escalate_after=2,
        escalation=(Who(groups=("nobody",)), Who(roles=("enterprise_administrator",))),
    )
    bypass = await granted(company)
    above = company.actor("enterprise_administrator")
    with pytest.raises(NotManagement):
        await acknowledge(database, above, bypass.id)
    for _ in range(4):
        company.advance(minutes=10)
        await runner.run_due()
    told = [each for each in await events(company, bypass) if each in {"bypass.unacknowledged", "bypass.escalated"}]
    assert told == ["bypass.unacknowledged", "bypass.escalated", "bypass.unacknowledged", "bypass.unacknowledged"]
    known = await acknowledge(database, above, bypass.id)
    assert {person.id for person in known.told} == {
        company.people[who].id for who in ("tenant_administrator", "enterprise_administrator")
    }


@pytest.mark.row("E4")
async def test_a_bypass_of_all_of_senior_management_is_told_to_the_level_above_at_once(database, clock):
    company = await company_with(database, clock, escalation=(Who(roles=("enterprise_administrator",)),))
    bypass = await granted(company, "tenant_administrator")
    assert [person.id for person in bypass.told] == [company.people["enterprise_administrator"].id]
    assert (await acknowledge(database, company.actor("enterprise_administrator"), bypass.id)).acknowledged_by


@pytest.mark.row("E2")
async def test_by_policy_an_overdue_review_blocks_the_holders_team(database, clock):
    company = await company_with(database, clock, review=ReviewRule(blocks="team"))
    mate, other = company.people["meta_agent_manager"], company.people["tenant_administrator"]
    await put_group(
        database,
        company.actor("tenant_administrator"),
        "payments",
        title="Payments",
        members=[company.people["security_manager"].email, mate.email],
    )
    await granted(company)
    company.advance(hours=48)
    with pytest.raises(ReviewDebt, match="The review of BYP-1001, of Security Manager in your team, is overdue"):
        await granted(company, "meta_agent_manager")
    assert (await granted(company, "tenant_administrator")).requester.id == other.id


def test_a_policy_of_todays_documents_wants_no_second_factor():
    assert replace(BypassPolicy()).step_up.assurance == "click"
