"""What goes to the outbox."""

from enum import StrEnum


class SlaEvent(StrEnum):
    """The closed set of event types of service levels. The subject is `sla_alert:<id>`."""

    ALERTED = "sla.alerted"  # data: service, objective, kind, severity, words
    CHANGED = "sla.alert_changed"  # it is worse, or not so bad
    RECOVERED = "sla.recovered"
