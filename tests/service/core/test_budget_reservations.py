"""Who asks before they spend: what is allowed is reserved, and a limit is never passed by what was asked for (C5)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio

from core import budgets
from core.access.errors import PermissionMissing
from core.budgets import BudgetFilter, ControlIn, Proposal, Spend, Spending, SpendingDesk, count_charges, reserving
from core.budgets.errors import AlreadyTold, InvalidSpending, TooManyReserved
from core.budgets.reserving import SETTLED_AT_ONCE
from core.budgets.store import set_pace, with_standing
from core.costs import InvalidUsage, UnknownMeter, Usage, UsageWriter, load_rate_catalogue
from core.money import Money

RATES = load_rate_catalogue(Path(__file__).parents[3] / "config" / "costs")
PLATFORM = "agent_operator"
HARD = [ControlIn("stop", actions=["usage.spend"])]


def usd(amount):
    return Money(Decimal(amount), "USD")


@pytest_asyncio.fixture
async def desk(database):
    opened = SpendingDesk(database, RATES)
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def writer(database):
    opened = UsageWriter(database, RATES, [count_charges])
    yield opened
    await opened.close()


@pytest.fixture
def make(database, budget_catalogue, company):
    async def made(**said):
        said = {"name": "Care", "amount": usd("10"), "project": "care", "controls": HARD, **said}
        manager = company.actor("tenant_administrator")
        return await budgets.create(database, budget_catalogue, manager, Proposal(**said))

    return made


@pytest.fixture
def ask(desk, company):
    async def asked(id_, amount="1", *, of=None, **said):
        said = {"id": id_, "project": "care", "agent": "bot", "amount": usd(amount) if amount else None, **said}
        return await (of or desk).ask(company.actor(PLATFORM), Spending(**said))

    return asked


@pytest.fixture
def tell(writer, company, database):
    """Usage of so many dollars is told under the id."""

    async def told(id_, dollars="1"):
        usage = Usage(id_, "cpu_hours", Decimal(dollars) * 10, database.clock.now(), "care", "bot")
        await writer.record(company.actor(PLATFORM), [usage])

    return told


async def spent(company, budget):
    shown = await budgets.get_budget(company.database, company.actor(PLATFORM), budget.id)
    return shown.standing.used


@pytest.mark.row("C5")
async def test_what_is_allowed_is_reserved_until_its_usage_is_told(make, ask, tell, company):
    # rules 37, 40, 41
    budget = await make()
    first = await ask("a", "6")
    assert (first.verdict.spend, first.verdict.left) == (Spend.ALLOW, Decimal(4))
    assert first.expires_at == company.clock.now() + timedelta(minutes=5)
    second = await ask("b", "5")
    assert (second.verdict.spend, second.verdict.left, second.expires_at) == (Spend.DENY, Decimal(4), None)
    assert second.verdict.guarded.budget.reference == budget.reference
    assert "and 6.00 reserved, so 5.00 USD more may not be spent" in second.verdict.reason
    await tell("a", "3")  # less than was estimated
    assert (await ask("b", "5")).verdict.left == Decimal(2)
    assert await spent(company, budget) == Decimal(3)


@pytest.mark.row("C5")
async def test_a_reservation_ends_with_its_time_or_when_it_is_given_back(make, ask, desk, company):
    # rules 41
    await make()
    await ask("a", "6", lasts=timedelta(minutes=2))
    await ask("b", "4")
    assert (await ask("c")).verdict.spend is Spend.DENY
    company.advance(minutes=2)
    assert (await ask("c")).verdict.left == Decimal(5)
    await desk.give_back(company.actor(PLATFORM), "b")
    await desk.give_back(company.actor(PLATFORM), "b")  # again does no harm
    assert (await ask("d", "9")).verdict.left == Decimal(0)


@pytest.mark.row("C5")
async def test_asked_again_the_new_estimate_takes_the_place_of_the_earlier_one(make, ask):
    # rules 42
    await make()
    await ask("a", "6")
    assert (await ask("a", "9")).verdict.left == Decimal(1)
    assert (await ask("a", "10.01")).verdict.spend is Spend.DENY  # and what was reserved stays
    assert (await ask("b", "1.01")).verdict.spend is Spend.DENY
    assert (await ask("a", "2")).verdict.left == Decimal(8)


@pytest.mark.row("C5", "X9")
async def test_what_was_told_is_not_asked_for_again(make, ask, tell):
    # rules 42
    await make()
    await tell("a")
    found = await asyncio.gather(ask("a"), ask("b"), return_exceptions=True)
    assert isinstance(found[0], AlreadyTold)
    assert found[1].verdict.spend is Spend.ALLOW  # which was asked for at the same moment


@pytest.mark.row("C5")
@pytest.mark.parametrize("replicas", [1, 3])
async def test_however_many_ask_at_once_no_more_is_allowed_than_there_is(make, company, database, ask, tell, replicas):
    # rules 38
    budget = await make(amount=usd("25"))
    desks = [SpendingDesk(database, RATES) for _ in range(replicas)]
    answers = await asyncio.gather(*(ask(f"call-{number}", "1", of=desks[number % replicas]) for number in range(200)))
    allowed = [number for number, each in enumerate(answers) if each.verdict.is_allowed]
    assert len(allowed) == 25
    # while usage of some is told, others ask on: what is both told and reserved for a moment is never missed
    half, later = allowed[:13], [f"late-{number}" for number in range(50)]
    found = await asyncio.gather(*(tell(f"call-{number}") for number in half), *(ask(each) for each in later))
    assert [each.verdict.spend for each in found[len(half) :]] == [Spend.DENY] * 50
    await asyncio.gather(*(tell(f"call-{number}") for number in allowed[13:]))
    assert await spent(company, budget) == Decimal(25)
    for each in desks:
        await each.close()


@pytest.mark.row("C5")
async def test_before_anything_is_refused_all_that_was_told_is_settled(make, ask, writer, company, database):
    # rules 38, 41
    await make(amount=usd("4"))
    many = [f"call-{number:03}" for number in range(SETTLED_AT_ONCE + 100)]
    await asyncio.gather(*(ask(each, "0.01") for each in many))
    now = database.clock.now()
    told = [Usage(each, "cpu_hours", Decimal("0.01"), now, "care", "bot") for each in many[1:]]
    await writer.record(company.actor(PLATFORM), told)
    used, reserved = Decimal("0.355"), Decimal("0.01")
    answer = await ask("great", str(4 - used - reserved))
    assert (answer.verdict.spend, answer.verdict.left) == (Spend.ALLOW, Decimal(0))


@pytest.mark.row("C5")
async def test_a_raise_frees_at_once_and_every_budget_that_counts_it_holds(make, ask, company, budget_catalogue):
    # rules 40
    care = await make()
    await make(name="All", project=None, amount=usd("100"))
    assert (await ask("a", "11")).verdict.guarded.budget.reference == care.reference
    manager = company.actor("tenant_administrator")
    await budgets.raise_at_once(
        company.database, budget_catalogue, manager, care.id, to=usd("200"), lasts="period", reason="More work."
    )
    allowed = await ask("a", "60")
    assert (allowed.verdict.guarded.budget.terms.name, allowed.verdict.left) == ("All", Decimal(40))
    assert (await ask("b", "41", project="other")).verdict.spend is Spend.DENY  # of what is reserved elsewhere too
    assert (await ask("b", "40", project="other")).verdict.spend is Spend.ALLOW


@pytest.mark.row("C5", "C1")
async def test_a_meter_is_priced_by_the_rate_card_and_counts_by_its_class(make, ask):
    # rules 40, 43
    await make(project=None, meter_class="compute_costs")
    answer = await ask("a", amount=None, meter="cpu_hours", quantity=Decimal(40))
    assert (answer.amount, answer.verdict.left) == (Decimal("4.00"), Decimal(6))
    other = await ask("b", amount=None, meter="security_scanning", quantity=Decimal(40))
    assert (other.verdict.code, other.expires_at) == ("budgets.free", None)
    assert (await ask("c", "7", meter_class="compute_costs")).verdict.spend is Spend.DENY


@pytest.mark.row("C5")
async def test_a_throttle_lets_so_many_through_and_says_when_the_next_may_come(make, ask, company):
    # rules 39
    await make(controls=[ControlIn("throttle", at=Decimal(50), actions=["usage.spend"], per_hour=2)])
    await ask("a", "5")
    assert [(await ask(each)).verdict.spend for each in ("b", "c")] == [Spend.ALLOW] * 2
    slowed = await ask("d")
    assert (slowed.verdict.spend, slowed.retry_after) == (Spend.THROTTLE, timedelta(minutes=30))
    company.advance(minutes=30)
    assert (await ask("d")).verdict.spend is Spend.ALLOW


@pytest.mark.row("C5")
async def test_actions_that_a_throttle_lets_through_slow_no_spending_down(make, ask, database, company):
    # rules 39
    budget = await make(controls=[ControlIn("throttle", at=Decimal(50), per_hour=2)])
    await ask("a", "5")
    async with database.tenant(company.tenant) as tx:  # the gate has let many through
        await set_pace(tx, budget.id, budget.standing.window, tx.now + timedelta(hours=1))
    assert [(await ask(each)).verdict.spend for each in ("b", "c", "d")] == [Spend.ALLOW, Spend.ALLOW, Spend.THROTTLE]
    async with database.tenant(company.tenant) as tx:
        ((_, standing),) = await with_standing(tx, at=tx.now, budget_id=budget.id)
        assert standing.paced_until == tx.now + timedelta(hours=1)


@pytest.mark.row("C5", "X9")
async def test_reservations_are_bounded_and_whoever_tells_or_releases_may_go_on(
    make, ask, tell, desk, company, monkeypatch
):
    # rules 41
    monkeypatch.setattr(reserving, "OPEN_MAX", 3)
    await make()
    for each in "abc":
        await ask(each)
    with pytest.raises(TooManyReserved, match="3 reservations are open already") as refused:
        await ask("d")
    assert refused.value.where == "id"
    assert (await ask("c", "2")).verdict.is_allowed  # in the place of an earlier one
    await tell("a")
    assert (await ask("d")).verdict.is_allowed
    await desk.give_back(company.actor(PLATFORM), "b")
    assert (await ask("e")).verdict.is_allowed


@pytest.mark.row("C5")
async def test_where_no_budget_counts_it_nothing_is_in_the_way(make, ask):
    assert (await ask("a", "1000")).verdict.code == "budgets.free"
    await make(project="elsewhere")
    assert (await ask("b", "1000")).verdict.code == "budgets.free"


@pytest.mark.row("C5")
async def test_a_budget_that_controls_no_spending_says_what_is_left_and_stops_nothing(make, ask):
    # rules 39
    await make(controls=[ControlIn("stop", actions=["agent.create"])])
    answer = await ask("a", "11")
    assert (answer.verdict.spend, answer.verdict.left) == (Spend.ALLOW, Decimal(-1))


@pytest.mark.row("C5", "X9")
@pytest.mark.parametrize(
    ("said", "error", "where"),
    [
        ({"amount": None}, InvalidSpending, "amount"),
        ({"meter": "cpu_hours", "quantity": Decimal(1)}, InvalidSpending, "amount"),
        ({"amount": Money(Decimal(1), "EUR")}, InvalidSpending, "amount.currency"),
        ({"amount": "0"}, InvalidSpending, "amount.amount"),
        ({"meter_class": "joy"}, InvalidSpending, "meter_class"),
        ({"lasts": timedelta(hours=2)}, InvalidSpending, "expires_in_s"),
        ({"amount": None, "meter": "joy", "quantity": Decimal(1)}, UnknownMeter, "meter"),
        ({"amount": None, "meter": "cpu_hours", "quantity": Decimal(-1)}, InvalidUsage, "quantity"),
        ({"id_": " "}, InvalidUsage, "id"),
    ],
)
async def test_what_cannot_be_asked_for_is_refused_by_its_field(make, desk, company, said, error, where):
    await make()
    said = {
        "id": said.get("id_", "a"),
        "project": "care",
        "amount": "1",
        **{k: v for k, v in said.items() if k != "id_"},
    }
    if isinstance(said["amount"], str):
        said["amount"] = usd(said["amount"])
    with pytest.raises(error) as refused:
        await desk.ask(company.actor(PLATFORM), Spending(**said))
    assert refused.value.where == where


@pytest.mark.row("C5", "R6")
async def test_who_may_not_tell_usage_may_not_reserve_or_release_and_it_is_recorded(make, ask, desk, company):
    # rules 37
    await make()
    await ask("a", "6")
    with pytest.raises(PermissionMissing):
        await desk.ask(company.actor("audit_reviewer"), Spending(id="b", amount=usd("1")))
    with pytest.raises(PermissionMissing):  # and learns nothing of what can be asked for
        await desk.ask(company.actor("audit_reviewer"), Spending(id="b", meter="joy", quantity=Decimal(-1)))
    with pytest.raises(PermissionMissing):
        await desk.give_back(company.actor("audit_reviewer"), "a")
    assert len(await company.trail(action="budget.checked", result="denied")) == 3
    assert (await ask("c", "5")).verdict.spend is Spend.DENY  # it is reserved still


@pytest.mark.row("C5", "C4")
async def test_what_is_reserved_of_a_budget_is_shown_until_it_is_told_released_or_over(
    make, ask, desk, tell, company, budget_catalogue
):
    # rules 41
    care, other = await make(), await make(name="Other", project="other")
    every = await make(name="All", project=None, agent="bot", controls=[])
    reader = company.actor(PLATFORM)

    async def reserved():
        found = await budgets.list_budgets(company.database, reader, BudgetFilter())
        assert found[0].reserved == (await budgets.get_budget(company.database, reader, care.id)).reserved
        return {each.id: each.reserved for each in found}

    await ask("a", "1.25", lasts=timedelta(minutes=2))
    await ask("b", "2")
    await ask("c", "3")
    await ask("d", "4", project="elsewhere")
    assert await reserved() == {care.id: Decimal("6.25"), other.id: 0, every.id: Decimal("10.25")}
    await tell("b", "0.50")
    assert await reserved() == {care.id: Decimal("4.25"), other.id: 0, every.id: Decimal("8.25")}
    assert await spent(company, care) == Decimal("0.50")
    await desk.give_back(reader, "c")
    company.advance(minutes=2)
    assert await reserved() == {care.id: 0, other.id: 0, every.id: Decimal(4)}
    manager = company.actor("tenant_administrator")
    await budgets.end(company.database, budget_catalogue, manager, every.id)
    ended = await budgets.get_budget(company.database, reader, every.id)
    assert ended.reserved == 0


@pytest.mark.row("C5")
async def test_nothing_is_reserved_of_a_period_that_does_not_run(make, ask, company):
    budget = await make()
    await ask("a", "6")
    async with company.database.tenant(company.tenant) as tx:
        later = await budgets.load_budget(tx, budget.id, at=tx.now + timedelta(days=40))
        now = await budgets.load_budget(tx, budget.id)
    assert (later.reserved, now.reserved) == (0, 6)
