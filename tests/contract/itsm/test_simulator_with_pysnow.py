"""The simulator driven by the vendor community's own client, as it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pysnow
import pytest
import requests

from sandbox.faults import Fault


class Snow:
    """pysnow in a thread, because the simulator shares this test's loop."""

    def __init__(self, client: Any) -> None:
        self.client = client

    async def __call__(self, work: Callable[[Any], Any]) -> Any:
        return await asyncio.to_thread(work, self.client)


def connected(instance: Any, **changes: str) -> Any:
    given = {"user": instance.user, "password": instance.password, **changes}
    return pysnow.Client(host=instance.url.removeprefix("http://"), use_ssl=False, **given)


def answer_of(refused: requests.HTTPError) -> requests.Response:
    assert refused.response is not None
    return refused.response


@pytest.fixture
async def snow(instance) -> AsyncIterator[Snow]:
    client = connected(instance)
    yield Snow(client)
    client.close()


def incidents(client: Any) -> Any:
    return client.resource(api_path="/table/incident")


async def test_create_query_update_and_read_an_incident(snow):
    made = await snow(lambda c: incidents(c).create({"short_description": "down", "impact": 1, "urgency": "1"}).one())
    found = await snow(lambda c: incidents(c).get(query={"number": made["number"]}).one())
    moved = await snow(lambda c: incidents(c).update({"number": made["number"]}, {"state": "2"}).one())

    assert (made["priority"], made["state"], made["active"]) == ("1", "1", "true")
    assert found["sys_id"] == made["sys_id"]
    assert (moved["state"], moved["short_description"], moved["sys_mod_count"]) == ("2", "down", "1")


async def test_the_query_builder_and_the_streamed_answer(snow):
    for urgency in ("1", "2", "3"):
        await snow(
            lambda c, urgency=urgency: incidents(c).create({"short_description": f"u{urgency}", "urgency": urgency})
        )
    asked = (
        pysnow.QueryBuilder().field("urgency").equals(["1", "2"]).AND().field("short_description").order_descending()
    )

    rows = await snow(lambda c: list(incidents(c).get(query=asked, stream=True).all()))

    assert [row["short_description"] for row in rows] == ["u2", "u1"]


async def test_limit_offset_and_fields(snow):
    for number in range(5):
        await snow(lambda c, number=number: incidents(c).create({"short_description": f"n{number}"}))

    answer = await snow(
        lambda c: incidents(c).get(query="ORDERBYnumber", limit=2, offset=2, fields=["short_description", "nonsense"])
    )

    assert answer.all() == [{"short_description": "n2"}, {"short_description": "n3"}]
    assert answer.headers["X-Total-Count"] == "5"
    assert 'rel="next"' in answer.headers["Link"]


async def test_nothing_found_is_an_empty_answer_and_not_an_error(snow):
    assert await snow(lambda c: incidents(c).get(query={"number": "INC9"}).one_or_none()) is None


async def test_a_change_by_its_own_interface(snow):
    def create(client: Any) -> Any:
        resource = client.resource(api_path="/change/normal", base_path="/api/sn_chg_rest")
        return resource.create({"short_description": "x", "assignment_group": "AI Platform"}).one()

    made = await snow(create)

    assert made["number"]["value"].startswith("CHG")
    assert made["state"] == {"display_value": "New", "value": -5.0}
    assert made["__meta"] == {"ignoredFields": []}


async def test_a_wrong_password_is_a_401_with_the_vendors_body(instance):
    client = connected(instance, password="wrong")
    with pytest.raises(requests.HTTPError) as refused:
        await Snow(client)(lambda c: incidents(c).get(query={}).all())
    client.close()

    assert answer_of(refused.value).status_code == 401
    assert answer_of(refused.value).json()["error"]["message"] == "User Not Authenticated"


async def test_only_an_administrator_deletes(snow, instance):
    made = await snow(lambda c: incidents(c).create({"short_description": "x"}).one())
    with pytest.raises(requests.HTTPError) as refused:
        await snow(lambda c: incidents(c).delete({"number": made["number"]}))
    assert (
        answer_of(refused.value).json()["error"]["detail"] == "ACL Exception Delete Failed due to security constraints"
    )

    admin = connected(instance, user="admin", password="sandbox")
    gone = await Snow(admin)(lambda c: incidents(c).delete({"number": made["number"]}))
    admin.close()
    assert gone == {"status": "record deleted"}


async def test_the_oauth_client_gets_a_token_and_uses_it(instance, monkeypatch):
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    known = instance.system.describe()
    client = pysnow.OAuthClient(
        client_id=known["client_id"],
        client_secret=known["client_secret"],
        host=instance.url.removeprefix("http://"),
        use_ssl=False,
    )

    def work(client: Any) -> Any:
        client.set_token(client.generate_token(instance.user, instance.password))
        return incidents(client).create({"short_description": "by token"}).one()

    made = await Snow(client)(work)
    client.close()

    assert made["sys_created_by"] == instance.user


async def test_a_hibernating_instance_breaks_pysnow_as_it_does_in_life(snow, instance):
    instance.system.configure({"hibernating": True})

    with pytest.raises(requests.JSONDecodeError):
        await snow(lambda c: incidents(c).get(query={}).all())


async def test_an_injected_429_carries_the_vendors_headers(snow, instance):
    instance.fail(Fault.RATE_LIMITED, retry_after=9)

    with pytest.raises(requests.HTTPError) as refused:
        await snow(lambda c: incidents(c).get(query={}).all())

    assert answer_of(refused.value).status_code == 429
    assert answer_of(refused.value).headers["Retry-After"] == "9"
    assert answer_of(refused.value).json()["error"]["message"] == "Rate limit exceeded"
