"""Parts of tables are made once, however many ask for them at the same moment."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest
from sqlalchemy import text

MAKES = {"usage": "SELECT countersign_usage_part(:day)", "samples": "SELECT countersign_sla_part(:day)"}


@pytest.mark.parametrize("make", MAKES.values(), ids=MAKES.keys())
async def test_a_part_that_several_writers_need_at_once_is_made_for_all_of_them(database, make):
    async def ask(day):
        async with database.system() as tx:
            await tx.connection.execute(text(make), {"day": day})

    for month in range(1, 13):
        await asyncio.gather(*(ask(date(2031, month, 1)) for _ in range(8)))
