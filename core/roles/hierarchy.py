"""The role hierarchy as the framework draws it (R1), and the names under which people know the roles.

The framework draws fourteen roles. Six of them have a row in its permission matrix; the other eight get least-privilege
defaults in `permissions.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from config.suggest import suggest
from core.errors import InvalidInput

# role -> the role above it
PARENTS: Final[Mapping[str, str | None]] = {
    "enterprise_administrator": None,
    "tenant_administrator": "enterprise_administrator",
    "meta_agent_manager": "tenant_administrator",
    "agent_developer": "meta_agent_manager",
    "agent_operator": "meta_agent_manager",
    "compliance_manager": "tenant_administrator",
    "compliance_analyst": "compliance_manager",
    "audit_reviewer": "compliance_manager",
    "security_manager": "tenant_administrator",
    "security_analyst": "security_manager",
    "security_operator": "security_manager",
    "system_administrator": "enterprise_administrator",
    "infrastructure_manager": "system_administrator",
    "monitoring_specialist": "system_administrator",
}
ROLES: Final = tuple(PARENTS)

# Other names of the framework for the same roles. `technical_lead` appears in its change matrix only; a tenant may map
# it to another role.
ALIASES: Final[Mapping[str, str]] = {
    "enterprise_admin": "enterprise_administrator",
    "tenant_admin": "tenant_administrator",
    "system_admin": "system_administrator",
    "technical_lead": "meta_agent_manager",
}


class ScopeKind(StrEnum):
    """Where a grant holds, widest first."""

    ENTERPRISE = "enterprise"
    TENANT = "tenant"
    PROJECT = "project"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Scope:
    """A place in enterprise ⊃ tenant ⊃ project ⊃ agent. `id` names the project or agent, and is empty above those.

    `project` places an agent in its project; a grant on that project covers the agent.
    """

    kind: ScopeKind = ScopeKind.TENANT
    id: str = ""
    project: str = ""

    def chain(self) -> tuple[tuple[str, str], ...]:
        """Every (kind, id) whose grants cover this place, widest first."""
        chain: list[tuple[str, str]] = [(ScopeKind.ENTERPRISE, "")]
        if self.kind != ScopeKind.ENTERPRISE:
            chain.append((ScopeKind.TENANT, ""))
        project = self.id if self.kind == ScopeKind.PROJECT else self.project
        if project:
            chain.append((ScopeKind.PROJECT, project))
        if self.kind == ScopeKind.AGENT:
            chain.append((ScopeKind.AGENT, self.id))
        return tuple(chain)


class UnknownRole(InvalidInput):
    """There is no such role."""

    code = "access.unknown_role"


def resolve_role(name: str, overrides: Mapping[str, str] | None = None) -> str:
    """The canonical key of a role, however it is written: 'Tenant Admin', tenant-admin, TENANT_ADMIN.

    A role's own key always means that role; `overrides`, the tenant's own aliases, go before ours. Raises UnknownRole
    with the accepted names.
    """
    key = role_key(name)
    resolved = key if key in PARENTS else (overrides or {}).get(key) or ALIASES.get(key, key)
    if resolved in PARENTS:
        return resolved
    guess = suggest(key, (*ROLES, *ALIASES))
    hint = f" Did you mean '{guess}'?" if guess else ""
    raise UnknownRole(f"There is no role '{name}'.{hint}", where="role", accepted=ROLES)


def role_key(name: str) -> str:
    """A role's or alias's name as a key, whatever its capitals, blanks and hyphens: 'Tenant Admin' -> tenant_admin."""
    return re.sub(r"[\s_-]+", "_", name.strip()).lower()


def parent(role: str) -> str | None:
    """The role directly above; None for the enterprise administrator."""
    return PARENTS[role]


def ancestors(role: str) -> Iterator[str]:
    """The roles above, nearest first."""
    above = PARENTS[role]
    while above is not None:
        yield above
        above = PARENTS[above]


def title(role: str) -> str:
    """The role as people read it: Meta-Agent Manager."""
    words = role.replace("meta_agent", "meta-agent").split("_")
    return " ".join("-".join(part.capitalize() for part in word.split("-")) for word in words)
