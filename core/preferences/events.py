"""What goes to the outbox."""

from enum import StrEnum


class PreferenceEvent(StrEnum):
    """The closed set of event types of preferences."""

    # Subject: the request of which somebody was to hear; data: person, and said (id, type, data): the latest event that
    # was to be noticed, or null if only the message itself waited.
    QUIET_OVER = "preferences.quiet_over"
    # Subject: that of which somebody could not be told where they wanted to be; data: person, and said, as above.
    UNREACHED = "preferences.unreached"
