"""Service levels: what was promised, what is measured, what is left of it, and what is told (S1-S4, S6-S10).

objective.py, windows.py, contract.py   pure: a promise, its time, its credits
objective_file.py, catalogue.py           YAML of ours; an installation's files
openslo.py, openslo_losses.py, openslo_export.py   pure: OpenSLO both ways, and what of it is lost
sketch.py, series.py, adding.py         pure: response times, minutes and hours, what samples add to them
names.py                                pure: names as they are taken
meter.py, burn.py, budget.py, judging.py   pure: what an objective counts, burn rates, error budgets, what is told
labelling.py, spans.py                  pure: labels of samples, how often their values failed; samples from traces
counting.py                             pure: minutes that another system has counted
model.py, store.py, sample_store.py, label_store.py, mark_store.py   tables; SQL
sampling.py, own.py, keeping.py         use cases: samples and counts come, also our own, and go
levels.py                               use case: one figure, for checks of rollouts
promises.py, objectives.py              which objectives hold; use cases over them
reading.py                              what services did, read for many at once
looking.py, alerts.py, watching.py      use cases: how services do; their alerts; what is told by itself
history.py, trends.py, effects.py, drafting.py   pure: days, the long run, before and after, proposals
runs.py, report.py                      pure: the days of a report, and what it is made of
delivery.py, violations.py              pure: what was kept over a report's period; what was not, and why
courses.py, measuring.py, trending.py, crediting.py, reporting.py   over longer times
planning.py, plan_views.py, plan_store.py   plans and actions; as they stand; SQL
reminding.py                            owners of actions are told, and reminded when these are due
views.py, events.py, errors.py          what doors show; the outbox; what can go wrong
"""

from core.sla.alerts import list_alerts
from core.sla.budget import Budget, budget_words
from core.sla.catalogue import SlaCatalogue, load_sla_catalogue
from core.sla.contract import credit_words
from core.sla.counting import SETTLED, Counted, TooManyError, counted, minutes_due
from core.sla.courses import Course, get_course
from core.sla.crediting import CreditView, list_credits
from core.sla.effects import Effect, Verdict
from core.sla.errors import InvalidSample
from core.sla.events import SlaEvent
from core.sla.judging import Judged, Standing
from core.sla.keeping import drop_old_samples, forget_old_slices
from core.sla.label_store import label_counts
from core.sla.labelling import LABELS_MAX, LabelCount
from core.sla.levels import level_of
from core.sla.looking import get_status, list_services, service_names, standings
from core.sla.objective import ANY, Metric, Objective, figure_words, value_words
from core.sla.objectives import (
    ImportView,
    Wish,
    change_objective,
    create_objective,
    drop_objective,
    export_openslo,
    get_objective,
    import_openslo,
    list_objectives,
    position,
)
from core.sla.own import OwnOperations
from core.sla.plan_views import ActionView, PlanView
from core.sla.planning import (
    add_action,
    adopt_plan,
    close_plan,
    draft_plan,
    finish_action,
    get_plan,
    list_actions,
    list_plans,
    take_action,
)
from core.sla.reading import EXACT_MAX
from core.sla.reminding import DEADLINES, OwedAction, get_owed, load_owed
from core.sla.reminding import SUBJECT as ACTION_SUBJECT
from core.sla.report import Drawn, ReportKind, ServiceReport
from core.sla.reporting import export_report, service_report
from core.sla.runs import Run, RunDay
from core.sla.sample_store import Sample
from core.sla.sampling import SAMPLES_MAX, Sampler, check_sample, check_service, source_marks
from core.sla.spans import SpanFacts, is_attribute_read, sample_of
from core.sla.store import AlertFilter
from core.sla.trending import Trend, TrendsView, get_trends
from core.sla.views import AlertView, ObjectiveView, ServiceView, StatusView, worst_first
from core.sla.watching import deadlines, ensure_watches, service_address

__all__ = [
    "ACTION_SUBJECT",
    "ANY",
    "DEADLINES",
    "EXACT_MAX",
    "LABELS_MAX",
    "SAMPLES_MAX",
    "SETTLED",
    "ActionView",
    "AlertFilter",
    "AlertView",
    "Budget",
    "Counted",
    "Course",
    "CreditView",
    "Drawn",
    "Effect",
    "ImportView",
    "InvalidSample",
    "Judged",
    "LabelCount",
    "Metric",
    "Objective",
    "ObjectiveView",
    "OwedAction",
    "OwnOperations",
    "PlanView",
    "ReportKind",
    "Run",
    "RunDay",
    "Sample",
    "Sampler",
    "ServiceReport",
    "ServiceView",
    "SlaCatalogue",
    "SlaEvent",
    "SpanFacts",
    "Standing",
    "StatusView",
    "TooManyError",
    "Trend",
    "TrendsView",
    "Verdict",
    "Wish",
    "add_action",
    "adopt_plan",
    "budget_words",
    "change_objective",
    "check_sample",
    "check_service",
    "close_plan",
    "counted",
    "create_objective",
    "credit_words",
    "deadlines",
    "draft_plan",
    "drop_objective",
    "drop_old_samples",
    "ensure_watches",
    "export_openslo",
    "export_report",
    "figure_words",
    "finish_action",
    "forget_old_slices",
    "get_course",
    "get_objective",
    "get_owed",
    "get_plan",
    "get_status",
    "get_trends",
    "import_openslo",
    "is_attribute_read",
    "label_counts",
    "level_of",
    "list_actions",
    "list_alerts",
    "list_credits",
    "list_objectives",
    "list_plans",
    "list_services",
    "load_owed",
    "load_sla_catalogue",
    "minutes_due",
    "position",
    "sample_of",
    "service_address",
    "service_names",
    "service_report",
    "source_marks",
    "standings",
    "take_action",
    "value_words",
    "worst_first",
]
