"""People and agents as conditions see them: the values behind core/conditions/variables.py."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from core.access import Directory, PersonView

_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WORKING_DAYS: Final = 5
_WORKING_HOURS: Final = range(8, 18)
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


def time_facts(now: datetime, time_zone: str) -> dict[str, Any]:
    """The moment where the tenant is."""
    local = now.astimezone(ZoneInfo(time_zone))
    weekday = local.weekday()
    return {
        "date": local.date().isoformat(),
        "weekday": _WEEKDAYS[weekday],
        "hour": local.hour,
        "working_hours": weekday < _WORKING_DAYS and local.hour in _WORKING_HOURS,
    }
