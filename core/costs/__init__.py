"""Usage and what it costs: told once, priced exactly, kept for ever, summed up as it comes (C1, C3).

rates.py, rates_file.py, catalogue.py   what a meter costs; YAML -> RateCard; one for each tenant
usage.py        what is told, and what makes it sound
rating.py       pure: usage checked, digested and priced by the thousand, as rows that are ready for the ledger
pricing.py, ledger.py   pure: what it costs; lines that depend on others
posting.py      what costs by what stands in the ledger: tiers, corrections
charging.py     what others hear of new lines, in the same transaction
recording.py    use case: usage is told
metering.py     governed actions are told by themselves
comparing.py    whether the sums are those of the ledger; checks.py: its SQL; nightly.py: each night
looking.py      use cases: what was spent
model.py, store.py   tables; SQL that writes
titles.py       what a meter is called by people
bearing.py      which cost centre bears what, as finance says it
queries.py, series.py   SQL that reads: sums, lines; lines added up for reports
events.py, errors.py    the outbox; what can go wrong
"""

from core.costs.bearing import Bearer
from core.costs.catalogue import RateCatalogue, load_rate_catalogue
from core.costs.charging import Charge, Listener, Spent, spent_of
from core.costs.comparing import Check, compare_changed, compare_sums
from core.costs.errors import InvalidGrouping, InvalidUsage, ToldOtherwise, Uncorrectable, UnknownMeter, UsageConflict
from core.costs.events import CostEvent
from core.costs.ledger import priced
from core.costs.looking import (
    LedgerLine,
    check_sums,
    costs_by,
    ledger_lines,
    list_checks,
    show_rates,
    spent_by_step,
    spent_in,
)
from core.costs.metering import Metering, ensure_metering
from core.costs.nightly import DEADLINES
from core.costs.queries import CostFilter, CostRow, Group, sums
from core.costs.rates import Meter, Price, RateCard, Tier
from core.costs.recording import Problem, Recorded, UnsoundUsage, UsageWriter
from core.costs.series import lines_between, lines_by_day, lines_by_hour
from core.costs.store import known_among
from core.costs.titles import meter_title
from core.costs.usage import EVENTS_MAX, NAME_MAX, Usage, may_name
from core.costs.usage import check as check_usage

__all__ = [
    "DEADLINES",
    "EVENTS_MAX",
    "NAME_MAX",
    "Bearer",
    "Charge",
    "Check",
    "CostEvent",
    "CostFilter",
    "CostRow",
    "Group",
    "InvalidGrouping",
    "InvalidUsage",
    "LedgerLine",
    "Listener",
    "Meter",
    "Metering",
    "Price",
    "Problem",
    "RateCard",
    "RateCatalogue",
    "Recorded",
    "Spent",
    "Tier",
    "ToldOtherwise",
    "Uncorrectable",
    "UnknownMeter",
    "UnsoundUsage",
    "Usage",
    "UsageConflict",
    "UsageWriter",
    "check_sums",
    "check_usage",
    "compare_changed",
    "compare_sums",
    "costs_by",
    "ensure_metering",
    "known_among",
    "ledger_lines",
    "lines_between",
    "lines_by_day",
    "lines_by_hour",
    "list_checks",
    "load_rate_catalogue",
    "may_name",
    "meter_title",
    "priced",
    "show_rates",
    "spent_by_step",
    "spent_in",
    "spent_of",
    "sums",
]
