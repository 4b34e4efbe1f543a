import asyncio
import uuid

import aiohttp
import pytest

from core.errors import Unavailable
from tests.unit.web.sample import LIMITED, NOTE, READER_TOKEN, REPLAYED_HEADER, STALE, World, until
from web.ports import AnswerLost

PATH = "/api/v1/notes"
WINDOW = {"title": "Window", "weight": 1}


def _key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid.uuid4())}


async def test_the_same_call_twice_is_done_once_and_answered_alike(world: World, client: aiohttp.ClientSession):
    headers = _key()
    async with client.post(PATH, json=WINDOW, headers=headers) as first:
        body = await first.read()
        assert REPLAYED_HEADER not in first.headers
    async with client.post(PATH, json=WINDOW, headers=headers) as second:
        assert (second.status, await second.read()) == (201, body)
        assert second.headers[REPLAYED_HEADER] == "true"
        assert second.headers["Location"] == first.headers["Location"]
        assert second.headers["X-Request-Id"] != first.headers["X-Request-Id"]
    assert len(world.notes.calls) == 1


async def test_another_spelling_of_the_same_body_is_the_same_call(world: World, client: aiohttp.ClientSession):
    headers = {**_key(), "Content-Type": "application/json"}
    for body in (b'{"title":"Window","weight":1}', b'{ "weight": 1, "title": "Windo\\u0077" }'):
        async with client.post(PATH, data=body, headers=headers) as answer:
            assert answer.status == 201
    assert len(world.notes.calls) == 1


async def test_a_key_used_for_another_call_is_refused(world: World, client: aiohttp.ClientSession):
    headers = _key()
    async with client.post(PATH, json=WINDOW, headers=headers) as answer:
        assert answer.status == 201
    async with client.post(PATH, json={"title": "Door"}, headers=headers) as answer:
        assert answer.status == 422
        problem = await answer.json()
    assert problem["code"] == "idempotency_key_reused"
    assert problem["errors"][0]["parameter"] == "Idempotency-Key"
    assert len(world.notes.calls) == 1


async def test_a_call_that_is_still_under_way_is_not_started_again(world: World, client: aiohttp.ClientSession):
    headers = _key()
    world.notes.gate.clear()
    first = asyncio.create_task(_status(client, headers))
    await until(lambda: bool(world.notes.calls))
    async with client.post(PATH, json=WINDOW, headers=headers) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (409, "1")
        assert (await answer.json())["code"] == "idempotency_key_in_flight"
    world.notes.gate.set()
    assert await first == 201
    assert len(world.notes.calls) == 1


@pytest.mark.parametrize(
    ("lost", "next_step"),
    [
        (AnswerLost("note.keep Window", NOTE), f"Do not send it again; look up {NOTE}."),
        (AnswerLost("note.keep Window", None), "Do not send it again; look up what it did."),
    ],
)
async def test_a_call_whose_answer_was_lost_is_not_done_again_and_says_what_it_did(
    world: World, client: aiohttp.ClientSession, lost: AnswerLost, next_step: str
):
    headers = _key()
    world.notes.gate.clear()
    first = asyncio.create_task(_status(client, headers))
    await until(lambda: bool(world.notes.calls))
    world.keys.lost = lost
    async with client.post(PATH, json=WINDOW, headers=headers) as answer:
        assert (answer.status, answer.content_type) == (409, "application/problem+json")
        assert "Retry-After" not in answer.headers
        problem = await answer.json()
    detail = "This call was carried out (note.keep Window), but its answer was lost when the server stopped."
    assert problem == {
        "type": "urn:countersign:problem:idempotency_answer_lost",
        "title": "This call was carried out, but its answer was lost when the server stopped.",
        "status": 409,
        "detail": detail,
        "code": "idempotency_answer_lost",
        "errors": [{"detail": detail, "parameter": "Idempotency-Key", "location": "header"}],
        "next_step": next_step,
        "correlation_id": answer.headers["X-Request-Id"],
    }
    world.notes.gate.set()
    assert await first == 201
    assert len(world.notes.calls) == 1


async def test_a_key_whose_answer_was_lost_still_refuses_another_call(world: World, client: aiohttp.ClientSession):
    headers = _key()
    assert await _status(client, headers) == 201
    world.keys.answers.clear()
    world.keys.lost = AnswerLost("note.keep Window", NOTE)
    async with client.post(PATH, json={"title": "Door"}, headers=headers) as answer:
        assert (answer.status, (await answer.json())["code"]) == (422, "idempotency_key_reused")
    assert len(world.notes.calls) == 1


async def test_calls_without_a_key_are_each_done(world: World, client: aiohttp.ClientSession):
    for _ in range(2):
        async with client.post(PATH, json=WINDOW) as answer:
            assert answer.status == 201
    assert len(world.notes.calls) == 2


async def test_a_refusal_by_the_use_case_is_repeated_as_it_was(world: World, client: aiohttp.ClientSession):
    headers = _key()
    world.notes.failure = STALE
    assert await _status(client, headers) == 409
    world.notes.failure = None
    assert await _status(client, headers) == 409
    assert len(world.notes.calls) == 1


@pytest.mark.parametrize("failure", [Unavailable(), LIMITED, ZeroDivisionError()])
async def test_an_answer_that_invites_a_retry_is_not_kept(
    world: World, client: aiohttp.ClientSession, failure: Exception
):
    headers = _key()
    world.notes.failure = failure
    assert await _status(client, headers) in {429, 500, 503}
    world.notes.failure = None
    assert await _status(client, headers) == 201


async def test_a_body_that_cannot_be_read_leaves_the_key_free(world: World, client: aiohttp.ClientSession):
    headers = _key()
    async with client.post(PATH, json={"titel": "x"}, headers=headers) as answer:
        assert answer.status == 422
    assert world.keys.fingerprints == {}
    assert await _status(client, headers) == 201


async def test_work_that_is_done_is_answered_even_if_the_answer_cannot_be_kept(
    world: World, client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
):
    async def refuse(*args: object, **kwargs: object) -> None:
        raise Unavailable

    monkeypatch.setattr(type(world.keys), "complete", refuse)
    assert await _status(client, _key()) == 201


@pytest.mark.parametrize("key", ["", " ", "a b", "ü", "a" * 256])
async def test_a_key_that_cannot_be_one_is_refused(world: World, client: aiohttp.ClientSession, key: str):
    async with client.post(PATH, json=WINDOW, headers={"Idempotency-Key": key}) as answer:
        assert answer.status == 400
        assert (await answer.json())["code"] == "malformed_header"
    assert world.notes.calls == []


async def test_the_longest_key_is_taken(client: aiohttp.ClientSession):
    assert await _status(client, {"Idempotency-Key": "~" * 255}) == 201


async def test_a_read_ignores_the_key(client: aiohttp.ClientSession):
    async with client.get(PATH, headers={"Idempotency-Key": "a b"}) as answer:
        assert answer.status == 200


async def test_refused_credentials_take_no_key(world: World, client: aiohttp.ClientSession):
    assert await _status(client, {**_key(), "Authorization": "Bearer unknown"}) == 401
    assert world.keys.fingerprints == {}
    assert await _status(client, {**_key(), "Authorization": f"Bearer {READER_TOKEN}"}) == 201


async def _status(client: aiohttp.ClientSession, headers: dict[str, str]) -> int:
    async with client.post(PATH, json=WINDOW, headers=headers) as answer:
        await answer.read()
        return answer.status
