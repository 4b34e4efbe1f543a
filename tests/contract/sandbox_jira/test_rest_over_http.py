"""The simulator over plain HTTP, against the vendor's pages: documents, screens, errors, credentials, limits, files."""

from __future__ import annotations

import aiohttp
import pytest

from tests.contract.sandbox_jira.conftest import V2, V3

DOCUMENT = {
    "type": "doc",
    "version": 1,
    "content": [
        {"type": "paragraph", "content": [
            {"type": "text", "text": "See "},
            {"type": "text", "text": "the request", "marks": [{"type": "link", "attrs": {"href": "https://c.example/1"}}]},
        ]},
        {"type": "bulletList", "content": [
            {"type": "listItem", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "one"}]}]},
        ]},
    ],
}  # fmt: skip
PLACE = {"project": {"key": "GOV"}, "issuetype": {"name": "Task"}}


async def test_creation_answers_with_id_key_and_address_only(api, instance):
    status, body = await api("POST", f"{V3}/issue", {"fields": {**PLACE, "summary": "x"}})

    assert (status, sorted(body)) == (201, ["id", "key", "self"])
    assert body["self"] == f"{instance.url}/rest/api/3/issue/{body['id']}"
    assert isinstance(body["id"], str)


async def test_a_document_is_given_back_on_v3_and_as_markup_on_v2(api):
    key = (await api("POST", f"{V3}/issue", {"fields": {**PLACE, "summary": "x", "description": DOCUMENT}}))[1]["key"]

    _, third = await api("GET", f"{V3}/issue/{key}", fields="description")
    _, second = await api("GET", f"{V2}/issue/{key}", fields="description")

    assert third["fields"] == {"description": DOCUMENT}
    assert second["fields"]["description"] == "See [the request|https://c.example/1]\n\n* one"


async def test_markup_is_given_back_on_v2_and_as_a_document_on_v3(api):
    text = "h2. Why\n\nSee [REQ-1|https://c.example/1] and *act*\nnow."
    key = await api.create(description=text)

    _, second = await api("GET", f"{V2}/issue/{key}", fields="description")
    _, third = await api("GET", f"{V3}/issue/{key}", fields="description")

    assert second["fields"]["description"] == text
    kinds = [node["type"] for node in third["fields"]["description"]["content"]]
    assert kinds == ["heading", "paragraph"]


@pytest.mark.parametrize(
    ("description", "said"),
    [
        ("plain words", "Operation value must be an Atlassian Document (see the Atlassian Document Format)"),
        ({"type": "doc", "version": 2, "content": []}, "'version' must be 1"),
        ({"type": "doc", "version": 1, "content": [{"type": "text", "text": "x"}]}, "'text' is not allowed in doc"),
        ({"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [{"type": "text", "text": ""}]}]},
         "a text node needs a text"),
    ],
)  # fmt: skip
async def test_a_text_that_is_no_document_is_refused_on_v3(api, description, said):
    status, body = await api("POST", f"{V3}/issue", {"fields": {**PLACE, "summary": "x", "description": description}})

    assert status == 400
    assert said in body["errors"]["description"]


async def test_a_document_is_refused_on_v2(api):
    status, body = await api("POST", f"{V2}/issue", {"fields": {**PLACE, "summary": "x", "description": DOCUMENT}})

    assert (status, body["errors"]["description"]) == (400, "Operation value must be a string")


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"project": {"key": "NOPE"}}, {"project": "Specify a valid project ID or key"}),
        ({"issuetype": {"name": "Epic"}}, {"issuetype": "Specify a valid issue type"}),
        ({"summary": ""}, {"summary": "You must specify a summary of the issue."}),
        ({"summary": "a\nb"}, {"summary": "The summary is invalid because it contains newline characters."}),
        ({"labels": ["two words"]}, {"labels": "The label 'two words' contains spaces which is invalid."}),
        ({"status": {"name": "Done"}},
         {"status": "Field 'status' cannot be set. It is not on the appropriate screen, or unknown."}),
        ({"customfield_10026": []},
         {"customfield_10026": "Field 'customfield_10026' cannot be set. It is not on the appropriate screen, or unknown."}),
        ({"customfield_10021": {"value": "Huge"}}, {"customfield_10021": "Option value 'Huge' is not valid"}),
        ({"customfield_10029": "12"}, {"customfield_10029": "Operation value must be a number"}),
        ({"assignee": {"name": "noah.park"}}, {"assignee": "Specify a valid value for assignee"}),
        ({"duedate": "tomorrow"}, {"duedate": "Error parsing date string: use yyyy-MM-dd"}),
    ],
)  # fmt: skip
async def test_a_refused_field_is_named(api, fields, errors):
    status, body = await api("POST", f"{V2}/issue", {"fields": {**PLACE, "summary": "x", **fields}})

    assert (status, body) == (400, {"errorMessages": [], "errors": errors})


async def test_bulk_creation_tells_which_failed(api):
    good, bad = {"fields": {**PLACE, "summary": "x"}}, {"fields": PLACE}

    status, body = await api("POST", f"{V2}/issue/bulk", {"issueUpdates": [good, bad]})

    assert (status, len(body["issues"]), body["errors"][0]["failedElementNumber"]) == (201, 1, 1)
    assert (await api("POST", f"{V2}/issue/bulk", {"issueUpdates": [bad]}))[0] == 400


async def test_an_edit_answers_204_and_keeps_the_history(api):
    key = await api.create(labels=["a"])

    body = {"fields": {"summary": "new"}, "update": {"labels": [{"add": "b"}, {"remove": "a"}]}}
    assert await api("PUT", f"{V2}/issue/{key}", body) == (204, None)

    _, changes = await api("GET", f"{V2}/issue/{key}/changelog")
    items = {one["field"]: (one["fromString"], one["toString"]) for one in changes["values"][0]["items"]}
    assert items == {"summary": ("Create agent invoice-reader", "new"), "labels": ("a", "b")}


async def test_a_refused_edit_changes_nothing(api, instance):
    key = await api.create()

    status, _ = await api("PUT", f"{V2}/issue/{key}", {"fields": {"summary": "new", "status": {"name": "Done"}}})

    assert (status, instance.one(key)["summary"], instance.one(key)["history"]) == (
        400,
        "Create agent invoice-reader",
        [],
    )


async def test_each_status_offers_its_own_transitions(api):
    key = await api.create()
    seen = {}
    for move, body in (("21", {}), ("31", {}), ("51", {}), ("61", {"fields": {"resolution": {"name": "Done"}}})):
        _, offered = await api("GET", f"{V2}/issue/{key}/transitions")
        seen[await api.status(key)] = [one["name"] for one in offered["transitions"]]
        assert await api.move(key, move, **body) == (204, None)

    assert seen == {
        "To Do": ["Start progress", "Request approval", "Cancel"],
        "Waiting for Approval": ["Approve", "Reject", "Cancel"],
        "Approved": ["Start work", "Done", "Cancel"],
        "In Progress": ["Request approval", "Done", "Cancel"],
    }
    assert await api.status(key) == "Done"


async def test_the_screen_of_a_transition_is_described(api):
    key = await api.create()

    _, body = await api("GET", f"{V2}/issue/{key}/transitions", expand="transitions.fields", transitionId="71")

    (offered,) = body["transitions"]
    assert (offered["hasScreen"], offered["to"]["statusCategory"]["key"]) == (True, "done")
    assert offered["fields"]["resolution"]["required"] is True
    assert "Won't Do" in [one["name"] for one in offered["fields"]["resolution"]["allowedValues"]]


async def test_only_approvers_are_offered_approval(api):
    key = await api.create()
    await api.move(key, "21")

    _, body = await api("GET", f"{V2}/issue/{key}/transitions", by="emma.richards")
    status, refused = await api.move(key, "31", by="emma.richards")

    assert [one["name"] for one in body["transitions"]] == ["Cancel"]
    assert status == 400
    assert refused["errorMessages"][0].startswith(
        "It seems that you have tried to perform a workflow operation (Approve)"
    )


async def test_two_people_moving_at_once_get_one_move_and_one_refusal(api, instance):
    key = await api.create()
    await api.move(key, "21")
    instance.system.configure({"conflict_status": 409})

    assert (await api.move(key, "31"))[0] == 204
    assert (await api.move(key, "41"))[0] == 409
    assert (await api.move(key, "999"))[1]["errorMessages"] == ["Transition id '999' is not valid for this issue."]
    assert (await api("POST", f"{V2}/issue/{key}/transitions", {}))[1]["errorMessages"] == [
        "Missing 'transition' identifier"
    ]


async def test_a_rejection_sets_the_resolution_and_reopening_clears_it(api, instance):
    key = await api.create()
    await api.move(key, "21")
    await api.move(key, "41")
    assert (instance.one(key)["status"], instance.one(key)["resolution"]) == ("Rejected", "Declined")

    await api.move(key, "81")

    assert (instance.one(key)["status"], instance.one(key)["resolution"], instance.one(key)["resolved"]) == (
        "To Do",
        None,
        None,
    )


async def test_a_remote_link_with_the_same_global_id_replaces_the_former(api):
    key = await api.create()
    link = {"globalId": "system=countersign&id=1", "object": {"url": "https://c.example/1", "title": "REQ-1"}}

    first, made = await api("POST", f"{V2}/issue/{key}/remotelink", link)
    again, same = await api(
        "POST", f"{V2}/issue/{key}/remotelink", {**link, "object": {**link["object"], "title": "New"}}
    )

    assert (first, again, made["id"] == same["id"]) == (201, 200, True)
    _, links = await api("GET", f"{V2}/issue/{key}/remotelink")
    assert [one["object"]["title"] for one in links] == ["New"]


async def test_entity_properties_come_with_creation_and_live_on(api):
    properties = [{"key": "countersign", "value": {"id": "REQ-1"}}]
    status, body = await api("POST", f"{V2}/issue", {"fields": {**PLACE, "summary": "x"}, "properties": properties})
    path = f"{V2}/issue/{body['key']}/properties/countersign"

    assert (status, (await api("GET", path))[1]["value"]) == (201, {"id": "REQ-1"})
    assert (await api("PUT", path, {"id": "REQ-2"}))[0] == 200
    assert (await api("PUT", path + "2", 1))[0] == 201
    assert (await api("DELETE", path))[0] == 204
    assert (await api("GET", path))[0] == 404
    _, shown = await api("GET", f"{V2}/issue/{body['key']}", properties="*all", fields="summary")
    assert shown["properties"] == {"countersign2": 1}


async def test_properties_of_comments_tell_a_repeated_one(api):
    key = await api.create()
    sent = {"body": "hello", "properties": [{"key": "countersign", "value": {"delivery": "d1"}}]}
    _, made = await api("POST", f"{V2}/issue/{key}/comment", sent)

    _, listed = await api("GET", f"{V2}/issue/{key}/comment", expand="properties")

    assert listed["comments"][0]["properties"] == sent["properties"]
    _, one = await api("GET", f"{V2}/comment/{made['id']}/properties/countersign")
    assert one["value"] == {"delivery": "d1"}


async def test_an_empty_comment_is_refused(api):
    key = await api.create()

    assert (await api("POST", f"{V2}/issue/{key}/comment", {"body": ""}))[0] == 400
    assert (await api("POST", f"{V3}/issue/{key}/comment", {"body": "words"}))[1]["errorMessages"] == [
        "Comment body is not valid!"
    ]


async def test_a_comment_belongs_to_its_author(api):
    key = await api.create()
    _, made = await api("POST", f"{V2}/issue/{key}/comment", {"body": "mine"})
    path = f"{V2}/issue/{key}/comment/{made['id']}"

    assert (await api("PUT", path, {"body": "yours"}, by="emma.richards"))[0] == 400
    assert (await api("PUT", path, {"body": "mine again"}))[1]["body"] == "mine again"
    assert (await api("DELETE", path))[0] == 204


async def test_files_need_the_header_against_forgery_and_fit_the_limit(api, instance):
    key = await api.create()
    instance.system.configure({"attachment_max_bytes": 10})
    url = f"{instance.url}{V2}/issue/{key}/attachments"

    async def send(data: bytes, **headers: str) -> int:
        form = aiohttp.FormData()
        form.add_field("file", data, filename="a.txt", content_type="text/plain")
        async with api.session.post(url, data=form, headers={**instance.authorization, **headers}) as answer:
            return answer.status

    assert await send(b"x") == 403
    assert await send(b"x" * 11, **{"X-Atlassian-Token": "no-check"}) == 413
    assert await send(b"x" * 10, **{"X-Atlassian-Token": "no-check"}) == 200
    _, shown = await api("GET", f"{V2}/issue/{key}", fields="attachment")
    assert [(one["filename"], one["size"], one["mimeType"]) for one in shown["fields"]["attachment"]] == [
        ("a.txt", 10, "text/plain")
    ]


async def test_an_unknown_issue_is_404_in_the_vendors_words(api):
    status, body = await api("GET", f"{V2}/issue/GOV-999")

    assert (status, body) == (
        404,
        {"errorMessages": ["Issue does not exist or you do not have permission to see it."], "errors": {}},
    )


async def test_bodies_must_be_json_objects_and_say_so(api, instance):
    async with api.session.post(
        f"{instance.url}{V2}/issue", data=b"{", headers=instance.authorization | {"Content-Type": "application/json"}
    ) as answer:
        assert (answer.status, (await answer.json())["errorMessages"]) == (
            400, ["There was an error parsing JSON. Check that your request body is valid."],
        )  # fmt: skip
    async with api.session.post(f"{instance.url}{V2}/issue", data=b"{}", headers=instance.authorization) as answer:
        assert answer.status == 415
    assert (await api("GET", f"{V2}/nothing"))[0] == 404


async def test_data_center_has_no_third_version_and_no_token_search(api, data_center):
    assert (await api("GET", f"{V3}/myself"))[0] == 404
    assert (await api("POST", f"{V2}/search/jql", {"jql": "project = GOV"}))[0] == 404
    assert (await api("GET", f"{V2}/issue/createmeta"))[0] == 404


async def test_permissions_in_a_project_that_there_is_none_of_are_no_answer(api):
    asked = f"{V3}/mypermissions?permissions=CREATE_ISSUES&projectKey="
    status, body = await api("GET", f"{asked}NOPE")
    assert (status, body["errorMessages"]) == (404, ["No project could be found with key 'NOPE'."])
    status, body = await api("GET", f"{asked}GOV")
    assert (status, body["permissions"]["CREATE_ISSUES"]["havePermission"]) == (200, True)


async def test_cloud_has_removed_the_old_search(api):
    assert (await api("GET", f"{V2}/search", jql="project = GOV"))[0] == 410


async def test_people_have_an_account_id_on_cloud_and_a_name_on_data_center(api, instance):
    _, cloud = await api("GET", f"{V3}/user/search", query="noah.park@example.com")
    assert [sorted({"accountId", "name", "emailAddress"} & set(one)) for one in cloud] == [
        ["accountId", "emailAddress"]
    ]
    instance.system.configure({"hides_emails": True})
    _, shy = await api("GET", f"{V3}/user/search", query="noah.park@example.com")
    assert "emailAddress" not in shy[0]
    assert (await api("GET", f"{V3}/user/search", username="noah.park"))[0] == 400

    instance.system.configure({"deployment": "datacenter"})
    _, server = await api("GET", f"{V2}/user/search", username="noah")
    assert [(one["name"], one["emailAddress"]) for one in server] == [("noah.park", "noah.park@example.com")]


async def test_credentials_of_the_other_product_are_refused(api, instance):
    async with api.session.get(f"{instance.url}{V3}/myself") as answer:
        assert (answer.status, "X-Seraph-LoginReason" in answer.headers) == (401, False)
    async with api.session.get(f"{instance.url}{V3}/myself", headers={"Authorization": "Bearer x"}) as answer:
        assert (answer.status, await answer.json()) == (403, {"error": "Failed to parse Connect Session Auth Token"})
    cloud = instance.authorization
    instance.system.configure({"deployment": "datacenter"})
    async with api.session.get(f"{instance.url}{V2}/myself", headers=cloud) as answer:
        assert (answer.status, answer.headers["X-Seraph-LoginReason"]) == (401, "AUTHENTICATED_FAILED")


async def test_too_many_wrong_passwords_ask_for_a_captcha(api, data_center):
    async def attempt(password: str) -> tuple[int, str | None]:
        login = {"Authorization": aiohttp.encode_basic_auth("noah.park", password)}
        async with api.session.get(f"{data_center.url}{V2}/myself", headers=login) as answer:
            return answer.status, answer.headers.get("X-Authentication-Denied-Reason", "").partition(";")[0]

    assert [await attempt("wrong") for _ in range(3)] == [(401, "")] * 3
    assert await attempt("sandbox") == (403, "CAPTCHA_CHALLENGE")


async def test_anonymous_browsing_turns_a_wrong_token_into_nobody_who_sees_nothing(api, instance):
    key = await api.create()
    instance.system.configure({"anonymous_browse": True})
    wrong = {"Authorization": aiohttp.encode_basic_auth(instance.user, "wrong")}

    async def ask(path: str) -> int:
        async with api.session.get(instance.url + path, headers=wrong) as answer:
            return answer.status

    assert [await ask(f"{V3}/search/jql?jql=project=GOV"), await ask(f"{V3}/issue/{key}"), await ask(f"{V3}/myself")] == [
        200, 404, 401,
    ]  # fmt: skip


async def test_cloud_limits_writes_to_one_issue_and_says_why(api):
    key, other = await api.create(), await api.create()
    path = f"{V2}/issue/{key}/properties/p"
    answers = [(await api("PUT", path, number))[0] for number in range(21)]

    assert answers == [201, *[200] * 19, 429]
    assert api.headers["RateLimit-Reason"] == "jira-per-issue-on-write"
    assert int(api.headers["Retry-After"]) >= 1
    assert "T" in api.headers["X-RateLimit-Reset"]
    assert (await api("GET", path))[0] == 200
    assert (await api("PUT", f"{V2}/issue/{other}/properties/p", 1))[0] == 201


async def test_cloud_quota_warns_when_it_is_nearly_used_up(api, instance):
    instance.system.configure({"quota_limit": 5})
    for _ in range(4):
        await api("GET", f"{V2}/field")
    assert "X-RateLimit-NearLimit" not in api.headers
    await api("GET", f"{V2}/field")
    assert (api.headers["X-RateLimit-NearLimit"], api.headers["X-RateLimit-Remaining"]) == ("true", "0")

    assert (await api("GET", f"{V2}/field"))[0] == 429
    assert api.headers["RateLimit-Reason"] == "jira-quota-global-based"


async def test_data_center_keeps_a_token_bucket(api, data_center):
    data_center.system.configure({"token_bucket": 2, "token_bucket_interval_s": 600})

    assert [(await api("GET", f"{V2}/myself"))[0] for _ in range(3)] == [200, 200, 429]
    assert (api.headers["X-RateLimit-Limit"], api.headers["X-RateLimit-FillRate"]) == ("2", "1")
    assert int(api.headers["Retry-After"]) > 1


async def test_pages_show_an_issue_to_people_and_escape_their_words(api, instance):
    key = await api.create(summary="<script>alert(1)</script>", description="Why not?")
    async with api.session.get(f"{instance.url}/browse/{key}") as answer:
        page = await answer.text()
    async with api.session.get(f"{instance.url}/issues/", params={"jql": "project = GOV"}) as answer:
        listing = await answer.text()

    assert "<script>" not in page + listing
    assert "Why not?" in page
    assert f"/browse/{key}" in listing
    async with api.session.get(f"{instance.url}/browse/GOV-999") as answer:
        assert answer.status == 404


async def test_a_sub_task_belongs_to_an_issue_of_its_project_and_both_show_it(api):
    parent = await api.create(summary="Raise the limit")
    part = await api.create(summary="Test it", issuetype={"name": "Sub-task"}, parent={"key": parent})

    _, shown = await api("GET", f"{V3}/issue/{parent}", fields="subtasks")
    _, own = await api("GET", f"{V3}/issue/{part}", fields="parent,issuetype")
    assert [(one["key"], one["fields"]["summary"]) for one in shown["fields"]["subtasks"]] == [(part, "Test it")]
    assert (own["fields"]["parent"]["key"], own["fields"]["issuetype"]["subtask"]) == (parent, True)
    assert await api.find(f"parent = {parent}") == [part]
    assert await api.find(f"parent = {part}") == []


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"issuetype": {"name": "Sub-task"}}, "issuetype"),
        ({"issuetype": {"name": "Sub-task"}, "parent": {"key": "GOV-99"}}, "parent"),
        ({"issuetype": {"name": "Task"}, "parent": {"key": "GOV-1"}}, "parent"),
    ],
)
async def test_a_sub_task_without_a_fitting_parent_is_refused(api, fields, where):
    status, body = await api("POST", f"{V3}/issue", {"fields": {**PLACE, "summary": "x", **fields}})
    assert (status, list(body["errors"])) == (400, [where])


async def test_an_issue_with_sub_tasks_is_deleted_with_them_or_not_at_all(api):
    parent = await api.create(summary="Raise the limit")
    part = await api.create(summary="Test it", issuetype={"name": "Sub-task"}, parent={"key": parent})

    assert (await api("DELETE", f"{V3}/issue/{parent}"))[0] == 400
    assert (await api("DELETE", f"{V3}/issue/{parent}", deleteSubtasks="true"))[0] == 204
    assert (await api("GET", f"{V3}/issue/{part}"))[0] == 404


async def test_only_projects_with_such_a_type_have_sub_tasks(api):
    for project, has in (("GOV", True), ("ITSM", False)):
        _, body = await api("GET", f"{V3}/issue/createmeta/{project}/issuetypes")
        assert any(one["subtask"] for one in body["issueTypes"]) is has
