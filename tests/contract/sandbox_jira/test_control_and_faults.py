"""The control surface of the simulated Jira: records, a person's edits, restarts, and every fault on its calls."""

from __future__ import annotations

import asyncio
import time

import aiohttp
import pytest

from sandbox.faults import Fault
from sandbox.server import shipped
from sandbox.system import ControlError
from tests.contract.sandbox_jira.conftest import V2, V3, serving


def test_the_sandbox_ships_it():
    assert "jira" in shipped()


async def test_a_record_shows_everything_in_plain_words(api, instance):
    key = await api.create(labels=["a"], customfield_10021={"value": "High"}, description="Why.")
    await api.move(key, "11")

    record = instance.one(key)

    assert (record["type"], record["issuetype"], record["status"], record["status_category"]) == (
        "issue",
        "Task",
        "In Progress",
        "indeterminate",
    )
    assert (record["labels"], record["customfield_10021"], record["description"]) == (["a"], "High", "Why.")
    assert [item["toString"] for change in record["history"] for item in change["items"]] == ["In Progress"]
    assert key in [one["key"] for one in instance.system.records("Task")]
    assert {one["email"] for one in instance.system.records("user")} >= {"mia.krystof@example.com"}
    with pytest.raises(ControlError, match="There is no type 'epic' here"):
        instance.system.records("epic")


async def test_a_person_edits_comments_and_moves(api, instance, listener):
    key = await api.create()
    instance.system.configure({"webhook_url": listener.url})

    record = await instance.system.edit(
        "issue", key, {"by": "emma.richards", "priority": "High", "comment": "On it.", "status": "In Progress"}
    )

    assert (record["status"], record["priority"], record["comments"][0]["body"]) == ("In Progress", "High", "On it.")
    assert {change["by"] for change in record["history"]} == {"emma.richards@example.com"}
    assert sorted(listener.events()) == [
        "comment_created",
        "jira:issue_updated",
        "jira:issue_updated",
        "jira:issue_updated",
    ]


async def test_a_person_moves_through_a_screen(api, instance):
    key = await api.create()
    with pytest.raises(ValueError, match="resolution: Resolution is required"):
        await instance.system.edit("issue", key, {"transition": "Cancel"})

    record = await instance.system.edit("issue", key, {"transition": "Cancel", "resolution": "Won't Do"})

    assert (record["status"], record["resolution"]) == ("Canceled", "Won't Do")


async def test_a_person_approves_or_declines(api, instance):
    first, second = await api.request(), await api.request()
    for key in (first, second):
        await api.move(key, "111")

    approved = await instance.system.edit("issue", first, {"approval": "approve", "by": "noah.park"})
    declined = await instance.system.edit("issue", second, {"approval": "decline"})

    assert (approved["status"], declined["status"]) == ("Awaiting implementation", "Declined")
    with pytest.raises(ValueError, match="waits for no approval"):
        await instance.system.edit("issue", first, {"approval": "approve"})


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"status": "Done"}, "cannot go to Done. Open moves: Start progress"),
        ({"colour": "red"}, "An issue has no field 'colour'"),
        ({"priority": "Enormous"}, "Priority name 'Enormous' is not valid"),
        ({"by": "nobody", "labels": []}, "There is nobody here called 'nobody'"),
    ],
)
async def test_what_a_person_cannot_do_is_said_and_changes_nothing(api, instance, fields, said):
    key = await api.create()
    before = instance.one(key)

    with pytest.raises(ValueError, match=said):
        await instance.system.edit("issue", key, fields)

    assert instance.one(key) == before


async def test_an_unknown_issue_or_type_cannot_be_edited(instance):
    with pytest.raises(LookupError, match="GOV-999"):
        await instance.system.edit("issue", "GOV-999", {"labels": []})
    with pytest.raises(ControlError, match="cannot be edited here"):
        await instance.system.edit("user", "x", {"labels": []})


async def test_everything_survives_a_restart(api, instance):
    key = await api.request(labels=["a"])
    await api.move(key, "111")
    await api("POST", f"{V2}/issue/{key}/comment", {"body": "hello"})
    await api("PUT", f"{V2}/issue/{key}/properties/p", {"a": 1})
    await api(
        "POST", "/rest/webhooks/1.0/webhook", {"name": "n", "url": "http://c.example", "events": ["jira:issue_created"]}
    )
    instance.system.configure({"webhook_retries": 2, "people": [{"email": "kim@example.com", "name": "Kim Lee"}]})
    records = instance.system.records(None)

    async with serving(instance.system.snapshot()) as again:
        assert again.system.records(None) == records
        assert again.system.records("user")[-1]["display_name"] == "Kim Lee"
        assert len(again.system.records("webhook")) == 1
        assert again.system.snapshot()["options"]["webhook_retries"] == 2
        await again.system.reset()
        assert [one["key"] for one in again.system.records(None)] == ["GOV-1"]


@pytest.mark.parametrize(
    "options", [{"nonsense": 1}, {"deployment": "moon"}, {"webhook_retries": -1}, {"people": ["x"]}]
)
async def test_an_unknown_option_or_value_is_refused(instance, options):
    with pytest.raises(ValueError, match="option|people"):
        instance.system.configure(options)


@pytest.mark.parametrize("deployment", ["cloud", "datacenter"])
async def test_injected_limits_and_failures_have_the_vendors_shape(api, instance, deployment):
    instance.system.configure({"deployment": deployment})
    instance.fail(Fault.RATE_LIMITED, retry_after=7)
    instance.fail(Fault.SERVER_ERROR)
    instance.fail(Fault.BAD_JSON)

    status, _ = await api("GET", f"{V2}/myself")
    assert (status, api.headers["Retry-After"]) == (429, "7")
    assert await api("GET", f"{V2}/myself") == (500, {"errorMessages": ["Internal server error"], "errors": {}})
    status, body = await api("GET", f"{V2}/myself")
    assert (status, body[:15]) == (200, "<!DOCTYPE html>")
    assert (await api("GET", f"{V2}/myself"))[0] == 200


async def test_silence_comes_before_or_after_the_effect(api, instance):
    before = len(instance.system.records("issue"))
    fields = {"project": {"key": "GOV"}, "issuetype": {"name": "Task"}, "summary": "x"}

    async def lost() -> None:
        timeout = aiohttp.ClientTimeout(total=0.3)
        url = f"{instance.url}{V3}/issue"
        await api.session.post(url, json={"fields": fields}, headers=instance.authorization, timeout=timeout)

    instance.fail(Fault.TIMEOUT)
    with pytest.raises(asyncio.TimeoutError):
        await lost()
    assert len(instance.system.records("issue")) == before

    instance.fail(Fault.COMMIT_THEN_TIMEOUT)
    with pytest.raises(asyncio.TimeoutError):
        await lost()
    assert len(instance.system.records("issue")) == before + 1


async def test_down_and_slow_are_felt_and_pages_for_people_stay_up(api, instance):
    instance.fail(Fault.DOWN)
    async with api.session.get(f"{instance.url}/browse/GOV-1") as page:
        assert page.status == 200
    with pytest.raises(aiohttp.ClientError):
        await api("POST", f"{V2}/issue", {})  # a lost GET would be sent again by the client itself

    instance.fail(Fault.SLOW, retry_after=0.2)
    began = time.monotonic()
    assert (await api("GET", f"{V2}/myself"))[0] == 200
    assert time.monotonic() - began >= 0.2
    assert sum(one["met"] for one in instance.faults.listing()) == 2
