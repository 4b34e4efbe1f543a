"""What can go wrong with a rollout."""

from core.errors import Conflict, NotFound


class UnknownRollout(NotFound):
    """There is no such rollout here."""

    code = "rollouts.unknown"


class CannotUndo(Conflict):
    """The rollout is not in a state that allows this."""

    code = "rollouts.cannot_undo"
