"""Jira Service Management: requests, approvals that move issues, comments for customers and for agents."""

from __future__ import annotations

import pytest

DESK = "/rest/servicedeskapi"


@pytest.fixture
async def change(api) -> str:
    """A change that waits for the advisory board: Mia Krystof and Noah Park."""
    key = await api.request()
    assert (await api.move(key, "111"))[0] == 204
    return key


async def test_the_members_of_the_board_are_asked(api, change):
    _, body = await api("GET", f"{DESK}/request/{change}/approval")

    (approval,) = body["values"]
    assert (body["size"], body["isLastPage"], body["limit"]) == (1, True, 50)
    assert (approval["finalDecision"], approval["canAnswerApproval"]) == ("pending", False)
    assert [(one["approver"]["displayName"], one["approverDecision"]) for one in approval["approvers"]] == [
        ("Mia Krystof", "pending"),
        ("Noah Park", "pending"),
    ]
    assert sorted(approval["createdDate"]) == ["epochMillis", "friendly", "iso8601", "jira"]


async def test_whoever_is_not_asked_may_not_answer(api, change):
    status, body = await api("POST", f"{DESK}/request/{change}/approval/1", {"decision": "approve"})

    assert (status, body["errorMessage"]) == (403, "You do not have permission to answer this approval.")
    assert await api.status(change) == "Awaiting CAB approval"


async def test_an_approval_makes_the_move(api, change):
    status, body = await api("POST", f"{DESK}/request/{change}/approval/1", {"decision": "approve"}, by="noah.park")

    assert (status, body["finalDecision"], "completedDate" in body) == (200, "approved", True)
    assert await api.status(change) == "Awaiting implementation"
    again, _ = await api("POST", f"{DESK}/request/{change}/approval/1", {"decision": "decline"}, by="mia.krystof")
    assert again == 403


async def test_a_decline_ends_it(api, change, instance):
    await api("POST", f"{DESK}/request/{change}/approval/1", {"decision": "decline"}, by="mia.krystof")

    record = instance.one(change)
    assert (record["status"], record["resolution"], record["approvals"][0]["final"]) == (
        "Declined",
        "Declined",
        "declined",
    )
    assert record["history"][-1]["by"] == "mia.krystof@example.com"


async def test_an_issue_that_waits_for_approval_cannot_be_moved_by_hand(api, change):
    _, offered = await api("GET", f"/rest/api/2/issue/{change}/transitions")

    assert offered["transitions"] == []
    assert (await api.move(change, "121"))[0] == 400


async def test_the_approvers_named_on_the_issue_are_asked_instead(api, instance):
    _, found = await api("GET", "/rest/api/2/user/search", query="lena")
    key = await api.request("[System] Service request", customfield_10026=[{"accountId": found[0]["accountId"]}])

    assert instance.one(key)["approvals"][0]["decisions"] == {"lena.fox@example.com": "pending"}
    path = f"{DESK}/request/{key}/approval/1"
    assert (await api("GET", path, by="lena.fox"))[1]["canAnswerApproval"] is True
    assert (await api("POST", path, {"decision": "perhaps"}, by="lena.fox"))[0] == 400
    assert (await api("POST", path, {"decision": "approve"}, by="lena.fox"))[0] == 200
    assert await api.status(key) == "Waiting for support"


async def test_data_center_takes_words_along_with_a_decision(api, change, data_center):
    body = {"decision": "approve", "comment": "Go ahead.", "commentPublic": False}
    await api("POST", f"{DESK}/request/{change}/approval/1", body, by="noah.park")

    (comment,) = data_center.one(change)["comments"]
    assert (comment["body"], comment["internal"], comment["by"]) == ("Go ahead.", True, "noah.park@example.com")


async def test_comments_are_for_everyone_or_for_agents(api, change):
    path = f"{DESK}/request/{change}/comment"
    await api("POST", path, {"body": "for all", "public": True})
    status, inner = await api("POST", path, {"body": "for us", "public": False})

    assert (status, inner["public"]) == (201, False)
    assert [one["body"] for one in (await api("GET", path, internal="false"))[1]["values"]] == ["for all"]
    assert [one["body"] for one in (await api("GET", path, public="false"))[1]["values"]] == ["for us"]
    _, listed = await api("GET", f"/rest/api/2/issue/{change}/comment", expand="properties")
    assert listed["comments"][1]["properties"] == [{"key": "sd.public.comment", "value": {"internal": True}}]


async def test_an_incident_that_is_put_on_hold_says_why(api, instance):
    key = await api.request("[System] Incident")
    await api.move(key, "211")

    status, body = await api.move(key, "221")
    assert (status, body["errors"]) == (400, {"customfield_10030": "Pending reason is required."})
    assert (await api.move(key, "221", fields={"customfield_10030": {"value": "Waiting on vendor"}}))[0] == 204
    assert (instance.one(key)["status"], instance.one(key)["customfield_10030"]) == ("Pending", "Waiting on vendor")


async def test_a_request_can_be_raised_for_somebody_else(api, instance):
    body = {"serviceDeskId": "1", "requestTypeId": "2", "requestFieldValues": {"summary": "No mail"},
            "raiseOnBehalfOf": "emma.richards@example.com"}  # fmt: skip
    status, made = await api("POST", f"{DESK}/request", body)

    assert (status, made["currentStatus"]["status"], made["reporter"]["displayName"]) == (201, "Open", "Emma Richards")
    assert instance.one(made["issueKey"])["request_type"] == "Report an incident"
    unknown = {**body, "requestFieldValues": {"summary": "x", "customfield_10029": 1}}
    assert (await api("POST", f"{DESK}/request", unknown))[0] == 400


async def test_a_request_tells_its_statuses_newest_first_and_its_simple_moves(api, change):
    _, statuses = await api("GET", f"{DESK}/request/{change}/status")
    assert [one["status"] for one in statuses["values"]] == ["Awaiting CAB approval", "Planning"]

    incident = await api.request("[System] Incident")
    _, moves = await api("GET", f"{DESK}/request/{incident}/transition")
    assert [one["name"] for one in moves["values"]] == ["Investigate"]
    assert (await api("POST", f"{DESK}/request/{incident}/transition", {"id": "211"}))[0] == 204


async def test_an_issue_of_a_software_project_is_no_request(api):
    key = await api.create()

    status, body = await api("GET", f"{DESK}/request/{key}/approval")

    assert (status, sorted(body)) == (404, ["errorMessage", "i18nErrorMessage"])
