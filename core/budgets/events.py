"""What goes to the outbox, each about `budget:<id>`."""

from enum import StrEnum


class BudgetEvent(StrEnum):
    """What happens to a budget."""

    CREATED = "budget.created"
    UPDATED = "budget.updated"
    ENDED = "budget.ended"
    THRESHOLD_REACHED = "budget.threshold_reached"
    MOVED = "budget.moved"  # more or less is used than was shown; nobody need notice
    FORECAST_EXCEEDED = "budget.forecast_exceeded"
    ACKNOWLEDGED = "budget.acknowledged"
    THROTTLED = "budget.throttled"
    THROTTLE_LIFTED = "budget.throttle_lifted"
    RAISE_ASKED = "budget.raise_asked"
    RAISE_DECLINED = "budget.raise_declined"
    RAISED = "budget.raised"
    RESET = "budget.reset"
    PERIOD_ENDED = "budget.period_ended"
