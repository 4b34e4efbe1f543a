"""What goes to the outbox."""

from enum import StrEnum


class RolloutEvent(StrEnum):
    """The closed set of event types of a rollout."""

    START_ORDERED = "rollout.start_ordered"  # to the platform
    UNDO_ORDERED = "rollout.undo_ordered"  # to the platform
    LOOK_DUE = "rollout.look_due"  # whoever can asks the platform and makes the checks
    PROGRESSED = "rollout.progressed"
    MOVED = "rollout.moved"
    WENT_SILENT = "rollout.went_silent"
