"""Several processes tell usage out of order, doubled and corrected, and are killed: the ledger is exact (C1, C3)."""

from __future__ import annotations

import os
import secrets
from dataclasses import replace

import pytest

from bench.errors import WrongAnswer
from bench.exact import Plan, prove, recomputed
from core.ids import TenantId

SEED = int(os.environ.get("COUNTERSIGN_CHAOS_SEED", "0")) or secrets.randbelow(10**6)
PLAN = Plan(TenantId("enterprise-corp"), events=5_000, writers=3, seed=SEED)


@pytest.mark.row("C1", "C3")
async def test_the_ledger_is_what_a_recomputation_by_fractions_says_whoever_is_killed(company):
    proven = await prove(company.database.url, PLAN, kills=2)
    assert proven["events"] == 5_000
    assert proven["kills"] >= 1


def test_the_recomputation_notices_one_event_that_is_missing():
    less = replace(PLAN, events=PLAN.events - 1)
    assert recomputed(less) != recomputed(PLAN)
    assert issubclass(WrongAnswer, Exception)
