"""Single-use links under which a vote or a bypass waits for its second factor, or half of a sign-in."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from core.access import member_of
from core.actor import Actor
from core.db import Transaction
from core.signin import store
from core.signin.errors import LinkOver

CHALLENGE_LASTS: Final = timedelta(minutes=10)
VOTE: Final = "vote"  # what waits, where nothing else is said


async def open_challenge(
    tx: Transaction, actor: Actor, *, subject_id: UUID, facts: Mapping[str, Any], purpose: str = VOTE
) -> str:
    """A token under which this person, within ten minutes and once, confirms exactly these facts."""
    secret = secrets.token_urlsafe(32)
    waiting = store.Challenge(member_of(actor), subject_id, facts, tx.now + CHALLENGE_LASTS, purpose)
    await store.add_challenge(tx, hash_of(secret), waiting)
    return f"{tx.tenant}.{secret}"


async def find_challenge(
    tx: Transaction, actor: Actor, token: str, *, purpose: str = VOTE
) -> tuple[UUID, Mapping[str, Any]]:
    """What waits for this person: subject and facts. Raises LinkOver, also for whoever is somebody else."""
    tenant, _, secret = token.partition(".")
    found = await store.challenge(tx, hash_of(secret), purpose=purpose) if tenant == tx.tenant else None
    if found is None or found.user != actor.user:
        raise LinkOver(next_step="Decide again where you did before; you get a new link.")
    return found.subject_id, found.facts


async def use_challenge(tx: Transaction, token: str) -> None:
    """The token is used up. Raises LinkOver if it was before."""
    if not await store.use_challenge(tx, hash_of(token.partition(".")[2])):
        raise LinkOver


def hash_of(secret: str) -> bytes:
    """What is kept of a secret; 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).digest()
