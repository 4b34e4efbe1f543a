"""Reading a tenant's YAML: every problem of the file at once, each with its line, key and what is accepted."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from config.yamlfile import LocatedDocument, YamlPath
from core.durations import format_duration, parse_duration
from core.located import Reader
from core.roles.hierarchy import ALIASES, PARENTS, UnknownRole, resolve_role, role_key
from core.roles.permissions import UnknownPermission, WideningRefused, narrow, permissions_of
from core.tenants.brand_file import read_brand
from core.tenants.bypass_file import read_bypass
from core.tenants.incident_file import read_incidents
from core.tenants.policy import (
    AUDIT_LEVELS,
    FRAMEWORKS,
    ChatPolicy,
    ResourceLimits,
    SecurityPolicies,
    SessionLimits,
    TenantPolicy,
    TicketPolicy,
)
from core.tenants.quantities import (
    COMPUTE_EXAMPLES,
    RETENTION_EXAMPLES,
    SIZE_EXAMPLES,
    parse_compute,
    parse_retention_days,
    parse_size,
)
from core.tenants.report_file import read_chargeback, read_monthly, read_weekly

WRAPPER: Final = "Tenant Configuration"
KEYS: Final = (
    "tenant_id",
    "name",
    "time_zone",
    "resource_limits",
    "security_policies",
    "compliance_requirements",
    "role_aliases",
    "roles",
    "senior_management",
    "bypass",
    "incidents",
    "channels",
    "absence_words",
    "weekly_report",
    "bypass_report",
    "chargeback_report",
    "chat",
    "tickets",
    "brand",
)
LIMIT_KEYS: Final = ("max_agents", "max_concurrent_operations", "storage_quota", "compute_quota")
SECURITY_KEYS: Final = ("encryption_required", "mfa_required", "audit_logging", "data_retention", "sessions")
SESSION_BOUNDS: Final = {  # key -> least and most; a use is known to a minute
    "idle": (timedelta(minutes=5), timedelta(hours=8)),
    "absolute": (timedelta(minutes=15), timedelta(days=7)),
}
CHANNEL_KEYS: Final = ("approvals", "emergency", "incidents", "budgets")
CHAT_KEYS: Final = ("email_match",)
TICKET_KEYS: Final = ("email_match",)
FREE_ALIAS: Final = "technical_lead"  # the one name of the framework's that each tenant gives to a role of its choice
_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def read_tenant(document: LocatedDocument) -> TenantPolicy:
    """The tenant's policy. Raises ConfigError with every problem found, one per line."""
    reader = Reader(document)
    path: YamlPath = ()
    value = document.value
    if isinstance(value, dict) and WRAPPER in value:
        reader.mapping((), value, allowed=(WRAPPER,))  # nothing stands beside it unread
        path, value = (WRAPPER,), value[WRAPPER]
    fields = reader.mapping(path, value, allowed=KEYS, required=("tenant_id",))
    policy = _policy(reader, path, fields)
    reader.finish()
    return policy


def _policy(reader: Reader, path: YamlPath, fields: Mapping[str, object]) -> TenantPolicy:
    tenant_id = reader.text((*path, "tenant_id"), fields.get("tenant_id", "unknown"))
    if not _SLUG.fullmatch(tenant_id):
        reader.problem(
            (*path, "tenant_id"),
            f"'{tenant_id}' is not a tenant id.",
            accepted=("small letters, digits and hyphens, at most 63",),
        )
    defaults = TenantPolicy(tenant_id=tenant_id)
    aliases = _aliases(reader, (*path, "role_aliases"), fields.get("role_aliases", {}))
    management = fields.get("senior_management")

    def roles(at: YamlPath, names: object, default: tuple[str, ...]) -> tuple[str, ...]:
        return _roles(reader, at, names, aliases, default)

    return TenantPolicy(
        tenant_id=tenant_id,
        name=reader.text((*path, "name"), fields.get("name", tenant_id)),
        time_zone=_time_zone(reader, (*path, "time_zone"), fields.get("time_zone", "UTC")),
        resource_limits=_limits(reader, (*path, "resource_limits"), fields.get("resource_limits", {})),
        security_policies=_security(reader, (*path, "security_policies"), fields.get("security_policies", {})),
        compliance_requirements=tuple(
            _framework(reader, (*path, "compliance_requirements", index), name)
            for index, name in enumerate(
                reader.sequence((*path, "compliance_requirements"), fields.get("compliance_requirements", ()))
            )
        ),
        role_aliases=aliases,
        roles=_narrowing(reader, (*path, "roles"), fields.get("roles", {}), aliases),
        senior_management=_roles(reader, (*path, "senior_management"), management, aliases, defaults.senior_management),
        bypass=read_bypass(reader, (*path, "bypass"), fields.get("bypass", {}), roles=roles),
        incidents=read_incidents(reader, (*path, "incidents"), fields.get("incidents", {}), roles=roles),
        channels={
            key: reader.text((*path, "channels", key), name).lstrip("#")
            for key, name in reader.mapping(
                (*path, "channels"), fields.get("channels", {}), allowed=CHANNEL_KEYS
            ).items()
        },
        absence_words=tuple(
            reader.text((*path, "absence_words", index), word)
            for index, word in enumerate(reader.sequence((*path, "absence_words"), fields.get("absence_words", ())))
        ),
        weekly_report=read_weekly(reader, (*path, "weekly_report"), fields["weekly_report"])
        if "weekly_report" in fields
        else None,
        bypass_report=read_monthly(reader, (*path, "bypass_report"), fields["bypass_report"])
        if "bypass_report" in fields
        else None,
        chargeback_report=read_chargeback(reader, (*path, "chargeback_report"), fields["chargeback_report"])
        if "chargeback_report" in fields
        else None,
        chat=_chat(reader, (*path, "chat"), fields.get("chat", {})),
        tickets=_tickets(reader, (*path, "tickets"), fields.get("tickets", {})),
        brand=read_brand(reader, (*path, "brand"), fields.get("brand", {})),
    )


def _chat(reader: Reader, path: YamlPath, value: object) -> ChatPolicy:
    fields = reader.mapping(path, value, allowed=CHAT_KEYS)
    if "email_match" not in fields:
        return ChatPolicy()
    return ChatPolicy(email_match=reader.boolean((*path, "email_match"), fields["email_match"]))


def _tickets(reader: Reader, path: YamlPath, value: object) -> TicketPolicy:
    fields = reader.mapping(path, value, allowed=TICKET_KEYS)
    return TicketPolicy(
        email_match=reader.boolean((*path, "email_match"), fields.get("email_match", False)),
    )


def _limits(reader: Reader, path: YamlPath, value: object) -> ResourceLimits:
    fields = reader.mapping(path, value, allowed=LIMIT_KEYS)

    def number(key: str) -> int | None:
        return reader.integer((*path, key), fields[key]) if key in fields else None

    def quantity(key: str, parse: Callable[[object], object], accepted: tuple[str, ...]) -> str | None:
        if key in fields and parse(fields[key]) is None:
            reader.problem((*path, key), f"'{fields[key]}' is not accepted here.", accepted=accepted)
        return str(fields[key]) if key in fields else None

    return ResourceLimits(
        max_agents=number("max_agents"),
        max_concurrent_operations=number("max_concurrent_operations"),
        storage_quota=quantity("storage_quota", parse_size, SIZE_EXAMPLES),
        compute_quota=quantity("compute_quota", parse_compute, COMPUTE_EXAMPLES),
    )


def _security(reader: Reader, path: YamlPath, value: object) -> SecurityPolicies:
    fields = reader.mapping(path, value, allowed=SECURITY_KEYS)
    retention = fields.get("data_retention", "7 years")
    if parse_retention_days(retention) is None:
        reader.problem((*path, "data_retention"), f"'{retention}' is not a period.", accepted=RETENTION_EXAMPLES)
    return SecurityPolicies(
        encryption_required=reader.boolean((*path, "encryption_required"), fields.get("encryption_required", False)),
        mfa_required=reader.boolean((*path, "mfa_required"), fields.get("mfa_required", False)),
        audit_logging=reader.choice(
            (*path, "audit_logging"), fields.get("audit_logging", "comprehensive"), AUDIT_LEVELS
        ),
        data_retention=str(retention),
        sessions=_sessions(reader, (*path, "sessions"), fields.get("sessions", {})),
    )


def _sessions(reader: Reader, path: YamlPath, value: object) -> SessionLimits:
    fields = reader.mapping(path, value, allowed=tuple(SESSION_BOUNDS))
    defaults = SessionLimits()

    def limit(key: str, default: timedelta) -> timedelta:
        least, most = SESSION_BOUNDS[key]
        parsed = parse_duration(fields[key]) if key in fields else default
        if parsed is None or not least <= parsed <= most:
            accepted = (f"{format_duration(least)} to {format_duration(most)}",)
            reader.problem((*path, key), f"'{fields[key]}' is not accepted here.", accepted=accepted)
            return default
        return parsed

    limits = SessionLimits(limit("idle", defaults.idle), limit("absolute", defaults.absolute))
    if "absolute" in fields and "idle" not in fields:  # a short session needs no longer patience
        return SessionLimits(min(limits.idle, limits.absolute), limits.absolute)
    if limits.idle > limits.absolute:
        at = "idle" if "idle" in fields else "absolute"
        reader.problem((*path, at), "A session cannot be left unused for longer than it lasts.")
    return limits


def _roles(
    reader: Reader, path: YamlPath, value: object, aliases: Mapping[str, str], default: tuple[str, ...]
) -> tuple[str, ...]:
    if value is None:
        return default
    return tuple(
        _role(reader, (*path, index), name, aliases) for index, name in enumerate(reader.sequence(path, value))
    )


def _role(reader: Reader, path: YamlPath, name: object, aliases: Mapping[str, str]) -> str:
    text = reader.text(path, name)
    try:
        return resolve_role(text, aliases)
    except UnknownRole as exc:
        reader.problem(path, exc.message, accepted=exc.accepted)
        return text


def _aliases(reader: Reader, path: YamlPath, value: object) -> dict[str, str]:
    aliases: dict[str, str] = {}
    for name, role in reader.mapping(path, value).items():
        alias = role_key(name)
        if alias in PARENTS or (alias in ALIASES and alias != FREE_ALIAS):
            reader.problem((*path, name), f"'{name}' names a role already and cannot mean another.")
        elif alias in aliases:
            reader.problem((*path, name), f"'{alias}' is there twice.")
        aliases[alias] = _role(reader, (*path, name), role, {})
    return aliases


def _narrowing(reader: Reader, path: YamlPath, value: object, aliases: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    narrowing: dict[str, tuple[str, ...]] = {}
    for name, keys in reader.mapping(path, value).items():
        at = (*path, name)
        role = _role(reader, at, name, aliases)
        if role in narrowing:
            reader.problem(at, f"The role '{role}' is there twice.")
        wanted = tuple(reader.text((*at, index), key) for index, key in enumerate(reader.sequence(at, keys)))
        narrowing[role] = wanted
        if role in PARENTS:
            try:
                narrow(role, permissions_of(wanted))
            except (UnknownPermission, WideningRefused) as exc:
                reader.problem(at, exc.message, accepted=exc.accepted)
    return narrowing


def _framework(reader: Reader, path: YamlPath, name: object) -> str:
    key = re.sub(r"[^a-z0-9]", "", str(name).lower())
    known = FRAMEWORKS.get(key)
    if known is None:
        reader.problem(path, f"'{name}' is not a framework that we know.", accepted=tuple(FRAMEWORKS.values()))
    return known or str(name)


def _time_zone(reader: Reader, path: YamlPath, value: object) -> str:
    name = reader.text(path, value)
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        reader.problem(path, f"'{name}' is not a time zone.", accepted=("UTC", "Europe/Zurich", "America/New_York"))
    return name
