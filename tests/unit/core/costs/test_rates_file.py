"""Rate cards in YAML: the framework's block unchanged, what else can stand there, and what is said of mistakes (C1)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from config.yamlfile import load_yaml, parse_yaml
from core.costs.errors import InvalidUsage, UnknownMeter
from core.costs.rates import FOREVER, Tier
from core.costs.rates_file import read_rate_card
from core.errors import ConfigError

SHIPPED = Path(__file__).parents[4] / "config" / "costs" / "default.yaml"
FRAMEWORK = """\
Cost Structure:
  compute_costs:
    - cpu_hours: "$0.10 per hour"
    - memory_gb_hours: "$0.05 per GB-hour"
    - storage_gb_months: "$0.02 per GB-month"
  agent_operations:
    - agent_creation: "$5.00 per agent"
    - agent_deployment: "$2.00 per deployment"
    - agent_monitoring: "$0.50 per agent per day"
  compliance_costs:
    - audit_logging: "$0.01 per log entry"
    - compliance_reporting: "$10.00 per report"
    - security_scanning: "$1.00 per scan"
"""
OURS = """\
Cost Structure:
  currency: EUR
  exchange_rates:
    - {from: 2026-01-01, USD: "0.9"}
    - {from: 2026-03-01, USD: "0.8"}
  models:
    - tokens: {price: "$0.001 per token", tiers: [{above: 1000, price: "$0.0005"}, {above: 5000, price: "$0.0001"}]}
    - tokens: {price: "$0.002 per token", from: 2026-03-01, discount: "12.5%"}
    - gpu_hours: "2.50 per hour"
"""


def card_of(text):
    return read_rate_card(parse_yaml(text, file="rates.yaml"))


def refusal(text):
    with pytest.raises(ConfigError) as caught:
        card_of(text)
    return caught.value


def on(day):
    return datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC)


@pytest.mark.row("C1")
def test_the_framework_s_block_loads_unchanged_and_is_what_ships():
    card = card_of(FRAMEWORK)
    prices = {
        name: (meter.meter_class, meter.prices[0].tiers[0].unit_price, meter.prices[0].unit)
        for name, meter in card.meters.items()
    }
    assert prices == {
        "cpu_hours": ("compute_costs", Decimal("0.10"), "hour"),
        "memory_gb_hours": ("compute_costs", Decimal("0.05"), "GB-hour"),
        "storage_gb_months": ("compute_costs", Decimal("0.02"), "GB-month"),
        "agent_creation": ("agent_operations", Decimal("5.00"), "agent"),
        "agent_deployment": ("agent_operations", Decimal("2.00"), "deployment"),
        "agent_monitoring": ("agent_operations", Decimal("0.50"), "agent per day"),
        "audit_logging": ("compliance_costs", Decimal("0.01"), "log entry"),
        "compliance_reporting": ("compliance_costs", Decimal("10.00"), "report"),
        "security_scanning": ("compliance_costs", Decimal("1.00"), "scan"),
    }
    assert (card.currency, {meter.prices[0].since for meter in card.meters.values()}) == ("USD", {FOREVER})
    assert read_rate_card(load_yaml(SHIPPED, file="default.yaml")) == card


@pytest.mark.row("C1")
def test_a_meter_has_another_price_from_a_day_on_and_currencies_another_worth():
    card = card_of(OURS)
    before, after = card.price("tokens", on("2026-02-28")), card.price("tokens", on("2026-03-01"))
    assert before.tiers == (
        Tier(Decimal(0), Decimal("0.001")),
        Tier(Decimal(1000), Decimal("0.0005")),
        Tier(Decimal(5000), Decimal("0.0001")),
    )
    assert (after.since, after.tiers[0].unit_price, after.discount) == (
        date(2026, 3, 1),
        Decimal("0.002"),
        Decimal("0.125"),
    )
    assert card.price("gpu_hours", on("2026-02-28")).currency == "EUR"
    assert [card.worth("USD", on(day)) for day in ("2026-02-28", "2026-03-01")] == [Decimal("0.9"), Decimal("0.8")]
    with pytest.raises(InvalidUsage, match="No exchange rate from USD to EUR on 2025-12-31."):
        card.worth("USD", on("2025-12-31"))


@pytest.mark.row("C1")
def test_an_unknown_meter_is_refused_with_those_that_there_are():
    with pytest.raises(UnknownMeter, match="Did you mean 'cpu_hours'") as refused:
        card_of(FRAMEWORK).price("cpu_hour", on("2026-01-01"))
    assert refused.value.accepted[:2] == ("cpu_hours", "memory_gb_hours")


@pytest.mark.parametrize(
    ("wrong", "line", "key", "message"),
    [
        ('    - cpu_hours: "NaN"', 3, "Cost Structure.compute_costs.0.cpu_hours", "'NaN' is no amount of money."),
        ('    - cpu_hours: "-1 USD"', 3, "Cost Structure.compute_costs.0.cpu_hours", "'-1 USD' is no amount of money."),
        ("    - cpu_hours: .inf", 3, "Cost Structure.compute_costs.0.cpu_hours", "'.inf' is no amount of money."),
        (
            '    - cpu_hours: {price: "$1", form: 2026-01-01}',
            3,
            "Cost Structure.compute_costs.0.cpu_hours.form",
            "'form' is not a key here. Did you mean 'from'?",
        ),
        (
            '    - cpu_hours: {price: "$1", discount: "-5%"}',
            3,
            "Cost Structure.compute_costs.0.cpu_hours.discount",
            "'-5%' is no discount.",
        ),
        (
            '    - cpu_hours: {price: "$1", tiers: [{above: 5, price: "$2"}, {above: 5, price: "$3"}]}',
            3,
            "Cost Structure.compute_costs.0.cpu_hours.tiers.1.above",
            "Tiers rise: this one must be above 5.",
        ),
        (
            '    - cpu_hours: "1 EUR per hour"',
            2,
            "Cost Structure.compute_costs",
            "'cpu_hours' is priced in EUR, which has no exchange rate to USD.",
        ),
        (
            '    - CPU hours: "$1"',
            3,
            "Cost Structure.compute_costs.0.CPU hours",
            "'CPU hours' is no name of a meter or class.",
        ),
    ],
)
@pytest.mark.row("C1")
def test_a_mistake_is_told_with_its_place(wrong, line, key, message):
    error = refusal(f"Cost Structure:\n  compute_costs:\n{wrong}\n")
    assert (error.file, error.line, error.key, error.message) == ("rates.yaml", line, key, message)


@pytest.mark.row("C1")
def test_every_mistake_of_a_file_is_told_at_once():
    error = refusal(FRAMEWORK.replace("$0.10", "a dime").replace("$2.00", "two"))
    assert error.message.startswith("2 problems:\nrates.yaml:3 key")
