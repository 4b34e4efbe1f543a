"""What can go wrong with an incident."""

from core.errors import Conflict, Forbidden, InvalidInput, NotFound


class InvalidIncident(InvalidInput):
    """The incident cannot be taken like this."""

    code = "incidents.invalid"


class UnknownIncident(NotFound):
    """There is no such incident here."""

    code = "incidents.unknown"


class UnknownFollowUp(NotFound):
    """There is no such follow-up here."""

    code = "incidents.unknown_follow_up"


class UnknownLink(NotFound):
    """There is no such link here."""

    code = "incidents.unknown_link"


class UnknownTarget(NotFound):
    """There is no such thing here that the incident could be linked with."""

    code = "incidents.unknown_target"


class WrongState(Conflict):
    """The incident is not in a state that allows this."""

    code = "incidents.wrong_state"


class NotAResponder(Forbidden):
    """Your role does not work on incidents."""

    code = "incidents.not_a_responder"


class NotTheOwner(Forbidden):
    """A follow-up is done by its owner, or by those who work on incidents."""

    code = "incidents.not_the_owner"
