"""The permission matrix, cell by cell (R2), and how a tenant narrows it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.roles.hierarchy import PARENTS, ROLES, resolve_role
from core.roles.permissions import (
    ACTION_PERMISSIONS,
    ALL,
    NONE,
    ROLE_PERMISSIONS,
    Permission,
    UnknownAction,
    UnknownPermission,
    WideningRefused,
    describe,
    holders,
    names,
    narrow,
    narrowed,
    permission_for,
    permissions_of,
)

PRINTED = """
| Enterprise Admin | ✓ | ✓ | ✓ | ✓ | ✓ | ✓ |
| Tenant Admin | ✓ | ✓ | ✓ | ✓ | ✓ | ✗ |
| Meta-Agent Manager | ✓ | ✓ | ✓ | ✓ | ✗ | ✗ |
| Agent Developer | ✓ | ✗ | ✓ | ✓ | ✗ | ✗ |
| Agent Operator | ✗ | ✓ | ✗ | ✓ | ✗ | ✗ |
| Compliance Manager | ✗ | ✗ | ✗ | ✓ | ✗ | ✗ |
"""
COLUMNS = ("create_agents", "deploy_agents", "modify_config", "view_audit", "manage_users", "system_admin")
CELLS = [
    (name, column, cell == "✓")
    for name, *cells in (
        [part.strip() for part in line.strip("| ").split("|")] for line in PRINTED.strip().splitlines()
    )
    for column, cell in zip(COLUMNS, cells, strict=True)
]
# What the roles without a row may do: documented in the administrators' guide, so pinned here.
UNPRINTED = {
    "compliance_analyst": {"view_audit"},
    "audit_reviewer": {"view_audit"},
    "security_manager": {"view_audit"},
    "security_analyst": {"view_audit"},
    "security_operator": set(),
    "system_administrator": {"modify_config", "view_audit", "system_admin"},
    "infrastructure_manager": {"modify_config"},
    "monitoring_specialist": {"view_audit"},
}
permissions = st.integers(0, int(ALL)).map(Permission)


@pytest.mark.row("R2")
@pytest.mark.parametrize(("name", "column", "is_held"), CELLS)
def test_a_cell_of_the_matrix_is_as_printed(name: str, column: str, *, is_held: bool) -> None:
    assert (column in names(ROLE_PERMISSIONS[resolve_role(name)])) is is_held


def test_the_matrix_has_thirty_six_cells() -> None:
    assert len(CELLS) == 36


@pytest.mark.parametrize("role", UNPRINTED)
def test_a_role_without_a_row_has_its_documented_default(role: str) -> None:
    assert set(names(ROLE_PERMISSIONS[role])) == UNPRINTED[role]


def test_every_role_is_either_printed_or_documented() -> None:
    assert {resolve_role(name) for name, _column, _held in CELLS} | set(UNPRINTED) == set(ROLES)


@pytest.mark.parametrize(("role", "above"), [(role, above) for role, above in PARENTS.items() if above])
def test_no_role_is_wider_than_the_role_above_it(role: str, above: str) -> None:
    assert ROLE_PERMISSIONS[role] & ~ROLE_PERMISSIONS[above] == NONE


@pytest.mark.parametrize(
    ("action", "permission"),
    [
        ("agent.create", Permission.CREATE_AGENTS),
        ("agent.deploy", Permission.DEPLOY_AGENTS),
        ("agent.modify", Permission.MODIFY_CONFIG),
        ("agent.retire", Permission.DEPLOY_AGENTS),
    ],
)
def test_a_governed_action_takes_one_permission(action: str, permission: Permission) -> None:
    assert permission_for(action) is permission


def test_an_action_that_nobody_governs_is_refused_with_the_governed_ones() -> None:
    with pytest.raises(UnknownAction) as caught:
        permission_for("agent.explode")
    assert caught.value.accepted == tuple(ACTION_PERMISSIONS)


def test_the_holders_of_a_permission_are_named_from_the_top() -> None:
    assert holders(Permission.MANAGE_USERS) == ("enterprise_administrator", "tenant_administrator")


@pytest.mark.parametrize(
    ("held", "words"),
    [
        (NONE, "nothing"),
        (Permission.VIEW_AUDIT, "view audit"),
        (Permission.DEPLOY_AGENTS | Permission.VIEW_AUDIT, "deploy agents and view audit"),
        (Permission(7), "create agents, deploy agents and modify config"),
    ],
)
def test_permissions_read_as_words(held: Permission, words: str) -> None:
    assert describe(held) == words


def test_a_tenant_cannot_widen_a_role_and_is_told_what_it_may_keep() -> None:
    with pytest.raises(WideningRefused) as caught:
        narrow("agent_operator", Permission.DEPLOY_AGENTS | Permission.MANAGE_USERS)
    assert caught.value.message == "Role 'agent_operator' cannot be given manage users."
    assert caught.value.accepted == ("deploy_agents", "view_audit")


def test_what_a_role_loses_the_roles_below_it_lose_too() -> None:
    ours = narrowed({"meta_agent_manager": Permission.VIEW_AUDIT})
    assert ours["agent_developer"] == ours["agent_operator"] == Permission.VIEW_AUDIT
    assert ours["tenant_administrator"] == ROLE_PERMISSIONS["tenant_administrator"]


@given(st.dictionaries(st.sampled_from(ROLES), permissions))
def test_however_a_tenant_narrows_nobody_gains_and_nobody_exceeds_the_role_above(wanted: dict[str, Permission]) -> None:
    ours = narrowed({role: some & ROLE_PERMISSIONS[role] for role, some in wanted.items()})
    for role, above in PARENTS.items():
        assert ours[role] & ~ROLE_PERMISSIONS[role] == NONE
        assert above is None or ours[role] & ~ours[above] == NONE


@given(permissions)
def test_permissions_survive_being_written_as_keys(held: Permission) -> None:
    assert permissions_of(names(held)) == held


def test_a_misspelt_permission_is_answered_with_a_suggestion() -> None:
    with pytest.raises(UnknownPermission) as caught:
        permissions_of(["view_audits"])
    assert caught.value.message == "There is no permission 'view_audits'. Did you mean 'view_audit'?"
