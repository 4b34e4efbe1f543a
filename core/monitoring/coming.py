"""A message that bears an id of its own is taken once."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from core.db import Transaction
from core.monitoring import store

KEPT: Final = timedelta(hours=24)  # far longer than a signature is accepted


async def is_new(tx: Transaction, connector: str, message_id: str) -> bool:
    """Whether this message has not come before; from the commit of this transaction on, it has."""
    return await store.add_message(tx, connector, message_id)


async def purge_messages(tx: Transaction) -> None:
    """Those whose signature is no longer accepted anyway are forgotten."""
    await store.drop_messages(tx, before=tx.now - KEPT)
