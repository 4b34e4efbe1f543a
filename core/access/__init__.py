"""People, roles and permissions.

grants.py             pure: grants compiled into decisions (roles: core/roles)
scopes.py, tokens.py  what an API token may do; its format
people.py             PersonView, Directory
model.py, store.py    tables and SQL
require.py            the check at the head of a use case
service.py            people and grants
groups.py             groups and managers; group_store.py their SQL
credentials.py        API tokens; sessions.py: those that browsers keep
authentication.py     from a presented token to an actor
visiting.py           an enterprise administrator beyond their own tenant
"""

from core.access.authentication import authenticate
from core.access.credentials import TokenView, create_token, list_tokens, revoke_token
from core.access.errors import PermissionMissing, TokenRefused, UnknownPerson
from core.access.groups import GROUP_KEY, delete_group, put_group, set_manager
from core.access.people import Directory, GrantView, GroupView, PersonView
from core.access.require import member_of, permitted, require
from core.access.scopes import TokenScope, require_scope
from core.access.service import (
    add_person,
    directory,
    find_person,
    grant_role,
    list_grants,
    list_people,
    revoke_role,
)
from core.access.sessions import (
    SESSION_IDLE,
    SESSION_LIFETIME,
    close_session,
    end_other_sessions,
    end_session,
    end_sessions,
    list_sessions,
    open_session,
    session_id_of,
)
from core.roles.hierarchy import Scope, ScopeKind, resolve_role
from core.roles.permissions import Permission, permission_for

__all__ = [
    "GROUP_KEY",
    "SESSION_IDLE",
    "SESSION_LIFETIME",
    "Directory",
    "GrantView",
    "GroupView",
    "Permission",
    "PermissionMissing",
    "PersonView",
    "Scope",
    "ScopeKind",
    "TokenRefused",
    "TokenScope",
    "TokenView",
    "UnknownPerson",
    "add_person",
    "authenticate",
    "close_session",
    "create_token",
    "delete_group",
    "directory",
    "end_other_sessions",
    "end_session",
    "end_sessions",
    "find_person",
    "grant_role",
    "list_grants",
    "list_people",
    "list_sessions",
    "list_tokens",
    "member_of",
    "open_session",
    "permission_for",
    "permitted",
    "put_group",
    "require",
    "require_scope",
    "resolve_role",
    "revoke_role",
    "revoke_token",
    "session_id_of",
    "set_manager",
]
