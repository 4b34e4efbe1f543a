"""/api/v1/automation: rules of workflow automation, what they did, what they would do, and holding one up."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from core.automation import (
    EffectView,
    Rehearsal,
    Result,
    RuleBook,
    RuleView,
    RunView,
    list_rules,
    pause_rule,
    rehearse,
    resume_rule,
    rule_history,
)
from core.db import Database
from core.durations import parse_duration
from core.errors import ErrorKind, InvalidInput
from web.endpoint import Call, Method, endpoint
from web.paging import Cursors, Page, PageQuery
from web.schema import Id, Input, Output, Path

_CURSORS = Cursors("automation-runs", UUID)
_FORBIDDEN = (ErrorKind.FORBIDDEN,)
_UNKNOWN = (ErrorKind.FORBIDDEN, ErrorKind.NOT_FOUND)


class LimitsOut(Output):
    """How often a rule may act within an hour."""

    per_hour: int
    per_subject: int


class RuleOut(Output):
    """A rule, and how it goes."""

    name: str
    description: str
    version: Annotated[str, Field(description="SHA-256 over what it says, in hex")]
    source: Annotated[str, Field(description="file and line")]
    mode: Annotated[str, Field(description="live, or dry_run: it only shows what it would have done")]
    on: list[str]
    when: str | None
    actions: list[str]
    limits: LimitsOut
    react_to_own: bool
    paused_at: datetime | None
    paused_by: str
    last_fired_at: datetime | None
    counts: Annotated[dict[str, int], Field(description="results in the history that is kept, 90 days")]


class RulesOut(Output):
    """The tenant's rules."""

    items: list[RuleOut]


class ActionOut(Output):
    """One action with everything filled in."""

    action: str
    system: str
    values: dict[str, str]


class EffectOut(ActionOut):
    """One action of a rule, and how it goes."""

    state: Annotated[str, Field(description="rehearsed, pending, done, dead or dismissed")]
    attempts: int
    outcome: str


class RunOut(Output):
    """What became of a rule when something happened."""

    id: UUID
    rule: str
    version: str
    event_id: UUID
    event_type: str
    subject: str
    result: Result
    reason: str
    chain: Annotated[list[str], Field(description="the rules that led to the event")]
    ran_at: datetime
    effects: list[EffectOut]


class RehearsalIn(Input):
    """About what: one event, or all since then. Neither: the last seven days."""

    event: Id | None = None
    since: Annotated[str | None, Field(max_length=40, description="7d, 12h")] = None


class RehearsedOut(Output):
    """What the rule would have done about one event."""

    event_id: UUID
    event_type: str
    subject: str
    at: datetime
    result: Result
    reason: str
    actions: list[ActionOut]


class RehearsalOut(Output):
    """What the rule would have done. Nothing was sent."""

    items: list[RehearsedOut]


class ByRule(Path):
    """One rule."""

    rule: Annotated[str, Field(max_length=60)]


class Automation:
    """Workflow automation."""

    def __init__(self, database: Database, book: RuleBook) -> None:
        self._database, self._book = database, book

    @endpoint(
        Method.GET,
        "/api/v1/automation/rules",
        summary="List rules",
        tags=("automation",),
        errors=_FORBIDDEN,
        permission="view audit",
    )
    async def list(self, call: Call[None, None, None]) -> RulesOut:
        """Each with its state, when it last acted and how often."""
        found = await list_rules(self._database, self._book, call.actor)
        return RulesOut(items=[_rule_out(view) for view in found])

    @endpoint(
        Method.GET,
        "/api/v1/automation/rules/{rule}/history",
        summary="Show what a rule did",
        tags=("automation",),
        errors=_UNKNOWN,
        permission="view audit",
    )
    async def history(self, call: Call[None, PageQuery, ByRule]) -> Page[RunOut]:
        """Newest first: each time that something happened which the rule is about, and what came of it."""
        rule = self._book.find(call.actor.tenant, call.path.rule)
        query = call.query
        found = await rule_history(
            self._database, call.actor, rule=rule.name, after=_CURSORS.decode(query.cursor), limit=query.limit + 1
        )
        return _CURSORS.page(found, limit=query.limit, shown=_run_out, position=lambda each: each.id)

    @endpoint(
        Method.POST,
        "/api/v1/automation/rules/{rule}/dry-run",
        summary="Rehearse a rule",
        tags=("automation",),
        errors=_UNKNOWN,
        permission="view audit",
    )
    async def dry_run(self, call: Call[RehearsalIn, None, ByRule]) -> RehearsalOut:
        """What the rule would have done about what has happened, exactly. Nothing is sent or kept."""
        rule = self._book.find(call.actor.tenant, call.path.rule)
        since = parse_duration(call.body.since) if call.body.since is not None else None
        if call.body.since is not None and since is None:
            raise InvalidInput(f"'{call.body.since}' is not a duration.", where="since", accepted=("7d", "12h"))
        found = await rehearse(self._database, call.actor, rule, since=since, event_id=call.body.event)
        return RehearsalOut(items=[_rehearsed_out(each) for each in found])

    @endpoint(
        Method.POST,
        "/api/v1/automation/rules/{rule}/pause",
        summary="Pause a rule",
        tags=("automation",),
        errors=_UNKNOWN,
        permission="modify configuration",
    )
    async def pause(self, call: Call[None, None, ByRule]) -> None:
        """It does nothing until it is resumed; what it has begun is ended."""
        await pause_rule(self._database, self._book, call.actor, call.path.rule)

    @endpoint(
        Method.POST,
        "/api/v1/automation/rules/{rule}/resume",
        summary="Resume a rule",
        tags=("automation",),
        errors=_UNKNOWN,
        permission="modify configuration",
    )
    async def resume(self, call: Call[None, None, ByRule]) -> None:
        """It acts again, on what happens from now on."""
        await resume_rule(self._database, self._book, call.actor, call.path.rule)


def _rule_out(view: RuleView) -> RuleOut:
    rule = view.rule
    return RuleOut(
        name=rule.name,
        description=rule.description,
        version=rule.version,
        source=rule.source,
        mode=rule.mode,
        on=list(rule.on),
        when=rule.when.text if rule.when else None,
        actions=[action.kind for action in rule.then],
        limits=LimitsOut(per_hour=rule.limits.per_hour, per_subject=rule.limits.per_subject),
        react_to_own=rule.react_to_own,
        paused_at=view.paused_at,
        paused_by=view.paused_by,
        last_fired_at=view.last_fired_at,
        counts={str(result): count for result, count in view.counts.items()},
    )


def _run_out(view: RunView) -> RunOut:
    return RunOut(
        id=view.id,
        rule=view.rule,
        version=view.version,
        event_id=view.event_id,
        event_type=view.event_type,
        subject=view.subject,
        result=view.result,
        reason=view.reason,
        chain=list(view.chain),
        ran_at=view.ran_at,
        effects=[_effect_out(each) for each in view.effects],
    )


def _effect_out(view: EffectView) -> EffectOut:
    return EffectOut(
        action=view.kind,
        system=view.system,
        values=dict(view.values),
        state=view.state,
        attempts=view.attempts,
        outcome=view.outcome,
    )


def _rehearsed_out(found: Rehearsal) -> RehearsedOut:
    return RehearsedOut(
        event_id=found.event_id,
        event_type=found.event_type,
        subject=found.subject,
        at=found.at,
        result=found.result,
        reason=found.reason,
        actions=[ActionOut(action=each.kind, system=each.system, values=dict(each.values)) for each in found.actions],
    )
