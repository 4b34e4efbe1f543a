"""Who touched a ticket there, as somebody of ours."""

from __future__ import annotations

from core.access import TokenScope
from core.actor import Actor, Door
from core.db import Transaction
from core.ticket_accounts import person_behind


async def actor_behind(
    tx: Transaction, system: str, number: str, *, account: str, email: str, scope: TokenScope
) -> Actor | None:
    """The person whose account it is, with this one scope; None where nobody is linked to it."""
    behind = await person_behind(tx, system, account, email=email)
    if behind is None:
        return None
    person, linked_by = behind
    return Actor(
        tenant=tx.tenant,
        user=person.id,
        email=person.email,
        name=person.name,
        door=Door.TICKET,
        user_agent=f"{system}/{number}/{account}",
        scopes=frozenset({scope}),
        linked_by=linked_by,
    )
