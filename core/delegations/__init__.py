"""Standing delegations (P6, X5): who decides for whom while somebody is away, from when to when, about what.

chains.py         pure values: Delegation, Coverage, and StandIns, from which others read who stands in for whom
rules.py          pure: what a new delegation may not do
dates.py          pure: days and instants as people write them
model.py store.py the table; SQL
service.py        use cases
turns.py          what the clock does: the beginning and the end
views.py          what doors show
events.py         what goes to the outbox
errors.py         what can go wrong
"""

from core.delegations.chains import Coverage, Delegation, StandIns
from core.delegations.events import DelegationEvent
from core.delegations.service import (
    Absence,
    away_altogether,
    back,
    end,
    end_all_of,
    get_away,
    list_delegations,
    load_delegation,
    set_away,
    stand_ins,
)
from core.delegations.turns import END, START, turned
from core.delegations.views import DelegationView

__all__ = [
    "END",
    "START",
    "Absence",
    "Coverage",
    "Delegation",
    "DelegationEvent",
    "DelegationView",
    "StandIns",
    "away_altogether",
    "back",
    "end",
    "end_all_of",
    "get_away",
    "list_delegations",
    "load_delegation",
    "set_away",
    "stand_ins",
    "turned",
]
