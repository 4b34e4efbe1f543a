"""What is Jira's own: late search, approvals of Service Management, screens, both dialects, its limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from connectors.itsm.base import (
    CloseCode,
    Health,
    NotSent,
    OutcomeUnknown,
    Refused,
    Throttled,
    Ticket,
    TicketDraft,
    TicketKind,
    TicketPatch,
    TicketState,
)
from connectors.itsm.jira import Jira, JiraSettings, connect
from connectors.itsm.jira.client import JiraClient
from connectors.itsm.jira.people import People
from core.changes import TaskState, TaskStep
from core.tickets import ShownTask
from sandbox.faults import Fault
from tests.contract.itsm.bench import make_draft, until_done
from tests.contract.itsm.jira_bench import JiraBench, jira_bench

pytestmark = pytest.mark.row("N2")


@pytest.fixture(params=["cloud", "datacenter"])
async def site(request) -> AsyncIterator[JiraBench]:
    async with jira_bench(request.param) as bench:
        yield bench


@pytest.fixture
async def cloud() -> AsyncIterator[JiraBench]:
    async with jira_bench("cloud") as bench:
        yield bench


@pytest.fixture
async def connected(request) -> AsyncIterator[Jira]:
    name = "site" if "site" in request.fixturenames else "cloud"
    system = connect(request.getfixturevalue(name).settings(read_timeout_s=1.0))
    yield system
    await system.close()


@pytest.fixture
async def desk(site) -> AsyncIterator[Jira]:
    system = connect(site.incidents().settings())
    yield system
    await system.close()


def patch(target: TicketState, key: str = "event-1", **more: Any) -> TicketPatch:
    return TicketPatch(key=key, target=target, **more)


def issue(bench: JiraBench, ticket: Ticket) -> dict[str, Any]:
    (found,) = [one for one in bench.system.records("issue") if one["id"] == ticket.external_id]
    return dict(found)


def own_account(bench: JiraBench) -> dict[str, str]:
    (own,) = [one for one in bench.system.records("user") if one["name"] == "countersign"]
    return {"accountId": own["account_id"]} if bench.is_cloud else {"name": own["name"]}


# Creating and finding


async def test_an_issue_has_its_type_labels_reporter_and_facts(site):
    mapped = connect(site.settings(fields={"risk": "customfield_10021"}, create_fields={"labels": ["governed"]}))
    draft = TicketDraft("request-1", TicketKind.CHANGE, "REQ-1:\ncreate agent", "Because.", "noah.park@example.com",
                        {"risk": "high", "data_class": "confidential"})  # fmt: skip
    ticket = await mapped.create(draft)
    await mapped.close()

    made = issue(site, ticket)
    assert (made["issuetype"], made["summary"], made["reporter"]) == (
        "Task",
        "REQ-1: create agent",
        "noah.park@example.com",
    )
    assert made["description"] == "Because.\n\nData class: confidential"
    assert made["customfield_10021"] == "High"
    assert made["labels"] == ["governed", "countersign", "countersign-request-1"]
    assert made["properties"] == {"countersign": {"key": "request-1", "kind": "change"}}
    assert ticket.url == f"{site.url}/browse/{ticket.number}"


async def test_a_requester_whom_the_site_does_not_know_is_left_out_and_a_hidden_address_is_not(cloud, connected):
    cloud.system.configure({"hides_emails": True})

    stranger = await connected.create(make_draft("who"))
    known = await connected.create(TicketDraft("known", TicketKind.CHANGE, "s", "d", "emma.richards@example.com", {}))

    assert issue(cloud, stranger)["reporter"] == "countersign@example.com"
    assert issue(cloud, known)["reporter"] == "emma.richards@example.com"


async def test_a_long_summary_is_shortened_to_what_the_field_takes(site, connected):
    ticket = await connected.create(TicketDraft("long", TicketKind.CHANGE, "x" * 500, "d", "nobody@example.com"))

    assert issue(site, ticket)["summary"] == "x" * 254 + "…"


async def test_an_issue_that_the_search_does_not_show_yet_is_found_by_its_number(cloud, connected, draft):
    cloud.system.configure({"search_lag_s": 3600})
    await cloud.add_stranger()
    cloud.fail(Fault.COMMIT_THEN_TIMEOUT, match=cloud.creation)
    with pytest.raises(OutcomeUnknown):
        await connected.create(draft)
    await cloud.add_stranger()

    ticket = await connected.create(draft)

    assert cloud.one(draft.key).id == ticket.external_id


async def test_a_new_connection_too_finds_what_a_former_one_lost_while_the_search_lags(cloud, draft):
    cloud.system.configure({"search_lag_s": 3600})
    lost = cloud.connect(read_timeout_s=0.3)
    cloud.fail(Fault.COMMIT_THEN_TIMEOUT, match=cloud.creation)
    with pytest.raises(OutcomeUnknown):
        await lost.create(draft)
    await lost.close()

    fresh = cloud.connect()
    ticket = await fresh.create(draft)
    await fresh.close()

    assert cloud.one(draft.key).id == ticket.external_id


async def test_numbers_without_an_issue_do_not_hide_those_behind_them(cloud, connected, draft):
    cloud.system.configure({"search_lag_s": 3600})
    made = [await cloud.post("/rest/api/2/issue", {"fields": {"project": {"key": "GOV"}, "issuetype": {"name": "Task"},
                                                              "summary": "gone"}}) for _ in range(3)]  # fmt: skip
    await cloud.plant(draft.key)
    for one in made:
        await cloud.post(f"/rest/api/2/issue/{one['key']}", None, method="DELETE")

    found = await connected.find_by_key(TicketKind.CHANGE, draft.key)

    assert found is not None
    assert found.external_id == cloud.one(draft.key).id


async def test_a_search_that_lags_too_far_behind_is_waited_for(cloud, connected, draft, monkeypatch):
    monkeypatch.setattr("connectors.itsm.jira.keys.PROBES_MAX", 3)
    cloud.system.configure({"search_lag_s": 3600})
    for _ in range(4):
        await cloud.add_stranger()

    with pytest.raises(NotSent, match="lags more than 3 issues behind"):
        await connected.create(draft)

    assert cloud.with_key(draft.key) == []


async def test_a_copy_of_our_issue_is_not_ours_and_stays(site, connected, draft):
    ticket = await connected.create(draft)
    labels = issue(site, ticket)["labels"]
    fields = {"project": {"key": "GOV"}, "issuetype": {"name": "Task"}, "summary": "Copy", "labels": labels}
    copy = await site.post("/rest/api/2/issue", {"fields": fields})

    assert await connected.find_by_key(TicketKind.CHANGE, draft.key) == ticket
    (status,) = [one["status"] for one in site.system.records("issue") if one["key"] == copy["key"]]
    assert status == "To Do"


async def test_a_double_that_was_worked_on_to_its_end_stays(site, connected):
    for _ in range(2):
        await site.plant("request-2")
    _, second = site.with_key("request-2")
    await site.system.edit("issue", second.id, {"status": "In Progress"})
    await site.system.edit("issue", second.id, {"status": "Done", "resolution": "Done"})

    await connected.find_by_key(TicketKind.CHANGE, "request-2")

    assert [one.label for one in site.with_key("request-2")] == ["To Do", "Done"]


async def test_an_issue_type_that_the_project_lacks_is_named(site, draft):
    wrong = connect(site.settings(change_type="Change"))

    with pytest.raises(Refused, match="has no issue type 'Change'. It has: Bug, Story, Sub-task, Task") as refused:
        await wrong.create(draft)
    await wrong.close()

    assert refused.value.field == "issuetype"
    assert site.with_key(draft.key) == []


async def test_a_field_that_the_site_does_not_take_is_named(site, draft):
    wrong = connect(site.settings(create_fields={"customfield_99999": "x"}))

    with pytest.raises(Refused, match="cannot be set") as refused:
        await wrong.create(draft)
    await wrong.close()

    assert refused.value.field == "customfield_99999"


async def test_notes_are_internal_on_a_service_desk_and_found_among_many(site, desk):
    ticket = await desk.create(make_draft("incident-1", TicketKind.INCIDENT))
    await desk.comment(ticket, "Ours.", key="event-1")
    for number in range(105):
        await site.system.edit("issue", ticket.external_id, {"comment": f"chatter {number}"})

    await desk.comment(ticket, "Ours.", key="event-1")

    ours = [one for one in issue(site, ticket)["comments"] if one["by"] == "countersign@example.com"]
    assert [(one["body"], one["internal"]) for one in ours] == [("Ours.", True)]
    assert ours[0]["properties"]["countersign"] == {"key": "event-1"}


# Moving


async def test_a_decision_here_answers_the_approval_there_where_our_account_is_asked(site):
    approvers = {"customfield_10026": [own_account(site)]}
    asked = connect(site.incidents().settings(create_fields=approvers))
    ticket = await asked.create(make_draft("request-1"))
    await asked.update(ticket, patch(TicketState.IN_APPROVAL))

    moved = await asked.update(ticket, patch(TicketState.APPROVED, "event-2", note="All agreed.", by="Ann Lee"))
    await asked.close()

    made = issue(site, ticket)
    assert (moved.state, moved.label) == (TicketState.APPROVED, "Awaiting implementation")
    assert [one["final"] for one in made["approvals"]] == ["approved"]
    assert made["comments"][-1]["body"] == "All agreed.\n\nApproved in Countersign by Ann Lee."


async def test_a_rejection_here_declines_the_approval_there(site):
    approvers = {"customfield_10026": [own_account(site)]}
    asked = connect(site.incidents().settings(create_fields=approvers))
    ticket = await asked.create(make_draft("request-1"))
    await asked.update(ticket, patch(TicketState.IN_APPROVAL))

    moved = await asked.update(ticket, patch(TicketState.REJECTED, "event-2", note="No owner.", by="Lee"))
    await asked.close()

    assert (moved.state, moved.label) == (TicketState.REJECTED, "Declined")
    assert [one["final"] for one in issue(site, ticket)["approvals"]] == ["declined"]


async def test_where_others_are_asked_a_decision_is_noted_once_and_the_rest_says_who_is_awaited(site, desk):
    ticket = await desk.create(make_draft("request-1"))
    await desk.update(ticket, patch(TicketState.IN_APPROVAL))

    for _ in range(2):
        moved = await desk.update(ticket, patch(TicketState.APPROVED, "event-2", note="All agreed.", by="Ann Lee"))
    with pytest.raises(Refused, match="waits in Jira for Mia Krystof, Noah Park") as refused:
        await desk.update(ticket, patch(TicketState.IMPLEMENTING, "event-3"))

    assert (moved.state, refused.value.field) == (TicketState.IN_APPROVAL, "approval")
    bodies = [one["body"] for one in issue(site, ticket)["comments"]]
    assert bodies == [
        "All agreed.\n\nApproved in Countersign by Ann Lee.",
        f"The decision was taken in Countersign. {ticket.number} waits in Jira for Mia Krystof, Noah Park "
        "(CAB approval); our account is not asked.",
    ]
    await site.system.edit("issue", ticket.external_id, {"approval": "approve", "by": "noah.park"})
    assert (await desk.update(ticket, patch(TicketState.IMPLEMENTING, "event-3"))).label == "Implementing"


@pytest.mark.parametrize(("code", "label"), [(CloseCode.SUCCESSFUL, "Completed"), (CloseCode.UNSUCCESSFUL, "Failed")])
async def test_a_change_ends_as_its_work_did(site, desk, code, label):
    ticket = await desk.create(make_draft("request-1"))
    await desk.update(ticket, patch(TicketState.IN_APPROVAL))
    await site.system.edit("issue", ticket.external_id, {"approval": "approve", "by": "noah.park"})

    moved = await desk.update(ticket, patch(TicketState.CLOSED, "event-2", note="over", close_code=code))

    assert (moved.state, moved.label) == (TicketState.CLOSED, label)
    assert issue(site, ticket)["resolution"] == "Done"


async def test_an_emergency_change_takes_the_shortest_way(site, connected):
    ticket = await connected.create(make_draft("bypass-1", TicketKind.EMERGENCY_CHANGE))

    moved = await connected.update(ticket, patch(TicketState.IMPLEMENTING, note="granted"))

    assert (moved.label, moved.kind) == ("In Progress", TicketKind.EMERGENCY_CHANGE)
    assert site.one("bypass-1").walked == ("To Do", "In Progress")
    ended = await connected.update(moved, patch(TicketState.IMPLEMENTED, "event-2"))
    assert (ended.state, ended.label) == (TicketState.IMPLEMENTING, "In Progress")


async def test_a_request_rejected_before_approval_was_asked_for_is_cancelled(site, connected, draft):
    ticket = await connected.create(draft)

    moved = await connected.update(ticket, patch(TicketState.REJECTED, note="No."))

    assert (moved.state, issue(site, ticket)["resolution"]) == (TicketState.CANCELLED, "Declined")


async def test_a_way_through_a_status_beside_is_found(site):
    asked = connect(site.incidents().settings())
    ticket = await asked.create(make_draft("incident-1", TicketKind.INCIDENT))
    await asked.update(ticket, patch(TicketState.IMPLEMENTING))
    await site.system.edit(
        "issue", ticket.external_id, {"transition": "Pending", "Pending reason": "Waiting on vendor"}
    )

    moved = await asked.update(ticket, patch(TicketState.IMPLEMENTED, "event-2"))
    await asked.close()

    assert moved.label == "Resolved"
    assert site.incidents().one("incident-1").walked == (
        "Open", "Work in progress", "Pending", "Work in progress", "Resolved",
    )  # fmt: skip


async def test_states_of_a_sites_own_are_configuration(site, draft):
    mapped = connect(site.settings(states={"Approved": TicketState.IMPLEMENTED}))
    ticket = await mapped.create(draft)

    moved = await mapped.update(ticket, patch(TicketState.IMPLEMENTED))
    await mapped.close()

    assert (moved.state, moved.label) == (TicketState.IMPLEMENTED, "Approved")


@pytest.mark.parametrize("conflict", [400, 409])
async def test_two_who_move_at_once_end_at_the_same_place(cloud, draft, conflict):
    cloud.system.configure({"conflict_status": conflict})
    one, other = cloud.connect(), cloud.connect()
    ticket = await one.create(draft)

    moved = await asyncio.gather(
        *(each.update(ticket, patch(TicketState.CLOSED, f"event-{n}")) for n, each in enumerate((one, other, one)))
    )
    await one.close()
    await other.close()

    assert {each.state for each in moved} == {TicketState.CLOSED}
    assert cloud.one(draft.key).walked == cloud.walked


async def test_a_ticket_that_is_gone_is_refused(cloud, connected, draft):
    ticket = await connected.create(draft)
    await cloud.post(f"/rest/api/2/issue/{ticket.number}", None, method="DELETE")

    with pytest.raises(Refused):
        await connected.update(ticket, patch(TicketState.APPROVED))


async def test_once_the_quota_is_spent_the_site_is_called_no_more_whatever_for(cloud, connected, draft):
    await connected.create(draft)
    cloud.system.configure({"quota_limit": 0})
    with pytest.raises(Throttled, match="jira-quota-global-based"):
        await connected.find_by_key(draft.kind, draft.key)
    cloud.system.configure({"quota_limit": None})
    for call in (connected.changes_since(None), connected.find_by_key(draft.kind, draft.key)):
        with pytest.raises(Throttled, match="has asked for silence") as turned_away:
            await call
        assert 0 < turned_away.value.retry_after_s <= 3600


async def test_too_many_writes_to_one_issue_are_spaced_and_none_is_lost(cloud, connected, draft):
    ticket = await connected.create(draft)
    for number in range(20):
        await connected.comment(ticket, f"note {number}", key=f"event-{number}")

    with pytest.raises(Throttled, match="jira-per-issue-on-write") as throttled:
        await connected.comment(ticket, "note 20", key="event-20")
    assert 0 < throttled.value.retry_after_s <= 2
    cloud.system.configure({"per_issue_limit": False})
    await until_done(lambda: connected.comment(ticket, "note 20", key="event-20"))

    assert len(cloud.one(draft.key).notes) == 21


# The way back


async def test_old_comments_that_an_issue_no_longer_shows_are_not_missed(cloud, connected, draft):
    ticket = await connected.create(draft)
    page = await connected.changes_since(None)
    for number in range(30):
        await cloud.system.edit("issue", ticket.external_id, {"comment": f"note {number}"})

    (change,) = (await connected.changes_since(page.cursor)).changes

    assert [note.text for note in change.notes] == [f"note {number}" for number in range(30)]


async def test_many_changes_are_read_page_by_page_and_question_by_question(site, connected, monkeypatch):
    monkeypatch.setattr("connectors.itsm.jira.polling.CHANGES_MAX", 5)
    monkeypatch.setattr("connectors.itsm.jira.client.PAGE_ROWS", 3)
    cursor = (await connected.changes_since(None)).cursor
    for number in range(8):
        await site.plant(f"page-{number}")

    first = await connected.changes_since(cursor)
    second = await connected.changes_since(first.cursor)

    assert [len(first.changes), len(second.changes)] == [5, 3]
    assert [one.key for one in (*first.changes, *second.changes)] == [f"page-{number}" for number in range(8)]
    assert (await connected.changes_since(second.cursor)).changes == ()


@pytest.mark.parametrize(
    ("zone", "instant", "expected"),
    [
        ("Etc/UTC", "2026-11-23T10:00:59", "2026/11/23 10:00"),
        ("Asia/Kolkata", "2026-11-23T10:00:59", "2026/11/23 15:30"),
        ("America/Los_Angeles", "2026-11-23T10:00:59", "2026/11/23 02:00"),
        ("Europe/Berlin", "2026-10-25T01:30:00", "2026/10/25 02:30"),  # comes twice that night: the earlier is asked
        ("Europe/Berlin", "2026-10-25T00:30:00", "2026/10/25 01:30"),
        ("Not/AZone", "2026-11-23T10:00:00", "2026/11/22 22:00"),
    ],
)
async def test_a_query_is_written_in_the_accounts_own_time_and_never_too_late(cloud, zone, instant, expected):
    (own,) = [one for one in cloud.system.records("user") if one["name"] == "countersign"]
    cloud.system._site.store.people[own["account_id"]].time_zone = zone
    client = JiraClient(cloud.settings())

    asked = await People(client).local_minute(datetime.fromisoformat(instant).replace(tzinfo=UTC))
    await client.close()

    assert asked == expected


async def test_a_person_in_another_zone_is_polled_alike(site, connected, draft):
    (own,) = [one for one in site.system.records("user") if one["name"] == "countersign"]
    site.system._site.store.people[own["account_id"]].time_zone = "Pacific/Auckland"
    ticket = await connected.create(draft)
    cursor = (await connected.changes_since(None)).cursor
    await site.note(ticket, "seen")

    (change,) = (await connected.changes_since(cursor)).changes

    assert [note.text for note in change.notes] == ["seen"]


async def test_a_site_that_lets_anybody_look_is_not_taken_for_an_empty_one(site, draft):
    site.system.configure({"anonymous_browse": True})
    kept = site.connect()
    await kept.create(draft)
    await kept.close()
    secret = "password" if site.is_cloud else "access_token"
    nobody = connect(site.settings(**{secret: SecretStr("wrong")}))

    with pytest.raises(Refused):
        await nobody.create(draft)
    with pytest.raises(Refused):
        await nobody.changes_since('{"until": "2026-11-23T10:00:00.000000Z", "seen": []}')
    assert not (await nobody.check()).is_usable
    await nobody.close()

    assert len(site.with_key(draft.key)) == 1


# Settings and doctor


def test_settings_want_exactly_one_credential():
    for given in ({}, {"user": "u"}, {"user": "u", "password": SecretStr("p"), "access_token": SecretStr("t")}):
        with pytest.raises(ValidationError, match="give exactly one of"):
            JiraSettings(url="https://x.example", project="OPS", **given)


@pytest.mark.parametrize("project", ['X" OR project = "Y', "", "1X", "O PS"])
def test_a_project_that_could_be_read_as_a_query_is_no_project(project):
    with pytest.raises(ValidationError):
        JiraSettings(url="https://x.example", project=project, access_token=SecretStr("t"))


async def test_the_doctor_says_what_to_fix(site):
    wrong = connect(site.settings(project="NOPE"))
    failed = {one.subject: one for one in (await wrong.check()).findings if one.health is Health.FAILED}
    await wrong.close()
    assert {"Project", "Issue type Task", "Workflow of Task"} <= set(failed)

    typed = connect(site.settings(incident_type="Outage", fields={"risk": "customfield_77"}))
    failed = {one.subject: one for one in (await typed.check()).findings if one.health is Health.FAILED}
    await typed.close()
    assert failed["Issue type Outage"].message.startswith("The project GOV has no issue type 'Outage'.")
    assert failed["Issue type Task"].message == "The create screen of Task lacks customfield_77."

    mapped = connect(site.settings(states=dict.fromkeys(("Done", "Approved"), TicketState.OPEN)))
    found = {one.subject: one for one in (await mapped.check()).findings}
    await mapped.close()
    assert found["Workflow of Task"].health is Health.FAILED


@pytest.mark.parametrize(
    ("project", "type_", "said"),
    [
        ("GOV", "Task", "Sub-tasks, as Sub-task."),
        ("ITSM", "[System] Change", "The project has no type of sub-task: none are shown there."),
    ],
)
async def test_the_doctor_says_as_what_tasks_of_changes_are_shown(site, project, type_, said):
    here = connect(site.settings(project=project, change_type=type_))
    found = {one.subject: one for one in (await here.check()).findings}
    await here.close()

    assert (found["Tasks of changes"].health, found["Tasks of changes"].message) == (Health.OK, said)


async def test_a_project_without_sub_tasks_is_left_without_them(site):
    here = connect(site.settings(project="ITSM", change_type="[System] Change"))
    ticket = await here.create(make_draft())
    task = ShownTask("request-0001:testing", TaskStep.TESTING, "CHG-7: test", "Test it.", TaskState.OPEN)

    assert await here.show_tasks(ticket, [task]) == ()
    await here.close()


async def test_what_the_search_does_not_show_yet_is_listed_among_the_tasks_that_we_know(cloud, connected, draft):
    ticket = await connected.create(draft)
    task = ShownTask("request-0001:testing", TaskStep.TESTING, "CHG-7: test", "Test it.", TaskState.OPEN)
    (told,) = await connected.show_tasks(ticket, [task])
    cloud.system.configure({"search_lag_s": 3600})

    assert await connected.tasks_of(ticket, {}) == ()
    assert await connected.tasks_of(ticket, {told.external_id: TaskState.OPEN}) == (told,)


async def test_a_copy_of_a_sub_task_of_ours_is_none_of_ours(site, connected, draft):
    ticket = await connected.create(draft)
    task = ShownTask("request-0001:testing", TaskStep.TESTING, "CHG-7: test", "Test it.", TaskState.OPEN)
    (told,) = await connected.show_tasks(ticket, [task])
    fields = {"project": {"key": "GOV"}, "parent": {"id": ticket.external_id}, "issuetype": {"name": "Sub-task"},
              "summary": "Copy", "labels": ["countersign", "countersign-request-0001:testing"]}  # fmt: skip
    await site.post("/rest/api/2/issue", {"fields": fields})

    assert await connected.tasks_of(ticket, {told.external_id: TaskState.OPEN}) == (told,)


async def test_the_doctor_warns_of_states_that_a_workflow_lacks(site):
    simple = connect(site.settings(states={"Approved": TicketState.IMPLEMENTING}))
    found = {one.subject: one for one in (await simple.check()).findings}
    await simple.close()

    assert found["Workflow of Task"].health is Health.WARNING
    assert found["Workflow of Task"].message.startswith("It has no status for approved;")


async def test_an_address_that_is_no_jira_is_told(site, draft):
    elsewhere = connect(site.settings(url=f"{site.url}/issues"))

    with pytest.raises(Refused):
        await elsewhere.create(draft)
    assert not (await elsewhere.check()).is_usable
    await elsewhere.close()


@pytest.mark.row("G3", "X8")
async def test_whoever_closed_a_sub_task_answers_for_it_whoever_spoke_of_it_since(site, connected, draft):
    ticket = await connected.create(draft)
    step = ShownTask("subject:testing", TaskStep.TESTING, "Test", "Load test.", TaskState.OPEN)
    cursor = (await connected.changes_since(None)).cursor
    (shown,) = await connected.show_tasks(ticket, [step])
    closed = {"status": "Done", "resolution": "Done", "comment": "400 rps.", "by": "lena.fox@example.com"}
    await site.system.edit("issue", shown.external_id, closed)
    await site.system.edit("issue", shown.external_id, {"comment": "Why closed?", "by": "emma.richards@example.com"})

    (told,) = [one for one in (await connected.changes_since(cursor)).tasks if one.external_id == shown.external_id]

    assert (told.email, told.words, told.is_ours) == ("lena.fox@example.com", "400 rps.", False)
