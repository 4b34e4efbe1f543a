"""Whether what a form asks for can be done at all, said before anybody has written an answer.

Nothing is done. A refusal is not recorded, as nobody has tried yet; the use case itself decides again.
"""

from __future__ import annotations

from uuid import UUID

from core.actor import Actor
from core.db import Database
from core.emergency import part_store
from core.emergency.extending import check_extendable
from core.emergency.holding import locked
from core.emergency.reviewing import check_reviewer, check_unreviewed


async def check_review_offered(database: Database, actor: Actor, bypass_id: UUID) -> None:
    """Returns if the actor may review it. Raises OwnReview, NotIndependent, NotManagement or AlreadyReviewed."""
    async with database.tenant(actor.tenant) as tx:
        row = await locked(tx, bypass_id)
        await check_reviewer(tx, actor, row, await part_store.uses_of(tx, [bypass_id]))
        check_unreviewed(row)


async def check_extension_offered(database: Database, actor: Actor, bypass_id: UUID) -> None:
    """Returns if the actor may ask for more time. Raises NotManagement, BypassOver or ExtensionRefused."""
    async with database.tenant(actor.tenant) as tx:
        await check_extendable(tx, actor, await locked(tx, bypass_id))
