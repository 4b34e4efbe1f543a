"""The change policy as it travels."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from core.changes import ChangePolicy
from core.roles.permissions import names
from web.schema import Output


class ChangeTypeOut(Output):
    """A kind of change, and what it takes."""

    type: str
    title: str
    permission: list[str]


class TemplateOut(Output):
    """A standard change."""

    template: str
    title: str
    type: str
    resources: list[str]
    max_risk: str
    evidence: dict[str, str]


class ChangePolicyOut(Output):
    """What holds for changes here."""

    types: list[ChangeTypeOut]
    approval_matrix: dict[str, list[str]]
    gates: list[str]
    post_implementation_review: bool
    review_due_s: Annotated[float, Field(description="seconds after the work is over")]
    templates: list[TemplateOut]
    windows: list[dict[str, Any]]
    freezes: list[dict[str, Any]]


def policy_out(policy: ChangePolicy) -> ChangePolicyOut:
    """The policy in force, as the files say it."""
    return ChangePolicyOut(
        types=[
            ChangeTypeOut(type=each.key, title=each.title, permission=names(each.permission))
            for each in policy.types.values()
        ],
        approval_matrix={f"{level}_risk": [each.name for each in row] for level, row in policy.matrix.items()},
        gates=[str(gate) for gate in policy.implementation.gates],
        post_implementation_review=policy.implementation.has_review,
        review_due_s=policy.implementation.review_due.total_seconds(),
        templates=[
            TemplateOut(
                template=each.key,
                title=each.title,
                type=each.type,
                resources=list(each.resources),
                max_risk=each.max_risk,
                evidence={str(gate): text for gate, text in each.evidence.items()},
            )
            for each in policy.templates.values()
        ],
        windows=[
            {"window": each.name, "days": sorted(each.days), "hours": f"{each.starts:%H:%M}-{each.ends:%H:%M}"}
            for each in policy.windows
        ],
        freezes=[
            {
                "freeze": each.name,
                "from": each.begins.isoformat(),
                "until": each.ends.isoformat(),
                "allows": sorted(each.allows),
            }
            for each in policy.freezes
        ],
    )
