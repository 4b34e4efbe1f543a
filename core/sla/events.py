"""What goes to the outbox."""

from enum import StrEnum


class SlaEvent(StrEnum):
    """The closed set of event types of service levels. The subject is `sla_alert:<id>`, or `sla_action:<id>`."""

    ALERTED = "sla.alerted"  # data: service, objective, kind, severity, words
    CHANGED = "sla.alert_changed"  # it is worse, or not so bad
    RECOVERED = "sla.recovered"
    ACTION_GIVEN = "sla.action_given"  # data: service, title, owner (an id), state, by
    ACTION_DUE = "sla.action_due"
    ACTION_ENDED = "sla.action_ended"  # done, or dropped
