"""Tasks of a change as child records of its ticket, in every system that has such, over real HTTP (G3, N1, N6)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.changes import TaskState, TaskStep
from core.tickets import ShownTask
from sandbox.faults import Fault
from tests.contract.itsm.bench import make_draft, until_done
from tests.contract.itsm.systems import SYSTEMS, TASKING

pytestmark = pytest.mark.row("G3", "N1", "N2", "N3", "N4", "N6")
WHOLE_LIFE = (TaskState.OPEN, TaskState.WORKING, TaskState.DONE)


@pytest.fixture(params=TASKING)
async def bench(request):
    """Each system that has tasks in turn."""
    async with SYSTEMS[request.param]() as running:
        yield running


@pytest.fixture
async def ticket(connected):
    return await connected.create(make_draft())


def shown(step=TaskStep.TESTING, state=TaskState.OPEN, **more):
    said = {
        "title": f"CHG-7: {step.value}",
        "description": "Raise the limit.",
        "said": "Load test: 400 rps." if state is TaskState.DONE else "",
    }
    return ShownTask(key=f"request-0001:{step.value}", step=step, state=state, **{**said, **more})


def standing(bench, ticket):
    return [(one.title, one.state) for one in bench.tasks(ticket)]


async def test_each_step_is_a_child_record_of_the_ticket_once(bench, connected, ticket):
    steps = [shown(step) for step in bench.task_steps]
    told = await connected.show_tasks(ticket, steps)
    again = await connected.show_tasks(ticket, steps)

    assert sorted(standing(bench, ticket)) == sorted((one.title, TaskState.OPEN) for one in steps)
    assert {one.key: one.external_id for one in told} == {one.key: one.external_id for one in again}
    assert {(one.external_id, one.number) for one in told} == {(one.id, one.number) for one in bench.tasks(ticket)}
    assert all(one.is_ours and one.url.startswith(bench.url) for one in told)


async def test_a_step_that_goes_on_here_goes_on_there_and_is_closed_with_what_shows_it(bench, connected, ticket):
    seen = []
    for state in WHOLE_LIFE:
        (told,) = await connected.show_tasks(ticket, [shown(state=state)])
        seen.append(told.state)

    assert tuple(seen) == WHOLE_LIFE
    (task,) = bench.tasks(ticket)
    assert task.state is TaskState.DONE
    assert "Load test: 400 rps." in task.words


@pytest.mark.parametrize("end", [TaskState.DONE, TaskState.FAILED, TaskState.CANCELLED])
async def test_a_step_that_is_over_already_is_made_and_ended_at_once(bench, connected, ticket, end):
    (told,) = await connected.show_tasks(ticket, [shown(state=end, said="So it was.")])

    there = bench.task_ends.get(end, end)
    assert (told.state, [one.state for one in bench.tasks(ticket)]) == (there, [there])
    assert "So it was." in bench.tasks(ticket)[0].words


async def test_a_step_that_nobody_waits_for_is_not_made(bench, connected, ticket):
    never = shown(state=TaskState.CANCELLED, is_wanted=False)

    assert await connected.show_tasks(ticket, [never]) == ()
    assert bench.tasks(ticket) == []


@pytest.mark.parametrize("end", [TaskState.DONE, TaskState.CANCELLED])
async def test_what_a_person_has_ended_there_stays_as_they_left_it(bench, connected, ticket, end):
    (told,) = await connected.show_tasks(ticket, [shown()])
    await bench.end_task(bench.tasks(ticket)[0], end, "Done by hand.")

    known = replace(shown(state=TaskState.WORKING), external_id=told.external_id)
    (after,) = await connected.show_tasks(ticket, [known])

    assert (after.state, after.is_ours) == (end, False)
    assert [one.state for one in bench.tasks(ticket)] == [end]


async def test_no_task_is_doubled_when_its_creation_commits_and_times_out(bench, impatient, ticket):
    bench.fail(Fault.COMMIT_THEN_TIMEOUT, 1, match=bench.task_creation)

    steps = [shown(TaskStep.TESTING), shown(TaskStep.IMPLEMENTATION)]
    await until_done(lambda: impatient.show_tasks(ticket, steps))

    assert bench.met() == 1
    assert sorted(standing(bench, ticket)) == sorted((one.title, TaskState.OPEN) for one in steps)


@pytest.mark.parametrize("fault", [Fault.COMMIT_THEN_TIMEOUT, Fault.SERVER_ERROR, Fault.BAD_JSON])
async def test_a_task_is_closed_once_however_often_the_system_fails(bench, impatient, ticket, fault):
    await impatient.show_tasks(ticket, [shown()])
    bench.fail(fault, 1, match=bench.task_move)

    done = shown(state=TaskState.DONE)
    (told,) = await until_done(lambda: impatient.show_tasks(ticket, [done]))

    assert bench.met() == 1
    assert told.state is TaskState.DONE
    (task,) = bench.tasks(ticket)
    assert task.words.count("Load test: 400 rps.") == 1


async def test_what_a_person_does_with_a_task_is_told_once_with_their_words(bench, connected, ticket):
    _nothing, cursor = await looked(connected, None)
    (told,) = await connected.show_tasks(ticket, [shown()])
    ours, cursor = await looked(connected, cursor)
    assert all(one.is_ours for one in ours)

    await bench.end_task(bench.tasks(ticket)[0], TaskState.DONE, "Load test by hand: fine.")
    heard, cursor = await looked(connected, cursor)
    again, _cursor = await looked(connected, cursor)

    (news,) = [one for one in heard if not one.is_ours]
    assert (news.external_id, news.state, again) == (told.external_id, TaskState.DONE, ())
    assert news.version >= told.version
    assert news.account == bench.worker
    assert "Load test by hand: fine." in news.words


async def test_the_tasks_of_a_ticket_are_listed_as_they_stand_by_one_question(bench, connected, ticket):
    shown_ = await connected.show_tasks(ticket, [shown(step) for step in bench.task_steps])
    first, *_rest = bench.tasks(ticket)
    await bench.end_task(first, TaskState.DONE, "Load test by hand: fine.")
    await connected.tasks_of(ticket, {})  # whatever it asks of the system once and for all
    bench.fail(Fault.SLOW, 20, retry_after=0.001)

    known = {one.external_id: TaskState.DONE if one.external_id == first.id else TaskState.OPEN for one in shown_}
    told = await connected.tasks_of(ticket, known)

    assert bench.met() == 1
    there = {one.id: (one.number, one.state) for one in bench.tasks(ticket)}
    assert {one.external_id: (one.number, one.state) for one in told} == there
    assert {one.external_id: one.key for one in told} == {one.external_id: one.key for one in shown_}


async def test_of_a_listed_task_that_a_person_has_ended_it_is_told_who_and_with_which_words(bench, connected, ticket):
    (told,) = await connected.show_tasks(ticket, [shown()])
    await bench.end_task(bench.tasks(ticket)[0], TaskState.DONE, "Load test by hand: fine.")

    (news,) = await connected.tasks_of(ticket, {told.external_id: TaskState.OPEN})
    (read,) = await connected.show_tasks(ticket, [shown()])

    assert (news.state, news.is_ours, news.account) == (TaskState.DONE, False, bench.worker)
    assert "Load test by hand: fine." in news.words
    assert news == read


async def test_doubles_are_listed_and_listing_changes_nothing(bench, connected, ticket):
    (told,) = await connected.show_tasks(ticket, [shown()])
    await bench.double_task(ticket, told.key)

    listed = await connected.tasks_of(ticket, {told.external_id: TaskState.OPEN})

    assert [one.key for one in listed] == [told.key, told.key]
    assert [one.state for one in bench.tasks(ticket)] == [TaskState.OPEN, TaskState.OPEN]


async def test_a_task_that_was_deleted_is_listed_no_more_and_made_again_when_it_is_shown(bench, connected, ticket):
    (told,) = await connected.show_tasks(ticket, [shown()])
    await bench.delete_task(bench.tasks(ticket)[0])
    assert await connected.tasks_of(ticket, {told.external_id: TaskState.OPEN}) == ()

    (again,) = await connected.show_tasks(ticket, [shown()])
    assert again.external_id != told.external_id
    assert standing(bench, ticket) == [(shown().title, TaskState.OPEN)]


async def looked(connected, cursor):
    page = await connected.changes_since(cursor)
    return page.tasks, page.cursor
