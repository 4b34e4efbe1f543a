"""What a condition may speak of. `docs/policies.md` shows the same table; a test compares the two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

Variables = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """What the conditions of one feature may speak of, each with an example of its value. One object for each."""

    examples: Variables


# subject -> field -> an example of its value, which also says its type
VARIABLES: Final[Variables] = {
    "request": {"action": "agent.create", "resource": "invoice-helper", "justification": "Month-end close"},
    "agent": {
        "name": "invoice-helper",
        "sponsor": "dana@example.com",
        "owner": "lee@example.com",
        "business_service": "Payments",
        "attributes": {"environment": "production"},  # every other attribute, as text
    },
    "requester": {
        "email": "dana@example.com",
        "name": "Dana",
        "title": "Developer",
        "roles": ["agent_developer"],
        "groups": ["payments"],
        "time_zone": "Europe/Zurich",
        "manager": "pat@example.com",
    },
    "tenant": {"id": "enterprise-corp", "compliance": ["GDPR"]},
    "budget": {"requested": 0.0},  # the number in the attribute `budget`; 0 without one
    "risk": {"score": 0, "level": "low"},
    "time": {"date": "2026-03-02", "weekday": "monday", "hour": 9, "working_hours": True},  # where the tenant is
}

# Of somebody who might be asked to decide: for the conditions by which a stage finds its approvers (`where`).
PERSON: Final[Variables] = {
    "person": {
        "email": "lee@example.com",
        "name": "Lee",
        "title": "Head of Security EMEA",
        "roles": ["security_manager"],
        "groups": ["emea"],
        "time_zone": "Europe/Zurich",
        "manager": "pat@example.com",  # empty if there is none
    }
}
PEOPLE_SUBJECTS: Final = ("person", "agent", "requester")
