"""The catalogue of standard changes: work so routine that its approval is given beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TEMPLATES: Final[tuple[Mapping[str, str], ...]] = (
    {
        "sys_id": "5d1a7b0c9e2f4a3b8c6d5e4f3a2b1c0d",
        "name": "Refresh the prompt of a registered agent",
        "short_description": "Refresh the prompt of a registered agent",
        "description": "Replace an agent's prompt by one that passed its evaluation set. No new tools, no new data.",
        "category": "Software",
        "assignment_group": "AI Platform",
        "implementation_plan": "Publish the new prompt version; watch the evaluation dashboard for ten minutes.",
        "backout_plan": "Publish the former prompt version.",
        "test_plan": "The evaluation set passes in staging.",
        "risk": "4",
        "impact": "3",
    },
    {
        "sys_id": "6e2b8c1d0f3a5b4c9d7e6f5a4b3c2d1e",
        "name": "Rotate an agent's credentials",
        "short_description": "Rotate an agent's credentials",
        "description": "Issue new credentials for an agent's service account and withdraw the old ones.",
        "category": "Security",
        "assignment_group": "AI Platform",
        "implementation_plan": "Issue, deploy, verify sign-in, withdraw.",
        "backout_plan": "The old credentials stay valid for one hour.",
        "test_plan": "The agent's health check passes with the new credentials.",
        "risk": "4",
        "impact": "3",
    },
)


def find_template(sys_id: str) -> Mapping[str, str] | None:
    """The template with this identity, if there is one."""
    return next((one for one in TEMPLATES if one["sys_id"] == sys_id), None)
