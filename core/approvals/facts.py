"""People and agents as conditions see them: the values behind core/conditions/variables.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from core.access import Directory, PersonView

_BASE_FACTS: Final = ("name", "sponsor", "owner", "business_service")


def agent_facts(resource: Mapping[str, str]) -> dict[str, Any]:
    """What is asked about: the facts that every agent has, and its own as text."""
    return {
        **{key: resource.get(key, "") for key in _BASE_FACTS},
        "attributes": {key: value for key, value in resource.items() if key not in _BASE_FACTS},
    }


def person_facts(person: PersonView, everybody: Directory) -> dict[str, Any]:
    """A person, their roles and groups, and the address of their manager."""
    manager = everybody.people.get(person.manager) if person.manager else None
    return {
        "email": person.email,
        "name": person.name,
        "title": person.title,
        "roles": sorted(everybody.roles.get(person.id, ())),
        "groups": sorted(everybody.groups_of(person.id)),
        "time_zone": person.time_zone,
        "manager": manager.email if manager else "",
    }
