"""What is to be done of a change, and the tasks that show it in its ticket's system, both ways (G3, G6, N1-N4)."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select, text

from connectors.itsm.asked import EVERY_EVENT, TicketDesk
from connectors.itsm.base import Refused, Ticket, TicketState
from connectors.itsm.inbox import TicketInbox
from connectors.itsm.reconciler import Reconciler
from connectors.itsm.subscriber import TicketSync
from core.accounts import LinkedBy
from core.approvals import lapse_request, load_request
from core.changes import (
    Proposal,
    TaskState,
    TaskStep,
    cancel,
    complete,
    implement,
    planned_time,
    review,
    revise,
    schedule,
    submit,
)
from core.emergency import grant
from core.links import tickets_of
from core.outbox import RetryPolicy, Subscription
from core.ticket_accounts import AccountSystem, set_ticket_account
from core.tickets import (
    Finding,
    Remedy,
    Told,
    ToldNote,
    ToldTask,
    ToldTasks,
    ask_for_walk,
    claim_look,
    load_walk,
    take_over,
)
from core.tickets.model import ticket_tasks
from core.tickets.task_store import on_ticket
from sandbox.faults import Fault
from tests.changes_desk import HOUR, Desk
from tests.contract.itsm.systems import SYSTEMS, TASKING, TASKS_FAIL
from tests.service.connectors.test_ticket_sync import dispatched

pytestmark = pytest.mark.row("G3", "G6", "N1", "N2", "N3", "N4")
WORDS = {  # a word of the title of each step's task
    "testing": "testing",
    "way back": "rollback_plan",
    "concerns": "communication",
    "Implement": "implementation",
    "Validate": "validation",
    "Review": "review",
}


class Board:
    """A change of the company, and its ticket with tasks in one system."""

    def __init__(self, company, catalogue, bench):
        self.company, self.bench = company, bench
        self.desk = Desk(company, catalogue)
        self.slug = bench.slug
        self.system = bench.connect(read_timeout_s=2.0, total_timeout_s=10.0)
        self.inbox = TicketInbox(self.slug, company.tenant, self.system, company.database, changes=catalogue)

    async def deliver(self):
        changes = self.inbox.changes
        sync = TicketSync(self.slug, self.company.tenant, self.system, self.company.database, tasks=changes)
        desk = TicketDesk(sync, None)
        wanted = Subscription(
            self.slug, EVERY_EVENT, desk.deliver, RetryPolicy(base_s=0.0), deliver_many=desk.deliver_many
        )
        await dispatched(self.company, [wanted])

    async def look(self):
        self.company.advance(seconds=30)
        assert await self.inbox.look()

    async def ticket(self, change):
        async with self.company.database.tenant(self.company.tenant) as tx:
            (link,) = (await tickets_of(tx, [change.request_id]))[change.request_id]
        return Ticket(link.external_id, link.number, link.url, TicketState.IN_APPROVAL, link.state)

    async def drifts(self, change):
        """What the night finds of the ticket."""
        async with self.company.database.tenant(self.company.tenant) as tx:
            (link,) = (await tickets_of(tx, [change.request_id]))[change.request_id]
            request = await load_request(tx, change.request_id)
            known = tuple((await on_ticket(tx, self.slug, change.request_id)).values())
        return (await self.reconciler.look(link, request, known)).drifts

    @property
    def reconciler(self):
        company = self.company
        return Reconciler(self.slug, company.tenant, self.system, company.database, changes=self.inbox.changes)

    async def walked(self, *, is_dry_run=False):
        """The night has walked through all live tickets, and what it put on its way was delivered."""
        tenant, database = self.company.tenant, self.company.database
        async with database.tenant(tenant) as tx:
            actor = self.company.actor("tenant_administrator")
            walk = await ask_for_walk(tx, self.slug, actor=actor, is_dry_run=is_dry_run)
        assert await self.reconciler.run_one(walk=walk)
        await self.deliver()
        return await load_walk(database, tenant, walk)

    async def begun(self):
        """A change whose work has begun, as its ticket shows."""
        change = await self.asked(gates=("testing",))
        change = await self.desk.evidence(change, gates=("rollback_plan", "communication"))
        await self.desk.vote(change, "meta_agent_manager", "security_manager")
        change = await self.desk.do(schedule, "agent_developer", change.id)
        self.company.clock.advance(change.starts_at - self.company.clock.now())
        change = await self.desk.do(implement, "agent_developer", change.id)
        await self.deliver()
        return change

    async def tasks(self, change):
        """The tasks there, by a word of their titles."""
        found = self.bench.tasks(await self.ticket(change))
        return {word: one for one in found for word in WORDS if word in one.title.partition(": ")[2]}

    async def states(self, change):
        return {word: one.state.value for word, one in (await self.tasks(change)).items()}

    def those(self, **wanted):
        """These states by the words of their tasks, of the steps that have a task in this system."""
        return {word: wanted[step] for word, step in WORDS.items() if TaskStep(step) in self.bench.task_steps}

    async def asked(self, gates=()):
        """A submitted change with evidence for these gates, its ticket and its tasks."""
        change = await self.desk.draft()
        change = await self.desk.evidence(change, gates=gates)
        change = await self.desk.do(submit, "agent_developer", change.id)
        await self.deliver()
        await self.look()
        return change

    async def link(self, who="agent_developer"):
        await set_ticket_account(
            self.company.database,
            self.company.actor("enterprise_administrator"),
            self.company.people[who].id,
            self.slug,
            self.bench.worker,
            among=[AccountSystem(self.slug)],
            linked_by=LinkedBy.ADMINISTRATOR,
        )

    async def told(self, action):
        return [each["details"] for each in await self.company.trail(action=action)]


EVERYWHERE = pytest.mark.parametrize("board", TASKING, indirect=True)


@pytest.fixture(params=["servicenow"])
async def board(request, company, change_catalogue):
    """One system stands for all where the connector's part makes no difference."""
    async with SYSTEMS[request.param]() as bench:
        here = Board(company, change_catalogue, bench)
        yield here
        await here.system.close()


@EVERYWHERE
async def test_the_tasks_of_a_ticket_follow_the_change_from_its_gates_to_its_review(board):
    change = await board.asked(gates=("testing",))
    assert await board.states(change) == board.those(
        testing="done",
        rollback_plan="open",
        communication="open",
        implementation="open",
        validation="open",
        review="open",
    )

    change = await board.desk.evidence(change, gates=("rollback_plan", "communication"))
    await board.deliver()
    states = await board.states(change)
    assert (states["way back"], states["concerns"], states["Implement"]) == ("done", "done", "open")
    assert "rollback_plan is there." in (await board.tasks(change))["way back"].words

    await board.desk.vote(change, "meta_agent_manager", "security_manager")
    change = await board.desk.do(schedule, "agent_developer", change.id)
    board.company.clock.advance(change.starts_at - board.company.clock.now())
    await board.desk.do(implement, "agent_developer", change.id)
    await board.deliver()
    assert (await board.states(change))["Implement"] == "working"

    await board.desk.do(complete, "agent_developer", change.id)
    await board.deliver()
    gates = dict.fromkeys(("testing", "rollback_plan", "communication"), "done")
    assert await board.states(change) == board.those(
        **gates, implementation="done", validation="working", review="open"
    )

    await board.desk.do(complete, "agent_developer", change.id, validation="passed", notes="All green.")
    await board.desk.do(review, "meta_agent_manager", change.id, outcome="successful", notes="Well done.")
    await board.deliver()
    assert set((await board.states(change)).values()) == {"done"}
    if TaskStep.VALIDATION in board.bench.task_steps:
        assert "All green." in (await board.tasks(change))["Validate"].words


@EVERYWHERE
@pytest.mark.parametrize("fault", [Fault.COMMIT_THEN_TIMEOUT, Fault.SERVER_ERROR])
async def test_every_task_is_there_once_however_often_the_system_fails(board, fault):
    board.bench.fail(fault, 3, match=board.bench.task_creation)
    change = await board.asked()
    assert len(board.bench.tasks(await board.ticket(change))) == len(board.bench.task_steps)
    assert board.bench.met() == 3


@EVERYWHERE
async def test_nobody_waits_for_the_tasks_of_a_cancelled_change(board):
    change = await board.asked(gates=("testing",))
    await cancel(board.desk.database, board.company.actor("agent_developer"), change.id, reason="Not this month.")
    await board.deliver()
    states = await board.states(change)
    assert (states.pop("testing"), set(states.values())) == ("done", {"cancelled"})


async def test_a_revised_change_leaves_no_open_task_on_its_old_ticket(board):
    change = await board.asked()
    old = await board.ticket(change)
    await board.desk.do(revise, "agent_developer", change.id, Proposal(title="Raise it higher"))
    await board.deliver()
    assert {one.state for one in board.bench.tasks(old)} == {TaskState.CANCELLED}


@EVERYWHERE
async def test_under_a_bypass_the_tasks_follow_the_work_and_what_it_owes_is_asked_for_until_its_review(board):
    desk, bypasser = board.desk, "meta_agent_manager"
    change = await board.asked(gates=("rollback_plan", "communication"))
    asked = board.bench.one(str(change.request_id)).label
    await grant(
        desk.database,
        board.company.actor(bypasser),
        action="change.implement",
        resource=change.reference,
        justification="Payments stand still since 08:40.",
        duration=HOUR,
    )
    await desk.do(implement, bypasser, change.id)
    await board.deliver()
    await board.look()
    rest = {"rollback_plan": "done", "communication": "done", "validation": "open", "review": "open"}
    assert await board.states(change) == board.those(testing="open", implementation="working", **rest)
    assert await board.drifts(change) == ()

    await desk.do(complete, bypasser, change.id, validation="passed")
    await board.deliver()
    states = await board.states(change)
    assert (states["testing"], states["Implement"]) == ("open", "done")
    before = board.bench.one(str(change.request_id)).label
    await desk.evidence(change, gates=("testing",))
    await desk.do(review, "tenant_administrator", change.id, outcome="successful", notes="It was needed.")
    await board.deliver()
    assert set((await board.states(change)).values()) == {"done"}
    # Nobody approved it, so it is never walked on as if somebody had: it ends, once nothing is owed.
    assert before == asked
    assert "ancel" in board.bench.one(str(change.request_id)).label


@EVERYWHERE
async def test_a_gates_task_that_a_linked_person_closes_with_words_is_their_evidence(board):
    await board.link()
    change = await board.asked()
    await board.bench.end_task((await board.tasks(change))["testing"], TaskState.DONE, "Load test: 400 rps, no error.")
    for _ in range(2):
        await board.look()

    change = await board.desk.now(change)
    assert change.missing == ("rollback_plan", "communication")
    (shown,) = change.evidence
    assert (shown.gate, shown.result, shown.author.email) == (
        "testing",
        "passed",
        board.company.people["agent_developer"].email,
    )
    assert "Load test: 400 rps, no error." in shown.summary
    (recorded,) = await board.company.trail(action="change.evidence_added")
    assert recorded["details"]["ticket"] == (await board.tasks(change))["testing"].number
    assert await board.told("change.task_heard") == []
    await board.deliver()
    assert (await board.states(change))["testing"] == "done"


@EVERYWHERE
async def test_what_a_person_ends_before_its_task_was_known_here_is_heard(board, monkeypatch):
    await board.link()
    connector = type(board.system)
    show = connector.show_tasks

    async def overtaken(self, ticket, tasks):
        """As after a crash between making the tasks and noting them: a person was at one meanwhile."""
        await show(self, ticket, tasks)
        for one in board.bench.tasks(ticket):
            if "testing" in one.title.partition(": ")[2] and one.state is not TaskState.DONE:
                await board.bench.end_task(one, TaskState.DONE, "Load test: 400 rps, no error.")
        return await show(self, ticket, tasks)

    monkeypatch.setattr(connector, "show_tasks", overtaken)
    change = await board.desk.now(await board.asked())
    assert change.missing == ("rollback_plan", "communication")
    assert [(each.gate, each.result) for each in change.evidence] == [("testing", "passed")]


async def test_where_one_task_is_refused_the_others_are_kept_in_step_and_the_ticket_says_why_once(board, monkeypatch):
    await board.link()
    connector = type(board.system)
    show = connector.show_tasks

    async def refusing(self, ticket, tasks):
        for each in tasks:
            if each.step is TaskStep.ROLLBACK_PLAN:
                raise Refused("There is no such kind of task.", field="change_task_type")
            await show(self, ticket, [each])
        return await show(self, ticket, tasks)

    monkeypatch.setattr(connector, "show_tasks", refusing)
    change = await board.asked()
    await board.bench.end_task((await board.tasks(change))["testing"], TaskState.DONE, "Load test: 400 rps, no error.")
    await board.look()
    assert (await board.desk.now(change)).missing == ("rollback_plan", "communication")
    await board.desk.evidence(change, gates=("communication",))
    await board.deliver()
    states = await board.states(change)
    assert (states["testing"], states["concerns"], "way back" in states) == ("done", "done", False)
    notes = board.bench.one(str(change.request_id)).texts
    assert sum("could not be brought up to date: There is no such kind of task." in text for text in notes) == 1


async def test_a_ticket_that_is_made_again_has_its_tasks_at_once(board):
    change = await board.asked()
    before = await board.states(change)
    await board.bench.delete(await board.ticket(change))
    await board.walked()
    assert await board.states(change) == before


def found(walk):
    return [(each.what, each.field, each.remedy) for each in walk.findings]


@EVERYWHERE
async def test_a_task_that_somebody_deleted_is_made_again_by_the_night_and_the_next_time_a_person_is_asked(board):
    await board.link()
    change = await board.asked(gates=("communication",))
    before, gone = await board.states(change), (await board.tasks(change))["testing"]
    assert (await board.walked()).findings == ()
    await board.bench.delete_task(gone)

    walk = await board.walked()

    assert found(walk) == [(Finding.TASK_MISSING, "testing", Remedy.REPAIR)]
    assert walk.findings[0].here == f"{gone.number} open"
    assert await board.states(change) == before
    again = (await board.tasks(change))["testing"]
    assert again.id != gone.id
    await board.bench.delete_task(again)
    second = await board.walked()
    assert found(second) == [(Finding.TASK_MISSING, "testing", Remedy.ASK)]
    assert "testing" not in await board.states(change)


@EVERYWHERE
async def test_a_task_that_was_made_again_is_heard_of(board):
    await board.link()
    change = await board.asked()
    await board.bench.delete_task((await board.tasks(change))["testing"])
    await board.walked()
    await board.bench.end_task((await board.tasks(change))["testing"], TaskState.DONE, "Load test: 400 rps, no error.")
    await board.look()
    assert (await board.desk.now(change)).missing == ("rollback_plan", "communication")


@EVERYWHERE
async def test_a_task_that_was_put_back_is_moved_again_by_the_night_and_the_next_time_a_person_is_asked(board):
    change = await board.begun()
    await board.bench.reset_task((await board.tasks(change))["Implement"])
    await board.look()

    walk = await board.walked()

    assert found(walk) == [(Finding.TASK_STATE, "implementation", Remedy.REPAIR)]
    assert (await board.states(change))["Implement"] == "working"
    await board.bench.reset_task((await board.tasks(change))["Implement"])
    assert found(await board.walked()) == [(Finding.TASK_STATE, "implementation", Remedy.ASK)]
    assert (await board.states(change))["Implement"] == "open"


@pytest.mark.parametrize("board", ["jira-cloud"], indirect=True)
@pytest.mark.parametrize("has_looked", [True, False])
async def test_a_closed_task_that_was_opened_again_though_its_step_is_over_is_closed_again(board, has_looked):
    change = await board.begun()
    await board.bench.reset_task((await board.tasks(change))["testing"])
    if has_looked:
        await board.look()

    assert found(await board.walked()) == [(Finding.TASK_STATE, "testing", Remedy.REPAIR)]
    assert (await board.states(change))["testing"] == "done"
    assert (await board.walked()).findings == ()


@EVERYWHERE
async def test_what_a_person_ends_is_heard_by_the_night_too_and_once(board):
    await board.link()
    change = await board.asked()
    await board.bench.end_task((await board.tasks(change))["testing"], TaskState.DONE, "Load test: 400 rps, no error.")
    await board.bench.end_task((await board.tasks(change))["concerns"], TaskState.CANCELLED)

    walk = await board.walked()
    await board.look()

    change = await board.desk.now(change)
    assert walk.findings == ()
    assert [(each.gate, each.result) for each in change.evidence] == [("testing", "passed")]
    assert "Load test: 400 rps, no error." in change.evidence[0].summary
    (heard,) = await board.told("change.task_heard")
    assert (heard["step"], heard["there"]) == ("communication", "cancelled")
    states = await board.states(change)
    assert (states["testing"], states["concerns"]) == ("done", "cancelled")


@EVERYWHERE
async def test_a_double_of_a_task_is_for_a_person_to_look_at(board):
    change = await board.asked()
    ours = (await board.tasks(change))["testing"]
    await board.bench.double_task(await board.ticket(change), f"{change.request_id}:testing")
    (double,) = [one for one in board.bench.tasks(await board.ticket(change)) if one.title == "Planted"]

    walk = await board.walked()

    assert found(walk) == [(Finding.TASK_DOUBLE, "testing", Remedy.ASK)]
    assert (walk.findings[0].here, walk.findings[0].there) == (ours.number, double.number)
    there = {one.id: one.state for one in board.bench.tasks(await board.ticket(change))}
    assert (there[ours.id], there[double.id]) == (TaskState.OPEN, TaskState.OPEN)


async def test_a_dry_run_finds_tasks_astray_and_neither_repairs_nor_hears(board):
    await board.link()
    change = await board.asked()
    tasks = await board.tasks(change)
    await board.bench.delete_task(tasks["way back"])
    await board.bench.end_task(tasks["testing"], TaskState.DONE, "Load test: 400 rps, no error.")

    assert found(await board.walked(is_dry_run=True)) == [(Finding.TASK_MISSING, "rollback_plan", Remedy.REPAIR)]
    assert "way back" not in await board.states(change)
    assert (await board.desk.now(change)).evidence == ()


async def test_what_is_on_its_way_to_a_task_is_no_finding_and_neither_is_work_that_began_early(board):
    change = await board.asked()
    await board.desk.evidence(change, gates=("testing",))
    review = (await board.tasks(change))["Review"]
    await board.bench.system.edit("change_task", review.id, {"state": "In Progress"})
    await board.look()
    assert await board.drifts(change) == ()


async def test_a_deleted_task_whose_step_is_over_is_not_made_again(board):
    change = await board.asked(gates=("testing",))
    await board.bench.delete_task((await board.tasks(change))["testing"])
    assert (await board.walked()).findings == ()
    assert "testing" not in await board.states(change)


async def test_tasks_that_the_system_hides_are_for_a_person_to_look_at(board, monkeypatch):
    change = await board.asked()

    async def hidden(_self, _ticket, _known):
        raise Refused("The tasks of this change are hidden from our account.", field="change_task")

    monkeypatch.setattr(type(board.system), "tasks_of", hidden)
    (drift,) = await board.drifts(change)
    assert (drift.what, drift.remedy, drift.field) == (Finding.UNREADABLE, Remedy.ASK, "tasks")
    assert drift.there == "The tasks of this change are hidden from our account."


@pytest.mark.parametrize("board", TASKS_FAIL, indirect=True)
async def test_a_gates_task_that_is_closed_as_unsuccessful_is_evidence_that_it_failed(board):
    await board.link()
    change = await board.asked()
    await board.bench.end_task((await board.tasks(change))["testing"], TaskState.FAILED, "It fell over at 100 rps.")
    await board.look()

    change = await board.desk.now(change)
    assert [(each.gate, each.result) for each in change.evidence] == [("testing", "failed")]
    assert "testing" in change.missing


async def test_what_a_stranger_closes_there_shows_nothing_and_is_told_and_recorded_once(board):
    change = await board.asked()
    task = (await board.tasks(change))["testing"]
    await board.bench.end_task(task, TaskState.DONE, "Trust me.")
    for _ in range(2):
        await board.look()

    assert "testing" in (await board.desk.now(change)).missing
    (denied,) = await board.company.trail(action="change.evidence_added", result="denied")
    assert (denied["details"]["code"], denied["details"]["ticket"]) == ("changes.unlinked_author", task.number)
    (heard,) = await board.told("change.task_heard")
    assert (heard["step"], heard["there"]) == ("testing", "done")
    assert heard["people"] == [str(board.company.people["agent_developer"].id)]
    await board.deliver()
    notes = board.bench.one(str(change.request_id)).texts
    assert sum("is not linked to anybody" in text for text in notes) == 1


async def test_what_a_person_without_the_right_closes_there_shows_nothing(board):
    await board.link("audit_reviewer")
    change = await board.asked()
    await board.bench.end_task((await board.tasks(change))["testing"], TaskState.DONE, "I looked at it.")
    await board.look()

    assert "testing" in (await board.desk.now(change)).missing
    (denied,) = await board.company.trail(action="change.evidence_added", result="denied")
    assert denied["details"]["code"] == "access.permission_missing"
    assert len(await board.told("change.task_heard")) == 1


@EVERYWHERE
async def test_a_task_that_is_cancelled_there_is_still_asked_for_here_and_its_people_are_told(board):
    await board.link()
    change = await board.asked()
    task = (await board.tasks(change))["concerns"]
    await board.bench.end_task(task, TaskState.CANCELLED)
    for _ in range(2):
        await board.look()

    assert "communication" in (await board.desk.now(change)).missing
    (heard,) = await board.told("change.task_heard")
    assert "still asked for" in heard["reason"]
    await board.deliver()
    assert sum("still asked for" in text for text in board.bench.one(str(change.request_id)).texts) == 1
    change = await board.desk.evidence(change, gates=("communication",))
    await board.deliver()
    assert (await board.states(change))["concerns"] == "cancelled"  # a person ended it: it is left as they left it


async def test_closing_the_task_of_the_work_itself_moves_nothing_here(board):
    await board.link()
    change = await board.asked()
    await board.bench.end_task((await board.tasks(change))["Implement"], TaskState.DONE, "Did it already.")
    await board.look()

    assert (await board.desk.now(change)).state == "authorise"
    (heard,) = await board.told("change.task_heard")
    assert "moves nothing here" in heard["reason"]


async def test_news_that_comes_late_or_twice_changes_nothing(board):
    await board.link()
    change = await board.asked()
    async with board.company.database.tenant(board.company.tenant) as tx:
        row = (await tx.connection.execute(select(ticket_tasks).where(ticket_tasks.c.step == "testing"))).one()
    news = told(row, board, version=row.version + 2, state=TaskState.DONE)
    late = told(row, board, version=row.version + 1, state=TaskState.CANCELLED)
    await take(board, (news,))
    await take(board, (news, late))

    assert [each.gate for each in (await board.desk.now(change)).evidence] == ["testing"]
    assert await board.told("change.task_heard") == []


def told(row, board, *, version, state):
    return ToldTask(
        key="",
        external_id=row.task_id,
        number=row.number,
        url=row.url,
        state=state,
        label=state.value,
        words="Load test: fine.",
        by="Beth",
        account=board.bench.worker,
        is_ours=False,
        version=version,
    )


async def test_a_look_and_somebody_at_work_with_the_change_wait_for_each_other_in_one_order(board):
    await board.link()
    change = await board.asked()
    database, tenant = board.company.database, board.company.tenant
    async with database.tenant(tenant) as tx:
        row = (await tx.connection.execute(select(ticket_tasks).where(ticket_tasks.c.step == "testing"))).one()
        (link,) = (await tickets_of(tx, [change.request_id]))[change.request_id]
    noted = Told(
        link.external_id,
        link.state,
        is_over=False,
        is_ours=False,
        by="Beth",
        notes=(ToldNote("Beth", "Is it tested?"),),
    )
    async with database.tenant(tenant) as tx:
        await planned_time(tx, change.request_id)  # holds the change
        (pid,) = (await tx.connection.execute(text("SELECT pg_backend_pid()"))).one()
        news = told(row, board, version=row.version + 1, state=TaskState.DONE)
        look = asyncio.create_task(take(board, (news,), tickets=(noted,)))
        async with asyncio.timeout(20):
            while not await is_waited_for(database, pid):
                pass
        await lapse_request(tx, change.request_id, reason="It was cancelled.")  # holds the request
    await look

    assert [each.gate for each in (await board.desk.now(change)).evidence] == ["testing"]
    assert len(await board.told("request.ticket_noted")) == 1


async def is_waited_for(database, pid):
    async with database.system() as tx:
        asked = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE :pid = ANY(pg_blocking_pids(pid)))"
        return (await tx.connection.execute(text(asked), {"pid": pid})).scalar_one()


async def take(board, tasks, *, tickets=()):
    company = board.company
    company.advance(seconds=30)
    look = await claim_look(company.database, company.tenant, board.slug)
    assert look is not None
    given = ToldTasks(board.inbox.changes, tuple(tasks))
    await take_over(
        company.database, company.tenant, board.slug, look=look, cursor=look.cursor, told=tickets, tasks=given
    )
