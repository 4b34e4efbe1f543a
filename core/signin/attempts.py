"""Each attempt to prove something is counted before it is checked, under a lock, and its outcome is recorded."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final

from core.actor import Actor
from core.audit import AuditCategory, AuditResult, record
from core.db import Database, Transaction
from core.errors import CountersignError
from core.ids import uuid7
from core.signin import store
from core.signin.errors import TooManyAttempts

ATTEMPTS_WITHIN: Final = timedelta(minutes=15)
ATTEMPTS_PER_ACCOUNT: Final = 10
ATTEMPTS_PER_ADDRESS: Final = 100  # an office shares one
# Anybody can try somebody's password, so ten tries from one place close the account to that place alone; this many
# from wherever close it to everybody. A password of twelve characters bears that.
ATTEMPTS_FROM_ANYWHERE: Final = 100


@asynccontextmanager
async def attempt(
    database: Database, actor: Actor, account: str, *, action: str, from_anywhere: int = ATTEMPTS_PER_ACCOUNT
) -> AsyncIterator[None]:
    """The body's attempt counts unless it succeeds. Raises TooManyAttempts before it begins; refusals are recorded.

    `from_anywhere`: how many of the account, wherever they come from; ten from one address, if that is fewer.

    Each factor has a count of its own: else whoever knows the password could start the count of codes anew with it.
    """
    attempt_id = uuid7()
    limits = {account: from_anywhere, f"{account} from {actor.ip_address}": ATTEMPTS_PER_ACCOUNT}
    if actor.ip_address:
        limits[f"address:{actor.ip_address}"] = ATTEMPTS_PER_ADDRESS
    try:
        async with database.tenant(actor.tenant) as tx:
            for subject, most in sorted(limits.items()):  # in one order: two attempts never wait for each other
                if await store.attempts(tx, subject, since=tx.now - ATTEMPTS_WITHIN) >= most:
                    raise TooManyAttempts(retry_after_s=ATTEMPTS_WITHIN.total_seconds())
            await store.add_attempt(tx, attempt_id, limits)
        yield
    except CountersignError as exc:
        async with database.tenant(actor.tenant) as tx:
            await record_security(tx, actor, action, {"code": exc.code}, result=AuditResult.DENIED)
        raise
    async with database.tenant(actor.tenant) as tx:
        await store.forget_attempts(tx, attempt_id, [account, f"{account} from {actor.ip_address}"])


async def record_security(
    tx: Transaction,
    actor: Actor,
    action: str,
    details: Mapping[str, Any],
    *,
    resource: str = "",
    result: AuditResult = AuditResult.SUCCESS,
) -> None:
    """What happened to how the actor proves themselves stands in the trail."""
    await record(
        tx,
        actor,
        action=action,
        resource=resource or actor.email,
        subject_id=actor.user,
        category=AuditCategory.SECURITY,
        details=details,
        result=result,
    )
