"""The budgets of a tenant's file: everything that can be said, and every slip with its line."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from config.yamlfile import parse_yaml
from core.budgets.catalogue import BudgetCatalogue, load_budget_catalogue
from core.budgets.periods import Period, PeriodKind
from core.budgets.policy import OVERRIDE, RAISE, BudgetPolicy, Declared
from core.budgets.policy_file import read_budget_policy
from core.budgets.state import Control, Effect, RollOver, Scope
from core.costs import load_rate_catalogue
from core.errors import ConfigError, Unavailable
from core.tenants import TenantPolicy

FOLDER = Path(__file__).parents[4] / "config" / "budgets"
WHOLE = """\
Budget Management:
  thresholds: [90, "99.5%"]
  forecast: false
  controls: [{does: warn}]
  throttle_per_hour: 12
  managers: ["Meta-Agent Manager"]
  raise: {approvers: [tenant_admin, "group:finance"], timeout: "8 hours"}
  budgets:
    - budget: care
      name: "Customer care"
      amount: "$500.00"
      period: custom
      days: 10
      first: 2026-01-05
      project: customer-care
      roll_over: carry
      roll_over_cap: "100 USD"
      owners: [Priya@enterprise.example]
      controls:
        - {does: throttle, at: 90, per_hour: 6, actions: [agent.deploy]}
        - {does: stop}
"""


def read(text):
    return read_budget_policy(parse_yaml(text, file="budgets.yaml"))


@pytest.mark.row("C2")
def test_everything_that_a_file_can_say_is_read():
    policy = read(WHOLE)
    assert (policy.thresholds, policy.has_forecast) == ((Decimal(90), Decimal("99.5")), False)
    assert (policy.managers, policy.throttle_per_hour) == (("meta_agent_manager",), 12)
    raising = policy.raising.policy(RAISE)
    assert raising.stages[0].approvers == ("tenant_administrator", "group:finance")
    assert (raising.stages[0].timeout, raising.applies_to) == (timedelta(hours=8), ("budget.raise",))
    assert policy.overriding.policy(OVERRIDE).stages[0].timeout == timedelta(hours=4)
    assert policy.declared == (
        Declared(
            key="care",
            name="Customer care",
            amount=Decimal("500.00"),
            currency="USD",
            period=Period(PeriodKind.CUSTOM, 10, date(2026, 1, 5)),
            scope=Scope(project="customer-care"),
            roll_over=RollOver.CARRY,
            roll_over_cap=Decimal(100),
            controls=(Control(Effect.THROTTLE, Decimal(90), ("agent.deploy",), 6), Control(Effect.STOP)),
            owners=("priya@enterprise.example",),
        ),
    )


def test_the_shipped_file_says_what_is_usual_and_a_tenant_without_one_cannot_change_budgets():
    shipped = load_budget_catalogue(FOLDER).for_tenant(TenantPolicy(tenant_id="somebody"))
    assert shipped == BudgetPolicy()
    with pytest.raises(Unavailable):
        BudgetCatalogue({}).for_tenant(TenantPolicy(tenant_id="somebody"))


@pytest.mark.parametrize(
    ("before", "after", "line", "said"),
    [
        ("thresholds: [90, ", "thresholds: [0, ", 2, "'0' is not a threshold"),
        ('amount: "$500.00"', 'amount: "5 pounds"', 11, "is no amount of money"),
        ('amount: "$500.00"', 'amount: "0 USD"', 11, "above zero"),
        ("period: custom", "period: fortnight", 12, "'fortnight' is not accepted here"),
        ("days: 10", "days: 0", 13, "'0' is not a whole number from 1"),
        ("first: 2026-01-05", "first: soon", 14, "'soon' is not a day"),
        ('cap: "100 USD"', 'cap: "100 EUR"', 17, "It is in EUR, the budget in USD"),
        ("period: custom", "period: month", 13, "It belongs to a custom period"),
        ("roll_over: carry", "roll_over: none", 17, "Nothing is carried over"),
        ("project: customer-care", 'project: ""', 15, "An empty name counts nothing"),
        ("{does: stop}", "{does: halt}", 21, "'halt' is not accepted here"),
        ("{does: stop}", "{does: stop, per_hour: 3}", 21, "'stop' has no rate"),
        ("agent.deploy]", "agent.fly]", 20, "'agent.fly' is not accepted here"),
        ("budget: care", "budget: Care", 9, "cannot be the key of a budget"),
        ("managers: [", "managers: [nobody, ", 6, "nobody"),
    ],
)
def test_a_slip_is_named_with_its_line(before, after, line, said):
    assert before in WHOLE
    with pytest.raises(ConfigError) as raised:
        read(WHOLE.replace(before, after))
    assert f"budgets.yaml:{line} " in raised.value.sentence()
    assert said in raised.value.sentence()


def rate_card(currency):
    return f'Cost Structure:\n  currency: {currency}\n  compute_costs:\n    - cpu_hours: "0.10 {currency} per hour"\n'


def loaded(folder, *, budgets, rates):
    for name, files in (("budgets", budgets), ("rates", rates)):
        (folder / name).mkdir()
        for tenant, said in files.items():
            (folder / name / f"{tenant}.yaml").write_text(said)
    return load_budget_catalogue(folder / "budgets", load_rate_catalogue(folder / "rates"))


def declared(amount, more=""):
    return f"Budget Management:\n  budgets:\n    - budget: care\n      amount: {amount}\n      period: month\n{more}"


@pytest.mark.row("C2", "T11")
@pytest.mark.parametrize(
    ("budgets", "rates", "file", "tenant"),
    [
        ({"acme": declared("500 USD")}, {"default": "USD", "acme": "EUR"}, "acme.yaml", "acme"),
        ({"acme": declared("500 USD")}, {"default": "EUR"}, "acme.yaml", "acme"),
        ({"default": declared("500 USD")}, {"default": "USD", "acme": "EUR"}, "default.yaml", "acme"),
    ],
)
def test_a_declared_budget_in_another_currency_than_the_tenants_costs_is_refused(
    tmp_path, budgets, rates, file, tenant
):
    cards = {name: rate_card(currency) for name, currency in rates.items()}
    with pytest.raises(ConfigError) as raised:
        loaded(tmp_path, budgets=budgets, rates=cards)
    said = raised.value
    assert (said.file, said.line, said.key) == (f"budgets/{file}", 4, "Budget Management.budgets.0.amount")
    assert said.message == f"Costs of '{tenant}' are in EUR, so a budget in USD would count nothing."
    assert said.accepted == ("500 EUR",)


@pytest.mark.row("C2", "T11")
def test_a_declared_budget_of_a_class_without_meters_is_refused(tmp_path):
    said = declared("500 EUR", "      meter_class: compute_cost\n")
    with pytest.raises(ConfigError) as raised:
        loaded(tmp_path, budgets={"acme": said}, rates={"acme": rate_card("EUR")})
    assert (raised.value.file, raised.value.line) == ("budgets/acme.yaml", 6)
    assert "Did you mean 'compute_costs'?" in raised.value.message
    assert raised.value.accepted == ("compute_costs",)


@pytest.mark.row("C2", "T11")
def test_declared_budgets_in_the_currency_of_each_tenants_costs_are_taken(tmp_path):
    said = {"default": declared("500 USD"), "acme": declared("500 EUR", "      meter_class: compute_costs\n")}
    cards = {"default": rate_card("USD"), "acme": rate_card("EUR")}
    assert loaded(tmp_path, budgets=said, rates=cards).for_tenant(TenantPolicy(tenant_id="acme")).declared
