"""What goes to the outbox."""

from enum import StrEnum


class ScheduleEvent(StrEnum):
    """The closed set of event types of schedules."""

    DIGEST_DUE = "digest.due"  # subject digest:<user>; data: day, since, expires
    BYPASS_REPORT_DUE = "bypass_report.due"  # subject bypass_report:<nil>; data: day, since, month, expires
    CHARGEBACK_DUE = "chargeback.due"  # subject chargeback:<nil>; data: day, since, month, expires
    REPORT_DUE = "report.due"  # subject report:<nil>; data: day, since, until, expires
