from collections.abc import AsyncIterator

import aiohttp
import pytest

from core.actor import Door
from tests.unit.web.sample import LIMITED, NOTE, READER_TOKEN, STALE, World, serving


async def test_a_created_note_is_answered_with_its_model_status_and_location(client: aiohttp.ClientSession):
    async with client.post("/api/v1/notes", json={"title": "Window", "colour": "amber"}) as answer:
        assert answer.status == 201
        body = await answer.json()
        assert answer.headers["Location"] == f"/api/v1/notes/{body['id']}"
    assert body["colour"] == "amber"
    assert body["created_at"] == "2026-01-31T09:30:00Z"
    assert body["price"] is None


async def test_money_travels_as_a_decimal_in_quotes(client: aiohttp.ClientSession):
    price = {"amount": "12.50", "currency": "USD"}
    async with client.post("/api/v1/notes", json={"title": "Window", "price": price}) as answer:
        assert (await answer.json())["price"] == price


async def test_the_handler_learns_who_calls_and_from_where(world: World, client: aiohttp.ClientSession):
    headers = {"X-Request-Id": "abc-1", "Idempotency-Key": "k1"}
    async with client.post("/api/v1/notes", json={"title": "Window"}, headers=headers) as answer:
        assert answer.status == 201
    call = world.notes.calls[0]
    assert call.actor.email == "dana@example.com"
    assert call.actor.door is Door.API
    assert (call.tenant, call.correlation_id, call.actor.idempotency_key.key) == ("enterprise-corp", "abc-1", "k1")
    assert (call.ip_address, call.user_agent) == ("127.0.0.1", "sample/1")


async def test_a_missing_body_counts_as_empty_only_where_nothing_is_required(client: aiohttp.ClientSession):
    async with client.post(f"/api/v1/notes/{NOTE}/touch") as answer:
        assert (answer.status, await answer.read()) == (204, b"")
    async with client.post("/api/v1/notes") as answer:
        assert answer.status == 422
        assert (await answer.json())["errors"][0]["pointer"] == "#/title"


@pytest.mark.parametrize(
    ("about", "sentence"),
    [
        ({"title": "two\nlines"}, "It must be one line, and not blank."),
        ({"title": " "}, "It must be one line, and not blank."),
        ({"title": ""}, "It must not be empty."),
        ({"title": "a" * 201}, "It must have at most 200 characters."),
        ({"text": " \n "}, "It must not be blank."),
        (
            {"price": {"amount": "1", "currency": "usd"}},
            "It must be the three capital letters of a currency, such as USD.",
        ),
        ({"authors": [{"name": "a"}] * 21}, "It must have at most 20 entries."),
        ({"share": "0.1234567890123"}, "It must have at most 18 digits before the point and 12 behind it."),
        ({"share": "1e5"}, 'It must be a decimal number in quotes, such as "12.50".'),
    ],
)
async def test_what_is_wrong_is_said_in_sentences(client: aiohttp.ClientSession, about, sentence):
    async with client.post("/api/v1/notes", json={"title": "Window", **about}) as answer:
        assert answer.status == 422
        assert [fault["detail"] for fault in (await answer.json())["errors"]] == [sentence]


async def test_a_call_without_body_refuses_one(client: aiohttp.ClientSession):
    async with client.post(f"/api/v1/notes/{NOTE}/touch", json={"a": 1}) as answer:
        assert answer.status == 422


async def test_head_answers_like_get_without_the_body(client: aiohttp.ClientSession):
    async with client.head(f"/api/v1/notes/{NOTE}") as answer:
        assert (answer.status, await answer.read()) == (200, b"")
        assert answer.content_type == "application/json"


async def test_a_stream_is_offered_as_a_file(client: aiohttp.ClientSession):
    async with client.get("/api/v1/export?lines=2") as answer:
        assert answer.headers["Content-Disposition"] == 'attachment; filename="notes.ndjson"'
        assert await answer.text() == '{"number": 0}\n{"number": 1}\n'


async def test_an_empty_stream_is_an_empty_answer(client: aiohttp.ClientSession):
    async with client.get("/api/v1/export?lines=0") as answer:
        assert (answer.status, await answer.text()) == (200, "")


async def test_a_stream_that_fails_before_its_first_chunk_is_a_problem(world: World, client: aiohttp.ClientSession):
    world.notes.failure = STALE
    async with client.get("/api/v1/export") as answer:
        assert answer.status == 409
        assert answer.content_type == "application/problem+json"


async def test_a_stream_that_fails_half_way_is_seen_as_incomplete(
    world: World, client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
):
    async def lines(count: int) -> AsyncIterator[bytes]:
        yield b"first\n"
        raise STALE

    monkeypatch.setattr(world.notes, "_lines", lines)
    with pytest.raises(aiohttp.ClientError):
        async with client.get("/api/v1/export") as answer:
            await answer.read()


async def test_a_refusal_says_what_to_do_next(client: aiohttp.ClientSession):
    headers = {"Authorization": f"Bearer {READER_TOKEN}"}
    async with client.delete(f"/api/v1/notes/{NOTE}", headers=headers) as answer:
        assert answer.status == 403
        problem = await answer.json()
    assert problem["detail"] == "Your token may only read."
    assert problem["next_step"] == "Ask for a token with the scope 'write'."


async def test_a_limit_says_when_to_come_back(world: World, client: aiohttp.ClientSession):
    world.notes.failure = LIMITED
    async with client.post("/api/v1/notes", json={"title": "Window"}) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "13")
        assert (await answer.json())["retry_after"] == 13


async def test_the_parameters_of_a_list_are_read_as_json_would_be(client: aiohttp.ClientSession):
    query = "?colour=amber&colour=green&since=2026-01-01T00:00:00Z&pinned=true&limit=2"
    async with client.get("/api/v1/notes" + query) as answer:
        page = await answer.json()
    assert [note["title"] for note in page["items"]] == ["Note 0", "Note 1"]


async def test_following_the_cursors_shows_every_note_once(client: aiohttp.ClientSession):
    titles, cursor = [], None
    while True:
        query = {"limit": "2", **({"cursor": cursor} if cursor else {})}
        async with client.get("/api/v1/notes", params=query) as answer:
            page = await answer.json()
        titles += [note["title"] for note in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert titles == ["Note 0", "Note 1", "Note 2", "Note 3", "Note 4"]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=1_0", "limit"),
        ("limit=%202", "limit"),
        ("limit=1.0", "limit"),
        ("limit=", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("limit=1&limit=2", "limit"),
        ("pinned=yes", "pinned"),
        ("colour=blue", "colour"),
        ("since=yesterday", "since"),
        ("since=1700000000", "since"),
        ("since=0001-01-01T00:00:00%2B23:00", "since"),
        ("lmit=2", "lmit"),
        ("cursor=%00", "cursor"),
    ],
)
async def test_a_wrong_parameter_is_named(client: aiohttp.ClientSession, query: str, parameter: str):
    async with client.get(f"/api/v1/notes?{query}") as answer:
        assert answer.status == 422
        error = (await answer.json())["errors"][0]
    assert (error["parameter"], error["location"]) == (parameter, "query")


async def test_a_closed_set_is_named_to_whoever_misses_it(client: aiohttp.ClientSession):
    async with client.get("/api/v1/notes?lmit=2") as answer:
        error = (await answer.json())["errors"][0]
    assert error["detail"] == "There is no such name here; did you mean 'limit'?"
    assert error["accepted"] == ["limit", "cursor", "colour", "since", "pinned"]


@pytest.mark.parametrize("note_id", ["7", "REQ-1", "%00", "%ff", "0198c1f26a0070008000000000000001"])
async def test_a_path_parameter_of_the_wrong_kind_is_named(client: aiohttp.ClientSession, note_id: str):
    async with client.get(f"/api/v1/notes/{note_id}") as answer:
        assert answer.status == 422
        assert (await answer.json())["errors"][0]["parameter"] == "note_id"


async def test_what_people_call_it_by_is_the_id_for_whoever_serves_it(client: aiohttp.ClientSession):
    async with client.get("/api/v1/notes/NOTE-2") as answer:
        assert (answer.status, (await answer.json())["title"]) == (200, "Note 1")
    async with client.get("/api/v1/notes/NOTE-6") as answer:
        assert (answer.status, (await answer.json())["detail"]) == (404, "There is no NOTE-6.")


async def test_an_unknown_note_is_not_found(client: aiohttp.ClientSession):
    async with client.get("/api/v1/notes/0198c1f2-6a00-7000-8000-0000000000ff") as answer:
        assert answer.status == 404
        assert (await answer.json())["code"] == "not_found"


@pytest.mark.row("X9")
async def test_nobody_passes_while_tokens_cannot_be_checked(world: World, client: aiohttp.ClientSession):
    world.tokens.is_down = True
    async with client.get(f"/api/v1/notes/{NOTE}") as answer:
        assert answer.status == 503


async def test_only_the_configured_proxies_are_believed():
    for trusted, seen in ((0, "127.0.0.1"), (1, "203.0.113.9"), (2, "198.51.100.7")):
        world = World(trusted_proxies=trusted)
        headers = {"X-Forwarded-For": "1.1.1.1, 198.51.100.7, 203.0.113.9"}
        async with serving(world) as client, client.get("/api/v1/notes", headers=headers) as answer:
            assert answer.status == 200
        assert world.tokens.seen[0][0] == seen
