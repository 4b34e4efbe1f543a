"""What can go wrong with usage and costs."""

from collections.abc import Sequence

from core.errors import Conflict, InvalidInput, Unavailable


class InvalidUsage(InvalidInput):
    """This is no usage."""

    code = "costs.invalid_usage"


class UnknownMeter(InvalidInput):
    """The rate card has no such meter."""

    code = "costs.unknown_meter"


class UsageConflict(Conflict):
    """This id stands for other usage already."""

    code = "costs.usage_conflict"

    def __init__(self, message: str, *, usage_id: str, where: str, next_step: str | None = None) -> None:
        self.usage_id = usage_id
        super().__init__(message, where=where, next_step=next_step)


class ToldOtherwise(UsageConflict):
    """These ids were told before, with other facts."""

    def __init__(self, usage_ids: Sequence[str]) -> None:
        self.usage_ids = tuple(usage_ids)
        super().__init__(
            f"'{usage_ids[0]}' was told before, with other facts.",
            usage_id=usage_ids[0],
            where="id",
            next_step="Give the event an id of its own, and name the earlier one in 'corrects' to replace it.",
        )


class Uncorrectable(UsageConflict):
    """What this corrects is not known, or was corrected already."""

    code = "costs.uncorrectable"


class ToldMeanwhile(Unavailable):
    """Somebody else has just told the same usage; nothing was recorded."""

    code = "costs.told_meanwhile"

    def __init__(self) -> None:
        super().__init__(retry_after_s=1)


class InvalidGrouping(InvalidInput):
    """Costs are not grouped like this."""

    code = "costs.invalid_grouping"
