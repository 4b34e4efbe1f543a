"""Asking another system how it answers, when somebody who may wants to know.

Who asked is recorded before the system is, and what was found after it: nothing is held while somebody else's server
answers. A test signs in over there, so one connector is tested once in a while, over all replicas.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import text

from core.access import Permission, TokenScope, require
from core.actor import Actor
from core.audit import AuditCategory, AuditFilter, AuditResult, audited, record, search
from core.db import Database, Transaction
from core.deliveries.values import Check, Connected, Finding, Health
from core.errors import LimitExceeded, NotFound
from core.redaction import without_secrets

TEST_EVERY: Final = timedelta(seconds=10)
ANSWERS_WITHIN_S: Final = 20.0
_ASKED: Final = "connector.test"
_FOUND: Final = "connector.tested"

log = structlog.get_logger()


class TestedLately(LimitExceeded):
    """This connector was tested a moment ago."""

    code = "connectors.tested_lately"
    __test__ = False  # no test of pytest's


async def run_test(
    database: Database, actor: Actor, connected: Connected, *, name: str, within_s: float = ANSWERS_WITHIN_S
) -> tuple[Finding, ...]:
    """What the connector's check finds, trouble with the check included. Raises NotFound, TestedLately."""
    async with audited(database, actor, action=_ASKED, resource=name) as tx:
        await require(tx, actor, Permission.MODIFY_CONFIG, TokenScope.ADMIN)
        connection = connected.find(actor.tenant, name)
        if connection is None:
            raise NotFound(
                "There is nothing to test here.",
                where="connector",
                accepted=tuple(each.name for each in connected.of(actor.tenant)),
                next_step="Ticket and monitoring systems can be tested; `countersign doctor` checks everything else.",
            )
        await _only_now_and_then(tx, name)
        await record(tx, actor, action=_ASKED, resource=name, category=AuditCategory.SYSTEM)
    findings = tuple(map(_harmless, await _checked(connection.check, name, within_s)))
    worst = next(
        (each for each in (Health.FAILED, Health.WARNING) if any(f.health is each for f in findings)), Health.OK
    )
    async with database.tenant(actor.tenant) as tx:
        await record(
            tx,
            actor,
            action=_FOUND,
            resource=name,
            result=AuditResult.FAILURE if worst is Health.FAILED else AuditResult.SUCCESS,
            category=AuditCategory.SYSTEM,
            details={"health": worst, "findings": len(findings)},
        )
    return findings


async def _only_now_and_then(tx: Transaction, name: str) -> None:
    """Returns once for each span of time, whoever asks at once."""
    lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
    await tx.connection.execute(lock, {"name": f"{_ASKED} {tx.tenant} {name}"})
    wanted = AuditFilter(action=_ASKED, resource=name, result=AuditResult.SUCCESS, since=tx.now - TEST_EVERY)
    if await search(tx, wanted, after=None, limit=1):
        seconds = TEST_EVERY.total_seconds()
        raise TestedLately(next_step=f"Wait {seconds:.0f} seconds and test again.", retry_after_s=seconds)


async def _checked(check: Check, name: str, within_s: float) -> Sequence[Finding]:
    try:
        async with asyncio.timeout(within_s):
            return await check()
    except TimeoutError:
        message, next_step = f"It did not answer within {within_s:g} seconds.", "See whether it is up and reachable."
    except Exception:
        log.exception("connector_test_broken", connector=name)
        message, next_step = "The test broke off; nothing can be said.", "The log of this server tells why."
    return (Finding("answer", Health.FAILED, message, next_step),)


def _harmless(found: Finding) -> Finding:
    return Finding(
        found.subject, found.health, without_secrets("", found.message), without_secrets("", found.next_step)
    )
