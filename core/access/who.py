"""People as policies name them: by role, by group, by address. Pure."""

from __future__ import annotations

from core.access.people import Directory
from core.ids import UserId
from core.tenants import Who


def admits(who: Who, everybody: Directory, user: UserId) -> bool:
    """Whether the person is one of them, by role, group or address."""
    person = everybody.people.get(user)
    return (
        bool(everybody.roles.get(user, frozenset()) & set(who.roles))
        or bool(everybody.groups_of(user) & set(who.groups))
        or (person is not None and person.email.lower() in who.people)
    )


def people_of(who: Who, everybody: Directory) -> frozenset[UserId]:
    """All active people whom it admits."""
    by_role = (everybody.by_role.get(role, frozenset()) for role in who.roles)
    by_group = (everybody.groups[key].members for key in who.groups if key in everybody.groups)
    by_name = frozenset(everybody.by_email[each].id for each in who.people if each in everybody.by_email)
    return frozenset[UserId](by_name).union(*by_role, *by_group) & everybody.active
