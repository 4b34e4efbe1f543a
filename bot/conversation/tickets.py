"""Whether the form of /approve asks for a ticket."""

from __future__ import annotations

from bot.conversation.chat import Chat
from core.errors import Unavailable
from core.tenants import tenant_policy


async def asks_for_ticket(chat: Chat, action: str) -> bool:
    """Whether a policy for the action may ask for one.

    Without policies, or a database, nothing is asked for here: the gate says what is wrong.
    """
    try:
        async with chat.database.tenant(chat.platform.tenant) as tx:
            policies = chat.gate.catalogue.for_tenant(await tenant_policy(tx))
    except Unavailable:
        return False
    return any(policy.ticket for policy in policies.candidates(action))
