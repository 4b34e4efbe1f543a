"""The order in which services are listed where only some can be (S7)."""

import pytest

from core.sla import worst_first
from tests.unit.bot.sla_samples import line

pytestmark = pytest.mark.row("S7")


def test_what_is_not_kept_is_listed_before_what_is_at_risk_silent_or_met():
    found = worst_first([line(service=each, standing=each) for each in ("met", "no_data", "breached", "at_risk")])
    assert [each.service for each in found] == ["breached", "at_risk", "no_data", "met"]


def test_among_equals_more_alerts_come_first_and_then_the_name_decides():
    found = worst_first([line(service="b"), line(service="c", alerts=4), line(service="a")])
    assert [each.service for each in found] == ["c", "a", "b"]
