"""Service levels as they are written: the framework's block, ours, and OpenSLO (S1)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from config.yamlfile import load_yaml, parse_yaml
from core.errors import ConfigError
from core.sla.budget import window_noun
from core.sla.contract import Contract, Tier, usual_tiers
from core.sla.objective import Bound, Metric, bound_words, read_bound
from core.sla.objective_file import read_definitions
from core.sla.windows import DAY, Unit, Window, read_window

SHIPPED = Path(__file__).parents[4] / "config" / "sla" / "default.yaml"
NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)


def test_a_window_whose_zone_never_was_is_read_in_utc():
    stored = {**read_window("calendar month", zone="UTC").to_json(), "zone": "America/NewYork"}
    assert Window.from_json(stored) == read_window("calendar month", zone="UTC")
    kept = read_window("calendar month", zone="America/New_York")
    assert Window.from_json(kept.to_json()) == kept


def test_a_services_terms_are_found_by_its_name_however_it_is_spaced_and_it_is_named_once():
    block = "{availability: {target: '99.9%'}, credits: {fee: '1000.00 USD', tiers: [{below: '99.9%', credit: '10%'}]}}"
    found = definitions(f"SLA Definitions:\n  services:\n    Payments  API: {block}\n")
    assert list(found.contracts) == [found.objectives[0].service] == ["Payments API"]
    with pytest.raises(ConfigError, match="'Payments API' is named twice"):
        definitions(f"SLA Definitions:\n  services:\n    Payments  API: {block}\n    Payments API: {block}\n")


@pytest.mark.row("S1")
def test_the_frameworks_block_loads_unchanged():
    found = read_definitions(load_yaml(SHIPPED))
    assert [(each.name, each.words, each.window.words, each.service) for each in found.objectives] == [
        ("availability", "availability >= 99.9%", "rolling 30d", "*"),
        ("response_time", "95% of response times < 2s", "rolling 24h", "*"),
        ("throughput", "throughput > 1000 operations/minute", "rolling 24h", "*"),
        ("success_rate", "success rate > 99%", "rolling 24h", "*"),
        ("error_rate", "error rate < 1%", "rolling 24h", "*"),
    ]
    assert [each.below for each in found.contracts["*"].tiers] == [0.999, 0.99, 0.95]
    assert [each.pages for each in found.objectives] == [True, True, False, True, True]


def definitions(text):
    return read_definitions(parse_yaml(text, file="sla.yaml"))


def test_a_service_has_its_own_promises_windows_and_terms():
    found = definitions(
        """
SLA Definitions:
  availability: {target: "99%"}
  services:
    payments:
      availability: {target: "99.95%", window: "calendar month"}
      performance: {response_time: "<= 250 ms", measurement: "99th percentile, rolling 7 days"}
      credits:
        fee: "1200.00 EUR"
        tiers: [{below: "99.95%", credit: "10%"}, {below: "99%", credit: "30%"}]
      alerts: {minimum_traffic: 100}
"""
    )
    (other, available, fast) = found.objectives
    assert (other.service, available.service, available.window.unit) == ("*", "payments", Unit.MONTH)
    assert (fast.percentile, fast.window.rolling, fast.minimum_traffic) == (0.99, 7 * DAY, 100)
    terms = found.contracts["payments"]
    assert (terms.amount(0.9990), terms.amount(0.98), terms.amount(0.9995)) == (
        Decimal("120.00"), Decimal("360.00"), Decimal("0.00"),
    )  # fmt: skip


@pytest.mark.row("S1")
def test_every_problem_is_named_with_its_line_key_and_what_is_accepted():
    with pytest.raises(ConfigError) as refused:
        definitions(
            """SLA Definitions:
  availability:
    target: "high"
    penalty: "a stern look"
  performance:
    response_tme: "< 2 seconds"
    throughput: "< 1000 operations/minute"
    measurement: "by feeling"
"""
        )
    said = str(refused.value)
    assert re.findall(r"sla\.yaml:(\d+) key '([^']+)'", said) == [
        ("3", "SLA Definitions.availability.target"),
        ("4", "SLA Definitions.availability.penalty"),
        ("6", "SLA Definitions.performance.response_tme"),
        ("8", "SLA Definitions.performance.measurement"),
        ("7", "SLA Definitions.performance.throughput"),
    ]
    assert "Did you mean 'response_time'?" in said
    assert "Accepted: > 1000 operations/minute." in said


@pytest.mark.parametrize(
    ("metric", "text", "bound"),
    [
        (Metric.AVAILABILITY, "99.9%", Bound(">=", 0.999)),
        (Metric.RESPONSE_TIME, "< 2 seconds", Bound("<", 2.0)),
        (Metric.RESPONSE_TIME, "<= 500 ms", Bound("<=", 0.5)),
        (Metric.RESPONSE_TIME, "1.5 s", Bound("<=", 1.5)),
        (Metric.THROUGHPUT, "> 1000 operations/minute", Bound(">", 1000.0)),
        (Metric.THROUGHPUT, "> 10 requests per second", Bound(">", 600.0)),
        (Metric.SUCCESS_RATE, "> 99%", Bound(">", 0.99)),
        (Metric.ERROR_RATE, "< 1%", Bound("<", 0.01)),
        (Metric.ERROR_RATE, "> 1%", None),
        (Metric.AVAILABILITY, "100%", None),
        (Metric.AVAILABILITY, "99.9", None),
        (Metric.RESPONSE_TIME, "< 2 parsecs", None),
        (Metric.THROUGHPUT, "> 0 operations/minute", None),
        (Metric.SUCCESS_RATE, "", None),
    ],
)
def test_a_bound_is_read_as_people_write_it(metric, text, bound):
    assert read_bound(metric, text) == bound
    if bound:
        assert read_bound(metric, bound_words(metric, bound)) == bound


def test_windows_end_where_the_calendar_of_their_zone_says():
    month = read_window("calendar month", zone="America/New_York")
    span = month.span(datetime(2026, 3, 1, 3, tzinfo=UTC))  # still February there
    assert (span.start, span.end) == (datetime(2026, 2, 1, 5, tzinfo=UTC), datetime(2026, 3, 1, 5, tzinfo=UTC))
    assert read_window("calendar quarter").span(NOW).end == datetime(2026, 4, 1, tzinfo=UTC)
    assert read_window("calendar week").span(NOW).start == datetime(2026, 3, 9, tzinfo=UTC)
    assert read_window("calendar year").span(NOW).end == datetime(2027, 1, 1, tzinfo=UTC)
    assert read_window("rolling 24-hour window").span(NOW).start == NOW - timedelta(hours=24)
    for text in ("rolling 5 minutes", "calendar decade", "rolling", "24 hours", "rolling 400 days"):
        assert read_window(text) is None


@pytest.mark.row("S9")
def test_credits_are_those_of_the_lowest_tier_that_applies():
    terms = Contract(usual_tiers(0.999), fee=Decimal("1000.00"))
    found = [terms.amount(each) for each in (1.0, 0.999, 0.9989, 0.9899, 0.90)]
    assert found == [Decimal("0.00"), Decimal("0.00"), Decimal("100.00"), Decimal("250.00"), Decimal("1000.00")]
    assert Contract((Tier(0.99, Decimal("0.1")),)).amount(0.5) is None  # nobody says of what


@pytest.mark.parametrize(
    ("window", "noun"),
    [
        ("calendar month", "month's"), ("rolling 24h", "day's"), ("rolling 30 days", "30 days'"),
        ("rolling 36 hours", "36 hours'"), ("rolling 1 hour", "hour's"), ("rolling 90 minutes", "90 minutes'"),
    ],
)  # fmt: skip
def test_a_windows_budget_is_named_by_its_length(window, noun):
    assert window_noun(read_window(window)) == noun


@pytest.mark.parametrize(("metric", "text"), [(Metric.AVAILABILITY, "٩٩%"), (Metric.RESPONSE_TIME, "< ٢ seconds")])
def test_a_bound_is_written_in_the_digits_0_to_9(metric, text):
    assert read_bound(metric, text) is None
    assert read_window("rolling ٣٠ days") is None
