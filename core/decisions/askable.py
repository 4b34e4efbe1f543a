"""What somebody may ask the gate for: doors offer no action that it would deny for the asker's role alone (R2)."""

from __future__ import annotations

from core.access import TokenScope, directory, permitted
from core.actor import Actor
from core.db import Database
from core.decisions import rules
from core.roles.permissions import ACTION_PERMISSIONS


async def askable_actions(database: Database, actor: Actor) -> tuple[str, ...]:
    """The governed actions that the actor's roles permit, in the order in which they are listed everywhere."""
    async with permitted(database, actor, TokenScope.READ, action="decision.actions", resource="decisions") as tx:
        everybody = await directory(tx)
        return tuple(action for action in ACTION_PERMISSIONS if rules.verdict_on(everybody, actor, action).allowed)
