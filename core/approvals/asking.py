"""Whom a stage may ask: a role, one person, or somebody whom the request itself names (P2).

    approvers: ["security_manager", "agent.owner", "agent.sponsor", "person:cfo@example.com"]

Each is a key under which `people_for` finds people, so that rules and routing know no difference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from config.suggest import suggest
from core.access import Directory
from core.errors import InvalidInput
from core.ids import UserId
from core.roles import hierarchy
from core.roles.hierarchy import ROLES, UnknownRole, resolve_role

PeopleByRole = Mapping[str, frozenset[UserId]]

NAMED_BY_REQUEST: Final = {"agent.owner": "owner", "agent.sponsor": "sponsor"}  # -> the fact that names them
PERSON: Final = "person:"
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")
# Above somebody who is asked as a person stands no role of theirs: whoever runs the tenant decides in their place.
_ABOVE_A_PERSON: Final = "tenant_administrator"


def resolve_asked(name: str, aliases: Mapping[str, str]) -> str:
    """The key of whoever is meant, however it is written. Raises UnknownRole, or InvalidInput for no e-mail."""
    text = name.strip()
    if text.lower().startswith(PERSON):
        email = text[len(PERSON) :].strip().lower()
        if not _EMAIL.fullmatch(email):
            raise InvalidInput(f"'{email}' is no e-mail address.", accepted=("person:dana@example.com",))
        return PERSON + email
    if text.lower() in NAMED_BY_REQUEST:
        return text.lower()
    try:
        return resolve_role(text, aliases)
    except UnknownRole as exc:
        accepted = (*ROLES, *NAMED_BY_REQUEST, PERSON + "e-mail")
        guess = suggest(text, NAMED_BY_REQUEST)
        message = f"Nobody can be asked as '{text}'. Did you mean '{guess}'?" if guess else exc.message
        raise UnknownRole(message, where="approvers", accepted=accepted) from exc


def asked_title(key: str) -> str:
    """Who is meant, as people read it: Security Manager, the agent's owner, cfo@example.com."""
    if key.startswith(PERSON):
        return key.removeprefix(PERSON)
    if key in NAMED_BY_REQUEST:
        return f"the agent's {NAMED_BY_REQUEST[key]}"
    return hierarchy.title(key)


def roles_above(key: str) -> Iterator[str]:
    """The roles above, nearest first."""
    if key.startswith(PERSON) or key in NAMED_BY_REQUEST:
        yield _ABOVE_A_PERSON
        yield from hierarchy.ancestors(_ABOVE_A_PERSON)
        return
    yield from hierarchy.ancestors(key)


class PeopleFor(Mapping[str, frozenset[UserId]]):
    """The people behind each key, for a request about this resource. Whoever is not there, or inactive, is nobody."""

    def __init__(self, everybody: Directory, resource: Mapping[str, str]) -> None:
        self._everybody = everybody
        self._resource = resource

    def __getitem__(self, key: str) -> frozenset[UserId]:
        if key in NAMED_BY_REQUEST:
            return self._person(self._resource.get(NAMED_BY_REQUEST[key], ""))
        if key.startswith(PERSON):
            return self._person(key.removeprefix(PERSON))
        return self._everybody.by_role[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._everybody.by_role)

    def __len__(self) -> int:
        return len(self._everybody.by_role)

    def _person(self, email: str) -> frozenset[UserId]:
        found = self._everybody.by_email.get(email.strip().lower())
        return frozenset({found.id}) if found is not None and found.active else frozenset()
