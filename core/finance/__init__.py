"""Costs as finance people read them: trends, forecast, return, variance, chargeback, recommendations (C6-C11).

smoothing.py, forecast.py, trend.py   pure: the coming days and how sure they are; where it goes
roi.py          pure: what an agent is worth against what it costs
variance.py     pure: budget against actual by price, volume, mix
assigning.py, chargeback.py   pure: which cost centre bears a cost; what each is charged, to the cent
focus.py, printing.py   pure: a statement as FOCUS; as a document
recommending.py, effect.py    pure: what could cost less; what came of it
spans.py, exact.py      pure: which days; sums without rounding
ledger.py       what reports read of the ledger and its sums
looking.py, returning.py, billing.py, advising.py   use cases: dashboard and forecast; return; statements; advice
varying.py      use case: budgets against what was spent; nightly.py: advice, each night
benefits.py, centres.py   use cases: what people say of agents, projects and centres
model.py, store.py, advice_store.py   tables; SQL
errors.py       what can go wrong
"""

from core.finance.advising import (
    RecommendationView,
    accept_recommendation,
    dismiss_recommendation,
    find_recommendations,
    list_recommendations,
    look,
)
from core.finance.assigning import UNASSIGNED, Assignments, SubjectKind, Turn
from core.finance.benefits import BenefitView, Declared, declare_benefit, list_benefits, withdraw_benefit
from core.finance.billing import StatementFile, StatementFormat, chargeback, chargeback_in, statement_file
from core.finance.centres import (
    CostCentreView,
    TurnView,
    assign,
    list_assignments,
    list_cost_centres,
    put_cost_centre,
    unassign,
)
from core.finance.chargeback import CentreStatement, Chargeback, Statement
from core.finance.effect import Effect
from core.finance.errors import InvalidReport
from core.finance.focus import VERSIONS
from core.finance.forecast import BackTest, Expected, Forecast
from core.finance.ledger import ALL, Narrowed
from core.finance.looking import (
    Breakdown,
    CostForecast,
    CostTrend,
    Level,
    Share,
    cost_breakdown,
    cost_forecast,
    cost_trend,
    next_level,
)
from core.finance.nightly import NightlyAdvice
from core.finance.returning import AgentReturn, Returns, payback_words, returns
from core.finance.roi import Benefit, BenefitKind, Estimate, Payback, Return, Sway
from core.finance.spans import Span
from core.finance.store import bearers
from core.finance.trend import Direction, Trend, Unusual
from core.finance.variance import Effects, LineKey, LineVariance
from core.finance.varying import Basis, BudgetVariance, budget_variances

__all__ = [
    "ALL",
    "UNASSIGNED",
    "VERSIONS",
    "AgentReturn",
    "Assignments",
    "BackTest",
    "Basis",
    "Benefit",
    "BenefitKind",
    "BenefitView",
    "Breakdown",
    "BudgetVariance",
    "CentreStatement",
    "Chargeback",
    "CostCentreView",
    "CostForecast",
    "CostTrend",
    "Declared",
    "Direction",
    "Effect",
    "Effects",
    "Estimate",
    "Expected",
    "Forecast",
    "InvalidReport",
    "Level",
    "LineKey",
    "LineVariance",
    "Narrowed",
    "NightlyAdvice",
    "Payback",
    "RecommendationView",
    "Return",
    "Returns",
    "Share",
    "Span",
    "Statement",
    "StatementFile",
    "StatementFormat",
    "SubjectKind",
    "Sway",
    "Trend",
    "Turn",
    "TurnView",
    "Unusual",
    "accept_recommendation",
    "assign",
    "bearers",
    "budget_variances",
    "chargeback",
    "chargeback_in",
    "cost_breakdown",
    "cost_forecast",
    "cost_trend",
    "declare_benefit",
    "dismiss_recommendation",
    "find_recommendations",
    "list_assignments",
    "list_benefits",
    "list_cost_centres",
    "list_recommendations",
    "look",
    "next_level",
    "payback_words",
    "put_cost_centre",
    "returns",
    "statement_file",
    "unassign",
    "withdraw_benefit",
]
