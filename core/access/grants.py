"""Grants compiled for the gate: a decision is two dictionary probes and a mask.

Every possible answer is made once at compile time and shared, so a decision allocates nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Final

from core.errors import Forbidden
from core.ids import UserId
from core.roles.hierarchy import Scope, ScopeKind, ancestors, title
from core.roles.permissions import NONE, ROLE_PERMISSIONS, Permission, describe, holders


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


_Held = Mapping[tuple[str, str], Mapping[Permission, Verdict]]
_NOTHING_ASKED: Final = Verdict(allowed=False, reason="No permission was named, so there is nothing to allow.")


class AccessIndex:
    """Who may do what in one tenant. Immutable once built; a change of grants builds a new one and swaps it."""

    __slots__ = ("_elsewhere", "_refusals", "_tenant_wide")

    def __init__(
        self,
        tenant_wide: Mapping[int, Mapping[int, Verdict]],
        elsewhere: Mapping[UserId, _Held],
        refusals: Mapping[Permission, Verdict],
    ) -> None:
        # By grants that cover the whole tenant: every yes, and the no of those who hold no other kind of grant.
        # Keyed by plain numbers: UUID and IntFlag hash in Python code, twice as slow as the look-up itself.
        self._tenant_wide = tenant_wide
        self._elsewhere = elsewhere  # by grants on the enterprise, a project or an agent
        self._refusals = refusals

    def may(self, user: UserId | None, permission: Permission, scope: Scope | None = None) -> Verdict:
        """Whether the person holds the permission (of several: all) at the place, by default the whole tenant.

        A grant covers its place and what lies below: one for a tenant says nothing about the enterprise.
        """
        if scope is None or scope.kind != ScopeKind.ENTERPRISE:
            held = self._tenant_wide.get(user.int) if user is not None else None
            if held is not None:
                found = held.get(permission._value_)
                if found is not None:
                    return found
        return self._look_closer(user, permission, scope or Scope())

    def _look_closer(self, user: UserId | None, permission: Permission, scope: Scope) -> Verdict:
        refusal = self._refusals.get(permission)
        if refusal is None:  # several at once, or none
            verdicts = [self.may(user, flag, scope) for flag in Permission if flag & permission]
            return next((v for v in verdicts if not v.allowed), verdicts[-1] if verdicts else _NOTHING_ASKED)
        held = self._elsewhere.get(user) if user is not None else None
        if held is None:
            return refusal
        covering = (held.get(place, {}).get(permission) for place in scope.chain())
        return next((verdict for verdict in covering if verdict is not None), refusal)


def compile_grants(
    grants: Iterable[Grant], role_permissions: Mapping[str, Permission] = ROLE_PERMISSIONS
) -> AccessIndex:
    """The index over these grants, with the tenant's (narrowed) permissions of each role."""
    tenant_wide: dict[tuple[UserId, Permission], Verdict] = {}
    elsewhere: dict[UserId, dict[tuple[str, str], dict[Permission, Verdict]]] = {}
    made: dict[tuple[str, Scope, Permission], Verdict] = {}
    given = tuple(grants)
    for grant in given:
        permissions = role_permissions.get(grant.role, NONE)
        for permission in Permission:
            if not permission & permissions:
                continue
            key = (grant.role, grant.scope, permission)
            verdict = made.get(key) or made.setdefault(key, _allowed(*key))
            if grant.scope.kind in {ScopeKind.ENTERPRISE, ScopeKind.TENANT}:
                tenant_wide.setdefault((grant.user, permission), verdict)
            if grant.scope.kind != ScopeKind.TENANT:
                place = (str(grant.scope.kind), grant.scope.id)
                elsewhere.setdefault(grant.user, {}).setdefault(place, {}).setdefault(permission, verdict)
    refusals = {permission: _refusal(permission, role_permissions) for permission in Permission}
    for user in {grant.user for grant in given} - elsewhere.keys():
        for permission, refusal in refusals.items():
            tenant_wide.setdefault((user, permission), refusal)
    by_person: dict[int, dict[int, Verdict]] = {}
    for (user, permission), verdict in tenant_wide.items():
        by_person.setdefault(user.int, {})[permission.value] = verdict
    return AccessIndex(
        {user: _shared(tuple(sorted(held.items(), key=itemgetter(0)))) for user, held in by_person.items()},
        elsewhere,
        refusals,
    )


@lru_cache(maxsize=4096)
def _shared(verdicts: tuple[tuple[int, Verdict], ...]) -> Mapping[int, Verdict]:
    """One mapping for everybody with these verdicts, in whichever tenant: they stay in the processor's cache."""
    return dict(verdicts)


def may_grant(held: frozenset[str], role: str) -> None:
    """Returns if somebody who holds these roles may grant `role`; raises GrantAboveOwnRole otherwise (R7)."""
    if "enterprise_administrator" in held or held & set(ancestors(role)):
        return
    raise GrantAboveOwnRole(
        f"You cannot grant {title(role)}.",
        where="role",
        accepted=tuple(title(above) for above in ancestors(role)),
        next_step="Somebody with one of these roles can.",
    )


def _allowed(role: str, scope: Scope, permission: Permission) -> Verdict:
    place = f"{scope.kind} {scope.id}".strip()
    return Verdict(allowed=True, reason=f"{title(role)} ({place}) may {describe(permission)}.")


def _refusal(permission: Permission, role_permissions: Mapping[str, Permission]) -> Verdict:
    who = ", ".join(title(role) for role in holders(permission, role_permissions))
    return Verdict(
        allowed=False, reason=f"None of your roles may {describe(permission)}. These may: {who or 'nobody'}."
    )
