"""Whether what a form asks for can be done at all, said before anybody has written an answer.

Nothing is done, and the use case itself decides again. A refusal is recorded like an attempt (R6).
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from core.actor import Actor
from core.audit import audited
from core.db import Database
from core.emergency import part_store
from core.emergency.extending import check_extendable
from core.emergency.holding import locked
from core.emergency.reviewing import check_reviewer, check_unreviewed

_PREPARED: Final = "bypass.prepare"  # in the trail: somebody wanted the form of an act


async def check_review_offered(database: Database, actor: Actor, bypass_id: UUID) -> None:
    """Returns if the actor may review it. Raises OwnReview, NotIndependent, NotManagement or AlreadyReviewed."""
    said = {"form": "review"}
    async with audited(database, actor, action=_PREPARED, resource=str(bypass_id), details=said) as tx:
        row = await locked(tx, bypass_id)
        await check_reviewer(tx, actor, row, await part_store.uses_of(tx, [bypass_id]))
        check_unreviewed(row)


async def check_extension_offered(database: Database, actor: Actor, bypass_id: UUID) -> None:
    """Returns if the actor may ask for more time. Raises NotManagement, BypassOver or ExtensionRefused."""
    said = {"form": "extension"}
    async with audited(database, actor, action=_PREPARED, resource=str(bypass_id), details=said) as tx:
        await check_extendable(tx, actor, await locked(tx, bypass_id))
