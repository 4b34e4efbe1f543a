"""A tenant's policy: the framework's tenant YAML, unchanged, plus optional sections of ours (T11).

    Tenant Configuration:
      tenant_id: "enterprise-corp"
      resource_limits: {max_agents: 100, max_concurrent_operations: 50, storage_quota: "1TB", compute_quota: …}
      security_policies: {encryption_required: true, mfa_required: true, audit_logging: …, data_retention: "7 years"}
      compliance_requirements: ["GDPR", "SOX", "ISO27001"]

Ours: `name`, `time_zone`, `role_aliases`, `roles` (what a role may do here, never more than the framework gives it),
`senior_management`, `bypass`, `channels`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any, Final

from core.roles.permissions import Permission, narrowed, permissions_of

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
class SecurityPolicies:
    """What the tenant demands of everybody."""

    encryption_required: bool = False
    mfa_required: bool = False
    audit_logging: str = "comprehensive"
    data_retention: str = "7 years"


@dataclass(frozen=True, slots=True)
class BypassPolicy:
    """Who may use the emergency bypass, for how long, and what follows (E1, E2, E4)."""

    allowed_roles: tuple[str, ...] = ("tenant_administrator", "meta_agent_manager", "security_manager")
    max_duration: timedelta = timedelta(hours=4)
    review_due: timedelta = timedelta(hours=48)
    acknowledge_every: timedelta = timedelta(minutes=10)


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
    channels: Mapping[str, str] = field(default_factory=dict)  # approvals, emergency -> channel name

    @property
    def role_permissions(self) -> Mapping[str, Permission]:
        """What each role may do in this tenant: for `compile_grants`."""
        return narrowed({role: permissions_of(names) for role, names in self.roles.items()})

    def to_json(self) -> dict[str, Any]:
        """As stored; durations in seconds. `from_json` reads it back."""
        document = asdict(self)
        for key in ("max_duration", "review_due", "acknowledge_every"):
            document["bypass"][key] = document["bypass"][key].total_seconds()
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> TenantPolicy:
        """The policy that was stored."""
        bypass = document["bypass"]
        return cls(
            tenant_id=document["tenant_id"],
            name=document["name"],
            time_zone=document["time_zone"],
            resource_limits=ResourceLimits(**document["resource_limits"]),
            security_policies=SecurityPolicies(**document["security_policies"]),
            compliance_requirements=tuple(document["compliance_requirements"]),
            role_aliases=document["role_aliases"],
            roles={role: tuple(names) for role, names in document.get("roles", {}).items()},
            senior_management=tuple(document["senior_management"]),
            bypass=BypassPolicy(
                allowed_roles=tuple(bypass["allowed_roles"]),
                max_duration=timedelta(seconds=bypass["max_duration"]),
                review_due=timedelta(seconds=bypass["review_due"]),
                acknowledge_every=timedelta(seconds=bypass["acknowledge_every"]),
            ),
            channels=document["channels"],
        )
