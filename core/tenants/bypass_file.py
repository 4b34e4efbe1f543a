"""The `bypass` section of a tenant's YAML, with every problem at its line."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from config.yamlfile import YamlPath
from core.located import Reader
from core.tenants.bypass_policy import (
    ASSURANCES,
    BLOCKS,
    BypassPolicy,
    BypassReason,
    EnvironmentRule,
    ExtensionRule,
    IncidentRule,
    ReviewRule,
    StepUp,
    Who,
)
from core.tenants.who_file import Roles, read_people, read_texts, read_who

WHO_KEYS: Final = ("allowed_roles", "allowed_groups", "allowed_people")
BYPASS_KEYS: Final = (
    *WHO_KEYS,
    "max_duration",
    "review_due",
    "acknowledge_every",
    "environments",
    "reasons",
    "reason_required",
    "incident",
    "step_up",
    "extensions",
    "escalate_after",
    "escalation",
    "review",
)
ENVIRONMENT_KEYS: Final = (*WHO_KEYS, "max_duration", "step_up")
REASON_KEYS: Final = ("title", "incident")
INCIDENT_KEYS: Final = ("required", "format")
STEP_UP_KEYS: Final = ("assurance", "max_age")
EXTENSION_KEYS: Final = ("most", "longest")
REVIEW_KEYS: Final = ("checklist", "reviewers", "remind_every", "blocks")
CHECKLIST_MAX: Final = 10  # Slack: a checkboxes element has at most ten options
CHECK_MAX: Final = 75  # characters; Slack: text of an option
CODES_MAX: Final = 25
EXTENSIONS_MAX: Final = 10
_CODE: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


def read_bypass(reader: Reader, path: YamlPath, value: object, *, roles: Roles) -> BypassPolicy:
    """The policy as the section states it; what it leaves out has its default."""
    fields = reader.mapping(path, value, allowed=BYPASS_KEYS)
    defaults = BypassPolicy()
    who = _allowed(reader, path, fields, roles)
    no_rules: dict[str, object] = {}

    def duration(key: str, default: timedelta) -> timedelta:
        return reader.duration((*path, key), fields[key], default) if key in fields else default

    return BypassPolicy(
        allowed_roles=defaults.allowed_roles if who is None else who.roles,
        max_duration=duration("max_duration", defaults.max_duration),
        review_due=duration("review_due", defaults.review_due),
        acknowledge_every=duration("acknowledge_every", defaults.acknowledge_every),
        allowed_groups=() if who is None else who.groups,
        allowed_people=() if who is None else who.people,
        environments={
            _name(reader, (*path, "environments", name), name): _environment(
                reader, (*path, "environments", name), rule, roles
            )
            for name, rule in reader.mapping((*path, "environments"), fields.get("environments", no_rules)).items()
        },
        reasons=_reasons(reader, (*path, "reasons"), fields.get("reasons", no_rules)),
        reason_required=reader.boolean(
            (*path, "reason_required"), fields.get("reason_required", defaults.reason_required)
        ),
        incident=_incident(reader, (*path, "incident"), fields.get("incident", no_rules)),
        step_up=_step_up(reader, (*path, "step_up"), fields.get("step_up", no_rules)),
        extensions=_extensions(reader, (*path, "extensions"), fields.get("extensions", no_rules)),
        escalate_after=reader.integer(
            (*path, "escalate_after"), fields.get("escalate_after", defaults.escalate_after), least=1
        ),
        escalation=tuple(
            read_who(reader, (*path, "escalation", index), level, roles)
            for index, level in enumerate(
                reader.sequence((*path, "escalation"), fields.get("escalation", defaults.escalation))
            )
        ),
        review=_review(reader, (*path, "review"), fields.get("review", no_rules), roles),
    )


def _allowed(reader: Reader, path: YamlPath, fields: object, roles: Roles) -> Who | None:
    """None where nothing is said. Who names groups or people alone means nobody else, whatever their role."""
    named = fields if isinstance(fields, dict) else {}
    if not any(key in named for key in WHO_KEYS):
        return None
    return Who(
        roles((*path, "allowed_roles"), named.get("allowed_roles", ()), ()),
        read_texts(reader, (*path, "allowed_groups"), named.get("allowed_groups", ())),
        read_people(reader, (*path, "allowed_people"), named.get("allowed_people", ())),
    )


def _environment(reader: Reader, path: YamlPath, value: object, roles: Roles) -> EnvironmentRule:
    """`staging:` alone is an environment in which the general rules hold."""
    fields = reader.mapping(path, {} if value is None else value, allowed=ENVIRONMENT_KEYS)
    defaults = BypassPolicy()
    return EnvironmentRule(
        _allowed(reader, path, fields, roles),
        reader.duration((*path, "max_duration"), fields["max_duration"], defaults.max_duration)
        if "max_duration" in fields
        else None,
        _step_up(reader, (*path, "step_up"), fields["step_up"]) if "step_up" in fields else None,
    )


def _reasons(reader: Reader, path: YamlPath, value: object) -> tuple[BypassReason, ...]:
    fields = reader.mapping(path, value)
    if len(fields) > CODES_MAX:
        reader.problem(path, f"There are {len(fields)} reasons; a list of choices has at most {CODES_MAX}.")
    return tuple(_reason(reader, (*path, code), code, said) for code, said in fields.items())


def _reason(reader: Reader, path: YamlPath, code: str, value: object) -> BypassReason:
    """`outage: "A service is down"`, or a mapping with `title` and `incident`."""
    code = _name(reader, path, code)
    if isinstance(value, str):
        return BypassReason(code, reader.text(path, value))
    fields = reader.mapping(path, value, allowed=REASON_KEYS, required=("title",))
    incident = _incident(reader, (*path, "incident"), fields["incident"]) if "incident" in fields else None
    return BypassReason(code, reader.text((*path, "title"), fields.get("title", code)), incident)


def _incident(reader: Reader, path: YamlPath, value: object) -> IncidentRule:
    fields = reader.mapping(path, value, allowed=INCIDENT_KEYS)
    expression = reader.text((*path, "format"), fields["format"]) if "format" in fields else ""
    try:
        re.compile(expression)
    except re.error as exc:
        reader.problem((*path, "format"), f"'{expression}' is no regular expression: {exc}.", accepted=("INC[0-9]{7}",))
    return IncidentRule(reader.boolean((*path, "required"), fields.get("required", False)), expression)


def _step_up(reader: Reader, path: YamlPath, value: object) -> StepUp:
    fields = reader.mapping(path, value, allowed=STEP_UP_KEYS)
    defaults = StepUp()
    return StepUp(
        reader.choice((*path, "assurance"), fields.get("assurance", defaults.assurance), ASSURANCES),
        reader.duration((*path, "max_age"), fields["max_age"], defaults.max_age)
        if "max_age" in fields
        else defaults.max_age,
    )


def _extensions(reader: Reader, path: YamlPath, value: object) -> ExtensionRule:
    fields = reader.mapping(path, value, allowed=EXTENSION_KEYS)
    defaults = ExtensionRule()
    most = reader.integer((*path, "most"), fields.get("most", defaults.most))
    if most > EXTENSIONS_MAX:
        reader.problem((*path, "most"), f"A bypass is extended at most {EXTENSIONS_MAX} times.")
    longest = fields.get("longest")
    return ExtensionRule(
        most, defaults.longest if longest is None else reader.duration((*path, "longest"), longest, defaults.longest)
    )


def _review(reader: Reader, path: YamlPath, value: object, roles: Roles) -> ReviewRule:
    fields = reader.mapping(path, value, allowed=REVIEW_KEYS)
    defaults = ReviewRule()
    checklist = read_texts(reader, (*path, "checklist"), fields.get("checklist", ()))
    if len(checklist) > CHECKLIST_MAX:
        reader.problem((*path, "checklist"), f"A checklist has at most {CHECKLIST_MAX} items.")
    for index, item in enumerate(checklist):
        if len(item) > CHECK_MAX:
            reader.problem((*path, "checklist", index), f"An item has at most {CHECK_MAX} characters.")
        if item in checklist[:index]:
            reader.problem((*path, "checklist", index), f"'{item}' is there twice.")
    every = fields.get("remind_every")
    return ReviewRule(
        checklist,
        read_who(reader, (*path, "reviewers"), fields["reviewers"], roles) if "reviewers" in fields else None,
        defaults.remind_every
        if every is None
        else reader.duration((*path, "remind_every"), every, defaults.remind_every),
        reader.choice((*path, "blocks"), fields.get("blocks", defaults.blocks), BLOCKS),
    )


def _name(reader: Reader, path: YamlPath, name: str) -> str:
    if not _CODE.fullmatch(str(name)):
        reader.problem(path, f"'{name}' is no name here.", accepted=("small letters, digits, '_' and '-', at most 40",))
    return str(name)
