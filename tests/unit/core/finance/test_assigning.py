"""To which cost centre a cost belongs, on which day (C10)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.finance.assigning import Assignments, SubjectKind, Turn, bearers_of


@pytest.mark.row("C10")
def test_the_agent_goes_before_its_project_and_the_latest_turn_that_has_begun_counts():
    found = Assignments(
        [
            Turn(SubjectKind.PROJECT, "billing", date(2026, 3, 10), "CC-2"),
            Turn(SubjectKind.PROJECT, "billing", date(2026, 1, 1), "CC-1"),
            Turn(SubjectKind.AGENT, "reader", date(2026, 3, 5), "CC-9"),
            Turn(SubjectKind.AGENT, "reader", date(2026, 3, 20), ""),
        ]
    )

    def centre(day, project="billing", agent="reader"):
        return found.centre_of(project, agent, on=date(2026, 3, day))

    assert [centre(day) for day in (1, 5, 10, 19, 20)] == ["CC-1", "CC-9", "CC-9", "CC-9", "CC-2"]
    assert centre(9, agent="") == "CC-1"
    assert centre(9, project="other", agent="") == ""
    assert found.centre_of("billing", "", on=date(2025, 12, 31)) == ""


FIRST = date(2026, 3, 1)
TURNS = st.lists(
    st.builds(
        Turn,
        st.sampled_from(SubjectKind),
        st.sampled_from(["billing", "claims"]),
        st.integers(0, 9).map(lambda number: FIRST + timedelta(days=number)),
        st.sampled_from(["", "CC-1", "CC-2"]),
    ),
    max_size=12,
    unique_by=lambda turn: (turn.kind, turn.subject, turn.starts_on),
)


@pytest.mark.row("C10")
@given(TURNS)
def test_spans_of_days_say_what_turns_say_and_never_meet(turns):
    spans = bearers_of(turns)
    for number in range(11):
        on = FIRST + timedelta(days=number)
        for subject in ("billing", "claims"):
            held = [
                [
                    each.centre
                    for each in spans
                    if name(each) == subject and each.first_day <= on and (each.until is None or on < each.until)
                ]
                for name in (lambda each: each.agent, lambda each: each.project)
            ]
            assert all(len(each) <= 1 for each in held)
            by_agent, by_project = ("".join(each) for each in held)
            assert (by_agent or by_project) == Assignments(turns).centre_of(subject, subject, on=on)
