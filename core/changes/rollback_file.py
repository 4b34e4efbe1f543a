"""Reading who decides, about rollbacks and in the matrix, and which rollbacks are rehearsed, from a change policy."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from config.yamlfile import YamlPath
from core.approvals.asking import resolve_asked
from core.changes.policy import DEFAULT_ROLLBACK_TIMEOUT, Approver, Drill, RollbackApproval
from core.dependencies import read_resource
from core.errors import InvalidInput
from core.located import Reader

ROLLBACK_KEYS: Final = ("approvers", "timeout")
DRILL_KEYS: Final = ("drill", "resources", "environment", "every")
DRILLS_MAX: Final = 50
DEFAULT_EVERY: Final = timedelta(days=30)
SHORTEST_EVERY: Final = timedelta(hours=1)
PRODUCTION: Final = ("production", "prod", "live")


def read_approvers(reader: Reader, path: YamlPath, value: object, aliases: Mapping[str, str]) -> tuple[Approver, ...]:
    """Roles, people or groups who decide, none of them twice."""
    found: dict[str, Approver] = {}
    for index, name in enumerate(reader.sequence(path, value)):
        text = reader.text((*path, index), name)
        try:
            approver = Approver(text, resolve_asked(text, aliases))
        except InvalidInput as exc:
            reader.problem((*path, index), exc.message, accepted=exc.accepted)
            continue
        if approver.key in found:
            message = f"'{text}' decides here already, as '{found[approver.key].name}': nobody decides twice."
            reader.problem((*path, index), message)
        found.setdefault(approver.key, approver)
    return tuple(found.values())


def read_rollback(reader: Reader, path: YamlPath, value: object, aliases: Mapping[str, str]) -> RollbackApproval:
    """Who is asked before a rollback by hand, and for how long (G8)."""
    fields = reader.mapping(path, value, allowed=ROLLBACK_KEYS)
    timeout = DEFAULT_ROLLBACK_TIMEOUT
    if "timeout" in fields:
        timeout = reader.duration((*path, "timeout"), fields["timeout"], timeout)
    return RollbackApproval(read_approvers(reader, (*path, "approvers"), fields.get("approvers", ()), aliases), timeout)


def read_drills(reader: Reader, path: YamlPath, value: object, *, has_platform: bool) -> dict[str, Drill]:
    """Which rollbacks are rehearsed, where and how often (G9)."""
    found: dict[str, Drill] = {}
    items = reader.sequence(path, value)
    if items and not has_platform:
        reader.problem(path, "Drills need the agent platform: say under 'rollout' how it is watched.")
    if len(items) > DRILLS_MAX:
        reader.problem(path, f"{DRILLS_MAX} drills at most; here are {len(items)}.")
    for index, item in enumerate(items):
        drill = _drill(reader, (*path, index), item)
        if drill.name in found:
            reader.problem((*path, index, "drill"), f"The drill '{drill.name}' is there twice.")
        found[drill.name] = drill
    return found


def _drill(reader: Reader, path: YamlPath, value: object) -> Drill:
    fields = reader.mapping(path, value, allowed=DRILL_KEYS, required=("drill", "resources", "environment"))
    environment = reader.text((*path, "environment"), fields.get("environment", "staging")).strip()
    if environment.casefold() in PRODUCTION:
        reader.problem((*path, "environment"), "A rollback is not rehearsed in production.", accepted=("staging",))
    every = DEFAULT_EVERY
    if "every" in fields:
        every = reader.duration((*path, "every"), fields["every"], every)
    if every < SHORTEST_EVERY:
        reader.problem((*path, "every"), "A drill comes once an hour at most.", accepted=("30 days",))
    resources = []
    for index, each in enumerate(reader.sequence((*path, "resources"), fields.get("resources", ()))):
        try:
            resources.append(read_resource(reader.text((*path, "resources", index), each)))
        except InvalidInput as exc:
            reader.problem((*path, "resources", index), exc.message, accepted=exc.accepted)
    if "resources" in fields and not resources:
        reader.problem((*path, "resources"), "Say what is rolled back.", accepted=("agent:invoice-reader",))
    return Drill(reader.text((*path, "drill"), fields.get("drill", "")), tuple(resources), environment, every)
