"""What an expression of a mapping may speak of. `docs/connectors/mapping.md` shows the same; a test compares them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

# subject -> field -> an example of its value, which also says its type
FACTS: Final[Mapping[str, Any]] = {
    "request": {
        "id": "0190c2f0-0000-7000-8000-000000000001",
        "reference": "REQ-1042",  # of a bypass: BYP-3
        "action": "agent.create",
        "justification": "Reads invoices and books them.",
        "status": "pending",
        "policy": "agent-creation",  # empty for a bypass
        "created_at": "2026-03-02T09:00:00+00:00",
        "expires_at": "",  # of a bypass: when it ends
    },
    "requester": {
        "email": "dana.reyes@example.com",
        "name": "Dana Reyes",
        "title": "Developer",
        "time_zone": "Europe/Zurich",
    },
    "resource": {"name": "invoice-reader", "business_service": "Payments"},  # and whatever else was asked for, as text
    "risk": {"level": "high", "score": 7},
    "stages": [
        {
            "key": "security",
            "title": "Security review",
            "status": "open",
            "due_at": "2026-03-03T09:00:00+00:00",
            "approvers": ["lee.wong@example.com"],
            "decided_by": ["lee.wong@example.com"],
        }
    ],
    "links": {"console": "https://countersign.example.com/console/requests/REQ-1042"},
    "ticket": {
        "key": "0190c2f0-0000-7000-8000-000000000001",
        "kind": "change",
        "summary": "REQ-1042: agent.create invoice-reader",
        "description": "Reads invoices and books them.",
    },
}
OPEN_SUBJECTS: Final = ("resource",)  # have any field: an attribute that a request lacks is no value

# What a placeholder may name; `resource.…` stands for any attribute.
PLACEHOLDERS: Final = tuple(
    f"{subject}.{name}" for subject, fields in FACTS.items() if isinstance(fields, dict) for name in fields
)
