"""Whom a stage may ask: a role, a person, a group, somebody whom the request names, or whoever fits a condition (P2).

    approvers:
      - security_manager
      - agent.owner
      - agent.sponsor
      - requester.manager
      - group:sre
      - person:cfo@example.com
      - where: '"emea" in person.groups && person.title.contains("Security")'

Each is a key under which `PeopleFor` finds people, so that rules and routing know no difference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from config.suggest import suggest
from core.access import GROUP_KEY, Directory
from core.approvals.facts import agent_facts, person_facts
from core.conditions import PEOPLE_SUBJECTS, Condition, Facts, compile_condition
from core.errors import InvalidInput
from core.ids import UserId
from core.roles import hierarchy
from core.roles.hierarchy import ROLES, UnknownRole, resolve_role

PeopleByRole = Mapping[str, frozenset[UserId]]

MANAGER: Final = "requester.manager"
NAMED_BY_REQUEST: Final = {"agent.owner": "owner", "agent.sponsor": "sponsor"}  # -> the fact that names them
PERSON: Final = "person:"
GROUP: Final = "group:"
WHERE: Final = "where:"
_TITLES: Final = {
    "agent.owner": "the agent's owner",
    "agent.sponsor": "the agent's sponsor",
    MANAGER: "the requester's manager",
}
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")
# Above somebody who is not asked by a role of theirs, whoever runs the tenant decides in their place.
_ABOVE_OTHERS: Final = "tenant_administrator"
_NOBODY: Final = frozenset[UserId]()


def resolve_asked(name: str, aliases: Mapping[str, str]) -> str:
    """The key of whoever is meant, however it is written. Raises UnknownRole or InvalidInput."""
    text = name.strip()
    prefix, colon, rest = text.partition(":")
    match prefix.lower() + colon:
        case "person:":
            return PERSON + _checked(rest, _EMAIL, "is no e-mail address", "person:dana@example.com")
        case "group:":
            return GROUP + _checked(rest, GROUP_KEY, "cannot name a group", "group:site-reliability")
        case "where:":
            compile_condition(rest.strip(), subjects=PEOPLE_SUBJECTS)
            return WHERE + rest.strip()
        case _:
            pass
    if text.lower() in _TITLES:
        return text.lower()
    try:
        return resolve_role(text, aliases)
    except UnknownRole as exc:
        accepted = (*ROLES, *_TITLES, PERSON + "e-mail", GROUP + "key", "where: condition")
        guess = suggest(text, _TITLES)
        message = f"Nobody can be asked as '{text}'. Did you mean '{guess}'?" if guess else exc.message
        raise UnknownRole(message, where="approvers", accepted=accepted) from exc


def asked_title(key: str) -> str:
    """Who is meant, as people read it: Security Manager, the agent's owner, the group sre, cfo@example.com."""
    if key.startswith(PERSON):
        return key.removeprefix(PERSON)
    if key.startswith(GROUP):
        return f"the group {key.removeprefix(GROUP)}"
    if key.startswith(WHERE):
        return f"whoever fits {key.removeprefix(WHERE)}"
    return _TITLES.get(key) or hierarchy.title(key)


def roles_above(key: str) -> Iterator[str]:
    """The roles above, nearest first."""
    if key not in ROLES:
        yield _ABOVE_OTHERS
        yield from hierarchy.ancestors(_ABOVE_OTHERS)
        return
    yield from hierarchy.ancestors(key)


class PeopleFor(Mapping[str, frozenset[UserId]]):
    """The people behind each key, for somebody's request about this resource. Whoever has left is nobody."""

    def __init__(self, everybody: Directory, resource: Mapping[str, str], requester: UserId) -> None:
        self._everybody = everybody
        self._resource = resource
        self._requester = requester
        self._found: dict[str, frozenset[UserId]] = {}

    def __getitem__(self, key: str) -> frozenset[UserId]:
        if key in NAMED_BY_REQUEST:
            return self._person(self._resource.get(NAMED_BY_REQUEST[key], ""))
        if key == MANAGER:
            return self._manager()
        if key.startswith(PERSON):
            return self._person(key.removeprefix(PERSON))
        if key.startswith(GROUP):
            group = self._everybody.groups.get(key.removeprefix(GROUP))
            return group.members & self._everybody.active if group else _NOBODY
        if key.startswith(WHERE):
            return self._fitting(key.removeprefix(WHERE))
        return self._everybody.by_role[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._everybody.by_role)

    def __len__(self) -> int:
        return len(self._everybody.by_role)

    def _person(self, email: str) -> frozenset[UserId]:
        found = self._everybody.by_email.get(email.strip().lower())
        return frozenset({found.id}) if found is not None and found.active else _NOBODY

    def _manager(self) -> frozenset[UserId]:
        """The requester's manager, or the nearest above who has not left."""
        seen: set[UserId] = set()
        person = self._everybody.people.get(self._requester)
        while person is not None and person.manager is not None and person.id not in seen:
            seen.add(person.id)
            person = self._everybody.people.get(person.manager)
            if person is not None and person.active:
                return frozenset({person.id})
        return _NOBODY

    def _fitting(self, text: str) -> frozenset[UserId]:
        """Found once: for this picture of the people if the condition speaks of them alone, else for this request."""
        condition = compile_condition(text, subjects=PEOPLE_SUBJECTS)
        is_of_people = all(path.partition(".")[0] == "person" for path in condition.paths)
        known = self._everybody.fitting if is_of_people else self._found
        if text not in known:
            known[text] = self._who_fits(condition)
        return known[text]

    def _who_fits(self, condition: Condition) -> frozenset[UserId]:
        """Everybody active for whom it holds; in doubt nobody is asked by it, and the stage escalates."""
        asker = self._everybody.people.get(self._requester)
        shared = {
            "agent": agent_facts(self._resource),
            "requester": person_facts(asker, self._everybody) if asker else {},
        }
        candidates = (self._everybody.people[user] for user in self._everybody.active)
        return frozenset(
            person.id
            for person in candidates
            if condition.find(Facts({**shared, "person": person_facts(person, self._everybody)}), in_doubt=False).holds
        )


def _checked(text: str, shape: re.Pattern[str], fault: str, example: str) -> str:
    found = text.strip().lower()
    if not shape.fullmatch(found):
        raise InvalidInput(f"'{found}' {fault}.", accepted=(example,))
    return found
