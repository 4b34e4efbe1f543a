"""Which currency a report is in (C7, C8)."""

from __future__ import annotations

import pytest

from core.finance.errors import InvalidReport
from core.finance.looking import chosen_currency


@pytest.mark.row("C7")
@pytest.mark.parametrize(
    ("wanted", "known", "chosen"),
    [("", (), "USD"), ("", ("EUR", "USD"), "EUR"), ("USD", ("EUR", "USD"), "USD"), ("CHF", (), "CHF")],
)
def test_a_report_is_in_the_currency_that_is_asked_for_or_that_has_most_costs(wanted, known, chosen):
    assert chosen_currency(wanted, known) == chosen


@pytest.mark.row("C7")
@pytest.mark.parametrize("known", [(), ("EUR",)])
@pytest.mark.parametrize("wanted", ["ä\u202e🙂", "usd", "US", "USD\n"])
def test_what_is_no_currency_is_refused_also_where_there_are_no_costs(wanted, known):
    with pytest.raises(InvalidReport) as caught:
        chosen_currency(wanted, known)
    assert caught.value.where == "currency"
    assert caught.value.accepted
