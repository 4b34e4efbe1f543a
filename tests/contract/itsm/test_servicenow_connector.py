"""What is ServiceNow's own: its fields, approvals, groups and rights. The common promises are in test_every_system.py."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr, ValidationError

from app.tickets import connected_systems
from config.load import load_settings
from config.servicenow import WAYS, spelled
from connectors.itsm.base import (
    CloseCode,
    Health,
    NotSent,
    Refused,
    Ticket,
    TicketDraft,
    TicketKind,
    TicketPatch,
    TicketState,
)
from connectors.itsm.servicenow import ServiceNowSettings, connect
from sandbox.servicenow.templates import TEMPLATES

TEMPLATE = TEMPLATES[1]
ROTATING = TEMPLATE["sys_id"]


def patch(target: TicketState, key: str = "event-1", **more: Any) -> TicketPatch:
    return TicketPatch(key=key, target=target, **more)


def draft_of(key: str, kind: TicketKind = TicketKind.CHANGE, **fields: str) -> TicketDraft:
    return TicketDraft(key, kind, "REQ-7: create agent", "Because.", "david.loo@example.com", fields)


def states_of(row: dict[str, Any]) -> list[str]:
    moves = [change["fields"]["state"][1] for change in row["history"] if "state" in change["fields"]]
    return [state for state in moves if state]


@pytest.fixture
async def standard(instance):
    connected = connect(instance.settings(standard_template=ROTATING))
    yield connected
    await connected.close()


@pytest.mark.row("N1", "N6")
async def test_what_is_approved_beforehand_is_a_standard_change_of_the_template_and_needs_nobody_there(
    instance, standard
):
    draft = replace(draft_of("request-1", business_service="Payments"), is_preapproved=True)
    ticket = await standard.create(draft)
    assert await standard.create(draft) == ticket  # also after an answer that was lost
    row = instance.row("request-1")
    assert (row["type"], row["approval"], row["short_description"]) == ("standard", "approved", TEMPLATE["name"])
    (note,) = [each["value"] for each in instance.records("sys_journal_field") if "REQ-7" in each["value"]]
    assert "REQ-7: create agent\n\nBecause." in note
    for target, state in (
        (TicketState.APPROVED, "-2"),
        (TicketState.IMPLEMENTING, "-1"),
        (TicketState.IMPLEMENTED, "0"),
        (TicketState.CLOSED, "3"),
    ):
        await standard.update(ticket, patch(target, f"event-{target}", close_notes="Done."))
        assert instance.row("request-1")["state"] == state
    assert instance.records("sysapproval_approver") == []


@pytest.mark.row("N1")
async def test_without_that_mark_or_for_a_bypass_the_template_is_not_taken(instance, standard):
    await standard.create(draft_of("request-1"))
    bypass = replace(draft_of("bypass-1", TicketKind.EMERGENCY_CHANGE), is_preapproved=True)
    await standard.create(bypass)
    assert (instance.row("request-1")["type"], instance.row("bypass-1")["type"]) == ("normal", "emergency")


@pytest.mark.row("N1")
async def test_doctor_looks_for_the_template(instance, standard):
    found = {each.subject: each for each in (await standard.check()).findings}["Standard change"]
    assert (found.health, TEMPLATE["name"] in found.message) == (Health.OK, True)
    lost = connect(instance.settings(standard_template="0" * 32))
    found = {each.subject: each for each in (await lost.check()).findings}["Standard change"]
    await lost.close()
    assert (found.health, found.message) == (Health.FAILED, "ServiceNow has no such template of standard changes.")


@pytest.mark.row("N1")
async def test_a_change_is_created_with_its_key_its_people_and_its_service(instance, servicenow, draft):
    ticket = await servicenow.create(draft)

    row = instance.row(draft.key)
    assert ticket == Ticket(
        external_id=row["sys_id"],
        number=row["number"],
        url=f"{instance.url}/nav_to.do?uri=change_request.do?sys_id={row['sys_id']}",
        state=TicketState.OPEN,
        label="New",
        kind=TicketKind.CHANGE,
    )
    assert (row["type"], row["state"], row["risk"]) == ("normal", "-5", "2")
    assert row["correlation_display"] == "Countersign"
    assert row["display"]["requested_by"] == "David Loo"
    assert row["display"]["business_service"] == "Payments"
    assert row["display"]["assignment_group"] == "AI Platform"


@pytest.mark.row("N1")
async def test_an_approved_request_walks_its_normal_change_to_closed_through_every_state(instance, servicenow, draft):
    ticket = await servicenow.create(draft)
    seen = []
    for number, target in enumerate(
        (
            TicketState.IN_APPROVAL,
            TicketState.APPROVED,
            TicketState.IMPLEMENTING,
            TicketState.IMPLEMENTED,
            TicketState.CLOSED,
        )
    ):
        moved = await servicenow.update(
            ticket, patch(target, f"event-{number}", note=f"now {target.value}", by="Ann Lee", close_notes="All good.")
        )
        seen.append((moved.state, moved.label))

    assert seen == [
        (TicketState.IN_APPROVAL, "Assess"),
        (TicketState.APPROVED, "Scheduled"),
        (TicketState.IMPLEMENTING, "Implement"),
        (TicketState.IMPLEMENTED, "Review"),
        (TicketState.CLOSED, "Closed"),
    ]
    row = instance.row(draft.key)
    assert states_of(row) == ["-5", "-4", "-3", "-2", "-1", "0", "3"]
    assert (row["approval"], row["close_code"], row["close_notes"]) == ("approved", "successful", "All good.")
    approved = [one for one in instance.records("sysapproval_approver") if one["state"] == "approved"]
    assert [one["journal"][0]["value"] for one in approved] == ["Approved in Countersign by Ann Lee. now approved"] * 2


async def test_one_step_to_closed_takes_all_steps_between(instance, servicenow, draft):
    ticket = await servicenow.create(draft)

    closed = await servicenow.update(
        ticket, patch(TicketState.CLOSED, note="rolled back", close_code=CloseCode.UNSUCCESSFUL)
    )

    row = instance.row(draft.key)
    assert closed.state is TicketState.CLOSED
    assert (row["close_code"], row["close_notes"]) == ("unsuccessful", "rolled back")


@pytest.mark.row("E1")
async def test_an_emergency_change_skips_assess(instance, servicenow):
    ticket = await servicenow.create(draft_of("bypass-3", TicketKind.EMERGENCY_CHANGE))

    moved = await servicenow.update(ticket, patch(TicketState.IMPLEMENTING, note="granted", by="the bypass rules"))

    row = instance.row("bypass-3")
    assert row["type"] == "emergency"
    assert (moved.state, states_of(row)) == (TicketState.IMPLEMENTING, ["-5", "-3", "-2", "-1"])


async def test_a_rejected_request_leaves_the_reason_and_a_cancelled_change(instance, servicenow, draft):
    ticket = await servicenow.create(draft)
    await servicenow.update(ticket, patch(TicketState.IN_APPROVAL))

    moved = await servicenow.update(ticket, patch(TicketState.REJECTED, "event-2", note="No owner.", by="Lee Wong"))

    row = instance.row(draft.key)
    assert (moved.state, row["state"], row["approval"]) == (TicketState.REJECTED, "4", "rejected")
    assert [entry["value"].splitlines()[0] for entry in row["journal"]] == [
        "No owner.",
        "Countersign Integration - Rejected: Rejected in Countersign by Lee Wong. No owner.",
    ]
    assert {one["state"] for one in instance.records("sysapproval_approver")} == {"rejected", "cancelled"}


async def test_a_request_rejected_before_approval_was_asked_for_is_cancelled(instance, servicenow, draft):
    ticket = await servicenow.create(draft)

    await servicenow.update(ticket, patch(TicketState.REJECTED, note="No."))

    assert instance.row(draft.key)["state"] == "4"


async def test_a_change_in_review_cannot_be_cancelled_and_says_so(servicenow, draft):
    ticket = await servicenow.create(draft)
    await servicenow.update(ticket, patch(TicketState.IMPLEMENTED))

    with pytest.raises(Refused, match="is in Review and can no longer be cancelled there") as refused:
        await servicenow.update(ticket, patch(TicketState.CANCELLED, "event-2"))
    assert refused.value.field == "state"


async def test_a_change_that_people_rejected_is_not_pushed_through(instance, servicenow, draft):
    ticket = await servicenow.create(draft)
    await servicenow.update(ticket, patch(TicketState.IN_APPROVAL))
    asked = next(one for one in instance.records("sysapproval_approver") if one["display"]["approver"] == "Luke Wilson")
    await instance.system.edit(
        "sysapproval_approver",
        asked["sys_id"],
        {"state": "rejected", "comments": "Not this quarter.", "sys_updated_by": "luke.wilson"},
    )

    with pytest.raises(Refused, match="was rejected in ServiceNow") as refused:
        await servicenow.update(ticket, patch(TicketState.APPROVED, "event-2"))
    assert refused.value.field == "approval"


async def test_a_change_on_hold_waits_for_people(instance, servicenow, draft):
    ticket = await servicenow.create(draft)
    await servicenow.update(ticket, patch(TicketState.APPROVED))
    await instance.system.edit("change_request", ticket.external_id, {"on_hold": True, "on_hold_reason": "freeze"})

    with pytest.raises(Refused, match="is on hold in ServiceNow") as refused:
        await servicenow.update(ticket, patch(TicketState.IMPLEMENTING, "event-2"))
    assert refused.value.field == "on_hold"


async def test_without_a_configured_group_the_services_support_group_is_set(instance, draft):
    unset = connect(instance.settings(assignment_group=""))
    ticket = await unset.create(draft)
    assert instance.row(draft.key)["assignment_group"] == ""

    await unset.update(ticket, patch(TicketState.IN_APPROVAL))
    await unset.close()

    assert instance.row(draft.key)["display"]["assignment_group"] == "AI Platform"


async def test_without_a_service_the_accounts_own_group_is_set(instance):
    unset = connect(instance.settings(assignment_group=""))
    ticket = await unset.create(draft_of("request-8"))

    await unset.update(ticket, patch(TicketState.IN_APPROVAL))
    await unset.close()

    assert instance.row("request-8")["display"]["assignment_group"] == "AI Platform"


async def test_a_configured_group_that_does_not_exist_is_named(instance, draft):
    wrong = connect(instance.settings(assignment_group="No Such Group"))

    with pytest.raises(Refused, match="no group 'No Such Group'") as refused:
        await wrong.create(draft)
    await wrong.close()

    assert refused.value.field == "assignment_group"
    assert instance.rows(draft.key) == []


async def test_where_nobody_is_asked_the_approval_is_set_on_the_change(instance, servicenow, http):
    async with http.post(f"{instance.url}/api/now/table/sys_user_group", json={"name": "x"}) as answer:
        assert answer.status == 403  # our account administrates nothing
    lonely = connect(instance.settings(assignment_group="Service Desk"))
    await instance.system.edit(
        "sys_user", _sys_id(instance, "bow.ruggeri"), {"active": False, "sys_updated_by": "admin"}
    )
    ticket = await lonely.create(draft_of("request-9"))

    moved = await lonely.update(ticket, patch(TicketState.APPROVED))
    await lonely.close()

    assert (moved.state, instance.row("request-9")["approval"]) == (TicketState.APPROVED, "approved")


async def test_a_silently_refused_move_is_noticed_by_looking_again(instance, servicenow, draft):
    ticket = await servicenow.create(draft)
    instance.system.configure({"silent_refusal": True})
    incident = await servicenow.create(draft_of("incident-1", TicketKind.INCIDENT))
    await instance.system.edit("incident", incident.external_id, {"state": "6", "close_code": "x", "close_notes": "y"})

    with pytest.raises(Refused, match="left INC0030001 in Resolved instead of moving it to Canceled"):
        await servicenow.update(incident, patch(TicketState.CANCELLED))
    assert (await servicenow.update(ticket, patch(TicketState.IN_APPROVAL))).label == "Assess"


async def test_a_group_that_the_instance_does_not_keep_is_noticed_by_looking_again(instance, draft):
    instance.system.configure({"silent_refusal": True})
    wrong = connect(instance.settings(assignment_group="f" * 32))
    ticket = await wrong.create(draft)

    with pytest.raises(Refused, match="did not keep the assignment group") as refused:
        await wrong.update(ticket, patch(TicketState.IN_APPROVAL))
    await wrong.close()
    assert refused.value.field == "assignment_group"


async def test_a_query_on_a_field_that_is_hidden_never_answers_with_strangers(instance, servicenow, draft):
    instance.system.configure({"hidden_fields": ["correlation_id"]})

    with pytest.raises(Refused, match="has no field correlation_id in change_request, or hides it") as refused:
        await servicenow.create(draft)

    assert refused.value.field == "correlation_id"
    assert instance.rows(draft.key) == []


async def test_notes_are_written_once_also_where_the_journal_is_closed_to_us(instance, servicenow, draft):
    ticket = await servicenow.create(draft)
    await servicenow.comment(ticket, "first", key="event-1")
    instance.system.configure({"hidden_fields": ["element_id"]})

    for _ in range(2):
        await servicenow.comment(ticket, "first", key="event-1")
        await servicenow.comment(ticket, "second", key="event-2")

    assert [entry["value"].splitlines()[0] for entry in instance.row(draft.key)["journal"]] == ["first", "second"]


@pytest.mark.row("N1")
async def test_an_incident_is_created_worked_on_resolved_and_closed(instance, servicenow):
    ticket = await servicenow.create(draft_of("incident-2", TicketKind.INCIDENT, impact="high", urgency="medium"))
    row = instance.row("incident-2", "incident")
    assert (row["priority"], row["display"]["caller_id"], ticket.label) == ("2", "David Loo", "New")

    states = [
        (await servicenow.update(ticket, patch(target, target.value, note="restarted"))).state
        for target in (TicketState.IN_APPROVAL, TicketState.IMPLEMENTING, TicketState.IMPLEMENTED, TicketState.CLOSED)
    ]

    assert states == [TicketState.OPEN, TicketState.IMPLEMENTING, TicketState.IMPLEMENTED, TicketState.CLOSED]
    row = instance.row("incident-2", "incident")
    assert (row["state"], row["close_code"], row["close_notes"]) == ("7", "Solution provided", "restarted")
    with pytest.raises(Refused, match="is Closed in ServiceNow and stays so"):
        await servicenow.update(ticket, patch(TicketState.CANCELLED, "last"))


async def test_facts_without_a_column_are_told_in_the_description(instance, servicenow):
    await servicenow.create(draft_of("request-10", data_class="confidential", justification="It saves a day."))

    row = instance.row("request-10")
    assert row["description"] == "Because.\n\nData class: confidential"
    assert row["justification"] == "It saves a day."


@pytest.mark.row("N5")
async def test_a_column_by_its_own_name_goes_to_its_column(instance, servicenow):
    told = {"urgency": "1", "impact": "high", "category": "software", "u_nowhere": "x", "state": "6"}
    await servicenow.create(draft_of("incident-own", TicketKind.INCIDENT, **told))
    await servicenow.create(draft_of("change-own", risk="2", impact="1", chg_model="Audit", u_nowhere="x"))

    incident, change = instance.row("incident-own", "incident"), instance.row("change-own")

    assert (incident["urgency"], incident["impact"], incident["category"]) == ("1", "1", "software")
    assert incident["state"] == "1"  # New: whoever opens a ticket does not say where it stands
    assert incident["description"] == "Because.\n\nU nowhere: x\nState: 6"
    assert (change["risk"], change["impact"], change["chg_model"]) == ("2", "1", "Audit")
    assert change["description"] == "Because.\n\nU nowhere: x"


async def test_a_long_summary_is_shortened_to_what_the_column_takes(instance, servicenow):
    await servicenow.create(TicketDraft("long", TicketKind.CHANGE, "x" * 500, "d", "nobody@example.com"))

    assert instance.row("long")["short_description"] == "x" * 159 + "…"


async def test_a_requester_whom_servicenow_does_not_know_is_left_out(instance, servicenow):
    await servicenow.create(TicketDraft("who", TicketKind.CHANGE, "s", "d", "a^ORactive=true@example.com"))

    assert instance.row("who")["requested_by"] == ""


async def test_an_instance_that_hides_our_key_gets_no_second_ticket(instance, servicenow, draft):
    ticket = await servicenow.create(draft)
    await instance.system.edit("change_request", ticket.external_id, {"u_restricted": True, "sys_updated_by": "admin"})

    with pytest.raises(Refused, match="hidden from us"):
        await servicenow.create(draft)
    assert len(instance.rows(draft.key)) == 1


@pytest.mark.parametrize("names", WAYS, ids=spelled)
async def test_every_way_to_sign_in_leads_from_the_configuration_to_a_ticket(instance, draft, names):
    known = instance.system.describe()
    given = {**known, "access_token": await _token(instance)}
    environ = {f"COUNTERSIGN_SERVICENOW__{name.upper()}": str(given[name]) for name in names}
    place = {"COUNTERSIGN_SERVICENOW__URL": instance.url, "COUNTERSIGN_SERVICENOW__TENANT": "acme"}
    group = {"COUNTERSIGN_SERVICENOW__ASSIGNMENT_GROUP": "AI Platform"}
    (connected,) = connected_systems(load_settings(environ={**environ, **place, **group}))
    start = (await connected.system.changes_since(None)).cursor
    ticket = await connected.system.create(draft)
    await connected.system.update(ticket, patch(TicketState.APPROVED))
    (change,) = (await connected.system.changes_since(start)).changes
    await connected.system.close()

    assert instance.row(draft.key)["sys_created_by"] == known["user"]
    assert (change.ours, change.by) == (True, known["user"])  # it knows its own hand, whether or not it was told a name
    assert sorted(each.name for each in connected.credentials) == sorted(set(names) - {"user", "client_id"})


async def test_a_token_that_the_instance_revoked_is_replaced_by_the_next_attempt(instance, draft):
    known = instance.system.describe()
    given = {"client_id": known["client_id"], "client_secret": SecretStr(known["client_secret"])}
    connected = connect(instance.settings(user=None, password=None, **given))
    ticket = await connected.create(draft)
    instance.system.configure({"revoke_tokens": True})

    with pytest.raises(NotSent, match="no longer accepts our token"):
        await connected.find_by_key(TicketKind.CHANGE, draft.key)
    found = await connected.find_by_key(TicketKind.CHANGE, draft.key)
    await connected.close()

    assert found.external_id == ticket.external_id


async def _token(instance):
    """A bearer token, as whoever hands one to us has asked for it."""
    known = instance.system.describe()
    client = {"client_id": known["client_id"], "client_secret": known["client_secret"]}
    form = {"grant_type": "client_credentials", **client}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{instance.url}/oauth_token.do", data=form) as answer,
    ):
        return (await answer.json())["access_token"]


def test_settings_want_exactly_one_credential():
    with pytest.raises(ValidationError, match="give exactly one of"):
        ServiceNowSettings(url="https://example.service-now.com")
    with pytest.raises(ValidationError, match="give exactly one of"):
        ServiceNowSettings(url="https://x.example", user="u", password=SecretStr("p"), api_key=SecretStr("k"))


async def test_the_doctor_says_what_to_fix(instance):
    wrong = connect(instance.settings(password=SecretStr("wrong")))
    (finding,) = (await wrong.check()).findings
    await wrong.close()
    assert (finding.health, finding.next_step) == (Health.FAILED, "Check url, user and password.")

    wrong = connect(instance.settings(user=None, password=None, api_key=SecretStr("wrong")))
    (finding,) = (await wrong.check()).findings
    await wrong.close()
    assert (finding.health, finding.next_step) == (Health.FAILED, "Check url and api_key.")

    grouped = connect(instance.settings(assignment_group="Nowhere"))
    result = await grouped.check()
    await grouped.close()
    assert [finding.subject for finding in result.findings if finding.health is Health.FAILED] == ["Assignment group"]


def _sys_id(instance: Any, user_name: str) -> str:
    return next(str(row["sys_id"]) for row in instance.records("sys_user") if row["user_name"] == user_name)
