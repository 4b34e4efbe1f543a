"""What JQL finds, and what it refuses in the vendor's words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sandbox.jira.store import now
from tests.contract.sandbox_jira.conftest import V2, V3


@pytest.fixture
async def issues(api):
    """GOV-2 … GOV-4 and ITSM-1, beside the GOV-1 that every site has."""
    await api.create(summary="Create agent invoice-reader", labels=["countersign-REQ1"], priority={"name": "High"},
                     customfield_10021={"value": "High"}, customfield_10029=10, customfield_10020="REQ-1")  # fmt: skip
    await api.create(summary="Retire agent payslip-writer", description="It reads invoices.", labels=["other"],
                     priority={"name": "Low"}, customfield_10031="https://c.example/requests/2")  # fmt: skip
    key = await api.create(summary="Third thing")
    await api("POST", f"{V2}/issue/{key}/comment", {"body": "Nobody remembers the zebra."})
    await api.move(key, "11")
    await api.request(summary="Open the firewall")


@pytest.mark.parametrize(
    ("jql", "found"),
    [
        ("project = GOV", ["GOV-4", "GOV-3", "GOV-2", "GOV-1"]),
        ("project in (ITSM)", ["ITSM-1"]),
        ('key = gov-2 OR issuekey in ("GOV-3")', ["GOV-3", "GOV-2"]),
        ("project = GOV AND key >= GOV-3", ["GOV-4", "GOV-3"]),
        ("labels = countersign-req1", ["GOV-2"]),
        ("labels in (other, none)", ["GOV-3"]),
        ("labels is EMPTY AND project = GOV", ["GOV-4"]),
        ("labels != other", ["GOV-2", "GOV-1"]),
        ("NOT labels = other", ["GOV-2", "GOV-1"]),
        ("NOT (labels = other OR labels is EMPTY)", ["GOV-2", "GOV-1"]),
        ("NOT labels is not EMPTY AND project = GOV", ["GOV-4"]),
        ("status = 'In Progress'", ["GOV-4"]),
        ("statusCategory = Done", ["GOV-1"]),
        ("statusCategory != Done AND NOT project = ITSM ORDER BY key ASC", ["GOV-2", "GOV-3", "GOV-4"]),
        ("resolution = Unresolved AND project = GOV", ["GOV-4", "GOV-3", "GOV-2"]),
        ("priority > Medium", ["GOV-2"]),
        ("issuetype = '[System] Change'", ["ITSM-1"]),
        ("summary ~ agent", ["GOV-3", "GOV-2"]),
        ("summary ~ 'agent invoice*'", ["GOV-2"]),
        ("summary ~ '\"invoice-reader agent\"'", []),
        ("text ~ invoices", ["GOV-3"]),
        ("comment ~ zebra", ["GOV-4"]),
        ('"Risk level" = High', ["GOV-2"]),
        ("cf[10029] >= 10", ["GOV-2"]),
        ("cf[10020] ~ REQ-1", ["GOV-2"]),
        ("cf[10031] = 'https://c.example/requests/2'", ["GOV-3"]),
        ("creator = currentUser() AND project = GOV", ["GOV-4", "GOV-3", "GOV-2"]),
        ("assignee = 'emma.richards@example.com'", ["GOV-1"]),
        ("created > -1h AND project = ITSM", ["ITSM-1"]),
        ("updated >= startOfDay(-1) AND project = ITSM", ["ITSM-1"]),
        ("updated < -1d AND project = GOV", []),
        ("project = GOV ORDER BY priority DESC, key ASC", ["GOV-2", "GOV-1", "GOV-4", "GOV-3"]),
        ("(project = GOV && labels = other) || key = ITSM-1", ["ITSM-1", "GOV-3"]),
    ],
)
async def test_a_query_finds(api, issues, jql, found):
    assert await api.find(jql) == found


@pytest.mark.parametrize(
    ("jql", "said"),
    [
        ("project = NOPE", "The value 'NOPE' does not exist for the field 'project'."),
        ("key = GOV-999", "An issue with key 'GOV-999' does not exist for field 'key'."),
        ("colour = red", "Field 'colour' does not exist or you do not have permission to view it."),
        ("summary = agent", "The operator '=' is not supported by the 'summary' field."),
        ("project ~ GOV", "The operator '~' is not supported by the 'project' field."),
        ("updated > yesterday", "Date value 'yesterday' for field 'updated' is invalid."),
        ("labels = a@b", "The character '@' is a reserved JQL character."),
        ("labels = order", "'order' is a reserved JQL word."),
        ("project = GOV AND", "got the end of the query"),
        ("project = 'GOV", "has not been completed"),
        ("project GOV", "Expecting operator but got 'GOV'."),
        ("project = GOV labels = a", "Expecting either 'OR' or 'AND' but got 'labels'."),
        ("assignee = nobodyKnows()", "Unable to find JQL function 'nobodyKnows()'."),
        ("", "Unbounded JQL queries are not allowed here."),
        ("ORDER BY key", "Unbounded JQL queries are not allowed here."),
        ("issue.property[countersign].id = 1", "does not exist or you do not have permission to view it."),
    ],
)
async def test_a_query_is_refused(api, jql, said):
    status, body = await api("GET", f"{V3}/search/jql", jql=jql)

    assert status == 400
    assert said in body["errorMessages"][0]


async def test_entity_properties_can_be_asked_for_once_an_app_indexed_them(api, instance):
    properties = [{"key": "countersign", "value": {"request": {"id": "REQ-7"}}}]
    fields = {"project": {"key": "GOV"}, "issuetype": {"name": "Task"}, "summary": "x"}
    await api("POST", f"{V2}/issue", {"fields": fields, "properties": properties})
    instance.system.configure({"indexed_properties": ["countersign"]})

    assert await api.find("issue.property[countersign].request.id = REQ-7") == ["GOV-2"]
    assert await api.find("issue.property[countersign].request.id = REQ-8") == []


async def test_times_have_minutes_in_the_askers_zone(api):
    await api.create()
    minute = now().replace(second=0, microsecond=0)

    assert "GOV-2" in await api.find(f'updated >= "{minute:%Y/%m/%d %H:%M}"')
    assert await api.find(f'updated >= "{minute + timedelta(minutes=2):%Y-%m-%d %H:%M}"') == []


async def test_cloud_answers_ids_unless_fields_are_asked_for(api):
    _, bare = await api("GET", f"{V3}/search/jql", jql="project = GOV")
    _, full = await api("GET", f"{V3}/search/jql", jql="project = GOV", fields="summary,status")

    assert bare == {"issues": [{"id": "10000"}], "isLast": True}
    assert sorted(full["issues"][0]["fields"]) == ["status", "summary"]


async def test_a_token_belongs_to_its_query(api):
    for _ in range(3):
        await api.create()
    _, first = await api("GET", f"{V3}/search/jql", jql="project = GOV", maxResults=2)
    token = first["nextPageToken"]

    _, second = await api("GET", f"{V3}/search/jql", jql="project = GOV", maxResults=2, nextPageToken=token)
    status, _ = await api("GET", f"{V3}/search/jql", jql="project = ITSM", nextPageToken=token)

    assert (len(second["issues"]), second["isLast"], "nextPageToken" in second) == (2, True, False)
    assert status == 400
    assert (await api("GET", f"{V3}/search/jql", jql="project = GOV", nextPageToken="junk"))[0] == 400


async def test_a_new_issue_hides_from_search_until_it_is_reconciled(api, instance):
    instance.system.configure({"search_lag_s": 600})
    key = await api.create(labels=["fresh"])
    id_ = instance.one(key)["id"]

    assert await api.find("labels = fresh") == []
    _, body = await api("POST", f"{V3}/search/jql", {"jql": "labels = fresh", "reconcileIssues": [int(id_)]})
    assert body["issues"] == [{"id": id_}]


async def test_data_center_answers_pages_with_a_total_and_warns_without_validation(api, data_center):
    for _ in range(3):
        await api.create()

    _, body = await api(
        "GET", f"{V2}/search", jql="project = GOV ORDER BY key", startAt=1, maxResults=2, fields="summary"
    )
    _, lax = await api("GET", f"{V2}/search", jql="key = GOV-999", validateQuery="false")

    assert ([one["key"] for one in body["issues"]], body["total"], body["startAt"]) == (["GOV-2", "GOV-3"], 4, 1)
    assert (lax["total"], lax["warningMessages"]) == (
        0,
        ["An issue with key 'GOV-999' does not exist for field 'key'."],
    )
