"""Webhooks: who hears of what, in which shape, signed how, and how often again."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from tests.contract.sandbox_jira.conftest import V2

HOOKS = "/rest/webhooks/1.0/webhook"
SECRET = "It's a Secret to Everybody"


def hook(listener, **more):
    events = ["jira:issue_created", "jira:issue_updated", "comment_created"]
    return {"name": "countersign", "url": listener.url, "events": events, **more}


async def test_changes_are_told_with_their_changelog(api, instance, listener):
    instance.system.configure({"webhook_url": listener.url})
    key = await api.create()
    await listener.until(1)
    await api.move(key, "11")
    await listener.until(2)

    created, moved = (one["body"] for one in listener.heard)
    assert (created["webhookEvent"], created["issue"]["key"]) == ("jira:issue_created", key)
    assert (moved["webhookEvent"], moved["issue_event_type_name"]) == ("jira:issue_updated", "issue_generic")
    assert moved["user"]["emailAddress"] == instance.user
    assert moved["issue"]["fields"]["status"]["name"] == "In Progress"
    (item,) = moved["changelog"]["items"]
    assert (item["field"], item["from"], item["fromString"], item["to"], item["toString"]) == (
        "status", "10000", "To Do", "3", "In Progress",
    )  # fmt: skip


async def test_a_delivery_is_signed_over_its_bytes_and_named(api, listener):
    await api("POST", HOOKS, hook(listener, secret=SECRET))
    await api.create()
    await listener.until(1)

    (heard,) = listener.heard
    expected = hmac.new(SECRET.encode(), heard["raw"], hashlib.sha256).hexdigest()
    assert heard["headers"]["X-Hub-Signature"] == f"sha256={expected}"
    assert len(heard["headers"]["X-Atlassian-Webhook-Identifier"]) == 36
    assert heard["headers"]["X-Atlassian-Webhook-Flow"] == "Primary"
    assert "X-Atlassian-Webhook-Retry" not in heard["headers"]


async def test_without_a_secret_there_is_no_signature(api, listener):
    await api("POST", HOOKS, hook(listener))
    await api.create()
    await listener.until(1)

    assert "X-Hub-Signature" not in listener.heard[0]["headers"]


async def test_cloud_tries_again_under_the_same_name(api, instance, listener):
    instance.system.configure({"webhook_retry_pause_s": 0.01, "webhook_retries": 5})
    listener.answers = [503, 429, 200]
    await api("POST", HOOKS, hook(listener))
    await api.create()
    await listener.until(3)

    names = {one["headers"]["X-Atlassian-Webhook-Identifier"] for one in listener.heard}
    tries = [one["headers"].get("X-Atlassian-Webhook-Retry") for one in listener.heard]
    assert (len(names), tries) == (1, [None, "1", "2"])


async def test_a_refusal_is_not_repeated(api, instance, listener):
    instance.system.configure({"webhook_retry_pause_s": 0})
    listener.answers = [400]
    await api("POST", HOOKS, hook(listener))
    await api.create()
    await listener.until(1)
    await instance.system.edit("issue", "GOV-2", {"labels": ["x"]})

    assert listener.events() == ["jira:issue_created", "jira:issue_updated"]


async def test_data_center_tells_once(api, data_center, listener):
    data_center.system.configure({"webhook_retry_pause_s": 0})
    listener.answers = [503]
    await api("POST", HOOKS, hook(listener))
    await api.create()
    await listener.until(1)
    await data_center.system.edit("issue", "GOV-2", {"labels": ["x"]})

    assert listener.events() == ["jira:issue_created", "jira:issue_updated"]
    assert listener.heard[0]["query"] == {
        "user_id": "countersign",
        "user_key": listener.heard[0]["body"]["user"]["key"],
    }


async def test_a_filter_chooses_issues_and_events_choose_what_is_heard(api, listener):
    section = {"issue-related-events-section": "project = GOV AND labels = watched"}
    await api("POST", HOOKS, hook(listener, filters=section, events=["jira:issue_created"]))
    await api.create()
    key = await api.create(labels=["watched"])
    await api.move(key, "11")
    await listener.until(1)

    assert [one["body"]["issue"]["key"] for one in listener.heard] == [key]


@pytest.mark.parametrize(("deployment", "carries_issue"), [("cloud", True), ("datacenter", False)])
async def test_a_comment_is_told_twice(api, instance, listener, deployment, carries_issue):
    instance.system.configure({"deployment": deployment})
    key = await api.create()
    instance.system.configure({"webhook_url": listener.url})
    await api("POST", f"{V2}/issue/{key}/comment", {"body": "hello"})
    await listener.until(2)

    told = {one["body"]["webhookEvent"]: one["body"] for one in listener.heard}
    assert told["comment_created"]["comment"]["body"] == "hello"
    assert ("issue" in told["comment_created"]) == carries_issue
    assert told["jira:issue_updated"]["issue_event_type_name"] == "issue_commented"
    assert told["jira:issue_updated"]["comment"]["id"] == told["comment_created"]["comment"]["id"]


async def test_links_and_properties_are_told(api, instance, listener):
    one, other = await api.create(), await api.create()
    instance.system.configure({"webhook_url": listener.url})
    await api("PUT", f"{V2}/issue/{one}/properties/p", {"a": 1})
    body = {"type": {"name": "Relates"}, "inwardIssue": {"key": one}, "outwardIssue": {"key": other}}
    assert (await api("POST", f"{V2}/issueLink", body))[0] == 201
    await listener.until(4)

    told = {one["body"]["webhookEvent"]: one["body"] for one in listener.heard}
    assert told["issue_property_set"]["property"] == {"key": "p", "value": {"a": 1}}
    assert told["issuelink_created"]["issueLink"]["issueLinkType"]["name"] == "Relates"


async def test_webhooks_are_registered_by_administrators_alone(api, listener):
    assert (await api("POST", HOOKS, hook(listener), by="emma.richards"))[0] == 403
    status, made = await api("POST", HOOKS, hook(listener, secret=SECRET))
    assert (status, made["isSigned"], "secret" in made) == (201, True, False)
    assert (await api("POST", HOOKS, hook(listener, events=["everything"])))[0] == 400
    assert (await api("POST", HOOKS, hook(listener, url="nowhere")))[0] == 400

    id_ = made["self"].rpartition("/")[2]
    assert (await api("PUT", f"{HOOKS}/{id_}", {"enabled": False}))[1]["enabled"] is False
    await api.create()
    assert (await api("DELETE", f"{HOOKS}/{id_}"))[0] == 204
    assert (await api("GET", HOOKS))[1] == []
    assert listener.heard == []


async def test_dynamic_webhooks_belong_to_apps(api):
    status, body = await api("POST", "/rest/api/3/webhook", {"url": "https://c.example", "webhooks": []})

    assert (status, body["errorMessages"]) == (403, ["Only Connect and OAuth 2.0 apps can use this operation."])


async def test_deliveries_are_remembered_for_the_control_surface(api, instance, listener):
    instance.system.configure({"webhook_url": "http://127.0.0.1:1/", "webhook_retries": 0})
    await api.create()
    await instance.system.edit("issue", "GOV-2", {"labels": ["x"]})

    tries = instance.system.records("delivery")
    assert all(one["error"].startswith("ClientConnectorError") for one in tries)
