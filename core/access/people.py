"""The people of a tenant and what they hold, as one frozen picture that rules read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from core.access.grants import AccessIndex
from core.ids import UserId


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person as doors show them."""

    id: UserId
    email: str
    name: str
    title: str = ""
    time_zone: str = "UTC"
    active: bool = True
    manager: UserId | None = None
    fallback: UserId | None = None  # who decides while they are away and have named nobody


@dataclass(frozen=True, slots=True)
class GroupView:
    """People whom policies ask together. Members who have left stay members, and are not asked."""

    key: str
    title: str
    members: frozenset[UserId]


@dataclass(frozen=True, slots=True)
class GrantView:
    """A role held by a person at a scope."""

    id: UUID
    user: UserId
    email: str
    role: str
    scope_kind: str
    scope_id: str
    granted_by: str


@dataclass(frozen=True, slots=True)
class Directory:
    """Everybody in the tenant, active or not, and their compiled grants."""

    people: Mapping[UserId, PersonView]
    by_email: Mapping[str, PersonView]
    by_role: Mapping[str, frozenset[UserId]]  # active people only
    roles: Mapping[UserId, frozenset[str]]
    access: AccessIndex
    groups: Mapping[str, GroupView] = field(default_factory=dict)
    active: frozenset[UserId] = field(init=False)
    zones: Mapping[UserId, str] = field(init=False, compare=False, repr=False)  # where people live
    # Who fits a condition about people alone: true as long as the rest of the picture, and 50 us a person to find anew.
    fitting: dict[str, frozenset[UserId]] = field(init=False, default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "zones", {user: person.time_zone for user, person in self.people.items()})
        object.__setattr__(self, "active", frozenset(user for user, person in self.people.items() if person.active))

    def groups_of(self, user: UserId) -> frozenset[str]:
        """The keys of the groups that the person is in."""
        return frozenset(key for key, group in self.groups.items() if user in group.members)
