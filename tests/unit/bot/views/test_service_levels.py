"""Service levels as messages."""

from __future__ import annotations

from decimal import Decimal

from bot.plain import text_of
from bot.views.service_levels import credits_card
from tests.unit.bot.sla_samples import credit


def test_of_a_service_that_was_not_measured_no_figure_is_said():
    said = text_of(credits_card((credit(availability=None, credit=Decimal(), amount=None),)))
    assert "not measured · no credit" in said
    assert "available" not in said
