"""What can go wrong with a delegation."""

from core.errors import Conflict, Forbidden, InvalidInput, NotFound


class InvalidDelegation(InvalidInput):
    """Nobody can stand in like this."""

    code = "delegations.invalid"


class DelegationOverlap(Conflict):
    """Somebody stands in for this person at that time already."""

    code = "delegations.overlap"


class DelegationLoop(Conflict):
    """That would go round in a circle."""

    code = "delegations.loop"


class SelfAppointed(Forbidden):
    """You cannot make yourself decide for somebody else."""

    code = "delegations.self_appointed"


class NotYourDelegation(Forbidden):
    """Only the person who is away, or an administrator, can end this."""

    code = "delegations.not_yours"


class UnknownDelegation(NotFound):
    """There is no such delegation here."""

    code = "delegations.unknown"


class DelegationOver(Conflict):
    """The delegation is over already."""

    code = "delegations.over"
