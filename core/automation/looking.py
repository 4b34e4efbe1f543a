"""Use cases: the rules with how each goes, what they did, and holding one up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.access import Permission, TokenScope, require
from core.actor import Actor
from core.audit import AuditCategory, audited, record
from core.automation import store
from core.automation.rulebook import RuleBook
from core.automation.rules import Result
from core.automation.values import Rule
from core.db import Database
from core.outbox import DeliveryState, delivery_states
from core.redaction import without_secrets


@dataclass(frozen=True, slots=True)
class RuleView:
    """A rule, and how it goes. Counts are of the history that is kept."""

    rule: Rule
    paused_at: datetime | None
    paused_by: str
    last_fired_at: datetime | None
    counts: Mapping[Result, int]


@dataclass(frozen=True, slots=True)
class EffectView:
    """One thing that a rule did, does or would have done. `state`: rehearsed, pending, done, dead or dismissed."""

    kind: str
    system: str
    values: Mapping[str, str]
    state: str
    attempts: int
    outcome: str  # what came of it; what went wrong last, if it is not done


@dataclass(frozen=True, slots=True)
class RunView:
    """What became of a rule that an event concerned."""

    id: UUID
    rule: str
    version: str
    event_id: UUID
    event_type: str
    subject: str
    result: Result
    reason: str
    chain: tuple[str, ...]
    ran_at: datetime
    effects: tuple[EffectView, ...]


async def list_rules(database: Database, book: RuleBook, actor: Actor) -> tuple[RuleView, ...]:
    """The tenant's rules, in the order of their files."""
    async with audited(database, actor, action="automation.list", resource="rules") as tx:
        await require(tx, actor, Permission.VIEW_AUDIT, TokenScope.READ)
        states, tallies = await store.states(tx), await store.tallies(tx)
    views = []
    for rule in book.of(actor.tenant):
        state = states.get(rule.name, store.RuleState())
        counted = {result: tallies[rule.name, result] for result in Result if (rule.name, result) in tallies}
        fired = [at for result, (_count, at) in counted.items() if result in store.ACTED]
        counts = {result: counted[result][0] if result in counted else 0 for result in Result}
        views.append(RuleView(rule, state.paused_at, state.paused_by, max(fired, default=None), counts))
    return tuple(views)


async def rule_history(
    database: Database, actor: Actor, *, rule: str | None = None, after: UUID | None = None, limit: int = 50
) -> tuple[RunView, ...]:
    """What became of the tenant's rules, or of one of them, newest first, beyond the cursor `after`.

    Also of rules that are not in the files any more. Secrets in what was filled in are struck out.
    """
    async with audited(database, actor, action="automation.history", resource=rule or "rules") as tx:
        await require(tx, actor, Permission.VIEW_AUDIT, TokenScope.READ)
        runs = await store.runs(tx, rule=rule, after=after, limit=limit)
        effects = await store.effects_of(tx, [run.run_id for run in runs])
        delivered = await delivery_states(tx, [each.delivery_id for each in effects if each.delivery_id])
    by_run: dict[UUID, list[EffectView]] = defaultdict(list)
    for each in effects:
        state = _state(each.delivery_id, each.done_at, delivered)
        values = without_secrets("", each.filled)
        outcome = each.outcome or state.last_error or ""
        by_run[each.run_id].append(
            EffectView(each.kind, each.system, values, state.state, state.attempts, without_secrets("", outcome))
        )
    return tuple(
        RunView(
            *(run.run_id, run.rule, run.version, run.event_id, run.event_type, run.subject, Result(run.result)),
            *(run.reason, tuple(run.chain), run.ran_at, tuple(by_run[run.run_id])),
        )
        for run in runs
    )


async def pause_rule(database: Database, book: RuleBook, actor: Actor, name: str) -> None:
    """The rule does nothing until it is resumed; what it has begun is ended. Raises UnknownRule."""
    await _set_paused(database, book, actor, name, is_paused=True)


async def resume_rule(database: Database, book: RuleBook, actor: Actor, name: str) -> None:
    """The rule acts again, on what happens from now on. Raises UnknownRule."""
    await _set_paused(database, book, actor, name, is_paused=False)


async def _set_paused(database: Database, book: RuleBook, actor: Actor, name: str, *, is_paused: bool) -> None:
    action = "automation.pause" if is_paused else "automation.resume"
    async with audited(database, actor, action=action, resource=name) as tx:
        await require(tx, actor, Permission.MODIFY_CONFIG, TokenScope.ADMIN)
        rule = book.find(actor.tenant, name)
        state = await store.hold_rule(tx, name)
        if (state.paused_at is not None) == is_paused:
            return
        await store.set_rule(
            tx, name, paused_at=tx.now if is_paused else None, paused_by=actor.email if is_paused else ""
        )
        details = {"version": rule.version}
        await record(tx, actor, action=action, resource=name, category=AuditCategory.SYSTEM, details=details)


def _state(delivery: UUID | None, done_at: datetime | None, delivered: Mapping[UUID, DeliveryState]) -> DeliveryState:
    if delivery is None:
        return DeliveryState("rehearsed", 0, None)
    known = delivered.get(delivery, DeliveryState("pending", 0, None))
    return DeliveryState("done", known.attempts, None) if done_at is not None else known
