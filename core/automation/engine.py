"""The subscriber that asks the rules about everything that happens.

What becomes of each rule is written in one transaction with the outbox events that carry its actions; an event that is
delivered twice finds it written. A rule is held while it is judged, so that its limits hold whichever process is at it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog
from prometheus_client import Counter

from core.actor import system_actor
from core.audit import AuditCategory, record
from core.automation import store
from core.automation.events import SUBJECT, event_for
from core.automation.facts import load_happening
from core.automation.rulebook import RuleBook
from core.automation.rules import Filled, Happening, Result, Verdict, concerns, effect_id, judge, plan
from core.automation.store import NewRun, RuleState
from core.automation.telling import tell_once
from core.automation.values import Rule
from core.db import Database, Transaction
from core.ids import uuid7
from core.outbox import Event, emit

RUNS: Final = Counter("countersign_automation_runs_total", "Rules that an event concerned", ["result"])
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Engine:
    """Rules, and where they find what they ask about."""

    database: Database
    book: RuleBook

    async def deliver(self, event: Event) -> None:
        """Every rule that the event concerns has acted, or it is known why not."""
        rules = [rule for rule in self.book.of(event.tenant) if event.type in rule.on]
        if not rules:
            return
        async with self.database.tenant(event.tenant) as tx:
            happening = await load_happening(tx, event)
            results = [
                await _consider(tx, rule, event, happening) for rule in sorted(rules, key=lambda each: each.name)
            ]
        for result in filter(None, results):  # counted once it is committed
            RUNS.labels(result).inc()


async def _consider(tx: Transaction, rule: Rule, event: Event, happening: Happening) -> Result | None:
    finding = concerns(rule, happening)
    if finding is None or not (finding.holds or finding.error):
        return None
    state = await store.hold_rule(tx, rule.name)
    if state.paused_at is not None or await store.has_run(tx, rule.name, event.id):
        return None
    counts = await store.counts(tx, rule.name, event.subject)
    verdict = judge(rule, finding, happening.origin, counts)
    if verdict is None:
        return None
    await _keep(tx, rule, event, happening, verdict=verdict, state=state)
    log.info("rule_considered", rule=rule.name, event_type=event.type, result=verdict.result, reason=verdict.reason)
    return verdict.result


async def _keep(
    tx: Transaction, rule: Rule, event: Event, happening: Happening, *, verdict: Verdict, state: RuleState
) -> None:
    run = NewRun(
        id=uuid7(),
        rule=rule.name,
        version=rule.version,
        event_id=event.id,
        event_type=event.type,
        subject=event.subject,
        result=verdict.result,
        reason=verdict.reason,
        chain=happening.origin.rules,
    )
    await store.add_run(tx, run)
    await record(
        tx,
        system_actor(tx.tenant),
        action=f"automation.{verdict.result}",
        resource=rule.name,
        category=AuditCategory.SYSTEM,
        details={
            "event": event.type,
            "subject": event.subject,
            "version": rule.version,
            "reason": verdict.reason,
            "chain": list(run.chain),
        },
    )
    match verdict.result:
        case Result.FIRED:
            await _act(replace(tx, origin=happening.origin.then(rule.name)), run, plan(rule, happening))
        case Result.REHEARSED:
            for position, filled in enumerate(plan(rule, happening)):
                identity = effect_id(event.id, rule.name, position)
                await store.add_effect(tx, identity, run.id, filled, position=position, delivery_id=None)
        case Result.SUPPRESSED | Result.STOPPED:
            await tell_once(tx, run, state)
        case Result.UNCLEAR:
            pass


async def _act(tx: Transaction, run: NewRun, planned: Sequence[Filled]) -> None:
    """Each action is on its way by an outbox event of its own."""
    for position, filled in enumerate(planned):
        identity = effect_id(run.event_id, run.rule, position)
        delivery = await emit(
            tx,
            subject=f"{SUBJECT}:{identity}",
            type=event_for(filled.kind, filled.system),
            data={"rule": run.rule, "action": filled.kind, "because_of": run.event_type, "values": dict(filled.values)},
        )
        await store.add_effect(tx, identity, run.id, filled, position=position, delivery_id=delivery)
