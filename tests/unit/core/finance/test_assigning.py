"""To which cost centre a cost belongs, on which day (C10)."""

from __future__ import annotations

from datetime import date

import pytest

from core.finance.assigning import Assignments, SubjectKind, Turn


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
