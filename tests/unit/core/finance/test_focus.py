"""A month's costs as FOCUS, against the specification (C10)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.finance.assigning import Assignments, SubjectKind, Turn
from core.finance.chargeback import Meter, Spent, statement_of
from core.finance.focus import Account, Charged, focus_csv, focus_unit, plain
from tests.unit.core.finance import focus_spec

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
METERS = {
    "cpu_hours": Meter("CPU hours", "hour", "compute_costs"),
    "scans": Meter("Security scanning", "scan", "compliance_costs"),
}
TURNS = [Turn(SubjectKind.PROJECT, "billing", MARCH, "CC-1")]
ACCOUNT = Account("enterprise-corp", "Enterprise Corp", "enterprise-corp-2026-03-USD")


def exported(charges, *, currency="USD", version="1.2"):
    spent = [Spent(each.day, each.project, each.agent, each.meter, each.quantity, each.cost) for each in charges]
    statement = statement_of(
        spent, Assignments(TURNS), {"CC-1": "Payments, abroad"}, since=MARCH, until=APRIL, currency=currency
    )
    text = "".join(focus_csv(charges, statement, ACCOUNT, METERS, version=version))
    return statement, focus_spec.read(text, version=version)


def charged(quantity="3", cost="0.3", **changes):
    values = {
        "day": date(2026, 3, 7),
        "cost_centre": "CC-1",
        "project": "billing",
        "agent": "reader",
        "meter": "cpu_hours",
        "quantity": Decimal(quantity),
        "cost": Decimal(cost),
        "list_cost": Decimal(cost),
    }
    return Charged(**(values | changes))


@pytest.mark.row("C10")
def test_a_day_of_an_agent_is_a_row_with_its_price_period_agent_and_request():
    _, (row, rounding) = exported([charged(cost="0.303", list_cost=Decimal("0.33"), request="REQ-1042")])
    assert (row["BilledCost"], row["ListCost"], row["ListUnitPrice"]) == ("0.303", "0.33", "0.11")
    assert (row["ChargePeriodStart"], row["ChargePeriodEnd"]) == ("2026-03-07T00:00:00Z", "2026-03-08T00:00:00Z")
    assert (row["ConsumedQuantity"], row["ConsumedUnit"]) == ("3", "Hours")
    assert (row["SubAccountId"], row["SubAccountName"]) == ("CC-1", "Payments, abroad")
    assert (row["x_AgentId"], row["x_ProjectId"], row["x_RequestId"]) == ("reader", "billing", "REQ-1042")
    assert row["InvoiceId"] == "enterprise-corp-2026-03-USD"
    assert (rounding["ChargeCategory"], rounding["BilledCost"], rounding["x_CostCentre"]) == (
        "Adjustment",
        "-0.003",
        "CC-1",
    )


@pytest.mark.row("C10")
def test_what_is_taken_back_is_a_correction_without_a_price():
    _, (row,) = exported([charged("-3", "-0.30")])
    assert (row["ChargeClass"], row["BilledCost"], row["ListUnitPrice"], row["ConsumedQuantity"]) == (
        "Correction",
        "-0.3",
        "",
        "-3",
    )


@pytest.mark.row("C10")
def test_version_1_3_names_who_serves_and_who_hosts():
    _, (row,) = exported([charged(cost="0.30")], version="1.3")
    assert (row["ServiceProviderName"], row["HostProviderName"]) == ("Countersign", "Countersign")
    assert row["ProviderName"] == "Countersign"  # deprecated, and still there


@pytest.mark.row("C10")
def test_units_are_as_focus_writes_them():
    units = ("hour", "GB-hour", "agent per day", "log entry", "GB", "scan", "vCPU-hour", "")
    assert [focus_unit(each) for each in units] == [
        "Hours",
        "GB-Hours",
        "Agent-Days",
        "Log Entries",
        "GB",
        "Scans",
        "VCPU-Hours",
        "Units",
    ]
    assert [plain(Decimal(each)) for each in ("1E+3", "0.100", "-0.0", "12", "1E-7")] == [
        "1000",
        "0.1",
        "0",
        "12",
        "0.0000001",
    ]


charges = st.builds(
    Charged,
    day=st.dates(MARCH, date(2026, 3, 31)),
    cost_centre=st.just("CC-1"),
    project=st.just("billing"),
    agent=st.sampled_from(["", "reader", 'a "quoted", name\nof two lines']),
    meter=st.sampled_from(["cpu_hours", "scans", "unheard_of"]),
    quantity=st.decimals(-50, 1000, places=6),
    cost=st.decimals(0, 1000, places=9),
    list_cost=st.decimals(0, 1000, places=9),
    request=st.sampled_from(["", "REQ-1"]),
    is_correction=st.booleans(),
)


@given(st.lists(charges, max_size=30), st.sampled_from(["USD", "JPY", "KWD"]), st.sampled_from(["1.2", "1.3"]))
@pytest.mark.row("C10")
def test_whatever_was_charged_the_file_keeps_to_the_specification_and_adds_up_to_the_statement(
    found, currency, version
):
    statement, rows = exported(found, currency=currency, version=version)
    assert sum(Decimal(row["BilledCost"]) for row in rows) == statement.amount
    assert len(rows) >= len(found)
