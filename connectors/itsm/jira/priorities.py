"""How bad an incident is, as the priority of its issue. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connectors.itsm.severity_scale import SeverityScale

# Both schemes that Jira has come with (Atlassian, "Associate priorities with projects").
_READ: Final[Mapping[str, str]] = {
    "highest": "critical", "blocker": "critical", "high": "high", "critical": "high", "medium": "medium",
    "major": "medium", "low": "low", "lowest": "low", "minor": "low", "trivial": "low",
}  # fmt: skip

SEVERITY_SCALE: Final = SeverityScale(
    ("priority",),
    {"critical": ("Highest",), "high": ("High",), "medium": ("Medium",), "low": ("Low",)},
    lambda values: _READ.get(values[0].lower()),
)
