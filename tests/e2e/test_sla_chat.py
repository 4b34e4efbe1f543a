"""Service levels in the workspace: /sla services, show, budget and reports (S7, D21)."""

from __future__ import annotations

import pytest

from tests.e2e.test_incidents_chat import typed
from tests.product import until


def answered(product, line, *words):
    """What the person sees of the line, once it has all these words: pictures take a moment."""
    return until(lambda: all(each in (found := typed(product, line)) for each in words) and found, f"{words} of {line}")


@pytest.mark.row("S2", "S7", "S9")
def test_services_are_asked_about_in_chat(product):
    answered(product, "/sla services", "Service levels", "`/sla show` and a service's name")
    answered(product, "/sla show payments", "95th percentile", "Availability", "min left", "800ms")
    answered(product, "/sla budget payments", "min left")
    answered(product, "/sla reports", "payments")
    answered(product, "/sla show paymets", "Did you mean 'payments'")
    answered(product, "/sla help", "/sla show payments")
