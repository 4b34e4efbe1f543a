"""How a ticket system may fail: a retry depends on that alone.

ConnectorError
├── NotSent          nothing was changed there: try again later
├── Throttled        the same, and the system named its own waiting time
├── Refused          the system answered no: never retry, tell a person
└── OutcomeUnknown   it may have happened: call again, the connector looks by key first
WebhookRejected      what arrived at our door did not come from that system
"""

from __future__ import annotations


class ConnectorError(Exception):
    """A ticket system did not do what was asked. `reason` is one sentence for a person, without secrets."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class NotSent(ConnectorError):
    """Nothing was changed there; the same call may succeed later."""


class Throttled(ConnectorError):
    """Nothing was changed there; the system asks for `retry_after_s` seconds of silence.

    `spares_others`: about this ticket, or this kind of call, alone; everything else may go on.
    """

    def __init__(self, reason: str, retry_after_s: float, *, spares_others: bool = False) -> None:
        self.retry_after_s = retry_after_s
        self.spares_others = spares_others
        super().__init__(reason)


class Refused(ConnectorError):
    """The system answered no, and would again: `field` names what it objects to, if it says so."""

    def __init__(self, reason: str, field: str | None = None) -> None:
        self.field = field
        super().__init__(reason)


class OutcomeUnknown(ConnectorError):
    """The call may have taken effect. Repeat it: the connector looks by key before it writes again."""


class WebhookRejected(Exception):
    """This message does not prove that it comes from the system, or cannot be read."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)
