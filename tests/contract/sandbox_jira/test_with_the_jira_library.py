"""The simulator as the library `jira` sees it, in both products' dialects."""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import Callable
from typing import Any

import pytest
from jira import JIRA
from jira.exceptions import JIRAError

from tests.contract.sandbox_jira.conftest import client

TASK = {"project": "GOV", "issuetype": {"name": "Task"}, "summary": "Create agent invoice-reader"}


@pytest.fixture(params=["cloud", "datacenter"])
def product(request, instance):
    instance.system.configure({"deployment": request.param})
    return request.param


async def with_client(instance, act: Callable[[JIRA], Any]) -> Any:
    def whole() -> Any:
        with contextlib.closing(client(instance)) as jira:
            return act(jira)

    return await asyncio.to_thread(whole)


async def test_the_server_says_which_product_it_is(instance, product):
    info = await with_client(instance, lambda jira: (jira._is_cloud, jira.server_info()["versionNumbers"]))

    assert info == ((True, [1001, 0, 0]) if product == "cloud" else (False, [9, 12, 0]))


async def test_an_issue_is_created_read_edited_and_found(instance, product):
    def act(jira):
        made = jira.create_issue(fields={**TASK, "labels": ["countersign-REQ1"], "description": "Reads *invoices*."})
        made.update(summary="Create agent invoice-reader v2", fields={"priority": {"name": "High"}})
        made.add_field_value("labels", "audited")
        found = jira.search_issues('project = GOV AND labels = "countersign-REQ1" ORDER BY created DESC')
        return [(one.key, one.fields.summary, one.fields.priority.name, sorted(one.fields.labels)) for one in found], (
            made.fields.description
        )

    assert await with_client(instance, act) == (
        [("GOV-2", "Create agent invoice-reader v2", "High", ["audited", "countersign-REQ1"])],
        "Reads *invoices*.",
    )


async def test_transitions_are_discovered_by_name(instance, product):
    def act(jira):
        made = jira.create_issue(fields=TASK)
        names = [one["name"] for one in jira.transitions(made)]
        jira.transition_issue(made, "Request approval", comment="Please look.")
        jira.transition_issue(made, "Approve")
        again = jira.issue(made.key, expand="changelog")
        moved = [item.toString for entry in again.changelog.histories for item in entry.items if item.field == "status"]
        return names, again.fields.status.name, sorted(moved), [one.body for one in jira.comments(made)]

    names, status, moved, comments = await with_client(instance, act)

    assert names == ["Start progress", "Request approval", "Cancel"]
    assert (status, moved) == ("Approved", ["Approved", "Waiting for Approval"])
    assert comments == ["Please look."]


async def test_an_illegal_transition_is_an_error_with_the_vendors_words(instance, product):
    def act(jira):
        made = jira.create_issue(fields=TASK)
        with pytest.raises(JIRAError) as caught:
            jira.transition_issue(made, "31")
        return caught.value.status_code, caught.value.text

    status, text = await with_client(instance, act)

    assert status == 400
    assert text.startswith("It seems that you have tried to perform a workflow operation (Approve) that is not valid")


async def test_a_transition_with_a_screen_demands_its_fields(instance, product):
    def act(jira):
        made = jira.create_issue(fields=TASK)
        with pytest.raises(JIRAError) as caught:
            jira.transition_issue(made, "Cancel")
        jira.transition_issue(made, "Cancel", fields={"resolution": {"name": "Won't Do"}})
        return caught.value.text, jira.issue(made.key).fields.resolution.name

    assert await with_client(instance, act) == ("Resolution is required.", "Won't Do")


async def test_comments_are_added_edited_and_hidden_from_customers(instance, product):
    def act(jira):
        made = jira.create_issue(fields={**TASK, "project": "ITSM", "issuetype": {"name": "[System] Incident"}})
        shown = jira.add_comment(made, "Looking into it.")
        shown.update(body="Looking into it now.")
        jira.add_comment(made, "For agents only.", is_internal=True)
        jira.add_comment(made, "For one role.", visibility={"type": "role", "value": "Administrators"})
        return [(one.body, one.jsdPublic) for one in jira.comments(made)]

    assert await with_client(instance, act) == [
        ("Looking into it now.", True),
        ("For agents only.", False),
        ("For one role.", True),
    ]


async def test_links_properties_and_files_hang_on_an_issue(instance, product):
    def act(jira):
        one, other = jira.create_issue(fields=TASK), jira.create_issue(fields=TASK)
        jira.create_issue_link("Blocks", one.key, other.key)
        target = {"url": "https://countersign.example/requests/1", "title": "REQ-1"}
        jira.add_remote_link(one.key, target, globalId="system=countersign&id=REQ-1")
        jira.add_issue_property(one.key, "countersign", {"request": "REQ-1"})
        held = jira.add_attachment(one, io.BytesIO(b"evidence"), filename="evidence.txt")
        again = jira.issue(one.key)
        return (
            [link.outwardIssue.key for link in again.fields.issuelinks],
            [link.object.title for link in jira.remote_links(one)],
            jira.issue_property(one.key, "countersign").value.request,
            jira.attachment(held.id).get(),
        )

    assert await with_client(instance, act) == (["GOV-3"], ["REQ-1"], "REQ-1", b"evidence")


async def test_people_are_found_by_address_and_assigned(instance, product):
    def act(jira):
        made = jira.create_issue(fields=TASK)
        jira.assign_issue(made, "noah.park@example.com")
        again = jira.issue(made.key).fields.assignee
        known = {"accountId", "name"} & set(again.raw)
        jira.assign_issue(made, None)
        return again.displayName, known, jira.issue(made.key).fields.assignee

    name = "accountId" if product == "cloud" else "name"
    assert await with_client(instance, act) == ("Noah Park", {name}, None)


async def test_create_metadata_is_where_each_product_has_it(instance, product):
    def act(jira):
        if product == "cloud":
            meta = jira.createmeta(projectKeys="GOV", issuetypeNames="Task", expand="projects.issuetypes.fields")
            fields = meta["projects"][0]["issuetypes"][0]["fields"]
            return {name: one["required"] for name, one in fields.items()}
        types = {one.name: one.id for one in jira.project_issue_types("GOV")}
        return {one.fieldId: one.required for one in jira.project_issue_fields("GOV", types["Task"])}

    fields = await with_client(instance, act)

    assert (fields["summary"], fields["project"], fields["customfield_10021"]) == (True, True, False)


async def test_custom_fields_are_set_by_option_and_found_by_name(instance, product):
    def act(jira):
        ids = {one["name"]: one["id"] for one in jira.fields() if one["custom"]}
        made = jira.create_issue(fields={**TASK, ids["Risk level"]: {"value": "High"}, ids["Estimated cost"]: 12.5})
        found = jira.search_issues('"Risk level" = High AND cf[10029] > 10')
        return [one.key for one in found] == [made.key], getattr(made.fields, ids["Risk level"]).value

    assert await with_client(instance, act) == (True, "High")


async def test_search_goes_through_pages(instance, product):
    def act(jira):
        for _ in range(7):
            jira.create_issue(fields=TASK, prefetch=False)
        if product == "cloud":
            first = jira.enhanced_search_issues("project = GOV ORDER BY key ASC", maxResults=5)
            rest = jira.enhanced_search_issues(
                "project = GOV ORDER BY key ASC", maxResults=5, nextPageToken=first.nextPageToken
            )
            return [one.key for one in [*first, *rest]], jira.approximate_issue_count("project = GOV")
        first = jira.search_issues("project = GOV ORDER BY key ASC", maxResults=5)
        rest = jira.search_issues("project = GOV ORDER BY key ASC", startAt=5, maxResults=5)
        return [one.key for one in [*first, *rest]], first.total

    assert await with_client(instance, act) == ([f"GOV-{number}" for number in range(1, 9)], 8)


async def test_a_service_desk_request_is_raised(instance, product):
    def act(jira):
        desk = jira.service_desks()[0]
        kinds = {one.name: one.id for one in jira.request_types(desk)}
        values = {"summary": "Open the firewall", "description": "For the new agent."}
        fields = {
            "serviceDeskId": desk.id,
            "requestTypeId": int(kinds["Request a change"]),
            "requestFieldValues": values,
        }
        return jira.supports_service_desk(), jira.create_customer_request(fields).fields.status.name

    assert await with_client(instance, act) == (True, "Planning")


async def test_a_wrong_credential_is_401(instance, product):
    def act():
        options = {"check_update": False}
        jira = JIRA(
            instance.url, basic_auth=(instance.user, "wrong"), options=options, max_retries=0, get_server_info=False
        )
        with contextlib.closing(jira), pytest.raises(JIRAError) as caught:
            jira.myself()
        return caught.value.status_code, caught.value.response.headers["X-Seraph-LoginReason"]

    assert await asyncio.to_thread(act) == (401, "AUTHENTICATED_FAILED")
