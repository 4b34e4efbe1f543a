"""The simulated systems that every ticket connector is held against: one entry each in `SYSTEMS`.

What each must be able to do stands in bench.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Final

from tests.contract.itsm.bench import Bench
from tests.contract.itsm.desk_bench import desk_bench
from tests.contract.itsm.jira_bench import jira_bench
from tests.contract.itsm.remedy_bench import remedy_bench
from tests.contract.itsm.servicenow_bench import servicenow_bench

MAPPED: Final[Mapping[str, Callable[[], AbstractAsyncContextManager[Bench]]]] = {
    "servicenow": servicenow_bench,
    "jira-cloud": lambda: jira_bench("cloud"),
    "jira-datacenter": lambda: jira_bench("datacenter"),
    "remedy": remedy_bench,
}
"""Those whose tickets a mapping file fills; a declared system's own file says already what stands where."""

SYSTEMS: Final[Mapping[str, Callable[[], AbstractAsyncContextManager[Bench]]]] = {**MAPPED, "custom": desk_bench}

ASKING: Final = ("servicenow", "custom")
"""Those where people can be asked through the interface."""

TASKING: Final = ("servicenow", "jira-cloud", "jira-datacenter", "remedy", "custom")
"""Those that show what is to be done of a change by child records of its ticket."""

TASKS_FAIL: Final = ("servicenow", "remedy", "custom")
"""Those of them in which a person can say that a task came to nothing."""

IN_THREADS: Final = ("servicenow", "jira-cloud", "jira-datacenter")
"""Those whose calls run in threads: a call that is given up keeps its place until its thread is done.

The others' leave it at once, so that nobody behind them waits beyond their own time.
"""
