"""Grants compiled for the gate: a decision is two dictionary probes and a mask.

Every possible answer is made once at compile time and shared, so a decision allocates nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from core.access.permissions import NONE, ROLE_PERMISSIONS, Permission, describe, holders
from core.access.roles import Scope, ScopeKind, ancestors, title
from core.errors import Forbidden
from core.ids import UserId


@dataclass(frozen=True, slots=True)
class Grant:
    """A person holds a role at a place and below."""

    user: UserId
    role: str
    scope: Scope


@dataclass(frozen=True, slots=True)
class Verdict:
    """Allowed or not, and the rule that decided (R3)."""

    allowed: bool
    reason: str


class GrantAboveOwnRole(Forbidden):
    """A role can be granted only by somebody whose own role stands above it."""

    code = "access.grant_above_own_role"


_TENANT_WIDE: Final = frozenset({ScopeKind.ENTERPRISE, ScopeKind.TENANT})
_Held = dict[tuple[str, str], dict[Permission, Verdict]]


class AccessIndex:
    """Who may do what in one tenant. Immutable once built; a change of grants builds a new one and swaps it."""

    __slots__ = ("_narrow", "_refusals", "_wide")

    def __init__(self, wide: Mapping[tuple[UserId, Permission], Verdict], narrow_: Mapping[UserId, _Held]) -> None:
        self._wide = wide
        self._narrow = narrow_
        self._refusals = {permission: _refusal(permission) for permission in Permission}

    def may(self, user: UserId | None, permission: Permission, scope: Scope | None = None) -> Verdict:
        """Whether the person holds one permission at the place (default: the whole tenant)."""
        found = self._wide.get((user, permission))  # type: ignore[arg-type]  # None is simply not there
        if found is not None:
            return found
        if scope is not None and user in self._narrow:
            held = self._narrow[user]
            for place in scope.chain():
                verdict = held.get(place, {}).get(permission)
                if verdict is not None:
                    return verdict
        return self._refusals[permission]


def compile_grants(
    grants: Iterable[Grant], role_permissions: Mapping[str, Permission] = ROLE_PERMISSIONS
) -> AccessIndex:
    """The index over these grants, with the tenant's (narrowed) permissions of each role."""
    wide: dict[tuple[UserId, Permission], Verdict] = {}
    narrow_: dict[UserId, _Held] = {}
    for grant in grants:
        permissions = role_permissions.get(grant.role, NONE)
        for permission in Permission:
            if not permission & permissions:
                continue
            if grant.scope.kind in _TENANT_WIDE:
                wide.setdefault((grant.user, permission), _allowed(grant.role, grant.scope, permission))
            else:
                place = (str(grant.scope.kind), grant.scope.id)
                held = narrow_.setdefault(grant.user, {}).setdefault(place, {})
                held.setdefault(permission, _allowed(grant.role, grant.scope, permission))
    return AccessIndex(wide, narrow_)


def may_grant(held: frozenset[str], role: str) -> None:
    """Returns if somebody who holds these roles may grant `role`; raises GrantAboveOwnRole otherwise (R7)."""
    if "enterprise_administrator" in held or held & set(ancestors(role)):
        return
    raise GrantAboveOwnRole(
        f"You cannot grant {title(role)}.", where="role", accepted=tuple(title(above) for above in ancestors(role)),
        next_step="Somebody with one of these roles can.",
    )


def _allowed(role: str, scope: Scope, permission: Permission) -> Verdict:
    place = f"{scope.kind} {scope.id}".strip()
    return Verdict(allowed=True, reason=f"{title(role)} ({place}) may {describe(permission)}.")


def _refusal(permission: Permission) -> Verdict:
    who = ", ".join(title(role) for role in holders(permission))
    return Verdict(allowed=False, reason=f"None of your roles may {describe(permission)}. These may: {who}.")
