"""Budgets on a real database: what is counted, who is told, what the gate does (C2, C4, C5)."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio

from config.yamlfile import parse_yaml
from core import budgets
from core.budgets import BudgetCatalogue, BudgetFilter, ControlIn, Proposal, count_charges
from core.budgets.errors import InvalidBudget, NothingToLift, NotManager, NotYourBudget, RaiseWaits
from core.budgets.store import load_known, set_pace
from core.costs import Charge, Usage, UsageWriter, load_rate_catalogue, spent_of
from core.db import Batches
from core.db.batches import BATCH_MAX
from core.emergency import grant
from core.ids import EventId, uuid7
from core.money import Money
from core.outbox import Event
from tests.factories import START, Company, agent, ask, create_agent, vote

DEPLOYED = {"name": "invoice-reader"}
DECLARED = """
  budgets:
    - budget: care
      amount: "50 USD"
      period: month
      project: care
      owners: [agent.operator@enterprise-corp.example]
"""
RATES = Path(__file__).parents[3] / "config" / "costs"
APRIL = datetime(2026, 4, 1, tzinfo=UTC)


def usd(text):
    return Money(Decimal(text), "USD")


def budget_policy(more=""):
    """A catalogue whose only document says this."""
    return BudgetCatalogue(
        {"default": parse_yaml(f"Budget Management:\n  forecast: false\n{more}", file="default.yaml")}
    )


def charge(text, at, *, project="care", agent="bot", meter_class="compute_costs", currency="USD"):
    amount = Decimal(text)
    return Charge(
        usage_id="u", at=at, project=project, agent=agent, meter="cpu_hours", meter_class=meter_class,
        quantity=amount, amount=amount, currency=currency,
    )  # fmt: skip


async def charged(database, company, *charges):
    async with database.tenant(company.tenant) as tx:
        await count_charges(tx, spent_of(charges))


@pytest.fixture
def manager(company):
    return company.actor("tenant_administrator")


@pytest.fixture
def make(database, budget_catalogue, manager):
    async def made(**said):
        said = {"name": "Care", "amount": usd("100"), "project": "care", **said}
        return await budgets.create(database, budget_catalogue, manager, Proposal(**said))

    return made


@pytest.mark.row("C2", "C3")
async def test_a_charge_counts_once_in_each_budget_that_it_agrees_with_in_the_period_of_its_time(
    database, company, make, manager
):
    # rules 9, 10, 12, 13
    care = await make()
    everything = await make(name="All", project=None, amount=usd("1000"), period="day")
    other = await make(name="Other", project="other")
    now = database.clock.now()
    await charged(
        database,
        company,
        charge("10.5", now),
        charge("0.0001", now),
        charge("-0.5", now),
        charge("7", now, project="else"),
        charge("3", now, currency="EUR"),
        charge("2", now - timedelta(days=1)),
    )
    shown = [await budgets.get_budget(database, manager, each.id) for each in (care, everything, other)]
    assert [each.standing.spent for each in shown] == [Decimal("12.0001"), Decimal("17.0001"), Decimal(0)]
    assert shown[0].standing.charges == 2  # what takes back takes its event back too
    assert shown[0].resets_in == "29 days"


@pytest.mark.row("C3")
async def test_what_comes_late_counts_where_it_belongs_and_moves_nothing_that_was_carried_over(
    database, company, make, manager, runner
):
    # rules 6, 8, 11
    made = await make(roll_over="carry", roll_over_cap=usd("30"))
    await charged(database, company, charge("60", database.clock.now()))
    database.clock.advance(timedelta(days=31))
    await runner.run_due()
    await charged(database, company, charge("5", APRIL - timedelta(hours=1)), charge("1", APRIL))
    shown = await budgets.get_budget(database, manager, made.id)
    assert (shown.standing.window.starts_at, shown.standing.used) == (APRIL, Decimal(1))
    assert (shown.standing.carried, shown.standing.limit) == (Decimal(30), Decimal(130))
    assert [(each.used, each.limit, each.charges) for each in shown.past] == [(Decimal(65), Decimal(100), 2)]


@pytest.mark.row("C2")
async def test_another_period_on_a_live_budget_begins_with_nothing_used_and_raises_no_alert(
    database, company, make, manager, budget_catalogue
):
    # rule 5
    made = await make(amount=usd("10"), period="day")
    database.clock.advance(timedelta(hours=1))
    await charged(database, company, charge("9", database.clock.now()))
    longer = await budgets.update(database, budget_catalogue, manager, made.id, Proposal(period="month"))
    assert (longer.standing.used, longer.standing.window.starts_at) == (0, database.clock.now())
    assert longer.standing.window.ends_at == APRIL
    assert [each.used for each in longer.past] == [9]
    await charged(database, company, charge("0.5", database.clock.now() - timedelta(minutes=1)))
    shown = await budgets.get_budget(database, manager, made.id)
    assert (shown.standing.used, shown.past[0].used) == (0, Decimal("9.5"))
    assert len(await company.trail(action="budget.threshold_reached")) == 1  # of the day, at 80


@pytest.mark.row("C4")
async def test_each_threshold_is_told_once_in_a_period_however_many_reach_it_at_once_on_two_replicas(
    database, other_replica, company, make, manager
):
    # rules 15, 20
    made = await make(amount=usd("100"), thresholds=[Decimal(50), Decimal(80), Decimal(100)], forecast=False)
    now = database.clock.now()

    async def spend(where):
        async with where.tenant(company.tenant) as tx:
            await count_charges(tx, spent_of([charge("1", now)]))

    await asyncio.gather(*(spend(where) for _ in range(60) for where in (database, other_replica)))
    shown = await budgets.get_budget(database, manager, made.id)
    assert (shown.standing.used, shown.standing.charges) == (120, 120)
    told = await company.trail(action="budget.threshold_reached")
    assert [each["details"]["reached"] for each in told] == ["50", "80", "100"]
    assert told[-1]["details"]["used"] == "100.00"  # equality is enough


@pytest.mark.row("C5", "T2")
async def test_the_gate_stops_at_the_limit_names_the_budget_and_lets_pass_once_it_is_raised_or_has_reset(
    database, other_replica, company, make, manager, catalogue, budget_catalogue, runner
):
    # rules 18, 32, 33
    company.budgets = budget_catalogue
    await make(name="All", project=None, amount=usd("1000"))
    care = await make(amount=usd("100"))
    agent_ = agent(project="care")
    await charged(database, company, charge("99.99", database.clock.now()))
    assert (await ask(company, catalogue, resource=agent_)).decision == "pending"  # by its policy
    await charged(database, company, charge("0.01", database.clock.now()))

    refused = await ask(company, catalogue, resource=agent_)
    assert (refused.decision, refused.reasons[0].code) == ("deny", "budgets.exceeded")
    assert refused.reasons[0].message == (
        f"Budget {care.reference} 'Care': 100.00 USD of 100.00 USD are used, so this is stopped. "
        "It resets in 29 days (2026-04-01T00:00:00Z); a raise or an override lifts it."
    )
    elsewhere = agent("ledger-bot", project="ledger")
    assert (await ask(company, catalogue, resource=elsewhere)).decision == "pending"

    replica = Company(other_replica, company.clock, company.tenant, company.people, budgets=budget_catalogue)
    assert (await ask(replica, catalogue, resource=agent_)).reasons[0].code == "budgets.exceeded"
    await budgets.raise_at_once(database, budget_catalogue, manager, care.id, to=usd("100.01"), reason="Month's end.")
    assert (await ask(replica, catalogue, resource=agent_)).decision == "pending"

    await charged(database, company, charge("0.01", database.clock.now()))
    assert (await ask(company, catalogue, resource=agent_)).decision == "deny"
    database.clock.advance(timedelta(days=30))
    await runner.run_due()
    assert (await ask(company, catalogue, resource=agent_)).decision == "pending"


@pytest.mark.row("C5")
async def test_a_queued_action_waits_for_an_override_that_is_used_once(
    database, company, make, catalogue, budget_catalogue
):
    # rules 29, 30
    company.budgets = budget_catalogue
    await make(amount=usd("1"), controls=[ControlIn("queue", actions=["agent.deploy"])])
    decision = await create_agent(company, catalogue, project="care")
    assert decision.decision == "allow"
    await charged(database, company, charge("1", database.clock.now()))
    waiting = await ask(company, catalogue, "agent_operator", action="agent.deploy", resource=DEPLOYED)
    assert (waiting.decision, waiting.reasons[0].code) == ("pending", "budgets.queued")
    again = await ask(company, catalogue, "agent_operator", action="agent.deploy", resource=DEPLOYED)
    assert again.request_id == waiting.request_id
    await vote(company, waiting.request_id, "tenant_administrator")
    assert (
        await ask(company, catalogue, "agent_operator", action="agent.deploy", resource=DEPLOYED)
    ).decision == "allow"
    after = await ask(company, catalogue, "agent_operator", action="agent.deploy", resource=DEPLOYED)
    assert after.decision == "pending"
    assert after.request_id != waiting.request_id


@pytest.mark.row("C5")
async def test_a_throttle_by_hand_lets_so_many_an_hour_through_and_can_be_lifted(
    database, company, make, manager, catalogue, budget_catalogue
):
    # rule 29
    made = await make(controls=[])
    await create_agent(company, catalogue, project="care")
    shown = await budgets.throttle(database, budget_catalogue, manager, made.id, per_hour=2)
    assert shown.controls_now[0].per_hour == 2

    async def deploy():
        answer = await ask(company, catalogue, "agent_operator", action="agent.deploy", resource=DEPLOYED)
        return answer.decision, answer.reasons[0].code

    assert [await deploy() for _ in range(3)] == [
        *[("allow", "policies.permission")] * 2,
        ("deny", "budgets.throttled"),
    ]
    company.advance(minutes=30)
    assert [await deploy() for _ in range(2)] == [("allow", "policies.permission"), ("deny", "budgets.throttled")]
    await budgets.lift_throttle(database, budget_catalogue, manager, made.id)
    assert (await deploy())[0] == "allow"


@pytest.mark.row("C4")
async def test_a_raise_is_asked_for_approved_by_somebody_else_and_has_its_effect_once(
    database, company, make, manager, budget_catalogue
):
    # rules 22, 34
    made = await make(amount=usd("100"))
    await charged(database, company, charge("100", database.clock.now()))
    dana = company.actor("agent_developer")
    asked = await budgets.ask_raise(
        database, budget_catalogue, dana, made.id, to=usd("150"), lasts="period", reason="More tickets than usual."
    )
    assert (asked.raise_asked.wanted, asked.standing.limit) == (150, 100)
    await vote(company, asked.raise_asked.request_id, "tenant_administrator")
    for _ in range(2):  # delivered twice
        await heard(database, company, asked.raise_asked.request_id)
    shown = await budgets.get_budget(database, manager, made.id)
    assert (shown.standing.limit, shown.standing.extra, shown.raise_asked) == (150, 50, None)
    assert shown.standing.alerted == {"50"}  # 80 and 100 are armed anew
    assert len(await company.trail(action="budget.raised")) == 1


@pytest.mark.row("C4", "X9")
async def test_while_a_raise_waits_the_same_is_asked_once_and_another_is_refused_by_its_name(
    database, company, make, manager, budget_catalogue
):
    # rule 34
    made = await make(amount=usd("100"))

    async def asked(to, lasts="period"):
        dana = company.actor("agent_developer")
        return await budgets.ask_raise(
            database, budget_catalogue, dana, made.id, to=usd(to), lasts=lasts, reason="More tickets than usual."
        )

    first, again = await asyncio.gather(asked("150"), asked("150.00"))
    assert first.raise_asked == again.raise_asked
    assert len(await company.trail(action="budget.raise_asked")) == 1
    for said in (("200", "period"), ("150", "always")):
        with pytest.raises(RaiseWaits, match=f"{first.raise_asked.reference} asks for 150.00 USD this period already"):
            await asked(*said)
    assert len(await company.trail(action="budget.raise_asked", result="success")) == 1
    await vote(company, first.raise_asked.request_id, "tenant_administrator")
    await heard(database, company, first.raise_asked.request_id)
    assert (await asked("200")).raise_asked.wanted == 200


@pytest.mark.row("C2", "C5")
async def test_what_is_let_through_while_the_period_is_changed_leaves_its_end_alone(
    database, company, make, manager, budget_catalogue
):
    made = await make(amount=usd("100"))
    await budgets.update(database, budget_catalogue, manager, made.id, Proposal(period="week"))
    async with database.tenant(company.tenant) as tx:  # a gate that had read the budget before
        await set_pace(tx, made.id, made.standing.window, tx.now + timedelta(minutes=10))
    shown = await budgets.get_budget(database, manager, made.id)
    assert shown.standing.window.starts_at <= company.clock.now() < shown.standing.window.ends_at
    assert shown.standing.window != made.standing.window


@pytest.mark.row("C4")
async def test_a_raise_for_a_period_that_is_over_when_it_is_approved_raises_no_other(
    database, company, make, manager, budget_catalogue
):
    # rule 34
    made = await make(amount=usd("100"))
    dana = company.actor("agent_developer")
    asked = await budgets.ask_raise(
        database, budget_catalogue, dana, made.id, to=usd("150"), lasts="period", reason="More tickets than usual."
    )
    later = made.standing.window.ends_at + timedelta(hours=1) - company.clock.now()
    company.advance(seconds=later.total_seconds())
    await heard(database, company, asked.raise_asked.request_id)
    shown = await budgets.get_budget(database, manager, made.id)
    assert (shown.standing.limit, shown.raise_asked) == (100, None)
    (told,) = await company.trail(action="budget.raise_declined")
    assert told["details"]["outcome"] == "too late"


async def heard(database, company, request_id):
    """As the outbox tells it."""
    event = Event(
        company.tenant, EventId(uuid7()), f"request:{request_id}", "request.approved", {}, company.clock.now()
    )
    await budgets.hear_of_request(database, event)


@pytest.mark.row("C2")
async def test_only_managers_change_budgets_only_owners_act_on_them_and_refusals_are_recorded(
    database, company, make, budget_catalogue
):
    # rule 35
    operator = company.people["agent_operator"]
    made = await make(owners=[operator.email])
    dana = company.actor("agent_developer")
    with pytest.raises(NotManager):
        await budgets.create(database, budget_catalogue, dana, Proposal(name="Mine", amount=usd("5")))
    with pytest.raises(NotManager):
        await budgets.reset(database, budget_catalogue, dana, made.id, reason="Please.")
    with pytest.raises(NotYourBudget):
        await budgets.acknowledge(database, budget_catalogue, dana, made.id)
    shown = await budgets.acknowledge(database, budget_catalogue, company.actor("agent_operator"), made.id)
    assert shown.acknowledged_by == operator
    assert len(await company.trail(result="denied")) == 3


@pytest.mark.row("C2", "B6")
async def test_its_keepers_are_just_those_who_may_act_on_it(database, company, make, budget_catalogue):
    made = await make(owners=[company.people["agent_operator"].email])
    async with database.tenant(company.tenant) as tx:
        kept_by = {each.email for each in await budgets.keepers_of(tx, budget_catalogue, made)}
    may = set()
    for key, person in company.people.items():
        with contextlib.suppress(NotYourBudget):
            await budgets.acknowledge(database, budget_catalogue, company.actor(key), made.id)
            may.add(person.email)
    assert kept_by == may
    assert company.people["agent_developer"].email not in may


@pytest.mark.row("C2")
async def test_a_reset_by_hand_forgives_what_was_used_and_an_ended_budget_comes_back_counted_anew(
    database, company, make, manager, budget_catalogue
):
    # rule 19
    made = await make(amount=usd("10"))
    await charged(database, company, charge("10", database.clock.now()))
    shown = await budgets.reset(database, budget_catalogue, manager, made.id, reason="A test ran wild.")
    assert (shown.standing.used, shown.standing.spent, shown.standing.alerted) == (0, 10, frozenset())
    await budgets.end(database, budget_catalogue, manager, made.id)
    assert await budgets.list_budgets(database, manager, BudgetFilter()) == ()
    async with database.tenant(company.tenant) as tx:
        assert (await load_known(tx)).budgets == ()
    back = await budgets.restore(database, budget_catalogue, manager, made.id)
    assert back.ended_at is None


@pytest_asyncio.fixture
async def writer(database):
    found = UsageWriter(database, load_rate_catalogue(RATES), [count_charges])
    yield found
    await found.close()


def used(id_, quantity, **about):
    """CPU hours at ten cents."""
    return Usage(
        id=id_, **{"meter": "cpu_hours", "quantity": Decimal(quantity), "at": START, "project": "care", **about}
    )


@pytest.mark.row("C2", "C3")
async def test_a_budget_begins_with_what_the_ledger_says_and_a_correction_counts_as_the_ledger_does(
    database, company, make, manager, writer
):
    # rules 4, 11
    told = [used("a", "30"), used("b", "5", at=START - timedelta(days=20)), used("c", "7", project="other")]
    await writer.record(manager, told)
    made = await make(amount=usd("10"))
    assert (made.standing.spent, made.standing.charges) == (Decimal("3.0"), 1)
    await writer.record(manager, [used("d", "10"), used("e", "25", corrects="a")])
    shown = await budgets.get_budget(database, manager, made.id)
    assert (shown.standing.spent, shown.standing.charges) == (Decimal("3.5"), 2)
    await budgets.end(database, budget_policy(), manager, made.id)
    await writer.record(manager, [used("f", "1")])
    back = await budgets.restore(database, budget_policy(), manager, made.id)
    assert back.standing.spent == Decimal("3.6")


@pytest.mark.row("C2", "C3")
async def test_what_was_used_before_a_reset_counts_no_more_however_late_it_is_told_or_corrected(
    database, company, make, manager, writer, clock
):
    # rule 19
    made = await make(amount=usd("10"))
    await writer.record(manager, [used("wild", "100"), used("ahead", "1", at=START + timedelta(minutes=8))])
    clock.advance(timedelta(minutes=5))
    await budgets.reset(database, budget_policy(), manager, made.id, reason="A test ran wild.")
    clock.advance(timedelta(minutes=5))
    await writer.record(manager, [used("since", "5", at=clock.now())])

    async def stands():
        standing = (await budgets.get_budget(database, manager, made.id)).standing
        return standing.used, standing.spent

    await writer.record(manager, [used("right", "10", corrects="wild")])
    assert await stands() == (Decimal("0.5"), Decimal("1.6"))
    await writer.record(manager, [used("late", "7"), used("none", "0", corrects="right")])
    assert await stands() == (Decimal("0.5"), Decimal("1.3"))
    await budgets.end(database, budget_policy(), manager, made.id)
    await writer.record(manager, [used("gone", "0", corrects="late")])
    await budgets.restore(database, budget_policy(), manager, made.id)
    assert await stands() == (Decimal("0.6"), Decimal("0.6"))  # "ahead" is for a time after the reset
    await writer.record(manager, [used("back", "0", corrects="since"), used("behind", "0", corrects="ahead")])
    assert await stands() == (0, 0)


@pytest.mark.row("C3")
async def test_a_charge_and_its_count_are_committed_together_or_not_at_all(database, company, make, manager):
    # rule 14
    made = await make()

    async def failing(_tx, _charges):
        raise RuntimeError("The process dies here.")

    broken = UsageWriter(database, load_rate_catalogue(RATES), [count_charges, failing])
    with pytest.raises(RuntimeError):
        await broken.record(manager, [used("a", "1")])
    assert (await budgets.get_budget(database, manager, made.id)).standing.charges == 0
    await UsageWriter(database, load_rate_catalogue(RATES), [count_charges]).record(manager, [used("a", "1")])
    assert (await budgets.get_budget(database, manager, made.id)).standing.charges == 1


@pytest.mark.row("C2", "C3")
async def test_nothing_is_lost_or_doubled_while_budgets_are_made_and_ended_beside_the_writers(
    database, other_replica, company, make, manager
):
    # rule 15
    made = await make()
    writers = [UsageWriter(where, load_rate_catalogue(RATES), [count_charges]) for where in (database, other_replica)]

    async def tell(number):
        await writers[number % 2].record(manager, [used(f"u{number}", "1")])

    async def manage():
        return [await make(name=f"More {number}") for number in range(6)]

    _told, more = await asyncio.gather(asyncio.gather(*map(tell, range(150))), manage())
    for each in (made, *more):
        shown = await budgets.get_budget(database, manager, each.id)
        assert (shown.standing.spent, shown.standing.charges) == (Decimal("15.0"), 150)


@pytest.mark.row("C4")
async def test_what_comes_late_for_a_period_that_is_over_calls_nobody(database, company, make, runner):
    # rule 25
    await make(amount=usd("10"))
    database.clock.advance(timedelta(days=31))
    await runner.run_due()
    await charged(database, company, charge("50", START))
    assert await company.trail(action="budget.threshold_reached") == []


@pytest.mark.row("C5")
async def test_an_override_is_asked_for_what_the_agent_s_own_project_holds_up_whichever_project_is_named(
    database, company, make, catalogue, budget_catalogue
):
    # rules 28, 30
    await create_agent(company, catalogue, project="care")
    await make(amount=usd("1"))
    await charged(database, company, charge("1", database.clock.now()))
    asking = {"action": "agent.deploy", "agent": "invoice-reader", "project": "elsewhere", "reason": "A demonstration."}
    reference, _request_id = await budgets.request_override(
        database, budget_catalogue, company.actor("agent_developer"), **asking
    )
    assert reference.startswith("REQ-")


@pytest.mark.row("C5", "E1")
async def test_an_override_lifts_a_stop_once_and_a_bypass_passes(
    database, company, make, manager, catalogue, budget_catalogue
):
    # rules 30, 31
    company.budgets = budget_catalogue
    await create_agent(company, catalogue, project="care")
    await make(amount=usd("1"))
    dana = company.actor("agent_developer")
    asking = {"action": "agent.deploy", "agent": "invoice-reader", "project": "care", "reason": "A demonstration."}
    with pytest.raises(NothingToLift):
        await budgets.request_override(database, budget_catalogue, dana, **asking)
    await charged(database, company, charge("1", database.clock.now()))
    _reference, request_id = await budgets.request_override(database, budget_catalogue, dana, **asking)
    await vote(company, request_id, "tenant_administrator")

    async def deploy():
        answer = await ask(company, catalogue, "agent_operator", action="agent.deploy", resource=DEPLOYED)
        return answer.decision, answer.reasons[0].code

    assert [await deploy() for _ in range(2)] == [("allow", "policies.permission"), ("deny", "budgets.exceeded")]
    await grant(
        database,
        manager,
        action="agent.deploy",
        resource="invoice-reader",
        justification="Customers wait.",
        duration=timedelta(hours=1),
    )
    passed = await ask(company, catalogue, "tenant_administrator", action="agent.deploy", resource=DEPLOYED)
    assert (passed.decision, passed.reasons[0].code) == ("allow", "emergency.bypass")


@pytest.mark.row("C2")
async def test_a_declared_budget_stays_as_people_made_it_until_its_entry_says_something_new(database, company, manager):
    # rule 36
    await budgets.declare_for(database, budget_policy(DECLARED), company.tenant)
    (made,) = await budgets.list_budgets(database, manager, BudgetFilter())
    assert (made.terms.amount, made.declared, made.owners) == (50, "care", (company.people["agent_operator"],))
    await budgets.update(database, budget_policy(DECLARED), manager, made.id, Proposal(amount=usd("70")))
    await budgets.declare_for(database, budget_policy(DECLARED), company.tenant)
    assert (await budgets.get_budget(database, manager, made.id)).terms.amount == 70
    await budgets.declare_for(database, budget_policy(DECLARED.replace("50 USD", "60 USD")), company.tenant)
    assert (await budgets.get_budget(database, manager, made.id)).terms.amount == 60
    await budgets.declare_for(database, budget_policy(), company.tenant)
    assert (await budgets.get_budget(database, manager, made.id)).ended_at is not None
    await budgets.declare_for(database, budget_policy(DECLARED), company.tenant)
    assert (await budgets.get_budget(database, manager, made.id)).ended_at is None
    await budgets.end(database, budget_policy(DECLARED), manager, made.id)
    await budgets.declare_for(database, budget_policy(DECLARED), company.tenant)  # at the next start
    assert (await budgets.get_budget(database, manager, made.id)).ended_at is not None


@pytest.mark.row("C2")
async def test_a_budget_in_a_currency_in_which_nothing_is_charged_is_refused(database, manager):
    # rule 12
    priced = BudgetCatalogue(
        {"default": parse_yaml("Budget Management: {}\n", file="default.yaml")}, load_rate_catalogue(RATES)
    )
    said = Proposal(amount=Money(Decimal(5), "EUR"), project="care")
    with pytest.raises(InvalidBudget, match="Costs are in USD here"):
        await budgets.create(database, priced, manager, said)
    with pytest.raises(InvalidBudget, match="Did you mean 'compute_costs'") as refused:
        await budgets.create(database, priced, manager, Proposal(amount=usd("5"), meter_class="compute_cost"))
    assert refused.value.where == "meter_class"
    assert "compute_costs" in refused.value.accepted


@pytest.mark.row("C5", "T2")
async def test_naming_another_project_does_not_evade_the_budget_of_the_agents_own(
    database, company, make, catalogue, budget_catalogue
):
    # rule 28
    company.budgets = budget_catalogue
    await create_agent(company, catalogue, project="care")
    care, other = await make(amount=usd("1")), await make(name="Other", amount=usd("1"), project="other")

    async def deploy(project):
        resource = {**DEPLOYED, **({"project": project} if project else {})}
        answer = await ask(company, catalogue, "agent_operator", action="agent.deploy", resource=resource)
        return answer.decision, answer.reasons[0].message.split(" '")[0]

    await charged(database, company, charge("1", database.clock.now(), project="other"))
    assert [(await deploy(each))[0] for each in ("", "care", "somewhere-else")] == ["allow"] * 3
    assert await deploy("other") == ("deny", f"Budget {other.reference}")
    await charged(database, company, charge("1", database.clock.now()))
    for named in ("", "care", "somewhere-else"):
        assert await deploy(named) == ("deny", f"Budget {care.reference}")


@pytest.mark.row("C2")
async def test_budgets_are_listed_in_pages_by_their_numbers(company, make, manager, database):
    made = [await make(name=f"Care {each}") for each in range(3)]
    rest = await budgets.list_budgets(database, manager, BudgetFilter(after=made[0].number))
    assert [each.reference for each in rest] == [each.reference for each in made[1:]]


@pytest.mark.row("C5", "T2")
async def test_a_limit_that_many_press_on_at_two_replicas_is_passed_by_one_batch_of_each_at_most(
    database, other_replica, company, make, manager
):
    # rules 15, 33, and "How much can be overspent"
    care = await make(amount=usd("100"), controls=[ControlIn("stop")])

    async def let_through(tx, asked):
        """As a batch of the gate does, with what each action costs counted in the same transaction."""
        guard = await budgets.load_guard(tx)
        is_free = not guard.bites(action="agent.deploy", projects=("care",), agent="bot", now=tx.now)
        if is_free:
            await count_charges(tx, spent_of([charge("1", tx.now) for _ in asked]))
        return [is_free for _ in asked]

    replicas = [Batches(each, let_through) for each in (database, other_replica)]

    async def presses_on(batches):
        passed = 0
        while await batches.ask(company.tenant, None):
            passed += 1
        return passed

    passed = await asyncio.gather(*(presses_on(replicas[number % 2]) for number in range(2 * 32)))
    standing = (await budgets.get_budget(database, manager, care.id)).standing
    assert standing.spent == standing.charges == sum(passed)
    assert 100 <= sum(passed) <= 100 + 2 * BATCH_MAX
