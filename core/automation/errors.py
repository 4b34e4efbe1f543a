"""What can go wrong."""

from core.errors import InvalidInput, NotFound


class UnknownRule(NotFound):
    """There is no such rule."""

    code = "automation.unknown_rule"


class InvalidRehearsal(InvalidInput):
    """This cannot be rehearsed."""

    code = "automation.invalid_rehearsal"
