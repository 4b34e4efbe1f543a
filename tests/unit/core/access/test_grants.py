"""Compiled grants: who may do what where, and why (R1, R3, R7)."""

from __future__ import annotations

from uuid import UUID

import pytest

from core.access.grants import AccessIndex, Grant, GrantAboveOwnRole, compile_grants, may_grant
from core.ids import UserId
from core.roles.hierarchy import ROLES, Scope, ScopeKind, ancestors
from core.roles.permissions import ROLE_PERMISSIONS, Permission, narrowed

DANA, LEE = UserId(UUID(int=1)), UserId(UUID(int=2))
ENTERPRISE, TENANT = Scope(ScopeKind.ENTERPRISE), Scope(ScopeKind.TENANT)
PAYMENTS, CLAIMS = Scope(ScopeKind.PROJECT, "payments"), Scope(ScopeKind.PROJECT, "claims")
REFUNDS = Scope(ScopeKind.AGENT, "refunds", project="payments")
LONER = Scope(ScopeKind.AGENT, "loner")


def _index(role: str, scope: Scope) -> AccessIndex:
    return compile_grants([Grant(DANA, role, scope)])


@pytest.mark.row("R2")
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("permission", list(Permission))
def test_a_decision_agrees_with_the_matrix(role: str, permission: Permission) -> None:
    is_held = bool(ROLE_PERMISSIONS[role] & permission)
    assert _index(role, TENANT).may(DANA, permission).allowed is is_held


@pytest.mark.row("R1")
@pytest.mark.parametrize(
    ("granted", "covers", "leaves"),
    [
        (ENTERPRISE, [ENTERPRISE, TENANT, PAYMENTS, REFUNDS, LONER], []),
        (TENANT, [TENANT, PAYMENTS, REFUNDS, LONER], [ENTERPRISE]),
        (PAYMENTS, [PAYMENTS, REFUNDS], [ENTERPRISE, TENANT, CLAIMS, LONER]),
        (Scope(ScopeKind.AGENT, "refunds"), [REFUNDS], [ENTERPRISE, TENANT, PAYMENTS, CLAIMS, LONER]),
    ],
)
def test_a_grant_covers_its_place_and_what_lies_below_and_nothing_else(
    granted: Scope, covers: list[Scope], leaves: list[Scope]
) -> None:
    index = _index("agent_operator", granted)
    assert [place for place in covers if not index.may(DANA, Permission.DEPLOY_AGENTS, place).allowed] == []
    assert [place for place in leaves if index.may(DANA, Permission.DEPLOY_AGENTS, place).allowed] == []


@pytest.mark.row("R3")
def test_a_yes_names_the_role_and_the_place_that_decided() -> None:
    assert _index("agent_operator", PAYMENTS).may(DANA, Permission.DEPLOY_AGENTS, REFUNDS).reason == (
        "Agent Operator (project payments) may deploy agents."
    )


@pytest.mark.row("R3")
def test_a_no_names_what_is_missing_and_who_has_it() -> None:
    assert _index("agent_developer", TENANT).may(DANA, Permission.MANAGE_USERS).reason == (
        "None of your roles may manage users. These may: Enterprise Administrator, Tenant Administrator."
    )


def test_a_no_names_those_who_have_it_in_this_tenant() -> None:
    index = compile_grants([Grant(DANA, "agent_operator", TENANT)], narrowed({"agent_operator": Permission.VIEW_AUDIT}))
    assert index.may(DANA, Permission.DEPLOY_AGENTS).reason == (
        "None of your roles may deploy agents. "
        "These may: Enterprise Administrator, Tenant Administrator, Meta-Agent Manager."
    )


def test_a_person_without_grants_and_nobody_at_all_may_nothing() -> None:
    index = _index("enterprise_administrator", ENTERPRISE)
    for permission in Permission:
        assert not index.may(LEE, permission).allowed
        assert not index.may(None, permission).allowed


def test_several_permissions_at_once_take_every_one_of_them() -> None:
    index = _index("agent_operator", TENANT)
    assert index.may(DANA, Permission.DEPLOY_AGENTS | Permission.VIEW_AUDIT).allowed
    assert not index.may(DANA, Permission.DEPLOY_AGENTS | Permission.MANAGE_USERS).allowed


def test_no_permission_at_all_is_not_allowed() -> None:
    assert not _index("enterprise_administrator", ENTERPRISE).may(DANA, Permission(0)).allowed


def test_roles_add_up() -> None:
    index = compile_grants([Grant(DANA, "agent_operator", TENANT), Grant(DANA, "agent_developer", TENANT)])
    assert index.may(DANA, Permission.CREATE_AGENTS).allowed
    assert index.may(DANA, Permission.DEPLOY_AGENTS).allowed


def test_a_grant_of_a_role_that_no_longer_exists_gives_nothing() -> None:
    assert not _index("chief_of_everything", TENANT).may(DANA, Permission.VIEW_AUDIT).allowed


def test_an_answer_is_made_once_and_shared() -> None:
    index = compile_grants([Grant(DANA, "agent_operator", TENANT), Grant(LEE, "agent_operator", TENANT)])
    assert index.may(DANA, Permission.DEPLOY_AGENTS) is index.may(LEE, Permission.DEPLOY_AGENTS, TENANT)


@pytest.mark.row("R7")
@pytest.mark.parametrize("granter", ROLES)
@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_granted_only_from_above(granter: str, role: str) -> None:
    if granter in ancestors(role) or granter == "enterprise_administrator":
        may_grant(frozenset({granter}), role)
    else:
        with pytest.raises(GrantAboveOwnRole):
            may_grant(frozenset({granter}), role)
