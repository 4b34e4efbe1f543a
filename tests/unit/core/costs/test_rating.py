"""Usage rated by the thousand comes to what is said of it one by one (C1, C3)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.costs.ledger import line_for
from core.costs.rates import FOREVER, Meter, Price, RateCard, Tier
from core.costs.rating import Book, Rater, rated, rows_of, spent_on
from core.costs.usage import Usage, check
from core.errors import CountersignError

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SPRING = date(2026, 3, 1)
_FIRST = (Tier(Decimal(0), Decimal("0.10")),)
CARD = RateCard(
    "USD",
    {
        "cpu_hours": Meter("cpu_hours", "compute_costs", (Price(FOREVER, "USD", _FIRST),)),
        "gpu_hours": Meter(
            "gpu_hours",
            "compute_costs",
            (
                Price(date(2026, 1, 1), "EUR", (Tier(Decimal(0), Decimal("2.123456789")),), discount=Decimal("0.125")),
                Price(SPRING, "EUR", (Tier(Decimal(0), Decimal("1.7")),)),
            ),
        ),
        "tokens": Meter("tokens", "models", (Price(FOREVER, "USD", (*_FIRST, Tier(Decimal(10), Decimal("0.05")))),)),
    },
    ((date(2020, 1, 1), {"EUR": Decimal("1.0837")}), (SPRING, {"EUR": Decimal("1.1213")})),
)
SOUND_IDS = ["a", "b", r"c\t", "\u00e9#1"]
SOUND_NAMES = ["", "alpha", r"a\b", r"\N", "\u00e9t\u00e9"]
SOUND_QUANTITIES = st.one_of(
    st.decimals("0.000000000001", 10**12, places=12), st.sampled_from(["1E+3", "0.10", "1.50000000000000"]).map(Decimal)
)
SOUND_TIMES = [NOW, NOW - timedelta(days=40)]
NAMES = st.one_of(st.sampled_from([*SOUND_NAMES, " blank", "x" * 201]), st.text(max_size=5))
QUANTITIES = st.one_of(
    SOUND_QUANTITIES,
    st.sampled_from(["0", "-1", "NaN", "Infinity", "1E+13", "0.1234567890123", "1E-13"]).map(Decimal),
)
USAGES = st.builds(
    Usage,
    st.one_of(st.sampled_from([*SOUND_IDS, "", "d "]), st.text(max_size=5)),
    st.sampled_from([*CARD.meters, "none"]),
    QUANTITIES,
    st.sampled_from([*SOUND_TIMES, NOW - timedelta(days=100), NOW + timedelta(hours=1)]),
    NAMES,
    NAMES,
    st.sampled_from(["", "", "", "a"]),
)
SOUND = st.builds(
    Usage,
    st.sampled_from(SOUND_IDS),
    st.sampled_from([*CARD.meters]),
    SOUND_QUANTITIES,
    st.sampled_from(SOUND_TIMES),
    st.sampled_from(SOUND_NAMES),
    st.sampled_from(SOUND_NAMES),
    st.sampled_from(["", "", "corrected"]),
)


def said_of(usage):
    """What is wrong with the usage, looked at alone; None if nothing is."""
    try:
        check(usage, now=NOW)
        price = CARD.price(usage.meter, usage.at)
        CARD.worth(price.currency, usage.at)
    except CountersignError as exc:
        return str(exc), exc.where
    return None


def written(row):
    """The fields of a row of COPY in text, as PostgreSQL reads them."""
    fields = row.removesuffix("\n").split("\t")
    return [None if field == r"\N" else field.replace(r"\\", "\\") for field in fields]


@pytest.mark.row("C3")
@settings(max_examples=50)
@given(st.lists(USAGES, max_size=6))
def test_the_same_is_said_of_usage_among_many_as_of_it_alone(events):
    rater = Rater(Book(CARD), now=NOW)
    rater.take(events)
    problems = {number: (str(error), error.where) for number, error in rater.rated.problems}
    assert problems == {number: said for number, usage in enumerate(events) if (said := said_of(usage))}


@pytest.mark.row("C1", "C3")
@settings(max_examples=50)
@given(st.lists(SOUND, max_size=6))
def test_rows_are_what_the_ledgers_lines_would_be(events):
    found, book = rated(Book(CARD), events, now=NOW), Book(CARD)
    plain = [usage for usage in events if not usage.corrects and CARD.price(usage.meter, usage.at).is_flat]
    lines = [line_for(CARD, usage, {}) for usage in plain]
    assert found.apart == [usage for usage in events if usage not in plain]
    rows = [fields for row in found.rows if (fields := written(row))[6] is not None]
    for row, line, expected in zip(rows, lines, map(written, rows_of(book, lines)), strict=True):
        assert (row[1], row[4], row[5], row[10]) == (expected[1], expected[4], expected[5], "f")
        assert datetime.fromisoformat(row[3]) == line.charge.at
        amounts = [Decimal(row[7]), Decimal(row[8]), Decimal(row[9] or row[8])]
        assert amounts == [line.charge.quantity, line.charge.amount, line.priced_amount]


@pytest.mark.row("C3")
def test_spent_is_put_together_by_project_agent_and_kind():
    told = [
        Usage("1", "cpu_hours", Decimal(1), NOW, "p", "a"),
        Usage("2", "cpu_hours", Decimal(2), NOW, "p", "a"),
        Usage("3", "cpu_hours", Decimal(4), NOW, "p", "b"),
        Usage("4", "tokens", Decimal(8), NOW, "p", "a"),
    ]
    book = Book(CARD)
    spent = spent_on(book, [rated(book, told[:2], now=NOW), rated(book, told[2:], now=NOW)])
    assert [(each.agent, each.total, len(each.times)) for each in spent] == [
        ("a", Decimal("0.30"), 2),
        ("b", Decimal("0.40"), 1),
    ]


@pytest.mark.row("C3")
def test_digests_stay_what_earlier_releases_have_stored():
    usage = Usage("id", "cpu_hours", Decimal("1.500"), NOW, "alpha", "bot")
    (digest,) = rated(Book(CARD), [usage], now=NOW).digests
    assert digest == "f94faeb8f3d734356fc48d10ee2edef6"
