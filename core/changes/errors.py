"""What can go wrong with a change."""

from core.errors import Conflict, Forbidden, InvalidInput, NotFound


class InvalidChange(InvalidInput):
    """The change cannot be taken like this."""

    code = "changes.invalid"


class UnknownChange(NotFound):
    """There is no such change here."""

    code = "changes.unknown"


class WrongState(Conflict):
    """The change is not in a state that allows this."""

    code = "changes.wrong_state"


class GatesMissing(Conflict):
    """What must be there before a change is implemented is not there yet."""

    code = "changes.gates_missing"
    names_accepted = True


class CannotBeScheduled(Conflict):
    """The change cannot be done at that time."""

    code = "changes.cannot_be_scheduled"


class NoPlatform(Conflict):
    """The agent platform rolls out no changes here."""

    code = "changes.no_platform"


class UnknownDrill(NotFound):
    """There is no such drill here."""

    code = "changes.unknown_drill"


class NotYourChange(Forbidden):
    """Only the person who raised the change can do this."""

    code = "changes.not_yours"


class NotIndependent(Forbidden):
    """A change is reviewed by somebody other than those who raised and implemented it."""

    code = "changes.not_independent"


class NotPaged(Forbidden):
    """You are not among those who are told of this."""

    code = "changes.not_paged"


class NotAReviewer(Forbidden):
    """Your role does not review changes of this risk."""

    code = "changes.not_a_reviewer"


class UnlinkedMover(Forbidden):
    """This account is not linked to anybody here, so it moves no change."""

    code = "changes.unlinked_mover"
