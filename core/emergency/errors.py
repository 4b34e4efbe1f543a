"""What can go wrong with a bypass."""

from core.errors import Conflict, Forbidden, InvalidInput, NotFound


class BypassNotAllowed(Forbidden):
    """Your role may not use the emergency bypass."""

    code = "emergency.not_allowed"


class ReviewDebt(Forbidden):
    """A review of yours is overdue; it must be done before the next bypass."""

    code = "emergency.review_overdue"


class InvalidBypass(InvalidInput):
    """The bypass cannot be granted like this."""

    code = "emergency.invalid"


class UnknownBypass(NotFound):
    """There is no such bypass here."""

    code = "emergency.unknown"


class BypassOver(Conflict):
    """The bypass is over already."""

    code = "emergency.over"


class OwnReview(Forbidden):
    """A bypass is reviewed by somebody other than the person who used it."""

    code = "emergency.own_review"


class NotIndependent(Forbidden):
    """A bypass is reviewed by somebody who did nothing under it."""

    code = "emergency.not_independent"


class OwnExtension(Forbidden):
    """An extension is confirmed by somebody other than the bypass's holder and whoever asked for it."""

    code = "emergency.own_extension"


class NoExtension(Conflict):
    """No extension of this bypass waits to be decided."""

    code = "emergency.no_extension"


class ExtensionRefused(Conflict):
    """This bypass cannot be extended."""

    code = "emergency.extension_refused"


class UnknownRemediation(NotFound):
    """There is no such remediation here."""

    code = "emergency.unknown_remediation"


class RemediationClosed(Conflict):
    """The remediation is closed already."""

    code = "emergency.remediation_closed"


class NotYourRemediation(Forbidden):
    """A remediation is closed by its owner or by senior management."""

    code = "emergency.not_your_remediation"


class AlreadyReviewed(Conflict):
    """The review is done already."""

    code = "emergency.already_reviewed"


class NotManagement(Forbidden):
    """Only senior management, and whoever was told of the bypass, may do this."""

    code = "emergency.not_management"
