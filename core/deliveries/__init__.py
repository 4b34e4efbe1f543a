"""Looking at deliveries and where they go, replaying or dismissing dead ones, and testing, by those who may (N6).

values.py    a connector as it is wired, and what a test of it found
service.py   list, compare, replay, dismiss, resume
known.py     which connectors there are
comparing.py pure: what a delivery would change there
references.py  what deliveries are about, as people call it
reconciling.py  ask for a walk through the tickets, and see what walks have found
testing.py   ask the other system how it answers
trying.py    what would be sent there, exactly, without sending it
"""

from core.deliveries.comparing import Changed, changes_between
from core.deliveries.known import UnknownConnector, check_connector, connectors
from core.deliveries.reconciling import last_reconciliations, reconcile, reconciliations
from core.deliveries.references import references_of
from core.deliveries.service import (
    REASON_MAX,
    Comparison,
    compare,
    destinations,
    dismiss_dead,
    dismiss_one,
    inboxes,
    list_all,
    replay_dead,
    replay_one,
    resume_now,
    throughput,
)
from core.deliveries.testing import TEST_EVERY, TestedLately, run_test
from core.deliveries.trying import SystemSilent, try_out
from core.deliveries.values import Asked, Check, Connected, Connection, Finding, Health, Tried, TriedCall, Try, Trying

__all__ = [
    "REASON_MAX",
    "TEST_EVERY",
    "Asked",
    "Changed",
    "Check",
    "Comparison",
    "Connected",
    "Connection",
    "Finding",
    "Health",
    "SystemSilent",
    "TestedLately",
    "Tried",
    "TriedCall",
    "Try",
    "Trying",
    "UnknownConnector",
    "changes_between",
    "check_connector",
    "compare",
    "connectors",
    "destinations",
    "dismiss_dead",
    "dismiss_one",
    "inboxes",
    "last_reconciliations",
    "list_all",
    "reconcile",
    "reconciliations",
    "references_of",
    "replay_dead",
    "replay_one",
    "resume_now",
    "run_test",
    "throughput",
    "try_out",
]
