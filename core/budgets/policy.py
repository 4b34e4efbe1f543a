"""What a tenant says of its budgets: what is usual, who changes them, who decides about raises (C2, C5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Final

from core.approvals.policy import ApprovalPolicy, StagePolicy, default_reminder
from core.budgets.periods import Period
from core.budgets.state import THRESHOLDS, Control, Effect, RollOver, Scope

RAISE: Final = "budget.raise"
OVERRIDE: Final = "budget.override"
DEFAULT_ACTIONS: Final = ("agent.create", "agent.deploy")
DEFAULT_CONTROLS: Final = (Control(Effect.STOP, actions=DEFAULT_ACTIONS),)
_TITLES: Final = {RAISE: "Raise of a budget", OVERRIDE: "Override of a budget"}


@dataclass(frozen=True, slots=True)
class Decider:
    """Who decides, and by when."""

    approvers: tuple[str, ...] = ("tenant_administrator",)
    timeout: timedelta = timedelta(hours=24)

    def policy(self, action: str) -> ApprovalPolicy:
        """As a policy of the approval engine: any one of them."""
        stage = StagePolicy(
            key=action.partition(".")[2],
            approvers=self.approvers,
            criteria=(),
            timeout=self.timeout,
            reminder=default_reminder(self.timeout),
            needs=(),
        )
        return ApprovalPolicy(
            key=action.replace(".", "_"), title=_TITLES[action], applies_to=(action,), stages=(stage,)
        )


@dataclass(frozen=True, slots=True)
class Declared:
    """A budget that the tenant's file declares, under its `key`. None: as is usual here."""

    key: str
    name: str
    amount: Decimal
    currency: str
    period: Period
    scope: Scope = field(default_factory=Scope)
    roll_over: RollOver = RollOver.NONE
    roll_over_cap: Decimal | None = None
    thresholds: tuple[Decimal, ...] | None = None
    has_forecast: bool | None = None
    controls: tuple[Control, ...] | None = None
    owners: tuple[str, ...] = ()  # e-mail addresses


@dataclass(frozen=True, slots=True)
class BudgetPolicy:
    """The validated document."""

    thresholds: tuple[Decimal, ...] = THRESHOLDS
    has_forecast: bool = True
    controls: tuple[Control, ...] = DEFAULT_CONTROLS
    throttle_per_hour: int = 6  # by the button, where nobody says how many
    managers: tuple[str, ...] = ("tenant_administrator",)
    raising: Decider = Decider()
    overriding: Decider = Decider(timeout=timedelta(hours=4))
    declared: tuple[Declared, ...] = ()
