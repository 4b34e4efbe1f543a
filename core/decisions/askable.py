"""What somebody may ask the gate for: doors offer no action that it would deny for the asker's role alone (R2)."""

from __future__ import annotations

from core.access import TokenScope, directory, permitted
from core.actor import Actor
from core.db import Database, Transaction
from core.decisions import rules
from core.decisions.errors import NothingToAsk
from core.roles.permissions import ACTION_PERMISSIONS


async def askable_actions(database: Database, actor: Actor) -> tuple[str, ...]:
    """The governed actions that the actor's roles permit, in the order in which they are listed everywhere."""
    async with permitted(database, actor, TokenScope.READ, action="decision.actions", resource="decisions") as tx:
        return await _askable(tx, actor)


async def actions_to_ask(database: Database, actor: Actor) -> tuple[str, ...]:
    """The same for the form in which one asks. Raises NothingToAsk, which is recorded like an attempt (R6)."""
    async with permitted(database, actor, TokenScope.READ, action="decision.prepare", resource="decisions") as tx:
        found = await _askable(tx, actor)
        if not found:
            raise NothingToAsk(next_step="A tenant administrator can give you one that does.")
        return found


async def _askable(tx: Transaction, actor: Actor) -> tuple[str, ...]:
    everybody = await directory(tx)
    return tuple(action for action in ACTION_PERMISSIONS if rules.verdict_on(everybody, actor, action).allowed)
