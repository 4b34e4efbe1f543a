"""People, roles and permissions.

grants.py                             pure: grants compiled into decisions (roles: core/roles)
scopes.py, tokens.py                  what an API token may do; its format
people.py                             PersonView, Directory
model.py, store.py                    tables and SQL
require.py                            the check at the head of a use case
service.py                            authenticate, people, grants, tokens
visiting.py                           an enterprise administrator beyond their own tenant
"""

from core.access.errors import PermissionMissing, TokenRefused, UnknownPerson
from core.access.people import Directory, GrantView, PersonView
from core.access.require import permitted, require
from core.access.scopes import TokenScope, require_scope
from core.roles.hierarchy import Scope, ScopeKind, resolve_role
from core.roles.permissions import Permission, permission_for

__all__ = [
    "Directory",
    "GrantView",
    "Permission",
    "PermissionMissing",
    "PersonView",
    "Scope",
    "ScopeKind",
    "TokenRefused",
    "TokenScope",
    "UnknownPerson",
    "permission_for",
    "permitted",
    "require",
    "require_scope",
    "resolve_role",
]
