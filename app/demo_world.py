"""The demo's believable tenant: who works there, what they may do, which agents they have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

TENANT: Final = "enterprise-corp"
SECOND_TENANT: Final = "northwind"
TEAM: Final = {"id": "T0ENTERPRISE", "name": "Enterprise Corp", "domain": "enterprise-corp"}


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody of the demo."""

    slack_id: str
    email: str
    name: str
    title: str
    role: str
    time_zone: str


PEOPLE: Final = (
    DemoPerson(
        "U0DEV",
        "dana.reyes@enterprise-corp.example",
        "Dana Reyes",
        "Agent developer",
        "agent_developer",
        "America/New_York",
    ),
    DemoPerson(
        "U0TECH",
        "tomas.novak@enterprise-corp.example",
        "Tomás Novák",
        "Meta-agent lead",
        "meta_agent_manager",
        "Europe/Prague",
    ),
    DemoPerson(
        "U0SEC",
        "sofia.lindqvist@enterprise-corp.example",
        "Sofia Lindqvist",
        "Security manager",
        "security_manager",
        "Europe/Stockholm",
    ),
    DemoPerson(
        "U0COMP",
        "chen.wei@enterprise-corp.example",
        "Chen Wei",
        "Compliance manager",
        "compliance_manager",
        "Asia/Singapore",
    ),
    DemoPerson(
        "U0BOSS",
        "amara.okafor@enterprise-corp.example",
        "Amara Okafor",
        "Tenant administrator",
        "tenant_administrator",
        "Europe/London",
    ),
    DemoPerson(
        "U0OPS",
        "omar.haddad@enterprise-corp.example",
        "Omar Haddad",
        "Agent operator",
        "agent_operator",
        "America/Chicago",
    ),
    DemoPerson(
        "U0CIO", "ingrid.berg@enterprise-corp.example", "Ingrid Berg", "CIO", "enterprise_administrator", "Europe/Oslo"
    ),
    DemoPerson(
        "U0AUDIT",
        "ravi.menon@enterprise-corp.example",
        "Ravi Menon",
        "Audit reviewer",
        "audit_reviewer",
        "Asia/Kolkata",
    ),
)
SECOND_PEOPLE: Final = (
    DemoPerson("", "nora.keller@northwind.example", "Nora Keller", "Developer", "agent_developer", "Europe/Zurich"),
    DemoPerson(
        "", "marc.fischer@northwind.example", "Marc Fischer", "Administrator", "tenant_administrator", "Europe/Zurich"
    ),
)
CHANNELS: Final = (
    {"id": "C0APPROVALS", "name": "approvals"},
    {"id": "C0EMERGENCY", "name": "emergency"},
    {"id": "C0GENERAL", "name": "general"},
)


def people_file() -> dict[str, Any]:
    """What the sandbox is told: the workspace, its people and channels."""
    members = [person.slack_id for person in PEOPLE]
    return {
        "team": TEAM,
        "people": [
            {
                "id": person.slack_id,
                "name": person.email.partition("@")[0],
                "real_name": person.name,
                "email": person.email,
                "tz": person.time_zone,
                "title": person.title,
            }
            for person in PEOPLE
        ],
        "channels": [{**channel, "members": members} for channel in CHANNELS],
    }
