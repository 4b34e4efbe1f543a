"""Service levels: what was promised, what is measured, what is left of it, and what is told (S1-S4, S6-S10).

objective.py, windows.py, contract.py   pure: a promise, its time, its credits
objective_file.py, openslo.py, catalogue.py   YAML of ours and of OpenSLO; the files of an installation
sketch.py, series.py, adding.py         pure: response times, minutes and hours, what samples add to them
meter.py, burn.py, budget.py, judging.py   pure: what an objective counts, burn rates, error budgets, what is told
model.py, store.py, sample_store.py     tables; SQL
sampling.py, keeping.py                 use cases: samples come, and go
levels.py                               use case: one figure, for checks of rollouts
promises.py, objectives.py              which objectives hold; use cases over them
looking.py, watching.py                 use cases: how services do; what is told by itself
views.py, events.py, errors.py          what doors show; the outbox; what can go wrong
"""

from core.sla.budget import Budget, budget_words
from core.sla.catalogue import SlaCatalogue, load_sla_catalogue
from core.sla.errors import InvalidSample
from core.sla.events import SlaEvent
from core.sla.judging import Judged, Standing
from core.sla.keeping import forget_old_samples
from core.sla.levels import level_of
from core.sla.looking import EXACT_MAX, get_status, list_services, load_alert, standings
from core.sla.objective import ANY, Metric, Objective, value_words
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
from core.sla.sample_store import Sample
from core.sla.sampling import SAMPLES_MAX, Sampler, check_sample
from core.sla.views import AlertView, ObjectiveView, ServiceView, StatusView
from core.sla.watching import deadlines, ensure_watches

__all__ = [
    "ANY",
    "EXACT_MAX",
    "SAMPLES_MAX",
    "AlertView",
    "Budget",
    "ImportView",
    "InvalidSample",
    "Judged",
    "Metric",
    "Objective",
    "ObjectiveView",
    "Sample",
    "Sampler",
    "ServiceView",
    "SlaCatalogue",
    "SlaEvent",
    "Standing",
    "StatusView",
    "Wish",
    "budget_words",
    "change_objective",
    "check_sample",
    "create_objective",
    "deadlines",
    "drop_objective",
    "ensure_watches",
    "export_openslo",
    "forget_old_samples",
    "get_objective",
    "get_status",
    "import_openslo",
    "level_of",
    "list_objectives",
    "list_services",
    "load_alert",
    "load_sla_catalogue",
    "position",
    "standings",
    "value_words",
]
