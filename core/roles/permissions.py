"""The permission matrix (R2), cell by cell as the framework prints it, with defaults for the roles it leaves out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntFlag
from typing import Final

from config.suggest import did_you_mean
from core.errors import InvalidInput
from core.roles.hierarchy import PARENTS


class Permission(IntFlag):
    """The matrix's six columns. Flags, so that one role is one number."""

    CREATE_AGENTS = 1
    DEPLOY_AGENTS = 2
    MODIFY_CONFIG = 4
    VIEW_AUDIT = 8
    MANAGE_USERS = 16
    SYSTEM_ADMIN = 32


NONE: Final = Permission(0)
ALL: Final = Permission(63)
_P = Permission
_BY_KEY: Final[Mapping[str, Permission]] = {str(flag.name).lower(): flag for flag in Permission}

# The framework's matrix.
MATRIX: Final[Mapping[str, Permission]] = {
    "enterprise_administrator": ALL,
    "tenant_administrator": ALL & ~_P.SYSTEM_ADMIN,
    "meta_agent_manager": _P.CREATE_AGENTS | _P.DEPLOY_AGENTS | _P.MODIFY_CONFIG | _P.VIEW_AUDIT,
    "agent_developer": _P.CREATE_AGENTS | _P.MODIFY_CONFIG | _P.VIEW_AUDIT,
    "agent_operator": _P.DEPLOY_AGENTS | _P.VIEW_AUDIT,
    "compliance_manager": _P.VIEW_AUDIT,
}
# The roles without a row: the least that their title needs, never more than the role above them holds.
DEFAULTS: Final[Mapping[str, Permission]] = {
    "compliance_analyst": _P.VIEW_AUDIT,
    "audit_reviewer": _P.VIEW_AUDIT,
    "security_manager": _P.VIEW_AUDIT,
    "security_analyst": _P.VIEW_AUDIT,
    "security_operator": NONE,
    "system_administrator": _P.SYSTEM_ADMIN | _P.MODIFY_CONFIG | _P.VIEW_AUDIT,
    "infrastructure_manager": _P.MODIFY_CONFIG,
    "monitoring_specialist": _P.VIEW_AUDIT,
}
ROLE_PERMISSIONS: Final[Mapping[str, Permission]] = {**MATRIX, **DEFAULTS}

ACTION_PERMISSIONS: Final[Mapping[str, Permission]] = {
    "agent.create": _P.CREATE_AGENTS,
    "agent.deploy": _P.DEPLOY_AGENTS,
    "agent.modify": _P.MODIFY_CONFIG,
    "agent.retire": _P.DEPLOY_AGENTS,
}


class UnknownAction(InvalidInput):
    """There is no such governed action."""

    code = "access.unknown_action"


class UnknownPermission(InvalidInput):
    """There is no such permission."""

    code = "access.unknown_permission"


class WideningRefused(InvalidInput):
    """A tenant may narrow what a role is permitted, never widen it."""

    code = "access.widening_refused"


def permission_for(action: str) -> Permission:
    """What a governed action takes. Raises UnknownAction with the accepted names."""
    permission = ACTION_PERMISSIONS.get(action)
    if permission is None:
        raise UnknownAction(f"'{action}' is not a governed action.", where="action", accepted=tuple(ACTION_PERMISSIONS))
    return permission


def narrow(role: str, wanted: Permission) -> Permission:
    """The role's permissions in a tenant that allows it only `wanted`. Raises WideningRefused if that would be more."""
    held = ROLE_PERMISSIONS[role]
    if wanted & ~held:
        raise WideningRefused(
            f"Role '{role}' cannot be given {describe(wanted & ~held)}.",
            where=f"roles.{role}",
            accepted=tuple(names(held)),
        )
    return wanted


def narrowed(wanted: Mapping[str, Permission]) -> Mapping[str, Permission]:
    """Every role's permissions in a tenant that allows some roles only what `wanted` says.

    What a role loses, the roles below it lose too: nobody holds more than the role above them. Raises WideningRefused.
    """
    result: dict[str, Permission] = {}
    for role, above in PARENTS.items():  # drawn from the top, so the role above is there already
        held = narrow(role, wanted[role]) if role in wanted else ROLE_PERMISSIONS[role]
        result[role] = held if above is None else held & result[above]
    return result


def permissions_of(keys: Iterable[str]) -> Permission:
    """The set of permissions with these keys. Raises UnknownPermission with the accepted names."""
    result = NONE
    for key in keys:
        if key not in _BY_KEY:
            raise UnknownPermission(
                f"There is no permission '{key}'.{did_you_mean(key, _BY_KEY)}", accepted=tuple(_BY_KEY)
            )
        result |= _BY_KEY[key]
    return result


def names(permissions: Permission) -> list[str]:
    """The keys of the set flags, in the matrix's order."""
    return [flag.name.lower() for flag in Permission if flag & permissions and flag.name]


def describe(permissions: Permission) -> str:
    """The permissions as words: 'create agents and view audit'."""
    words = [name.replace("_", " ") for name in names(permissions)]
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else "nothing"


def holders(permission: Permission, role_permissions: Mapping[str, Permission] = ROLE_PERMISSIONS) -> tuple[str, ...]:
    """The roles that hold the permission, in the order in which the hierarchy draws them."""
    return tuple(role for role in PARENTS if role_permissions.get(role, NONE) & permission == permission)
