"""Reading a change policy from YAML: every problem of the file at once, each with its line (G1).

The framework's block loads unchanged. Ours, all optional: a type may be written as a mapping (`type`, `permission`);
`implementation.review_due`; beside them `templates`, `windows`, `freezes`, `dependencies`, `risk` and `approval`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final, TypeVar

from config.yamlfile import LocatedDocument, YamlPath
from core.approvals.policy import slug
from core.approvals.risk import RiskLevel, RiskModel
from core.approvals.risk_file import read_risk
from core.changes.assessing import DEFAULT_MODEL, change_condition
from core.changes.policy import (
    DEFAULT_REVIEW_DUE,
    DEFAULT_TIMEOUT,
    Approver,
    ChangePolicy,
    ChangeType,
    Gate,
    Implementation,
    Template,
)
from core.changes.rollback_file import read_approvers, read_drills, read_rollback
from core.changes.times_file import read_freeze, read_window
from core.conditions import Condition
from core.dependencies import read_resource
from core.errors import InvalidInput
from core.located import Reader
from core.roles.permissions import Permission, names, permissions_of
from core.rollouts import read_plan

T = TypeVar("T")

WRAPPER: Final = "Change Management"
TYPES_MAX: Final = 50  # a form lists them
TYPE_MAX: Final = 40  # characters
KEYS: Final = (
    "change_types",
    "approval_matrix",
    "implementation",
    "templates",
    "windows",
    "freezes",
    "dependencies",
    "risk",
    "approval",
    "rollout",
    "rollback",
    "drills",
)
REQUIRED: Final = KEYS[:3]
ROWS: Final[Mapping[str, RiskLevel]] = {f"{level}_risk": level for level in RiskLevel}
TYPE_KEYS: Final = ("type", "permission")
GATE_KEYS: Final[Mapping[str, Gate]] = {f"{gate}_required": gate for gate in Gate}
IMPLEMENTATION_KEYS: Final = (*GATE_KEYS, "post_implementation_review", "review_due")
TEMPLATE_KEYS: Final = ("template", "title", "type", "resources", "max_risk", "description", *Gate)
TOUCHED_EXAMPLES: Final = ("service:Payments", "agent:*")
PERMISSIONS: Final = tuple(names(Permission.CREATE_AGENTS | Permission.DEPLOY_AGENTS | Permission.MODIFY_CONFIG))


def read_change_policy(document: LocatedDocument, *, role_aliases: Mapping[str, str] | None = None) -> ChangePolicy:
    """The policy. `role_aliases` are the tenant's. Raises ConfigError with every problem found, one per line."""
    reader = Reader(document)
    path: YamlPath = (WRAPPER,)
    outer = reader.mapping((), document.value, allowed=(WRAPPER,), required=(WRAPPER,))
    fields = reader.mapping(path, outer.get(WRAPPER, {}), allowed=KEYS, required=REQUIRED)
    types = _types(reader, (*path, "change_types"), fields.get("change_types", ()))
    about = tuple(types)
    policy = ChangePolicy(
        types=types,
        matrix=_matrix(reader, (*path, "approval_matrix"), fields.get("approval_matrix", {}), role_aliases or {}),
        implementation=_implementation(reader, (*path, "implementation"), fields.get("implementation", {})),
        templates=_templates(reader, (*path, "templates"), fields.get("templates", ()), about),
        windows=tuple(_each(reader, (*path, "windows"), fields.get("windows", ()), about, read_window)),
        freezes=tuple(
            found
            for found in _each(reader, (*path, "freezes"), fields.get("freezes", ()), about, read_freeze)
            if found is not None
        ),
        depends_on=_dependencies(reader, (*path, "dependencies"), fields.get("dependencies", {})),
        risk=_risk(reader, (*path, "risk"), fields["risk"]) if "risk" in fields else DEFAULT_MODEL,
        timeout=_timeout(reader, (*path, "approval"), fields.get("approval", {})),
        rollout=read_plan(reader, (*path, "rollout"), fields["rollout"] or {}) if "rollout" in fields else None,
        rollback=read_rollback(reader, (*path, "rollback"), fields.get("rollback", {}), role_aliases or {}),
        drills=read_drills(reader, (*path, "drills"), fields.get("drills", ()), has_platform="rollout" in fields),
    )
    reader.finish()
    return policy


def _each(
    reader: Reader,
    path: YamlPath,
    value: object,
    types: tuple[str, ...],
    read: Callable[[Reader, YamlPath, object, tuple[str, ...]], T],
) -> list[T]:
    return [read(reader, (*path, index), item, types) for index, item in enumerate(reader.sequence(path, value))]


def _types(reader: Reader, path: YamlPath, value: object) -> dict[str, ChangeType]:
    found: dict[str, ChangeType] = {}
    for index, item in enumerate(reader.sequence(path, value)):
        place = (*path, index)
        written = item if isinstance(item, dict) else {"type": item}
        fields = reader.mapping(place, written, allowed=TYPE_KEYS, required=("type",))
        key = slug(reader.text((*place, "type"), fields.get("type", "type")))
        if not key or key in found:
            reader.problem(place, f"The type '{key}' is there twice." if key else "A type needs a name.")
        if len(key) > TYPE_MAX:
            reader.problem(place, f"A type has at most {TYPE_MAX} characters; '{key[:TYPE_MAX]}…' has {len(key)}.")
        permission = Permission.MODIFY_CONFIG
        if "permission" in fields:
            chosen = reader.choice((*place, "permission"), fields["permission"], PERMISSIONS)
            permission = permissions_of([chosen]) if chosen in PERMISSIONS else permission
        found[key] = ChangeType(key, permission)
    if not 1 <= len(found) <= TYPES_MAX:
        reader.problem(path, f"There are 1 to {TYPES_MAX} types of change; here are {len(found)}.")
    return found


def _matrix(
    reader: Reader, path: YamlPath, value: object, aliases: Mapping[str, str]
) -> dict[RiskLevel, tuple[Approver, ...]]:
    fields = reader.mapping(path, value, allowed=tuple(ROWS), required=tuple(ROWS))
    matrix: dict[RiskLevel, tuple[Approver, ...]] = {}
    for row, level in ROWS.items():
        place = (*path, row)
        approvers = read_approvers(reader, place, fields.get(row, ()), aliases)
        if row in fields and not approvers:
            reader.problem(place, "Somebody must decide; what needs nobody is a template.")
        matrix[level] = approvers
    return matrix


def _implementation(reader: Reader, path: YamlPath, value: object) -> Implementation:
    fields = reader.mapping(path, value, allowed=IMPLEMENTATION_KEYS)
    required = {key: reader.boolean((*path, key), fields.get(key, True)) for key in GATE_KEYS}
    review = reader.boolean((*path, "post_implementation_review"), fields.get("post_implementation_review", True))
    due = DEFAULT_REVIEW_DUE
    if "review_due" in fields:
        due = reader.duration((*path, "review_due"), fields["review_due"], due)
    return Implementation(tuple(gate for key, gate in GATE_KEYS.items() if required[key]), review, due)


def _templates(reader: Reader, path: YamlPath, value: object, types: tuple[str, ...]) -> dict[str, Template]:
    found: dict[str, Template] = {}
    for index, item in enumerate(reader.sequence(path, value)):
        place = (*path, index)
        fields = reader.mapping(place, item, allowed=TEMPLATE_KEYS, required=("template", "type", "resources"))
        key = slug(reader.text((*place, "template"), fields.get("template", "template")))
        if not key or key in found:
            reader.problem((*place, "template"), f"The template '{key}' is there twice." if key else "It needs a name.")
        risk = reader.choice((*place, "max_risk"), fields.get("max_risk", RiskLevel.LOW), tuple(RiskLevel))
        texts = {
            name: reader.text((*place, name), fields[name])
            for name in TEMPLATE_KEYS
            if name in fields and name not in ("type", "resources")
        }
        touched = tuple(reader.sequence((*place, "resources"), fields.get("resources", ())))
        if "resources" in fields and not touched:
            reader.problem((*place, "resources"), "Name what it touches, or a kind of it.", accepted=TOUCHED_EXAMPLES)
        found[key] = Template(
            key=key,
            title=texts.get("title", key.replace("_", " ").capitalize()),
            type=reader.choice((*place, "type"), fields.get("type", types[0] if types else ""), types),
            resources=tuple(
                _resource(reader, (*place, "resources", number), reader.text((*place, "resources", number), each))
                for number, each in enumerate(touched)
            ),
            max_risk=RiskLevel(risk) if risk in tuple(RiskLevel) else RiskLevel.LOW,
            description=texts.get("description", ""),
            evidence={gate: texts[gate] for gate in Gate if gate in texts},
        )
    return found


def _dependencies(reader: Reader, path: YamlPath, value: object) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, needs in reader.mapping(path, value).items():
        place = (*path, name)
        found[_resource(reader, place, name)] = tuple(
            _resource(reader, (*place, index), reader.text((*place, index), need))
            for index, need in enumerate(reader.sequence(place, needs))
        )
    return found


def _resource(reader: Reader, path: YamlPath, text: str) -> str:
    try:
        return read_resource(text)
    except InvalidInput as exc:
        reader.problem(path, exc.message, accepted=exc.accepted)
        return text


def _risk(reader: Reader, path: YamlPath, value: object) -> RiskModel:
    def condition(place: YamlPath, given: object) -> Condition | None:
        try:
            return change_condition(reader.text(place, given))
        except InvalidInput as exc:
            reader.problem(place, exc.message, accepted=exc.accepted)
            return None

    return read_risk(reader, path, value, condition=condition, defaults=DEFAULT_MODEL)


def _timeout(reader: Reader, path: YamlPath, value: object) -> timedelta:
    fields = reader.mapping(path, value, allowed=("timeout",))
    if "timeout" not in fields:
        return DEFAULT_TIMEOUT
    return reader.duration((*path, "timeout"), fields["timeout"], DEFAULT_TIMEOUT)
