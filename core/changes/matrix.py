"""The approval of a change: the row of the matrix for its risk, as a policy of the one approval engine (G1). Pure.

All of the row are asked at once, since the framework's lists say no order. The request carries the factors of the
change's risk, so that whoever decides sees the same sum with the same reasons.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from core.approvals.policy import ApprovalPolicy, StagePolicy, default_reminder, slug
from core.approvals.risk import SUBJECTS as REQUEST_SUBJECTS
from core.approvals.risk import Counted, RiskFactor, RiskLevel, RiskModel
from core.changes.assessing import ChangeRisk
from core.changes.policy import ChangePolicy
from core.changes.rules import ACTION, ROLLBACK
from core.conditions import compile_condition

FACT_MAX: Final = 300  # characters of an attribute of what is asked for
_ALWAYS: Final = compile_condition("true", subjects=REQUEST_SUBJECTS)


def approval_policy(policy: ChangePolicy, risk: ChangeRisk) -> ApprovalPolicy:
    """Who decides about a change of this risk."""
    return ApprovalPolicy(
        key=f"change_of_{risk.level}_risk",
        title=f"Change of {risk.level} risk",
        applies_to=(ACTION,),
        stages=tuple(
            StagePolicy(
                key=slug(approver.name),
                approvers=(approver.key,),
                criteria=(),
                timeout=policy.timeout,
                reminder=default_reminder(policy.timeout),
                needs=(),
            )
            for approver in policy.matrix[risk.level]
        ),
        risk=RiskModel(
            tuple(RiskFactor(_with_counts(each), each.weight, _ALWAYS) for each in risk.counted),
            policy.risk.medium_from,
            policy.risk.high_from,
        ),
    )


def rollback_policy(policy: ChangePolicy, risk: RiskLevel) -> ApprovalPolicy:
    """Who decides about rolling back a change of this risk: any one of them, and soon (G8)."""
    asked = policy.rollback.approvers or policy.matrix[risk]
    timeout = policy.rollback.timeout
    stage = StagePolicy(
        key="rollback",
        approvers=tuple(approver.key for approver in asked),
        criteria=(),
        timeout=timeout,
        reminder=default_reminder(timeout),
        needs=(),
    )
    return ApprovalPolicy(key="rollback", title="Rollback of a change", applies_to=(ROLLBACK,), stages=(stage,))


def what_is_asked(
    reference: str, title: str, change_type: str, resources: tuple[str, ...], facts: Mapping[str, str]
) -> dict[str, str]:
    """The resource of the request."""
    known = {"title": title, "change_type": change_type, "touches": _listed(resources), **facts}
    return {"type": "change", "name": reference, **{key: _cut(text) for key, text in known.items() if text}}


def _with_counts(counted: Counted) -> str:
    """The factor, with the base rate that it rests on."""
    failed, similar = (counted.values.get(f"history.{key}") for key in ("rate", "is_enough"))
    return counted.name if failed is None or not similar else f"{counted.name} ({failed:.0%})"


def _listed(resources: tuple[str, ...]) -> str:
    return ", ".join(resources)


def _cut(text: str) -> str:
    return text if len(text) <= FACT_MAX else text[: FACT_MAX - 1] + "…"
