"""A company with each simulated ticket system in turn."""

from __future__ import annotations

import pytest

from tests.contract.itsm.systems import SYSTEMS
from tests.service.connectors.mapped import Desk, OneField


@pytest.fixture(params=SYSTEMS)
async def desk(request, company, catalogue):
    """A company whose requests' justification is a field of their tickets, both ways, ours in doubt."""
    async with SYSTEMS[request.param]() as bench:
        system = bench.connect(read_timeout_s=2.0, total_timeout_s=8.0)
        yield Desk(company, catalogue, bench, system, OneField(bench.field))
        await system.close()
