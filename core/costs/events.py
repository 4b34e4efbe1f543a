"""What the outbox hears of costs."""

from enum import StrEnum


class CostEvent(StrEnum):
    """The closed set; subjects are `cost_check:<id>`."""

    SUMS_DIFFER = "costs.sums_differ"
