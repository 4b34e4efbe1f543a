"""The Remedy connector against the simulated server, over real HTTP: what a ticket goes through when all is well."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr, ValidationError

from connectors.itsm.base import CloseCode, Health, Refused, Ticket, TicketKind, TicketState
from connectors.itsm.registry import connector
from connectors.itsm.remedy import CONNECTOR, Remedy, RemedySettings, connect
from tests.contract.itsm.remedy_server import Instance, draft_of, patch, serving, settings_of, with_key

EVERY_STATE = (
    TicketState.IN_APPROVAL, TicketState.APPROVED, TicketState.IMPLEMENTING, TicketState.IMPLEMENTED,
    TicketState.CLOSED,
)  # fmt: skip


@pytest.fixture
async def remedy_server() -> AsyncIterator[Instance]:
    async with serving() as running:
        yield running


@pytest.fixture
async def remedy(remedy_server) -> AsyncIterator[Remedy]:
    found = connect(settings_of(remedy_server))
    yield found
    await found.close()


@pytest.mark.row("N3")
async def test_a_change_is_made_with_its_key_its_person_and_its_group(remedy_server, remedy):
    ticket = await remedy.create(
        draft_of(risk="high", business_service="Payments", justification="Month's end.", owner="Allen")
    )

    (row,) = with_key(remedy_server, "request-1")
    assert ticket == Ticket(
        row["number"], row["number"], row["page"], TicketState.OPEN, label="Draft", kind=TicketKind.CHANGE
    )
    assert (row["First Name"], row["Last Name"], row["ASGRP"]) == ("Allen", "Allbrook", "AI Platform")
    assert (row["Risk Level"], row["ServiceCI"], row["Reason For Change"]) == (
        "Risk Level 4", "Payments", "Month's end.",
    )  # fmt: skip
    assert row["Detailed Description"] == "Because.\n\nOwner: Allen"


@pytest.mark.row("N3")
async def test_an_incident_is_made_resolved_and_closed(remedy_server, remedy):
    ticket = await remedy.create(draft_of("incident-1", TicketKind.INCIDENT, impact="critical", urgency="critical"))
    seen = [
        (await remedy.update(ticket, patch(target, f"event-{number}", note=f"now {target}"))).label
        for number, target in enumerate(EVERY_STATE)
    ]

    (row,) = with_key(remedy_server, "incident-1", "incident")
    assert seen == ["New", "New", "In Progress", "Resolved", "Closed"]
    assert row["number"] == ticket.number
    assert row["id"] != row["number"]  # the request id, which addresses it, is another
    assert (row["Priority"], row["Resolution"], row["Status_Reason"]) == (
        "Critical", "now implemented", "No Further Action Required",
    )  # fmt: skip
    assert len(row["worklog"]) == len(EVERY_STATE)


@pytest.mark.parametrize("kind", [TicketKind.CHANGE, TicketKind.INCIDENT])
async def test_creating_again_with_the_same_key_finds_the_ticket(remedy_server, remedy, kind):
    first = await remedy.create(draft_of(kind=kind))

    assert await remedy.create(draft_of(kind=kind)) == first
    assert len(with_key(remedy_server, "request-1", "incident" if kind is TicketKind.INCIDENT else "change")) == 1


async def test_a_requester_whom_remedy_does_not_know_asks_in_our_accounts_name(remedy_server, remedy):
    await remedy.create(draft_of().__class__("k", TicketKind.CHANGE, "s", "d", 'no"body@example.com'))

    (row,) = with_key(remedy_server, "k")
    assert (row["First Name"], row["Last Name"]) == ("Countersign", "Integration")


@pytest.mark.row("N6")
async def test_of_several_tickets_with_one_key_the_oldest_counts_and_the_others_are_cancelled(remedy_server, remedy):
    tickets = [await remedy.create(draft_of(f"request-{number}")) for number in range(3)]
    for ticket in tickets:
        await remedy_server.system.edit("change", ticket.number, {"Vendor Ticket Number": "countersign:request-9"})

    found = await remedy.find_by_key(TicketKind.CHANGE, "request-9")

    assert found is not None
    assert found.number == min(ticket.number for ticket in tickets)
    rows = sorted(with_key(remedy_server, "request-9"), key=lambda row: row["number"])
    assert [row["Change Request Status"] for row in rows] == ["Draft", "Cancelled", "Cancelled"]
    assert [row["Status Reason"] for row in rows] == [None, "No Longer Required", "No Longer Required"]
    assert await remedy.find_by_key(TicketKind.CHANGE, "request-9") == found
    assert [len(row["worklog"]) for row in rows] == [0, 1, 1]


async def test_no_ticket_has_an_unused_key(remedy):
    assert await remedy.find_by_key(TicketKind.CHANGE, "nobody-used-this") is None


@pytest.mark.row("N3")
async def test_an_approved_request_walks_its_normal_change_to_closed_through_every_stage(remedy_server, remedy):
    ticket = await remedy.create(draft_of())
    seen = []
    for number, target in enumerate(EVERY_STATE):
        moved = await remedy.update(ticket, patch(target, f"event-{number}", note=f"now {target}", by="Ann Lee"))
        seen.append((moved.state, moved.label))

    assert seen == [
        (TicketState.IN_APPROVAL, "Request For Authorization"),
        (TicketState.APPROVED, "Scheduled"),
        (TicketState.IMPLEMENTING, "Implementation In Progress"),
        (TicketState.IMPLEMENTED, "Completed"),
        (TicketState.CLOSED, "Closed"),
    ]
    (row,) = with_key(remedy_server, "request-1")
    assert list(row["status_history"]) == [
        "Draft", "Request For Authorization", "Planning In Progress", "Scheduled For Approval", "Scheduled",
        "Implementation In Progress", "Completed", "Closed",
    ]  # fmt: skip
    assert [one["status"] for one in row["approvals"]] == ["Approved", "Approved", "Closed"]
    assert (row["Status Reason"], row["Actual Start Date"] is None) == ("Successful", False)
    assert [one["text"] for one in row["worklog"]] == [f"now {target}" for target in EVERY_STATE]
    assert {one["public"] for one in row["worklog"]} == {False}


async def test_one_step_to_closed_takes_all_steps_between(remedy_server, remedy):
    ticket = await remedy.create(draft_of())

    closed = await remedy.update(ticket, patch(TicketState.CLOSED, close_code=CloseCode.UNSUCCESSFUL))

    (row,) = with_key(remedy_server, "request-1")
    assert (closed.state, row["Status Reason"]) == (TicketState.CLOSED, "Unsuccessful")


async def test_a_planned_window_is_kept_and_a_missing_one_is_a_day_from_now(remedy_server, remedy):
    planned = await remedy.create(
        draft_of("planned", planned_start="2027-01-15T08:00:00+02:00", planned_end="2027-01-15T09:00:00+02:00")
    )
    unplanned = await remedy.create(draft_of("unplanned"))
    for ticket in (planned, unplanned):
        await remedy.update(ticket, patch(TicketState.APPROVED))

    (one,), (other,) = (with_key(remedy_server, key) for key in ("planned", "unplanned"))
    assert one["Scheduled Start Date"] == "2027-01-15T06:00:00.000+0000"
    assert one["Scheduled End Date"] == "2027-01-15T07:00:00.000+0000"
    start, end = other["Scheduled Start Date"], other["Scheduled End Date"]
    assert (start[:10] < end[:10], start[10:]) == (True, end[10:])


@pytest.mark.row("N3")
async def test_an_emergency_change_skips_the_review(remedy_server, remedy):
    ticket = await remedy.create(draft_of("bypass-3", TicketKind.EMERGENCY_CHANGE))

    moved = await remedy.update(ticket, patch(TicketState.IMPLEMENTING, note="granted", by="the bypass rules"))

    (row,) = with_key(remedy_server, "bypass-3")
    assert (ticket.kind, moved.state) == (TicketKind.EMERGENCY_CHANGE, TicketState.IMPLEMENTING)
    assert list(row["status_history"]) == ["Draft", "Scheduled For Approval", "Scheduled", "Implementation In Progress"]


async def test_a_standard_change_needs_no_approval(remedy_server):
    remedy = connect(settings_of(remedy_server, change_values={"Timing": "Standard"}))
    ticket = await remedy.create(draft_of())

    in_approval = await remedy.update(ticket, patch(TicketState.IN_APPROVAL))
    approved = await remedy.update(ticket, patch(TicketState.APPROVED, "event-2"))

    (row,) = with_key(remedy_server, "request-1")
    assert (in_approval.label, approved.label, row["approvals"]) == ("Planning In Progress", "Scheduled", [])
    await remedy.close()


@pytest.mark.row("N6")
async def test_repeating_an_update_changes_nothing(remedy_server, remedy):
    ticket = await remedy.create(draft_of())
    step = patch(TicketState.APPROVED, note="approved by all")
    first = await remedy.update(ticket, step)
    before = with_key(remedy_server, "request-1")

    assert await remedy.update(ticket, step) == first
    assert with_key(remedy_server, "request-1") == before


async def test_a_ticket_that_is_further_than_asked_stays_where_it_is(remedy):
    ticket = await remedy.create(draft_of())
    await remedy.update(ticket, patch(TicketState.IMPLEMENTING))

    assert (await remedy.update(ticket, patch(TicketState.APPROVED, "event-2"))).state is TicketState.IMPLEMENTING


async def test_a_rejected_request_leaves_the_reason_and_a_rejected_change(remedy_server, remedy):
    ticket = await remedy.create(draft_of())
    await remedy.update(ticket, patch(TicketState.IN_APPROVAL))

    moved = await remedy.update(ticket, patch(TicketState.REJECTED, "event-2", note="No owner.", by="Lee Wong"))

    (row,) = with_key(remedy_server, "request-1")
    assert (moved.state, row["Change Request Status"]) == (TicketState.REJECTED, "Rejected")
    assert row["approvals"][0]["justification"] == "Rejected in Countersign by Lee Wong. No owner."


@pytest.mark.parametrize(
    "before", [TicketState.OPEN, TicketState.IN_APPROVAL, TicketState.APPROVED, TicketState.IMPLEMENTING]
)
async def test_a_change_is_cancelled_from_every_stage_up_to_implementation(remedy_server, remedy, before):
    ticket = await remedy.create(draft_of())
    await remedy.update(ticket, patch(before))

    moved = await remedy.update(ticket, patch(TicketState.CANCELLED, "event-2", note="withdrawn"))

    assert moved.state is TicketState.CANCELLED


@pytest.mark.parametrize(
    ("kind", "target", "said"),
    [
        (TicketKind.CHANGE, TicketState.IMPLEMENTED, "is Completed and can no longer be cancelled there"),
        (TicketKind.INCIDENT, TicketState.IMPLEMENTED, "is Resolved and can no longer be cancelled there"),
        (TicketKind.INCIDENT, TicketState.CLOSED, "is Closed in Remedy and stays so"),
    ],
)
async def test_what_is_done_cannot_be_cancelled_and_says_so(remedy, kind, target, said):
    ticket = await remedy.create(draft_of(kind=kind))
    await remedy.update(ticket, patch(target))

    with pytest.raises(Refused, match=said):
        await remedy.update(ticket, patch(TicketState.CANCELLED, "event-2"))


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ({"status": "Cancelled", "Status Reason": "Funding Not Available"}, "was cancelled in Remedy"),
        ({"approval": "reject", "comment": "Not this quarter."}, "was rejected in Remedy"),
    ],
)
async def test_a_change_that_people_ended_is_not_pushed_through(remedy_server, remedy, edit, said):
    ticket = await remedy.create(draft_of())
    await remedy.update(ticket, patch(TicketState.IN_APPROVAL))
    await remedy_server.system.edit("change", ticket.number, edit)

    with pytest.raises(Refused, match=said):
        await remedy.update(ticket, patch(TicketState.APPROVED))


async def test_a_change_that_people_put_on_hold_says_so(remedy_server, remedy):
    ticket = await remedy.create(draft_of())
    await remedy.update(ticket, patch(TicketState.APPROVED))
    hold = {"status": "Pending", "Status Reason": "Resources Not Available"}
    await remedy_server.system.edit("change", ticket.number, hold)

    with pytest.raises(Refused, match="is on hold"):
        await remedy.update(ticket, patch(TicketState.IMPLEMENTING, "event-2"))


async def test_an_approval_that_people_gave_there_already_counts(remedy_server, remedy):
    ticket = await remedy.create(draft_of())
    await remedy.update(ticket, patch(TicketState.IN_APPROVAL))
    await remedy_server.system.edit("change", ticket.number, {"approval": "approve", "by": "Mary"})

    assert (await remedy.update(ticket, patch(TicketState.APPROVED))).state is TicketState.APPROVED
    (row,) = with_key(remedy_server, "request-1")
    first = row["approvals"][0]
    assert (first["approver"], first["status"]) == ("Mary", "Approved")


@pytest.mark.row("N6")
async def test_a_note_is_written_once_for_each_key_and_an_empty_one_never(remedy_server, remedy):
    ticket = await remedy.create(draft_of())
    for key in ("event-1", "event-1", "event-2"):
        await remedy.comment(ticket, 'He said "50%" [sic]', key=key)
    await remedy.comment(ticket, "", key="event-3")

    (row,) = with_key(remedy_server, "request-1")
    assert [(one["text"], one["by"]) for one in row["worklog"]] == [('He said "50%" [sic]', "countersign")] * 2


async def test_two_calls_at_once_sign_in_once(remedy_server):
    remedy_server.system.configure({"floating_licences": 1})
    remedy = connect(settings_of(remedy_server))

    await asyncio.gather(*(remedy.find_by_key(TicketKind.CHANGE, f"k{number}") for number in range(8)))

    await remedy.close()


async def test_closing_gives_the_licence_back(remedy_server):
    remedy_server.system.configure({"floating_licences": 1})
    for _ in range(3):
        remedy = connect(settings_of(remedy_server))
        await remedy.find_by_key(TicketKind.CHANGE, "k")
        await remedy.close()


async def test_a_token_is_renewed_before_it_ends_and_its_licence_first_given_back(remedy_server):
    remedy_server.system.configure({"floating_licences": 1, "token_lifetime_s": 0})
    remedy = connect(settings_of(remedy_server))
    with pytest.raises(Refused, match="does not accept the credentials"):
        await remedy.find_by_key(TicketKind.CHANGE, "k")

    remedy_server.system.configure({"token_lifetime_s": 1})
    for _ in range(3):
        await remedy.find_by_key(TicketKind.CHANGE, "k")
        await asyncio.sleep(0.95)  # past nine tenths of its life, and before its end: only renewing helps
    await remedy.close()


async def test_a_token_that_the_server_revoked_is_replaced_at_once(remedy_server, remedy):
    await remedy.create(draft_of())
    remedy_server.system.configure({"revoke_tokens": True})

    ticket = await remedy.create(draft_of("request-2"))

    assert with_key(remedy_server, "request-2")[0]["number"] == ticket.number


async def test_the_doctor_finds_everything_in_order(remedy):
    result = await remedy.check()

    assert [(one.subject, one.health) for one in result.findings] == [
        (subject, Health.OK)
        for subject in (
            "Address and credentials", "Changes", "Incidents", "Work log of changes", "Work log of incidents",
            "Approvals", "Tasks of changes", "Person", "Support group",
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "subject", "said"),
    [
        ({"password": SecretStr("wrong")}, "Address and credentials", "does not accept the credentials"),
        ({"change_key_field": "Nowhere"}, "Changes", "Field does not exist on current form"),
        ({"first_name": "Nobody"}, "Person", "knows no enabled person 'Nobody Integration'"),
        ({"assignment_group": "Nowhere"}, "Support group", "no support group 'Nowhere'"),
    ],
)
async def test_the_doctor_names_what_is_wrong(remedy_server, changes, subject, said):
    remedy = connect(settings_of(remedy_server, **changes))

    failed = [one for one in (await remedy.check()).findings if one.health is Health.FAILED]

    assert [one.subject for one in failed] == [subject]
    assert said in failed[0].message
    await remedy.close()


async def test_the_doctor_warns_where_there_is_no_field_for_the_key_of_a_task(remedy_server):
    remedy = connect(settings_of(remedy_server, task_key_field="Nowhere"))
    result = await remedy.check()
    await remedy.close()

    (warned,) = [one for one in result.findings if one.health is not Health.OK]
    assert (warned.subject, warned.health, result.is_usable) == ("Tasks of changes", Health.WARNING, True)


async def test_the_doctor_warns_of_a_missing_group_and_says_when_nobody_answers(remedy_server):
    remedy = connect(settings_of(remedy_server, assignment_group=""))
    assert [one.health for one in (await remedy.check()).findings][-1] is Health.WARNING
    await remedy.close()
    away = connect(settings_of(remedy_server, url="http://127.0.0.1:9"))
    (finding,) = (await away.check()).findings
    assert (finding.health, finding.next_step) == (
        Health.FAILED, "Check the address, and that the server answers.",
    )  # fmt: skip
    await away.close()


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "ftp://x"},
        {"url": "https://u:p@x"},
        {"password": ""},
        {"password": "  "},
        {"company": ""},
        {"colour": 1},
    ],
)
def test_settings_that_cannot_work_are_refused(changes):
    given = {"url": "https://x", "user": "u", "password": "p", "company": "c", "first_name": "a", "last_name": "b"}
    with pytest.raises(ValidationError):
        RemedySettings(**{**given, **changes})


def test_the_registry_knows_remedy():
    assert connector("remedy") is CONNECTOR
    assert CONNECTOR.capabilities.incremental_by == "Last Modified Date"
