"""Reading approval policies from YAML: every problem of a file at once, each with its line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from config.suggest import suggest
from config.yamlfile import LocatedDocument, YamlPath
from core.approvals.policy import (
    TIMEOUT_MIN,
    WELL_KNOWN_TITLES,
    ApprovalPolicy,
    Quorum,
    StagePolicy,
    default_reminder,
    slug,
)
from core.durations import EXAMPLES, parse_duration
from core.located import Reader
from core.roles.hierarchy import UnknownRole, resolve_role
from core.roles.permissions import ACTION_PERMISSIONS

POLICY_KEYS: Final = ("stages", "applies_to", "same_voter_may_decide_stages")
CRITERION_MAX: Final = 500  # characters; more is a document, not something to tick off
STAGE_KEYS: Final = ("stage", "approvers", "criteria", "timeout", "reminder", "needs", "quorum")
ACTIONS: Final = tuple(ACTION_PERMISSIONS)


def read_policies(
    document: LocatedDocument, *, role_aliases: Mapping[str, str] | None = None
) -> tuple[ApprovalPolicy, ...]:
    """The policies of one file. Raises ConfigError with every problem found, one per line."""
    reader = Reader(document)
    policies = tuple(
        _policy(reader, title, body, role_aliases or {}, source=f"{document.file}:{document.nearest_line((title,))}")
        for title, body in reader.mapping((), document.value).items()
    )
    reader.finish()
    return policies


def _policy(reader: Reader, title: str, body: object, aliases: Mapping[str, str], *, source: str) -> ApprovalPolicy:
    path: YamlPath = (title,)
    fields = reader.mapping(path, body, allowed=POLICY_KEYS, required=("stages",))
    key = slug(title)
    applies_to = tuple(
        reader.choice((*path, "applies_to", index), action, ACTIONS)
        for index, action in enumerate(reader.sequence((*path, "applies_to"), fields.get("applies_to", ())))
    ) or WELL_KNOWN_TITLES.get(key, ())
    if not applies_to:
        reader.problem(path, f"The policy '{title}' does not say what it applies to.", accepted=ACTIONS)
    stages: list[StagePolicy] = []
    for index, item in enumerate(reader.sequence((*path, "stages"), fields.get("stages", ()))):
        stages.append(_stage(reader, (*path, "stages", index), item, tuple(stages), aliases))
    same = reader.boolean((*path, "same_voter_may_decide_stages"), fields.get("same_voter_may_decide_stages", False))
    return ApprovalPolicy(
        key=key,
        title=title,
        applies_to=applies_to,
        stages=tuple(stages),
        same_voter_may_decide_stages=same,
        source=source,
    )


def _stage(
    reader: Reader, path: YamlPath, item: object, earlier: tuple[StagePolicy, ...], aliases: Mapping[str, str]
) -> StagePolicy:
    fields = reader.mapping(path, item, allowed=STAGE_KEYS, required=("stage", "approvers", "timeout"))
    key = slug(reader.text((*path, "stage"), fields.get("stage", "stage")))
    known = tuple(stage.key for stage in earlier)
    if not key or key in known:
        reader.problem((*path, "stage"), f"The stage '{key}' is there twice." if key else "A stage needs a name.")
    approvers = tuple(
        _role(reader, (*path, "approvers", index), name, aliases)
        for index, name in enumerate(reader.sequence((*path, "approvers"), fields.get("approvers", ())))
    )
    if not approvers and "approvers" in fields:
        reader.problem((*path, "approvers"), "A stage needs at least one role that decides it.")
    criteria = tuple(
        reader.text((*path, "criteria", index), name)
        for index, name in enumerate(reader.sequence((*path, "criteria"), fields.get("criteria", ())))
    )
    for index, name in enumerate(criteria):
        if len(name) > CRITERION_MAX:
            message = f"A criterion has at most {CRITERION_MAX} characters; this has {len(name)}."
            reader.problem((*path, "criteria", index), message)
    timeout = _duration(reader, (*path, "timeout"), fields.get("timeout", "24 hours"))
    reminder = (
        _duration(reader, (*path, "reminder"), fields["reminder"])
        if "reminder" in fields
        else default_reminder(timeout)
    )
    if timeout < TIMEOUT_MIN:
        reader.problem((*path, "timeout"), "A stage is open for a second at least.", accepted=EXAMPLES)
    if reminder >= timeout:
        reader.problem(
            (*path, "reminder"), "The reminder comes before the end, so it must be shorter than the timeout."
        )
    needs = (
        tuple(
            reader.choice((*path, "needs", index), name, known)
            for index, name in enumerate(reader.sequence((*path, "needs"), fields["needs"]))
        )
        if "needs" in fields
        else known[-1:]
    )
    return StagePolicy(
        key=key,
        approvers=tuple(dict.fromkeys(approvers)),
        criteria=tuple(dict.fromkeys(criteria)),
        timeout=timeout,
        reminder=reminder,
        needs=needs,
        quorum=_quorum(reader, (*path, "quorum"), fields.get("quorum", "any")),
    )


def _role(reader: Reader, path: YamlPath, name: object, aliases: Mapping[str, str]) -> str:
    text = reader.text(path, name)
    try:
        return resolve_role(text, aliases)
    except UnknownRole as exc:
        reader.problem(path, exc.message, accepted=exc.accepted)
        return text


def _duration(reader: Reader, path: YamlPath, value: object) -> timedelta:
    duration = parse_duration(value)
    if duration is None:
        reader.problem(path, f"'{value}' is not a duration.", accepted=EXAMPLES)
        return timedelta(hours=24)
    return duration


def _quorum(reader: Reader, path: YamlPath, value: object) -> Quorum:
    if value == "any":
        return 1
    if value == "all":
        return "all"
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    guess = suggest(str(value), ("any", "all"))
    reader.problem(
        path,
        f"'{value}' is not a quorum." + (f" Did you mean '{guess}'?" if guess else ""),
        accepted=("any", "all", "a number from 1"),
    )
    return 1
