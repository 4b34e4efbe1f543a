"""The agenda of the meeting about changes: what waits, what comes, what is in the way, what is to be reviewed (G6)."""

from __future__ import annotations

import pytest

from core.changes import change_agenda, complete
from core.changes.errors import InvalidChange
from tests.changes_desk import HOUR, TOMORROW, Desk, desk, with_policy

__all__ = ["desk"]  # a fixture
FREEZE = '  freezes: [{freeze: "Audit", from: "2026-03-05", until: "2026-03-06"}]\n'


@pytest.mark.row("G6")
async def test_everything_that_is_spoken_about_stands_in_its_part(company):
    desk = Desk(company, with_policy(FREEZE))
    done = await desk.started(title="Done already")
    await desk.do(complete, "agent_developer", done.id, validation="passed")
    waiting = await desk.submitted(title="Waits", starts_at=TOMORROW + 48 * HOUR, ends_at=TOMORROW + 49 * HOUR)
    planned = await desk.scheduled(title="Comes", starts_at=TOMORROW + 24 * HOUR, ends_at=TOMORROW + 25 * HOUR)
    await desk.draft(title="A draft is nobody's business yet")

    agenda = await desk.do(change_agenda, "audit_reviewer")

    assert [each.change.id for each in agenda.waiting] == [waiting.id]
    assert [each.change.id for each in agenda.planned] == [planned.id]
    assert [each.id for each in agenda.reviews] == [done.id]
    assert [each.name for each in agenda.freezes] == ["Audit"]
    assert [each.kind for each in agenda.waiting[0].obstacles] == ["freeze"]
    assert agenda.planned[0].obstacles == ()


@pytest.mark.row("G6")
async def test_of_what_waits_it_is_said_with_what_it_collides(desk):
    await desk.scheduled()
    await desk.submitted(title="At the same time")
    agenda = await desk.do(change_agenda, "audit_reviewer")
    assert [(each.kind, each.name) for each in agenda.waiting[0].obstacles] == [("collision", "CHG-1001")]
    with pytest.raises(InvalidChange):
        await desk.do(change_agenda, "audit_reviewer", days=0)
