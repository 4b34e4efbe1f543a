"""Costs as finance people read them: trends, forecast, return, variance, chargeback, recommendations (C6-C11).

smoothing.py, forecast.py, trend.py   pure: the coming days and how sure they are; where it goes
roi.py          pure: what an agent is worth against what it costs
variance.py     pure: budget against actual by price, volume, mix
assigning.py    pure: which cost centre bears a cost, on which day
benefits.py, centres.py   use cases: what people say of agents, projects and centres
model.py, store.py        tables; SQL
errors.py       what can go wrong
"""

from core.finance.assigning import UNASSIGNED, Assignments, SubjectKind, Turn
from core.finance.benefits import BenefitView, Declared, declare_benefit, list_benefits, withdraw_benefit
from core.finance.centres import (
    CostCentreView,
    TurnView,
    assign,
    list_assignments,
    list_cost_centres,
    put_cost_centre,
    unassign,
)
from core.finance.roi import Benefit, BenefitKind, Estimate

__all__ = [
    "UNASSIGNED",
    "Assignments",
    "Benefit",
    "BenefitKind",
    "BenefitView",
    "CostCentreView",
    "Declared",
    "Estimate",
    "SubjectKind",
    "Turn",
    "TurnView",
    "assign",
    "declare_benefit",
    "list_assignments",
    "list_benefits",
    "list_cost_centres",
    "put_cost_centre",
    "unassign",
    "withdraw_benefit",
]
