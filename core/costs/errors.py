"""What can go wrong with usage and costs."""

from core.errors import Conflict, InvalidInput


class InvalidUsage(InvalidInput):
    """This is no usage."""

    code = "costs.invalid_usage"


class UnknownMeter(InvalidInput):
    """The rate card has no such meter."""

    code = "costs.unknown_meter"


class UsageConflict(Conflict):
    """This id stands for other usage already."""

    code = "costs.usage_conflict"


class InvalidGrouping(InvalidInput):
    """Costs are not grouped like this."""

    code = "costs.invalid_grouping"
