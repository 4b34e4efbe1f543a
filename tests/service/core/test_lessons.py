"""Lessons of changes: captured at the review, searched, and suggested on new changes that are like them (G11)."""

from __future__ import annotations

import pytest

from core.changes import complete, review, search_lessons
from core.changes.errors import InvalidChange
from tests.changes_desk import HOUR, TOMORROW, desk

__all__ = ["desk"]  # a fixture
LESSON = "Warm the cache before the switch."


async def learnt(desk, *, lessons=LESSON, tags=("Cache", "cache ", "deploy"), **proposal):
    change = await desk.started(**proposal)
    await desk.do(complete, "agent_developer", change.id, validation="passed")
    said = {"outcome": "successful_with_issues", "notes": "Slow at first.", "lessons": lessons, "tags": tags}
    return await desk.do(review, "meta_agent_manager", change.id, **said)


async def found(desk, words=""):
    lessons = await search_lessons(desk.database, desk.company.actor("audit_reviewer"), words=words)
    return [each.reference for each in lessons]


@pytest.mark.row("G11")
async def test_a_lesson_stands_in_the_review_with_its_tags_and_is_found_by_words(desk):
    change = await learnt(desk, title="Move the retrieval index")
    assert change.review.tags == ("cache", "deploy")
    for words in ("warm cache", "warming", "retrieval -payments", "deploy", ""):
        assert await found(desk, words) == ["CHG-1001"], words
    assert await found(desk, "payroll") == []
    assert await found(desk, "') OR 1=1 --") == []


@pytest.mark.row("G11")
async def test_a_new_change_like_it_is_told_of_it_and_another_is_not(desk):
    await learnt(desk, title="Move the retrieval index", resources=["service:Search"], description="")
    alike = await desk.draft(title="Rebuild retrieval index nightly", resources=["service:Find"], description="")
    shown = await desk.now(alike)
    assert [(each.reference, each.lessons) for each in shown.suggested] == [("CHG-1001", LESSON)]
    same_place = await desk.draft(title="Other words altogether", description="", resources=["service:Search"])
    assert [each.reference for each in (await desk.now(same_place)).suggested] == ["CHG-1001"]
    stranger = await desk.draft(title="Payroll export format", description="")
    assert (await desk.now(stranger)).suggested == ()


@pytest.mark.row("G11")
async def test_what_is_under_way_or_without_lessons_suggests_nothing(desk):
    await learnt(desk, lessons="")
    second = await desk.draft(starts_at=TOMORROW + 5 * HOUR, ends_at=TOMORROW + 6 * HOUR)
    assert (await desk.now(second)).suggested == ()
    assert await found(desk) == []


@pytest.mark.row("G11")
@pytest.mark.parametrize("tags", [[f"tag-{number}" for number in range(11)], ["x" * 41]])
async def test_too_many_or_too_long_tags_are_refused(desk, tags):
    with pytest.raises(InvalidChange, match="10 tags at most"):
        await learnt(desk, tags=tags)
