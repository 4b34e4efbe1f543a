"""What each cost centre is charged: to the cent, with the rounding shown (C10)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.finance.assigning import Assignments, SubjectKind, Turn
from core.finance.chargeback import Spent, places_of, rounded, statement_of

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)


def made(spent, *turns, currency="USD"):
    titles = {"CC-1": "Payments"}
    return statement_of(spent, Assignments(turns), titles, since=MARCH, until=APRIL, currency=currency)


def cost(amount, *, day=3, project="billing", agent="reader", meter="cpu_hours"):
    return Spent(date(2026, 3, day), project, agent, meter, Decimal(1), Decimal(amount))


@pytest.mark.row("C10")
def test_what_rounding_makes_of_lines_and_centres_is_shown():
    turns = [Turn(SubjectKind.PROJECT, "billing", MARCH, "CC-1")]
    found = made([cost("0.004"), cost("0.004", meter="scans"), cost("0.003", project="claims")], *turns)
    payments, nobody = found.centres
    assert [(each.meter, each.amount) for each in payments.lines] == [
        ("cpu_hours", Decimal("0.00")),
        ("scans", Decimal("0.00")),
    ]
    assert (payments.title, payments.amount, payments.rounding) == ("Payments", Decimal("0.01"), Decimal("0.01"))
    assert (nobody.code, nobody.amount) == ("", Decimal("0.00"))
    assert (found.exact, found.amount, found.rounding) == (Decimal("0.011"), Decimal("0.01"), Decimal("0.00"))


@pytest.mark.row("C10")
def test_a_cost_belongs_to_the_centre_of_its_day():
    turns = [
        Turn(SubjectKind.AGENT, "reader", MARCH, "CC-1"),
        Turn(SubjectKind.AGENT, "reader", date(2026, 3, 15), "CC-2"),
    ]
    found = made([cost("10", day=14), cost("20", day=15)], *turns)
    assert [(each.code, each.amount) for each in found.centres] == [
        ("CC-1", Decimal("10.00")),
        ("CC-2", Decimal("20.00")),
    ]


@pytest.mark.row("C10")
def test_the_smallest_coin_is_the_currency_s():
    assert (places_of("USD"), places_of("JPY"), places_of("KWD")) == (2, 0, 3)
    assert rounded(Decimal("2.5"), "JPY") == 2
    assert rounded(Decimal("1.2345"), "KWD") == Decimal("1.234")


costs = st.builds(
    Spent,
    st.dates(MARCH, date(2026, 3, 31)),
    st.sampled_from(["", "billing", "claims"]),
    st.sampled_from(["", "a", "b"]),
    st.sampled_from(["cpu_hours", "scans"]),
    st.decimals(0, 1000, places=6),
    st.decimals(-1000, 1000, places=12),
)
turn = st.builds(
    Turn,
    st.sampled_from(SubjectKind),
    st.sampled_from(["billing", "a", "b"]),
    st.dates(date(2026, 2, 1), APRIL),
    st.sampled_from(["", "CC-1", "CC-2"]),
)


@given(st.lists(costs, max_size=40), st.lists(turn, max_size=6), st.sampled_from(["USD", "JPY", "KWD"]))
@pytest.mark.row("C10")
def test_with_its_rounding_everything_adds_up_to_the_ledger_s_total_rounded_once(spent, turns, currency):
    found = made(spent, *turns, currency=currency)
    total = sum((each.cost for each in spent), Decimal(0))
    assert found.exact == total
    assert found.amount == rounded(total, currency)
    assert sum((each.amount for each in found.centres), found.rounding) == found.amount
    for centre in found.centres:
        assert sum((each.amount for each in centre.lines), centre.rounding) == centre.amount
        assert sum(each.exact for each in centre.lines) == centre.exact
        assert abs(centre.amount - centre.exact) <= Decimal("0.5").scaleb(-places_of(currency))
