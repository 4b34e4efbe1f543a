"""The gate: may this be done now? Allow, deny with the reason, or pending with the request that must be approved.

rules.py    pure: what a well-formed question is
quotas.py   counters taken and given back under their row lock (T2)
model.py    tables
store.py    SQL
service.py  decide, evaluate, report_outcome
views.py    what doors show
"""

from core.decisions.service import DEADLINES, decide, evaluate, get_decision, report_outcome
from core.decisions.views import DecisionView

__all__ = ["DEADLINES", "DecisionView", "decide", "evaluate", "get_decision", "report_outcome"]
