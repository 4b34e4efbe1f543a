"""People, roles and permissions.

grants.py             pure: grants compiled into decisions (roles: core/roles)
scopes.py, tokens.py  what an API token may do; its format
people.py             PersonView, Directory; who.py: pure: people as policies name them
model.py, store.py    tables and SQL
require.py            the check at the head of a use case
service.py            people and grants
groups.py             groups and managers; group_store.py their SQL
credentials.py        API tokens; sessions.py: those that browsers keep; rotation.py: pure: their changing secret
authentication.py     from a presented token to an actor
services.py           programs of ours that ask, and never decide
visiting.py           an enterprise administrator beyond their own tenant
"""

from core.access.authentication import authenticate
from core.access.credentials import TokenView, create_token, list_tokens, revoke_token
from core.access.errors import PermissionMissing, TokenRefused, UnknownPerson
from core.access.grants import Verdict
from core.access.groups import GROUP_KEY, delete_group, keep_fallback, put_group, set_manager
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
from core.access.services import service_actor
from core.access.sessions import (
    SignedInWith,
    close_session,
    end_other_sessions,
    end_session,
    end_sessions,
    form_key,
    list_sessions,
    open_session,
    rotate_session,
    session_id_of,
    session_of,
    touch_session,
)
from core.access.who import admits, people_of
from core.roles.hierarchy import Scope, ScopeKind, resolve_role
from core.roles.permissions import Permission, permission_for

__all__ = [
    "GROUP_KEY",
    "Directory",
    "GrantView",
    "GroupView",
    "Permission",
    "PermissionMissing",
    "PersonView",
    "Scope",
    "ScopeKind",
    "SignedInWith",
    "TokenRefused",
    "TokenScope",
    "TokenView",
    "UnknownPerson",
    "Verdict",
    "add_person",
    "admits",
    "authenticate",
    "close_session",
    "create_token",
    "delete_group",
    "directory",
    "end_other_sessions",
    "end_session",
    "end_sessions",
    "find_person",
    "form_key",
    "grant_role",
    "keep_fallback",
    "list_grants",
    "list_people",
    "list_sessions",
    "list_tokens",
    "member_of",
    "open_session",
    "people_of",
    "permission_for",
    "permitted",
    "put_group",
    "require",
    "require_scope",
    "resolve_role",
    "revoke_role",
    "revoke_token",
    "rotate_session",
    "service_actor",
    "session_id_of",
    "session_of",
    "set_manager",
    "touch_session",
]
