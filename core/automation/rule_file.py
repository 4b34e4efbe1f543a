"""Reading rules from YAML: every problem of a file at once, each with its line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from config.yamlfile import LocatedDocument, YamlPath
from core.automation.action_file import ActionReader
from core.automation.surroundings import Surroundings
from core.automation.triggers import TRIGGERS, VOCABULARY, subjects_of
from core.automation.values import PER_HOUR, PER_SUBJECT, Limits, Mode, Rule
from core.conditions import Condition, compile_condition
from core.errors import InvalidInput
from core.located import Reader

RULE_KEYS: Final = ("name", "description", "on", "when", "then", "limits", "react_to_own", "mode")
LIMIT_KEYS: Final = ("per_hour", "per_subject")
RULES_MAX: Final = 200  # of a tenant
ACTIONS_MAX: Final = 10  # of a rule
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{1,59}\Z")


def read_rules(document: LocatedDocument, around: Surroundings) -> tuple[Rule, ...]:
    """The rules of one file. Raises ConfigError with every problem found, one per line."""
    reader = Reader(document)
    top = reader.mapping((), document.value, allowed=("rules",), required=("rules",))
    rules: list[Rule] = []
    for index, item in enumerate(reader.sequence(("rules",), top.get("rules", ()))):
        path: YamlPath = ("rules", index)
        rule = _rule(reader, path, item, around, source=f"{document.file}:{document.nearest_line(path)}")
        if any(each.name == rule.name for each in rules):
            reader.problem((*path, "name"), f"There are two rules '{rule.name}'.")
        rules.append(rule)
    if len(rules) > RULES_MAX:
        reader.problem(("rules",), f"There are {len(rules)} rules; at most {RULES_MAX} are accepted.")
    reader.finish()
    return tuple(rules)


def _rule(reader: Reader, path: YamlPath, item: object, around: Surroundings, *, source: str) -> Rule:
    fields = reader.mapping(path, item, allowed=RULE_KEYS, required=("name", "on", "then"))
    name = reader.text((*path, "name"), fields.get("name", "rule"))
    if not _NAME.match(name):
        message = f"'{name}' is no name: 2 to 60 small letters, digits and hyphens, a letter first."
        reader.problem((*path, "name"), message, accepted=("tell-the-owner",))
    triggers = _triggers(reader, (*path, "on"), fields.get("on", ()))
    subjects = subjects_of(triggers)
    actions = ActionReader(reader, triggers, subjects, around)
    given = reader.sequence((*path, "then"), fields.get("then", ()))
    then = [actions.action((*path, "then", index), action) for index, action in enumerate(given)]
    if "then" in fields and not 1 <= len(given) <= ACTIONS_MAX:
        reader.problem((*path, "then"), f"A rule has 1 to {ACTIONS_MAX} actions.")
    return Rule(
        name=name,
        description=reader.text((*path, "description"), fields["description"]) if "description" in fields else "",
        on=triggers,
        when=_condition(reader, (*path, "when"), fields["when"], subjects) if "when" in fields else None,
        then=tuple(action for action in then if action is not None),
        limits=_limits(reader, (*path, "limits"), fields.get("limits", {})),
        react_to_own=reader.boolean((*path, "react_to_own"), fields.get("react_to_own", False)),
        mode=_mode(reader, (*path, "mode"), fields.get("mode", Mode.LIVE)),
        source=source,
    )


def _triggers(reader: Reader, path: YamlPath, value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (reader.choice(path, value, TRIGGERS),)
    given = reader.sequence(path, value)
    if not given:
        reader.problem(path, "A rule listens to one event at least.", accepted=TRIGGERS)
    return tuple(dict.fromkeys(reader.choice((*path, index), each, TRIGGERS) for index, each in enumerate(given)))


def _condition(reader: Reader, path: YamlPath, value: object, subjects: Sequence[str]) -> Condition | None:
    if not isinstance(value, str):
        reader.problem(path, "Here stands a condition, in quotes.", accepted=('request.risk == "high"',))
        return None
    try:
        return compile_condition(reader.text(path, value), subjects=tuple(subjects), vocabulary=VOCABULARY)
    except InvalidInput as exc:
        reader.problem(path, exc.message, accepted=exc.accepted)
        return None


def _limits(reader: Reader, path: YamlPath, value: object) -> Limits:
    fields: Mapping[str, object] = reader.mapping(path, value, allowed=LIMIT_KEYS)
    return Limits(
        per_hour=reader.integer((*path, "per_hour"), fields.get("per_hour", PER_HOUR), least=1),
        per_subject=reader.integer((*path, "per_subject"), fields.get("per_subject", PER_SUBJECT), least=1),
    )


def _mode(reader: Reader, path: YamlPath, value: object) -> Mode:
    chosen = reader.choice(path, value, tuple(Mode))
    return Mode(chosen) if chosen in tuple(Mode) else Mode.LIVE
