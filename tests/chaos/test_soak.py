"""A small soak: four failing ticket systems, a server that is killed, and every ticket as it should be (N1, N6, X3)."""

import os
import secrets

import pytest

from bench.soak import soak

CHANGES = 100
KILLS = 2
SEED = int(os.environ.get("COUNTERSIGN_CHAOS_SEED", "0")) or secrets.randbelow(10**6)


@pytest.mark.row("N1", "N6", "X3")
@pytest.mark.timeout(600)
async def test_no_ticket_is_missing_doubled_or_out_of_step_although_everything_fails_now_and_then():
    found = await soak(changes=CHANGES, kills=KILLS, seed=SEED)
    assert found.is_sound, str(found)
    assert (found.kills, found.dead) == (KILLS, 0)
    assert found.changes >= CHANGES
    assert found.files > 0
    assert sum(sum(each.values()) for each in found.met.values()) > 0, "nothing failed, so nothing was shown"
