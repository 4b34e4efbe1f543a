"""What goes to the outbox."""

from enum import StrEnum


class IncidentEvent(StrEnum):
    """The closed set of event types of an incident, in the order of a life."""

    OPENED = "incident.opened"
    ALERT_FIRED = "incident.alert_fired"  # another alert of it, or one that had been resolved
    ALERT_RESOLVED = "incident.alert_resolved"  # and others still fire, or people say when it is resolved
    PAGED = "incident.paged"  # the next level, as nobody has acknowledged it
    PAGE_REPEATED = "incident.page_repeated"
    ACKNOWLEDGED = "incident.acknowledged"
    RELEASED = "incident.released"  # nobody looks after it any more
    ASSIGNED = "incident.assigned"
    ROLE_GIVEN = "incident.role_given"
    SEVERITY_CHANGED = "incident.severity_changed"
    START_CORRECTED = "incident.start_corrected"
    UPDATED = "incident.updated"  # a status update
    UPDATE_DUE = "incident.update_due"  # stakeholders have heard nothing for too long
    NOTED = "incident.noted"  # an entry of the timeline by hand
    LINKED = "incident.linked"
    UNLINKED = "incident.unlinked"
    CHANNEL_WANTED = "incident.channel_wanted"  # one of its own
    TICKET_CHANGED = "incident.ticket_changed"  # its ticket stands otherwise in its system
    RESOLVED = "incident.resolved"
    REOPENED = "incident.reopened"
    CLOSED = "incident.closed"
    REVIEW_OVERDUE = "incident.review_overdue"
    REVIEWED = "incident.reviewed"
    FOLLOW_UP_ADDED = "incident.follow_up_added"
    FOLLOW_UP_CHANGED = "incident.follow_up_changed"
    FOLLOW_UP_DUE = "incident.follow_up_due"
    FOLLOW_UP_DONE = "incident.follow_up_done"
