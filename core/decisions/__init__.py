"""The gate: may this be done now? Allow, deny with the reason, or pending with the request that must be approved.

gate.py       Gate: what doors ask
questions.py  what is asked
facts.py      what the gate must know to answer, read once for a batch of questions
rules.py      pure: what a well-formed question is, and what the facts say to it
deciding.py   a batch of questions answered, stored and audited in one transaction
allowing.py   what allowed actions do, on facts that are held
reopening.py  asking again for what is over
supposing.py  what another limit of a budget would have meant (X11)
askable.py    what somebody may ask for
outcomes.py   what became of decisions
quotas.py     counters under their row lock (T2)
model.py      tables
store.py      SQL
views.py      what doors show
"""

from core.decisions.askable import actions_to_ask, askable_actions
from core.decisions.gate import Gate
from core.decisions.outcomes import DEADLINES, get_decision, report_outcome
from core.decisions.reopening import REOPENED, reopen
from core.decisions.store import Decided, count_decisions
from core.decisions.supposing import Supposition, suppose_limit
from core.decisions.views import Answer, DecisionView, Weighed

__all__ = [
    "DEADLINES",
    "REOPENED",
    "Answer",
    "Decided",
    "DecisionView",
    "Gate",
    "Supposition",
    "Weighed",
    "actions_to_ask",
    "askable_actions",
    "count_decisions",
    "get_decision",
    "reopen",
    "report_outcome",
    "suppose_limit",
]
