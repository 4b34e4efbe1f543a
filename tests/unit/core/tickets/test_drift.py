"""What is done about what a walk finds (N1)."""

from __future__ import annotations

from uuid import UUID

import pytest

from core.changes import TaskStep
from core.tickets.drift import GONE_MAX, Drift, Finding, Remedy, drift_from_json, judged

pytestmark = pytest.mark.row("N1")
TASKS_MAX = GONE_MAX * len(TaskStep)


def drift(what=Finding.TASK_MISSING, *, field="testing", there="", subject=1):
    return Drift(UUID(int=subject), "REQ-1", "CHG1", "chg", what, Remedy.REPAIR, "CTASK1 open", there, field)


def remedies(found, *, so_far=None, before=()):
    return [each.remedy for each in judged(found, so_far=so_far or {}, walked=1, before=frozenset(before))]


@pytest.mark.parametrize("what", [Finding.TASK_MISSING, Finding.TASK_STATE])
def test_what_the_night_before_found_of_the_same_step_is_for_a_person(what):
    last = drift(what, there="Open")
    assert remedies([last], before=[last.mark]) == [Remedy.ASK]
    assert remedies([drift(what, there="Open", field="review")], before=[last.mark]) == [Remedy.REPAIR]


def test_the_tasks_of_as_many_tickets_as_are_made_again_are_and_no_more():
    found = [drift(subject=number) for number in range(TASKS_MAX + 1)]
    assert remedies(found) == [*[Remedy.REPAIR] * TASKS_MAX, Remedy.ASK]
    assert remedies([drift()], so_far={"task_missing": TASKS_MAX}) == [Remedy.ASK]
    assert remedies([drift()], so_far={"missing": TASKS_MAX}) == [Remedy.REPAIR]


def test_missing_tickets_are_counted_for_themselves():
    found = [drift(Finding.MISSING, subject=number) for number in range(GONE_MAX + 1)]
    assert remedies(found, so_far={"task_missing": 99}) == [*[Remedy.REPAIR] * GONE_MAX, Remedy.ASK]


@pytest.mark.parametrize("what", Finding)
def test_a_finding_is_kept_whole(what):
    assert drift_from_json(drift(what).to_json()) == drift(what)
