"""What `countersign automation` does: each command calls one use case over rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from app.administration import existing, operator, run
from app.automation import known_systems, read_rulebook
from app.container import Service
from app.tickets import connected_systems
from config.settings import Settings
from config.yamlfile import load_yaml
from core.access_requests import read_endpoint
from core.automation import (
    Rehearsal,
    RuleView,
    RunView,
    Surroundings,
    list_rules,
    pause_rule,
    read_rules,
    rehearse,
    resume_rule,
    rule_history,
)
from core.durations import parse_duration
from core.errors import InvalidInput
from core.ids import TenantId


def check(settings: Settings, files: Sequence[Path], tenant: str | None) -> list[dict[str, Any]]:
    """What the files say, or every file in force. Raises ConfigError with every problem of the first that has any.

    With a tenant, files are read against the ticket systems that it is connected to.
    """
    if files:
        systems = None if tenant is None else known_systems(connected_systems(settings)).get(tenant, {})
        around = Surroundings(systems, read_endpoint)
        read = [(tenant or file.stem, rule) for file in files for rule in read_rules(load_yaml(file), around)]
    else:
        book = read_rulebook(settings)
        read = [(of, rule) for of, rules in book.rules.items() for rule in rules if tenant in {None, of}]
    return [
        {
            "tenant": of,
            "rule": rule.name,
            "mode": rule.mode,
            "on": list(rule.on),
            "actions": [str(action.kind) for action in rule.then],
            "version": rule.version[:12],
        }
        for of, rule in read
    ]


def rules(settings: Settings, tenant: str) -> list[dict[str, Any]]:
    """The tenant's rules, and how each goes."""
    book = read_rulebook(settings)

    async def read(service: Service) -> list[dict[str, Any]]:
        actor = operator(await existing(service, tenant))
        return [_rule(view) for view in await list_rules(service.database, book, actor)]

    return run(settings, read)


def history(settings: Settings, tenant: str, rule: str | None, *, limit: int) -> list[dict[str, Any]]:
    """What became of the tenant's rules, or of one, newest first. Raises UnknownRule."""

    async def read(service: Service) -> list[dict[str, Any]]:
        actor = operator(await existing(service, tenant))
        found = await rule_history(service.database, actor, rule=rule, limit=limit)
        if rule and not found:  # one that is in no file any more has a history, and no other
            read_rulebook(settings).find(TenantId(tenant), rule)
        return [_run(each) for each in found]

    return run(settings, read)


def dry_run(settings: Settings, tenant: str, rule: str, *, event: str | None, since: str) -> list[dict[str, Any]]:
    """What the rule would have done about the event, or about all since then. Raises InvalidInput, UnknownRule."""
    book = read_rulebook(settings)
    back = parse_duration(since)
    if back is None:
        raise InvalidInput(f"'{since}' is not a duration.", accepted=("7d", "12h"))
    try:
        event_id = UUID(event) if event else None
    except ValueError:
        raise InvalidInput(f"'{event}' is no id of an event.", next_step="Take one from the history.") from None

    async def read(service: Service) -> list[dict[str, Any]]:
        actor = operator(await existing(service, tenant))
        found = await rehearse(
            service.database, actor, book.find(actor.tenant, rule), since=None if event_id else back, event_id=event_id
        )
        return [line for each in found for line in _rehearsed(each)]

    return run(settings, read)


def hold_up(settings: Settings, tenant: str, rule: str) -> None:
    """The rule is paused."""
    book = read_rulebook(settings)

    async def pause(service: Service) -> None:
        await pause_rule(service.database, book, operator(await existing(service, tenant)), rule)

    run(settings, pause)


def let_go(settings: Settings, tenant: str, rule: str) -> None:
    """The rule acts again."""
    book = read_rulebook(settings)

    async def resume(service: Service) -> None:
        await resume_rule(service.database, book, operator(await existing(service, tenant)), rule)

    run(settings, resume)


def _rule(view: RuleView) -> dict[str, Any]:
    return {
        "rule": view.rule.name,
        "state": "paused" if view.paused_at else view.rule.mode,
        "last_fired_at": view.last_fired_at,
        **{str(result): count for result, count in view.counts.items()},
        "version": view.rule.version[:12],
    }


def _run(view: RunView) -> dict[str, Any]:
    return {
        "at": view.ran_at,
        "rule": view.rule,
        "result": view.result,
        "because_of": view.event_type,
        "subject": view.subject,
        "event": view.event_id,
        "reason": view.reason,
        "chain": list(view.chain),
        "actions": [
            {"action": each.kind, "system": each.system, "state": each.state, "outcome": each.outcome}
            for each in view.effects
        ],
    }


def _rehearsed(found: Rehearsal) -> Iterator[dict[str, Any]]:
    about = {"at": found.at, "event": found.event_id, "because_of": found.event_type, "subject": found.subject}
    if not found.actions:
        yield {**about, "result": found.result, "reason": found.reason}
    for each in found.actions:
        yield {**about, "result": "would act", "action": each.kind, "system": each.system, **each.values}
