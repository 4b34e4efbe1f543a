"""All SQL of turns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, Date, Uuid, bindparam, text

from core.db import Transaction

# In one order, so that two replicas never wait for each other.
_CLAIM: Final = text("""
    INSERT INTO turns (tenant_id, kind, subject_id, day)
    SELECT :tenant, :kind, asked.subject_id, asked.day
    FROM unnest(:subjects, :days) AS asked (subject_id, day)
    ORDER BY asked.subject_id
    ON CONFLICT (tenant_id, kind, subject_id) DO UPDATE SET day = excluded.day WHERE turns.day < excluded.day
    RETURNING subject_id
""").bindparams(bindparam("subjects", type_=ARRAY(Uuid)), bindparam("days", type_=ARRAY(Date)))


async def claim(tx: Transaction, kind: str, days: Mapping[UUID, date]) -> frozenset[UUID]:
    """Those for whom this call is the first of their day; the others have had this day, or a later one, already.

    Who is claimed is held until the transaction ends, and free again if it fails.
    """
    if not days:
        return frozenset()
    claimed = await tx.connection.execute(
        _CLAIM, {"tenant": tx.tenant, "kind": kind, "subjects": list(days), "days": list(days.values())}
    )
    return frozenset(claimed.scalars())
