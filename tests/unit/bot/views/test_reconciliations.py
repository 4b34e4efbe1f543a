"""What administrators read of what a walk through the tickets has found."""

from __future__ import annotations

from uuid import UUID

import pytest

from bot.plain import text_of
from bot.views.reconciliations import walk_card
from core.tickets import Drift, Finding, Remedy, WalkView
from tests.factories import START


def said(what, remedy=Remedy.REPAIR, *, field="rollback_plan", there=""):
    found = Drift(UUID(int=1), "REQ-7", "CHG0030001", "chg", what, remedy, "CTASK1 open", there, field)
    counts = {"repaired": int(remedy is Remedy.REPAIR), "asked": int(remedy is Remedy.ASK)}
    walk = WalkView(UUID(int=2), "servicenow", "done", False, "", START, START, 1, 1, {what: 1}, findings=(found,),
                    problem="", **counts)  # fmt: skip
    return text_of(walk_card(walk)).splitlines()[-1]


@pytest.mark.row("N1")
@pytest.mark.parametrize(
    ("line", "words"),
    [
        (said(Finding.TASK_MISSING), "🔧 REQ-7 CHG0030001 has lost a task for rollback plan"),
        (
            said(Finding.TASK_STATE, Remedy.ASK, there="Open"),
            "👀 REQ-7 CHG0030001 has a task that was put back for rollback plan: Open",
        ),
        (said(Finding.TASK_DOUBLE, Remedy.ASK, there="CTASK2"), "👀 REQ-7 CHG0030001 has two tasks for rollback plan: CTASK2"),
        (said(Finding.FIELD, field="risk_level", there="Low"), "🔧 REQ-7 CHG0030001 has another value in risk_level: Low"),
    ],
)  # fmt: skip
def test_a_finding_names_its_task_by_the_step_and_its_field_as_it_is_called(line, words):
    assert line == words
