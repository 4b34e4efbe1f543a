"""Figures of service levels as people read them (S2, D21)."""

from __future__ import annotations

import pytest

from core.sla.objective import Metric, figure_words, value_words


@pytest.mark.row("S2")
@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.125, "0.125"),
        (14.4, "14.4"),
        (999.4, "999"),
        (999.6, "1,000"),
        (1000.0, "1,000"),
        (1250.0, "1,250"),
        (22_525.0, "22,525"),
    ],
)
def test_a_figure_is_never_written_with_an_exponent(value, words):
    assert figure_words(value) == words


@pytest.mark.row("S2")
def test_an_hour_is_said_in_seconds():
    assert value_words(Metric.RESPONSE_TIME, 3600.0) == "3,600s"
