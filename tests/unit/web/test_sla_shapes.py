"""Figures of service levels as they travel."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.bot.sla_samples import status
from web.api.sla_shapes import status_out


def test_figures_travel_without_the_dust_of_binary_fractions():
    found = status_out(replace(status(), response_time_p95=2.0798399999999995, availability=0.30000000000000004))
    assert (found.response_time_p95, found.availability) == (2.07984, 0.3)
    assert status_out(replace(status(), availability=0.9999999)).availability == 0.9999999
