"""What can go wrong when access is requested. Doors of the profile answer with its own problem types."""

from core.errors import Conflict, Forbidden, InvalidInput, NotFound


class InvalidSubmission(InvalidInput):
    """This cannot be asked for like that."""

    code = "access_requests.invalid"


class EmergencyElsewhere(InvalidInput):
    """An emergency is not asked for here."""

    code = "access_requests.emergency"


class NotRequestable(Forbidden):
    """No request can lift this denial."""

    code = "access_requests.not_requestable"


class InvalidBinding(Forbidden):
    """This does not belong to a denial that you were given."""

    code = "access_requests.invalid_denial_binding"


class ExpiredDenial(Conflict):
    """The denial is too old to be asked about."""

    code = "access_requests.expired_denial"


class DuplicateRequest(Conflict):
    """This Idempotency-Key was used for another submission."""

    code = "access_requests.duplicate_request"


class UnknownTask(NotFound):
    """There is no such task here."""

    code = "access_requests.unknown_task"


class HiddenTask(Forbidden):
    """There is no such task here."""

    code = "access_requests.unknown_task"  # whoever guesses an id must not learn that it is somebody's


class InvalidTaskState(Conflict):
    """The task is over."""

    code = "access_requests.invalid_task_state"


class CallbackRefused(Forbidden):
    """This address may not be told."""

    code = "access_requests.callback_refused"


class AddressRefused(InvalidInput):
    """This address cannot be told."""

    code = "access_requests.address_refused"


class UnknownCallback(NotFound):
    """There is no such callback here."""

    code = "access_requests.unknown_callback"
