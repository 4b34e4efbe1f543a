"""The life of incidents and changes on the simulated server: stages, approvals, reasons, work logs."""

from __future__ import annotations

import pytest

from tests.contract.sandbox_remedy.conftest import CHANGE, INCIDENT, START

WINDOW = {"Scheduled_Start_Date": START, "Scheduled_End_Date": START + 3600}


async def approve(api, number: str, approver: str, decision: str = "Approved", **more) -> tuple[int, object]:
    person = await api.as_person(approver)
    q = f"'Request' = \"{number}\" AND 'Approvers' = \"{approver}\" AND 'Approval Status' = \"Pending\""
    (asked,) = await person.find("AP:Detail-Signature", q, fields="values(Request ID)")
    return await person.entry("PUT", "AP:Detail-Signature", asked["Request ID"], {"Approval Status": decision, **more})


async def test_a_normal_change_goes_through_both_approvals(api, instance):
    number = await api.change(**WINDOW)
    assert (await api.move(number, "Request For Authorization"))[0] == 204
    assert (await approve(api, number, "Mary"))[0] == 204
    assert instance.one("change", number)["Change Request Status"] == "Planning In Progress"
    assert (await api.move(number, "Scheduled For Approval"))[0] == 204
    assert (await approve(api, number, "Ian"))[0] == 204
    for status, more in (
        ("Implementation In Progress", {}),
        ("Completed", {"Status_Reason": "Successful"}),
        ("Closed", {}),
    ):
        assert (await api.move(number, status, **more))[0] == 204

    record = instance.one("change", number)
    assert (record["Change Request Status"], [one["status"] for one in record["approvals"]]) == (
        "Closed", ["Approved", "Closed", "Approved"],
    )  # fmt: skip
    assert list(record["status_history"]) == [
        "Draft", "Request For Authorization", "Planning In Progress", "Scheduled For Approval", "Scheduled",
        "Implementation In Progress", "Completed", "Closed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("Planning In Progress", "The change waits for approval in the phase Review and moves on by approval alone."),
        ("Scheduled", "The change waits for approval in the phase Review and moves on by approval alone."),
    ],
)
async def test_a_phase_that_needs_approval_cannot_be_jumped(api, instance, status, said):
    number = await api.change()
    await api.move(number, "Request For Authorization")

    answer, body = await api.move(number, status)

    assert (answer, body[0]["messageNumber"], body[0]["messageText"]) == (500, 1291052, said)
    assert instance.one("change", number)["Change Request Status"] == "Request For Authorization"


async def test_a_rejection_needs_a_justification_and_leads_to_rejected(api, instance):
    number = await api.change()
    await api.move(number, "Request For Authorization")

    assert (await approve(api, number, "Mary", "Rejected"))[0] == 500
    assert (await approve(api, number, "Mary", "Rejected", Justification="Not this week."))[0] == 204

    record = instance.one("change", number)
    assert (record["Change Request Status"], record["approvals"][0]["justification"]) == ("Rejected", "Not this week.")
    assert (await api.move(number, "Draft"))[0] == 204


async def test_nobody_signs_for_others_but_the_integration_does_as_an_alternate(api, instance):
    number = await api.change()
    await api.move(number, "Request For Authorization")
    (asked,) = instance.system.records("approval")[-1:]
    allen = await api.as_person("Allen")

    assert (await allen.entry("PUT", "AP:Signature", asked["id"], {"Approval Status": "Approved"}))[0] == 403
    assert (await api.entry("PUT", "AP:Signature", asked["id"], {"Approval Status": "Approved"}))[0] == 204
    signed = instance.one("approval", asked["id"])
    assert (signed["Approvers"], signed["Approver Signature"], signed["Alternate Signature"]) == (
        "Mary",
        "countersign",
        "countersign",
    )
    assert (await api.entry("PUT", "AP:Signature", asked["id"], {"Approval Status": "Rejected", "Justification": "x"}))[
        0
    ] == 500


async def test_an_emergency_skips_the_review(api, instance):
    number = await api.change(Timing="Emergency", **WINDOW)

    assert (await api.move(number, "Request For Authorization"))[0] == 500
    assert (await api.move(number, "Scheduled For Approval"))[0] == 204
    assert (await approve(api, number, "Mary"))[0] == 204
    assert instance.one("change", number)["Change Request Status"] == "Scheduled"


async def test_a_standard_change_needs_no_approval(api):
    number = await api.change(Timing="Standard", **WINDOW)

    assert (await api.move(number, "Scheduled"))[0] == 204
    assert (await api.move(number, "Implementation In Progress"))[0] == 204


@pytest.mark.parametrize(
    ("status", "more", "said"),
    [
        ("Scheduled", {}, "The field Scheduled Start Date is required when the status is Scheduled."),
        ("Cancelled", {}, "The field Status Reason is required when the status is Cancelled."),
        ("Completed", {}, "The status cannot be changed from Draft to Completed."),
        ("Scheduled", {"Scheduled_Start_Date": START, "Scheduled_End_Date": START - 1},
         "The Scheduled End Date must be later than the Scheduled Start Date."),
    ],
)  # fmt: skip
async def test_what_a_status_demands_is_said(api, status, more, said):
    number = await api.change(Timing="Standard")

    answer, body = await api.move(number, status, **more)

    assert (answer, body[0]["messageText"]) == (500, said)


async def test_completing_needs_an_outcome_and_a_closed_change_is_final(api):
    number = await api.change(Timing="Standard", **WINDOW)
    await api.move(number, "Scheduled")
    await api.move(number, "Implementation In Progress")

    assert (await api.move(number, "Completed", Status_Reason="No Longer Required"))[0] == 500
    assert (await api.move(number, "Completed", Status_Reason="Backed Out"))[0] == 204
    assert (await api.move(number, "Closed"))[0] == 204
    status, body = await api.entry("PUT", CHANGE, f"{number}|{number}", {"Description": "new"})
    assert (status, body[0]["messageText"]) == (500, "You cannot modify this change. Its status is Closed.")


async def test_an_incident_is_worked_on_and_resolved(api, instance):
    number = await api.incident()
    assert instance.one("incident", number)["Priority"] == "High"

    assert (await api.work_on(number, Status="Assigned"))[1][0][
        "messageText"
    ] == "The field Assigned Group is required when the status is Assigned."
    assert (
        await api.work_on(
            number, **{"Status": "In Progress", "Assigned Group": "Service Desk", "Assignee": "Bob Baxter"}
        )
    )[0] == 204
    assert (await api.work_on(number, Status="Pending"))[0] == 500
    assert (await api.work_on(number, Status="Pending", Status_Reason="Client Action Required"))[0] == 204
    assert (await api.work_on(number, Status="Resolved"))[1][0][
        "messageText"
    ] == "The field Resolution is required when the status is Resolved."
    done = {"Status": "Resolved", "Status_Reason": "No Further Action Required", "Resolution": "Restarted."}
    assert (await api.work_on(number, **done))[0] == 204

    record = instance.one("incident", number)
    assert (record["Status"], record["Last Resolved Date"] is not None) == ("Resolved", True)
    assert (await api.work_on(number, Status="Closed"))[0] == 204
    assert (await api.work_on(number, Status="In Progress"))[0] == 500


async def test_an_illegal_step_of_an_incident_is_refused(api):
    number = await api.incident()

    status, body = await api.work_on(number, Status="Closed")

    assert (status, body[0]["messageText"]) == (500, "The status cannot be changed from New to Closed.")


async def test_a_login_id_stands_for_the_persons_name(api):
    number = await api.incident(First_Name=None, Last_Name=None, Login_ID="Ian")
    (found,) = await api.find(INCIDENT, f"'Incident Number' = \"{number}\"")
    assert (found["First Name"], found["Last Name"]) == ("Ian", "Plyment")


async def test_work_logs_belong_to_their_record_and_are_found_by_it(api, instance):
    number = await api.change()
    log = {"Infrastructure Change ID": number, "Detailed Description": "Looked at.", "Work Log Type": "Working Log"}

    assert (await api.entry("POST", "CHG:WorkLog", values=log))[0] == 201
    assert (await api.entry("POST", "CHG:WorkLog", values={**log, "Infrastructure Change ID": "CRQ000000000999"}))[
        0
    ] == 404
    found = await api.find("CHG:WorkLog", f"'Infrastructure Change ID' = \"{number}\"")
    assert [(one["Detailed Description"], one["View Access"]) for one in found] == [("Looked at.", "Internal")]
    assert instance.one("change", number)["worklog"][0]["by"] == "countersign"


async def test_a_note_may_come_with_an_update_of_an_incident(api, instance):
    number = await api.incident()

    await api.work_on(number, z1D_Details="Called back.")

    assert [one["text"] for one in instance.one("incident", number)["worklog"]] == ["Called back."]


async def test_polling_by_the_last_modified_date_finds_what_people_did(api, instance):
    number = await api.change()
    await instance.system.edit("change", number, {"Description": "by hand"})

    since = START - 100_000_000
    q = f"'Last Modified Date' >= {since} AND 'Last Modified By' != \"countersign\""
    found = await api.find(CHANGE, q, sort="Last Modified Date.asc", limit="200")

    assert [one["Infrastructure Change ID"] for one in found][-1] == number
    assert found[-1]["Last Modified By"] == "Mary"


TASK = {
    "TaskName": "Test it",
    "Summary": "Test it",
    "RootRequestFormName": "CHG:Infrastructure Change",
    "Location Company": "Calbro Services",
    "Status": "Assigned",
}


async def a_task(api, number: str) -> str:
    await api.entry("POST", "TMS:Task", values={**TASK, "RootRequestID": number})
    (found,) = await api.find("TMS:Task", f"'RootRequestID' = \"{number}\"", fields="values(Request ID)")
    return found["Request ID"]


async def test_a_task_says_how_it_came_out_and_is_then_final(api, instance):
    task = await a_task(api, await api.change())

    assert (await api.entry("PUT", "TMS:Task", task, {"Status": "Closed"}))[0] == 500
    closing = {"Status": "Closed", "StatusReasonSelection": "Success"}
    assert (await api.entry("PUT", "TMS:Task", task, closing))[0] == 204
    assert (await api.entry("PUT", "TMS:Task", task, {"Status": "Work In Progress"}))[0] == 500
    assert instance.one("task", task)["Status"] == "Closed"


async def test_no_change_is_completed_while_a_task_of_it_is_open(api):
    number = await api.change(Timing="Latent", Status="Implementation In Progress", **WINDOW)
    task = await a_task(api, number)

    status, body = await api.move(number, "Completed", Status_Reason="Successful")
    assert (status, task in body[0]["messageText"]) == (500, True)
    await api.entry("PUT", "TMS:Task", task, {"Status": "Closed", "StatusReasonSelection": "Success"})
    assert (await api.move(number, "Completed", Status_Reason="Successful"))[0] == 204


async def test_cancelling_a_change_cancels_its_tasks_and_it_takes_no_more(api, instance):
    number = await api.change()
    task = await a_task(api, number)
    await api.move(number, "Cancelled", Status_Reason="No Longer Required")

    assert instance.one("task", task)["StatusReasonSelection"] == "Canceled"
    assert (await api.entry("POST", "TMS:Task", values={**TASK, "RootRequestID": number}))[0] == 500
