"""Budgets: what may be spent, counted exactly, told of in time, and heeded at the gate (C2, C4, C5, T2, X11).

periods.py      pure: calendar and custom periods, and what a change of period means
state.py        frozen: Budget, Terms, Scope, Control; Standing: how one of its periods stands
rules.py        pure: alerts, forecast, what controls do, refusals in words
policy.py, policy_file.py, catalogue.py, proposing.py   YAML and what people say -> checked terms
charging.py     charges counted in the ledger's transaction; alerting.py: alerts, once for a budget and a period
spending.py, reserving.py, reservation_store.py   who is about to spend asks first, and has it reserved
reserved.py     what is reserved of budgets, as people see it
refreshing.py   what is shown between alerts is kept current
guarding.py     what the gate reads of budgets
managing.py, acting.py, raising.py, turning.py, declaring.py, looking.py   use cases; loading.py: how they begin and end
model.py, store.py   tables and SQL
views.py, events.py, errors.py   what doors show; the outbox; what can go wrong
"""

from core.budgets.acting import acknowledge, lift_throttle, throttle
from core.budgets.catalogue import BudgetCatalogue, load_budget_catalogue
from core.budgets.charging import count_charges
from core.budgets.declaring import declare_budgets, declare_for
from core.budgets.events import BudgetEvent
from core.budgets.guarding import NOTHING, Guard, load_guard, note_passed
from core.budgets.looking import (
    BudgetFilter,
    burn_of,
    get_budget,
    get_period,
    keepers_of,
    list_budgets,
    load_budget,
    load_budgets,
    load_period,
    period_id,
    reached_at,
    shares_used,
)
from core.budgets.managing import create, end, reset, restore, undo_reset, update
from core.budgets.periods import Period, PeriodKind, Window, calendar_window
from core.budgets.policy import OVERRIDE, RAISE, BudgetPolicy
from core.budgets.proposing import ControlIn, Proposal, typed_amount
from core.budgets.raising import (
    HEARD,
    ask_override,
    ask_raise,
    hear_of_request,
    override_of,
    raise_at_once,
    request_override,
)
from core.budgets.refreshing import ALERTS, keep_current
from core.budgets.refreshing import DEADLINES as _LOOKS
from core.budgets.reserving import LASTS_MAX, Answer, Spending, SpendingDesk
from core.budgets.rules import FORECAST, Bite, Guarded, amount, amount_words, scope_words
from core.budgets.spending import Spend, Verdict
from core.budgets.state import SPEND, Control, Effect, RollOver, Scope, Standing, Terms
from core.budgets.turning import DEADLINES as _TURNS
from core.budgets.views import BudgetView, RaiseView

DEADLINES = {**_TURNS, **_LOOKS}

__all__ = [
    "ALERTS",
    "DEADLINES",
    "FORECAST",
    "HEARD",
    "LASTS_MAX",
    "NOTHING",
    "OVERRIDE",
    "RAISE",
    "SPEND",
    "Answer",
    "Bite",
    "BudgetCatalogue",
    "BudgetEvent",
    "BudgetFilter",
    "BudgetPolicy",
    "BudgetView",
    "Control",
    "ControlIn",
    "Effect",
    "Guard",
    "Guarded",
    "Period",
    "PeriodKind",
    "Proposal",
    "RaiseView",
    "RollOver",
    "Scope",
    "Spend",
    "Spending",
    "SpendingDesk",
    "Standing",
    "Terms",
    "Verdict",
    "Window",
    "acknowledge",
    "amount",
    "amount_words",
    "ask_override",
    "ask_raise",
    "burn_of",
    "calendar_window",
    "count_charges",
    "create",
    "declare_budgets",
    "declare_for",
    "end",
    "get_budget",
    "get_period",
    "hear_of_request",
    "keep_current",
    "keepers_of",
    "lift_throttle",
    "list_budgets",
    "load_budget",
    "load_budget_catalogue",
    "load_budgets",
    "load_guard",
    "load_period",
    "note_passed",
    "override_of",
    "period_id",
    "raise_at_once",
    "reached_at",
    "request_override",
    "reset",
    "restore",
    "scope_words",
    "shares_used",
    "throttle",
    "typed_amount",
    "undo_reset",
    "update",
]
