"""The tenant's YAML: the framework's block unchanged, our sections, and what is said about mistakes (T11)."""

from __future__ import annotations

import base64
import json
import zlib
from datetime import time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.yamlfile import load_yaml, parse_yaml
from core.calendars import WEEKDAYS
from core.durations import format_duration
from core.errors import ConfigError
from core.roles.hierarchy import ROLES, resolve_role
from core.roles.permissions import ROLE_PERMISSIONS, Permission
from core.tenants.bypass_policy import BypassPolicy
from core.tenants.policy import (
    BrandPolicy,
    ResourceLimits,
    SecurityPolicies,
    SessionLimits,
    TenantPolicy,
    WeeklyReport,
)
from core.tenants.policy_file import read_tenant

SHIPPED = Path(__file__).parents[4] / "config" / "tenants"
FRAMEWORK = """\
Tenant Configuration:
  tenant_id: "enterprise-corp"
  resource_limits:
    max_agents: 100
    max_concurrent_operations: 50
    storage_quota: "1TB"
    compute_quota: "1000 CPU hours/month"
  security_policies:
    encryption_required: true
    mfa_required: true
    audit_logging: "comprehensive"
    data_retention: "7 years"
  compliance_requirements:
    - "GDPR"
    - "SOX"
    - "ISO27001"
"""


def _tenant(more: str) -> TenantPolicy:
    return read_tenant(parse_yaml(f"tenant_id: acme\n{more}", file="tenant.yaml"))


def _refusal(text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        read_tenant(parse_yaml(text, file="tenant.yaml"))
    return caught.value


@pytest.mark.row("T11")
def test_the_frameworks_tenant_loads_unchanged() -> None:
    assert read_tenant(parse_yaml(FRAMEWORK, file="tenant.yaml")) == TenantPolicy(
        tenant_id="enterprise-corp",
        name="enterprise-corp",
        resource_limits=ResourceLimits(
            max_agents=100,
            max_concurrent_operations=50,
            storage_quota="1TB",
            compute_quota="1000 CPU hours/month",
        ),
        security_policies=SecurityPolicies(
            encryption_required=True, mfa_required=True, audit_logging="comprehensive", data_retention="7 years"
        ),
        compliance_requirements=("GDPR", "SOX", "ISO27001"),
    )


def test_the_shipped_tenant_is_the_frameworks_block_verbatim() -> None:
    assert (SHIPPED / "enterprise-corp.yaml").read_text() == FRAMEWORK


def test_the_wrapper_may_be_left_out() -> None:
    plain = "\n".join(line[2:] for line in FRAMEWORK.splitlines()[1:])
    assert read_tenant(parse_yaml(plain, file="t")) == read_tenant(parse_yaml(FRAMEWORK, file="t"))


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_tenant_loads_and_survives_being_stored(path: Path) -> None:
    policy = read_tenant(load_yaml(path))
    assert policy.tenant_id == path.stem
    assert TenantPolicy.from_json(json.loads(json.dumps(policy.to_json()))) == policy


def test_what_is_left_out_has_the_documented_default() -> None:
    policy = _tenant("")
    assert policy.bypass == BypassPolicy(
        allowed_roles=("tenant_administrator", "meta_agent_manager", "security_manager"),
        max_duration=timedelta(hours=4),
        review_due=timedelta(hours=48),
        acknowledge_every=timedelta(minutes=10),
    )
    assert policy.senior_management == ("tenant_administrator", "enterprise_administrator")


@pytest.mark.parametrize(
    ("written", "name"), [("iso 27001", "ISO27001"), ("ISO-27001", "ISO27001"), ("gdpr", "GDPR"), ("Sox", "SOX")]
)
def test_a_compliance_framework_is_found_however_it_is_written(written: str, name: str) -> None:
    assert _tenant(f"compliance_requirements: ['{written}']").compliance_requirements == (name,)


def test_a_tenants_own_role_names_hold_throughout_its_file() -> None:
    policy = _tenant(
        "role_aliases: {Technical Lead: agent_operator, big_boss: Tenant Admin}\n"
        "bypass: {allowed_roles: [technical-lead]}\n"
        "senior_management: [Big Boss]\n"
    )
    assert policy.bypass.allowed_roles == ("agent_operator",)
    assert policy.senior_management == ("tenant_administrator",)
    assert resolve_role("TECHNICAL LEAD", policy.role_aliases) == "agent_operator"


def test_a_tenant_can_narrow_a_role() -> None:
    policy = _tenant("roles: {Agent Developer: [view_audit]}")
    assert policy.role_permissions["agent_developer"] == Permission.VIEW_AUDIT
    assert policy.role_permissions["agent_operator"] == ROLE_PERMISSIONS["agent_operator"]
    assert TenantPolicy.from_json(json.loads(json.dumps(policy.to_json()))).role_permissions == policy.role_permissions


@pytest.mark.row("T11")
@pytest.mark.parametrize(
    ("more", "line", "key", "message", "accepted"),
    [
        ("resource_limits: {max_agents: many}", 2, "max_agents", "'many' is not a whole number from 0.", None),
        ("resource_limits: {max_agents: -1}", 2, "max_agents", "'-1' is not a whole number from 0.", None),
        ("resource_limits: {storage_quota: lots}", 2, "storage_quota", "'lots' is not accepted here.", "1TB"),
        (
            "resource_limits: {compute_quota: 5 GPUs}",
            2,
            "compute_quota",
            "'5 GPUs' is not accepted here.",
            "1000 CPU hours/month",
        ),
        (
            "security_policies:\n  data_retention: for ever",
            3,
            "data_retention",
            "'for ever' is not a period.",
            "7 years",
        ),
        (
            "security_policies:\n  audit_logging: comprehensve",
            3,
            "audit_logging",
            "'comprehensve' is not accepted here. Did you mean 'comprehensive'?",
            "comprehensive",
        ),
        ("security_policies:\n  mfa_required: on", 3, "mfa_required", "'on' is neither true nor false.", "true"),
        ("compliance_requirements:\n  - GDPR\n  - FOO", 4, "1", "'FOO' is not a framework that we know.", "GDPR"),
        ("time_zone: Mars/Olympus", 2, "time_zone", "'Mars/Olympus' is not a time zone.", "UTC"),
        ("bypass:\n  max_duration: a while", 3, "max_duration", "'a while' is not a duration.", "24 hours"),
        ("chat:\n  email_match: maybe", 3, "email_match", "'maybe' is neither true nor false.", "true"),
        (
            "chat:\n  mail_match: true",
            3,
            "mail_match",
            "'mail_match' is not a key here. Did you mean 'email_match'?",
            None,
        ),
        (
            "security_policies:\n  sessions: {idle: 1 minute}",
            3,
            "idle",
            "'1 minute' is not accepted here.",
            "5m to 8h",
        ),
        (
            "security_policies:\n  sessions:\n    absolute: 30 days",
            4,
            "absolute",
            "'30 days' is not accepted here.",
            "15m to 7d",
        ),
        (
            "security_policies:\n  sessions:\n    idle: 2 hours\n    absolute: 1 hour",
            4,
            "idle",
            "A session cannot be left unused for longer than it lasts.",
            None,
        ),
        ("chanels: {}", 2, "chanels", "'chanels' is not a key here. Did you mean 'channels'?", "channels"),
        (
            "senior_management: [tenant_admn]",
            2,
            "0",
            "There is no role 'tenant_admn'. Did you mean 'tenant_admin'?",
            "tenant_administrator",
        ),
        (
            "role_aliases:\n  tenant_administrator: agent_developer",
            3,
            "tenant_administrator",
            "'tenant_administrator' names a role already and cannot mean another.",
            None,
        ),
        (
            "role_aliases:\n  Tenant Admin: agent_developer",
            3,
            "Tenant Admin",
            "'Tenant Admin' names a role already and cannot mean another.",
            None,
        ),
        (
            "roles:\n  agent_operator: [deploy_agents, manage_users]",
            3,
            "agent_operator",
            "Role 'agent_operator' cannot be given manage users.",
            "view_audit",
        ),
        (
            "roles:\n  agent_operator: [deploy_agent]",
            3,
            "agent_operator",
            "There is no permission 'deploy_agent'. Did you mean 'deploy_agents'?",
            "deploy_agents",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line_its_key_and_what_is_accepted(
    more: str, line: int, key: str, message: str, accepted: str | None
) -> None:
    error = _refusal(f"tenant_id: acme\n{more}\n")
    assert (error.file, error.line, error.message) == ("tenant.yaml", line, message)
    assert error.key is not None
    assert error.key.endswith(key)
    assert accepted is None or accepted in error.accepted


@pytest.mark.parametrize("tenant_id", ["Enterprise Corp", "-acme", "a" * 64, "ünï"])
def test_a_tenant_id_is_a_slug(tenant_id: str) -> None:
    assert _refusal(f"tenant_id: '{tenant_id}'").message == f"'{tenant_id}' is not a tenant id."


def test_a_file_without_a_tenant_id_says_so() -> None:
    assert "The key 'tenant_id' is missing." in _refusal("time_zone: UTC").sentence()


def test_nothing_stands_beside_the_wrapper_unread() -> None:
    error = _refusal(FRAMEWORK + "bypass:\n  max_duration: 1 hour\n")
    assert (error.line, error.key) == (17, "bypass")


def test_all_the_mistakes_of_a_file_are_told_at_once() -> None:
    error = _refusal("tenant_id: acme\ntime_zone: nowhere\nresource_limits: {max_agents: x}\n")
    assert error.message.count("tenant.yaml:") == 2


DURATIONS = st.integers(1, 366 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))
ROLE_LISTS = st.lists(st.sampled_from(ROLES), unique=True).map(tuple)


@given(
    st.builds(
        TenantPolicy,
        tenant_id=st.from_regex(r"[a-z0-9][a-z0-9-]{0,62}", fullmatch=True),
        name=st.text(),
        compliance_requirements=st.lists(st.sampled_from(("GDPR", "SOX"))).map(tuple),
        role_aliases=st.dictionaries(st.text(), st.sampled_from(ROLES)),
        roles=st.dictionaries(st.sampled_from(ROLES), st.just(("view_audit",))),
        senior_management=ROLE_LISTS,
        bypass=st.builds(BypassPolicy, ROLE_LISTS, DURATIONS, DURATIONS, DURATIONS),
        resource_limits=st.builds(ResourceLimits, st.none() | st.integers(0), st.none() | st.integers(0)),
        weekly_report=st.none()
        | st.builds(
            WeeklyReport,
            st.text(),
            st.sampled_from(WEEKDAYS),
            st.times().map(lambda at: at.replace(second=0, microsecond=0)),
        ),
    )
)
def test_a_policy_survives_being_stored(policy: TenantPolicy) -> None:
    assert TenantPolicy.from_json(json.loads(json.dumps(policy.to_json()))) == policy


@pytest.mark.row("P8", "T11")
@pytest.mark.parametrize(
    ("written", "report"),
    [
        ("", None),
        ("weekly_report: {}", WeeklyReport("approvals", "monday", time(9))),
        (
            'weekly_report: {channel: "#gov-weekly", day: friday, time: "16:30"}',
            WeeklyReport("gov-weekly", "friday", time(16, 30)),
        ),
    ],
)
def test_a_tenant_says_when_and_where_its_week_is_reported(written: str, report: WeeklyReport | None) -> None:
    assert _tenant(written).weekly_report == report


@pytest.mark.row("T11")
@pytest.mark.parametrize(
    ("wrong", "key"), [("chanel: approvals", "chanel"), ("day: someday", "day"), ('time: "25:00"', "time")]
)
def test_a_mistake_in_the_weekly_report_is_named_with_its_line(wrong: str, key: str) -> None:
    refusal = _refusal(f"tenant_id: acme\nweekly_report:\n  {wrong}\n")
    assert (refusal.line, refusal.key) == (3, f"weekly_report.{key}")


@pytest.mark.row("X2", "T11")
@pytest.mark.parametrize(
    ("more", "says", "matches"),
    [("", None, True), ("chat: {email_match: true}", True, True), ("chat: {email_match: false}", False, False)],
)
def test_chat_accounts_are_matched_by_address_unless_the_tenant_says_no(
    more: str, *, says: bool | None, matches: bool
) -> None:
    policy = _tenant(more)
    assert (policy.chat.email_match, policy.chat.matches_email) == (says, matches)
    stored = policy.to_json()
    assert TenantPolicy.from_json(json.loads(json.dumps(stored))) == policy
    del stored["chat"]  # as the release before wrote it
    assert TenantPolicy.from_json(stored).chat.matches_email is True


@pytest.mark.row("X2", "T11")
@pytest.mark.parametrize(
    ("more", "matches"),
    [("", False), ("tickets: {email_match: true}", True), ("tickets: {email_match: false}", False)],
)
def test_an_address_in_a_ticket_system_proves_nothing_unless_the_tenant_says_so(more: str, *, matches: bool) -> None:
    policy = _tenant(more)
    assert policy.tickets.email_match is matches
    stored = policy.to_json()
    assert TenantPolicy.from_json(json.loads(json.dumps(stored))) == policy
    del stored["tickets"]  # as the release before wrote it
    assert TenantPolicy.from_json(stored).tickets.email_match is False


@pytest.mark.row("R4", "T3")
@pytest.mark.parametrize(
    ("written", "idle", "absolute"),
    [
        ("{}", "30m", "12h"),
        ("{idle: 10 minutes, absolute: 4 hours}", "10m", "4h"),
        ("{absolute: 20 minutes}", "20m", "20m"),
    ],
)
def test_a_tenant_says_how_long_a_browser_stays_signed_in(written: str, idle: str, absolute: str) -> None:
    policy = _tenant(f"security_policies:\n  sessions: {written}")
    sessions = policy.security_policies.sessions
    assert (format_duration(sessions.idle), format_duration(sessions.absolute)) == (idle, absolute)
    stored = json.loads(json.dumps(policy.to_json()))
    assert TenantPolicy.from_json(stored) == policy
    del stored["security_policies"]["sessions"]  # as the release before wrote it
    assert TenantPolicy.from_json(stored).security_policies.sessions == SessionLimits()


def _png(data: bytes = b"", *, side: int = 1) -> str:
    """A PNG of one white pixel, or one that says to be larger; with the last bytes of its data replaced by `data`."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return len(content).to_bytes(4) + kind + content + zlib.crc32(kind + content).to_bytes(4)

    head = chunk(b"IHDR", side.to_bytes(4) * 2 + bytes((8, 0, 0, 0, 0)))
    whole = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\x00\xff")) + chunk(b"IEND", b"")
    return base64.b64encode(whole[: -len(data)] + data if data else whole).decode()


@pytest.mark.row("S8", "T11")
def test_a_tenants_reports_have_its_name_colour_and_sign() -> None:
    logo = _png()
    written = f'brand: {{name: Acme Ltd, colour: "#0B5FFF", logo: "data:image/png;base64,{logo}"}}'
    assert _tenant(written).brand == BrandPolicy("Acme Ltd", "#0b5fff", logo)
    assert _tenant("").brand == BrandPolicy()


@pytest.mark.row("S8", "T11")
@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        ("motto: Fast", "motto"),
        ("colour: red", "colour"),
        ('colour: "#ffee00"', "colour"),  # yellow headings on white: nobody reads them
        ("logo: https://acme.example/logo.png", "logo"),
        (f'logo: "data:image/png;base64,{_png(b"broken")}"', "logo"),
        (f'logo: "data:image/png;base64,{_png(side=3000)}"', "logo"),
        (f"name: {'x' * 81}", "name"),
    ],
)
def test_a_mistake_in_the_brand_is_named_with_its_line(wrong: str, key: str) -> None:
    refusal = _refusal(f"tenant_id: acme\nbrand:\n  {wrong}\n")
    assert (refusal.line, refusal.key) == (3, f"brand.{key}")
