"""The hierarchy and the names of roles (R1)."""

from __future__ import annotations

import pytest

from core.roles.hierarchy import PARENTS, ROLES, UnknownRole, ancestors, parent, resolve_role, title

DRAWN = """
Enterprise Administrator
├── Tenant Administrator
│   ├── Meta-Agent Manager
│   │   ├── Agent Developer
│   │   └── Agent Operator
│   ├── Compliance Manager
│   │   ├── Compliance Analyst
│   │   └── Audit Reviewer
│   └── Security Manager
│       ├── Security Analyst
│       └── Security Operator
└── System Administrator
    ├── Infrastructure Manager
    └── Monitoring Specialist
"""


def _edges(drawing: str) -> dict[str, str | None]:
    """Title -> title above, read off the drawing's indentation."""
    edges: dict[str, str | None] = {}
    path: list[str] = []
    for line in drawing.strip().splitlines():
        name = line.lstrip("│├└─ ")
        depth = (len(line) - len(name)) // 4
        path[depth:] = [name]
        edges[name] = path[-2] if depth else None
    return edges


@pytest.mark.row("R1")
def test_the_hierarchy_is_the_one_that_the_framework_draws() -> None:
    ours = {title(role): above and title(above) for role, above in PARENTS.items()}
    assert ours == _edges(DRAWN)


def test_the_drawing_has_fourteen_roles() -> None:
    assert len(ROLES) == len(set(ROLES)) == 14


def test_every_role_but_the_first_leads_up_to_the_enterprise_administrator() -> None:
    assert [role for role in ROLES if parent(role) is None] == ["enterprise_administrator"]
    for role in ROLES[1:]:
        assert list(ancestors(role))[-1] == "enterprise_administrator"


def test_ancestors_are_named_nearest_first() -> None:
    assert list(ancestors("agent_developer")) == [
        "meta_agent_manager",
        "tenant_administrator",
        "enterprise_administrator",
    ]


@pytest.mark.parametrize(
    ("written", "role"),
    [
        ("tenant_administrator", "tenant_administrator"),
        ("Tenant Administrator", "tenant_administrator"),
        ("tenant_admin", "tenant_administrator"),
        ("Tenant Admin", "tenant_administrator"),
        ("TENANT-ADMIN", "tenant_administrator"),
        ("  tenant   admin ", "tenant_administrator"),
        ("Enterprise Admin", "enterprise_administrator"),
        ("System Admin", "system_administrator"),
        ("Meta-Agent Manager", "meta_agent_manager"),
        ("meta agent manager", "meta_agent_manager"),
        ("technical_lead", "meta_agent_manager"),
        ("Technical Lead", "meta_agent_manager"),
    ],
)
def test_a_role_is_found_however_it_is_written(written: str, role: str) -> None:
    assert resolve_role(written) == role


@pytest.mark.parametrize("role", ROLES)
def test_each_role_is_found_by_its_title(role: str) -> None:
    assert resolve_role(title(role)) == resolve_role(title(role).upper()) == role


def test_a_tenant_can_give_the_technical_lead_to_another_role() -> None:
    assert resolve_role("Technical Lead", {"technical_lead": "agent_operator"}) == "agent_operator"


def test_a_tenants_alias_never_replaces_a_role_of_that_name() -> None:
    assert resolve_role("tenant_administrator", {"tenant_administrator": "agent_developer"}) == "tenant_administrator"


def test_an_unknown_role_is_answered_with_a_suggestion_and_the_accepted_names() -> None:
    with pytest.raises(UnknownRole) as caught:
        resolve_role("securty manager")
    assert caught.value.message == "There is no role 'securty manager'. Did you mean 'security_manager'?"
    assert caught.value.accepted == ROLES
