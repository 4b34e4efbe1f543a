"""What can go wrong with absences, feeds and fallbacks."""

from core.errors import Conflict, Forbidden, InvalidInput, NotFound


class InvalidFeed(InvalidInput):
    """This cannot be the address of a calendar feed."""

    code = "absences.invalid_feed"


class UnreadableCalendar(InvalidInput):
    """This is no iCalendar feed."""

    code = "absences.unreadable_calendar"


class NoFeed(NotFound):
    """No calendar is connected."""

    code = "absences.no_feed"


class InvalidFallback(Conflict):
    """This person cannot be the fallback."""

    code = "absences.invalid_fallback"


class SelfAppointedFallback(Forbidden):
    """You cannot make yourself decide for somebody else."""

    code = "absences.self_appointed"


class FeedFailed(Exception):  # caught by the poller, never by a door
    """The feed could not be read now; the text is for its person, and names neither path nor query of the address."""
