"""Which names of a bypass are slips."""

import pytest

from core.emergency.naming import mistyped

KNOWN = ("invoice-reader", "agent-4", "payments-bot-3f2a91")


@pytest.mark.row("E1")
@pytest.mark.parametrize(
    "name", ["Invoice-Reader", "invoice_reader", "invoice-raeder", "invoice-reder", "Payments-Bto-3f2a91"]
)
def test_a_slip_of_the_finger_is_known(name):
    assert mistyped(name, KNOWN) in KNOWN


@pytest.mark.row("E1")
@pytest.mark.parametrize(
    "name",
    [
        "agent-9",
        "agent-40",
        "payments-bot-3f2a92",
        "payments-bot",
        "invoice-writer",
        "invoice-reader-2",
        "reader",
        "42",
    ],
)
def test_a_name_that_is_only_like_another_is_none(name):
    assert mistyped(name, KNOWN) is None
