"""What a bypass is refused for, in words (E1)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.emergency.errors import InvalidBypass, NotManagement
from core.emergency.rules import Wish, check_wish
from core.tenants import BypassPolicy

HOUR = timedelta(hours=1)


@pytest.mark.row("E1")
@pytest.mark.parametrize(
    ("justification", "duration", "said"),
    [
        ("x", HOUR, "The justification has 1 character; it needs 10 to"),
        ("xy", HOUR, "The justification has 2 characters; it needs 10 to"),
        ("Payments stand still.", 2 * HOUR, "A bypass lasts from 5 minutes to 1 hour here."),
    ],
)
def test_a_refusal_counts_one_of_a_thing_as_one(justification, duration, said):
    policy = BypassPolicy(allowed_roles=("security_analyst",), max_duration=HOUR, review_due=HOUR)
    with pytest.raises(InvalidBypass) as refused:
        check_wish(policy, Wish("agent.deploy", "invoice-reader", justification, duration))
    assert refused.value.message.startswith(said)


@pytest.mark.row("E1")
def test_who_may_not_is_told_so_whatever_they_tried():
    assert "acknowledge" not in NotManagement().message


@pytest.mark.row("E1")
@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (" invoice-reader ", "invoice-reader"),
        ("agent:invoice-reader", "invoice-reader"),
        ("Agent: invoice-reader", "invoice-reader"),
        ("agent:*", "*"),
        ("chg-1007", "CHG-1007"),
        ("service:Payments", "service:Payments"),
        ("agent-7", "agent-7"),
    ],
)
def test_a_resource_is_named_as_the_gate_will_name_it(written, meant):
    assert Wish("agent.deploy", written, "Payments stand still.", HOUR).trimmed().resource == meant
