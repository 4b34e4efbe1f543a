"""What deliveries are about, as people call it: REQ-12, BYP-3."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from uuid import UUID

from core.access import Permission, TokenScope, require
from core.actor import Actor
from core.approvals import numbers as request_numbers
from core.audit import audited
from core.db import Database
from core.emergency import numbers as bypass_numbers


async def references_of(database: Database, actor: Actor, subjects: Collection[str]) -> Mapping[str, str]:
    """The reference of each subject that has one, for those who may view the audit."""
    requests, bypasses = _ids(subjects, "request"), _ids(subjects, "bypass")
    async with audited(database, actor, action="deliveries.list", resource="all") as tx:
        await require(tx, actor, Permission.VIEW_AUDIT, TokenScope.READ)
        found = {f"request:{key}": f"REQ-{number}" for key, number in (await request_numbers(tx, requests)).items()}
        return found | {
            f"bypass:{key}": f"BYP-{number}" for key, number in (await bypass_numbers(tx, bypasses)).items()
        }


def _ids(subjects: Collection[str], kind: str) -> set[UUID]:
    found = set()
    for subject in subjects:
        of, _, key = subject.partition(":")
        with suppress(ValueError):  # what has no id has no reference
            found |= {UUID(key)} if of == kind else set()
    return found
