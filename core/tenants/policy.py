"""A tenant's policy: the framework's tenant YAML, unchanged, plus optional sections of ours (T11).

    Tenant Configuration:
      tenant_id: "enterprise-corp"
      resource_limits: {max_agents: 100, max_concurrent_operations: 50, storage_quota: "1TB", compute_quota: …}
      security_policies: {encryption_required: true, mfa_required: true, audit_logging: …, data_retention: "7 years"}
      compliance_requirements: ["GDPR", "SOX", "ISO27001"]

Ours: `name`, `time_zone`, `role_aliases`, `roles` (what a role may do here, never more than the framework gives it),
`senior_management`, `bypass`, `incidents`, `channels`, `chat`, `tickets`, `weekly_report`, `bypass_report`,
`chargeback_report`,
`brand`, `absence_words` (titles of calendar events that mean absence, beside ours).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import time, timedelta
from typing import Any, Final

from core.roles.permissions import Permission, narrowed, permissions_of
from core.tenants.bypass_policy import BypassPolicy
from core.tenants.incident_policy import IncidentPolicy

AUDIT_LEVELS: Final = ("basic", "standard", "comprehensive")
FRAMEWORKS: Final[Mapping[str, str]] = {
    "gdpr": "GDPR",
    "sox": "SOX",
    "iso27001": "ISO27001",
    "hipaa": "HIPAA",
    "soc2": "SOC2",
    "pcidss": "PCI-DSS",
}


@dataclass(frozen=True, slots=True)
class ResourceLimits:
    """Quotas. None means that the tenant's document sets none."""

    max_agents: int | None = None
    max_concurrent_operations: int | None = None
    storage_quota: str | None = None
    compute_quota: str | None = None


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """How long a browser stays signed in: unused, and at all (R4)."""

    idle: timedelta = timedelta(minutes=30)  # OWASP ASVS 5.0, 7.3.1: an inactivity time-out by documented risk
    absolute: timedelta = timedelta(hours=12)  # a working day: who comes back tomorrow signs in again


@dataclass(frozen=True, slots=True)
class SecurityPolicies:
    """What the tenant demands of everybody."""

    encryption_required: bool = False
    mfa_required: bool = False
    audit_logging: str = "comprehensive"
    data_retention: str = "7 years"
    sessions: SessionLimits = field(default_factory=SessionLimits)


@dataclass(frozen=True, slots=True)
class WeeklyReport:
    """When the week's figures are posted, in the tenant's time zone, and where (P8)."""

    channel: str = "approvals"  # approvals or emergency: the tenant's own; anything else is a channel's name
    day: str = "monday"
    at: time = time(9)


@dataclass(frozen=True, slots=True)
class MonthlyReport:
    """When the last month's bypasses are reported, in the tenant's time zone, and where (E2)."""

    channel: str = "emergency"  # approvals or emergency: the tenant's own; anything else is a channel's name
    day: int = 1  # of the month, 1 to 28: every month has it
    at: time = time(9)


@dataclass(frozen=True, slots=True)
class ChargebackReport:
    """When the last month's statement is sent, in the tenant's time zone, where and to whom (C10)."""

    channel: str = ""  # as of MonthlyReport; empty: in none
    day: int = 2  # of the month, 1 to 28: what is told late by a day is in it
    at: time = time(9)
    emails: tuple[str, ...] = ()
    formats: tuple[str, ...] = ("pdf", "xlsx")  # of the files that go with a mail

    @property
    def monthly(self) -> MonthlyReport:
        """When it comes."""
        return MonthlyReport(self.channel, self.day, self.at)


@dataclass(frozen=True, slots=True)
class ChatPolicy:
    """How a chat account comes to be a person's. None: the tenant's document does not say."""

    email_match: bool | None = None

    @property
    def matches_email(self) -> bool:
        """Whether an e-mail address that the platform has verified is enough; where nobody says, it is."""
        return self.email_match is not False


@dataclass(frozen=True, slots=True)
class TicketPolicy:
    """How an account in a ticket system comes to be a person's."""

    email_match: bool = False  # whether the address that a ticket system knows of an approver is enough


@dataclass(frozen=True, slots=True)
class BrandPolicy:
    """How reports that leave the house look (S8). Empty: as those of the product do."""

    name: str = ""
    colour: str = ""  # #rrggbb
    logo: str = ""  # a PNG in base64


@dataclass(frozen=True, slots=True)
class TenantPolicy:
    """The validated document."""

    tenant_id: str
    name: str = ""
    time_zone: str = "UTC"
    resource_limits: ResourceLimits = field(default_factory=ResourceLimits)
    security_policies: SecurityPolicies = field(default_factory=SecurityPolicies)
    compliance_requirements: tuple[str, ...] = ()
    role_aliases: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # role -> the permissions left to it
    senior_management: tuple[str, ...] = ("tenant_administrator", "enterprise_administrator")
    bypass: BypassPolicy = field(default_factory=BypassPolicy)
    incidents: IncidentPolicy = field(default_factory=IncidentPolicy)
    channels: Mapping[str, str] = field(default_factory=dict)  # approvals, emergency, incidents -> its name
    absence_words: tuple[str, ...] = ()
    weekly_report: WeeklyReport | None = None  # None: there is none
    bypass_report: MonthlyReport | None = None
    chargeback_report: ChargebackReport | None = None
    chat: ChatPolicy = field(default_factory=ChatPolicy)
    tickets: TicketPolicy = field(default_factory=TicketPolicy)
    brand: BrandPolicy = field(default_factory=BrandPolicy)

    @property
    def role_permissions(self) -> Mapping[str, Permission]:
        """What each role may do in this tenant: for `compile_grants`."""
        return narrowed({role: permissions_of(names) for role, names in self.roles.items()})

    def to_json(self) -> dict[str, Any]:
        """As stored; durations in seconds. `from_json` reads it back."""
        document = asdict(self)
        document["bypass"] = self.bypass.to_json()
        document["incidents"] = self.incidents.to_json()
        if self.weekly_report is not None:
            document["weekly_report"]["at"] = self.weekly_report.at.isoformat("minutes")
        if self.bypass_report is not None:
            document["bypass_report"]["at"] = self.bypass_report.at.isoformat("minutes")
        if self.chargeback_report is not None:
            document["chargeback_report"]["at"] = self.chargeback_report.at.isoformat("minutes")
        sessions = document["security_policies"]["sessions"]
        sessions.update({key: limit.total_seconds() for key, limit in sessions.items()})
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> TenantPolicy:
        """The policy that was stored."""
        return cls(
            tenant_id=document["tenant_id"],
            name=document["name"],
            time_zone=document["time_zone"],
            resource_limits=ResourceLimits(**document["resource_limits"]),
            security_policies=_security(document["security_policies"]),
            compliance_requirements=tuple(document["compliance_requirements"]),
            role_aliases=document["role_aliases"],
            roles={role: tuple(names) for role, names in document.get("roles", {}).items()},
            senior_management=tuple(document["senior_management"]),
            bypass=BypassPolicy.from_json(document["bypass"]),
            incidents=IncidentPolicy.from_json(document.get("incidents")),
            channels=document["channels"],
            absence_words=tuple(document.get("absence_words", ())),
            weekly_report=_weekly_report(document.get("weekly_report")),
            bypass_report=_monthly_report(document.get("bypass_report")),
            chargeback_report=_chargeback_report(document.get("chargeback_report")),
            chat=ChatPolicy(**document.get("chat", {})),
            tickets=TicketPolicy(**document.get("tickets", {})),
            brand=BrandPolicy(**document.get("brand", {})),
        )


def _weekly_report(document: Mapping[str, str] | None) -> WeeklyReport | None:
    if document is None:
        return None
    return WeeklyReport(document["channel"], document["day"], time.fromisoformat(document["at"]))


def _monthly_report(document: Mapping[str, Any] | None) -> MonthlyReport | None:
    if document is None:
        return None
    return MonthlyReport(document["channel"], document["day"], time.fromisoformat(document["at"]))


def _chargeback_report(document: Mapping[str, Any] | None) -> ChargebackReport | None:
    if document is None:
        return None
    return ChargebackReport(
        document["channel"],
        document["day"],
        time.fromisoformat(document["at"]),
        tuple(document["emails"]),
        tuple(document["formats"]),
    )


def _security(stored: Mapping[str, Any]) -> SecurityPolicies:
    limits = {key: timedelta(seconds=value) for key, value in stored.get("sessions", {}).items()}
    return SecurityPolicies(**{**stored, "sessions": SessionLimits(**limits)})
