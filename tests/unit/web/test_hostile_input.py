"""Nothing from outside produces a 5xx, a stack trace or a connection that just ends."""

import asyncio
import gzip
import io
import json
from urllib.parse import urlsplit

import aiohttp
import pytest
from structlog.testing import capture_logs

from core.json_bounds import DEPTH_MAX
from tests.unit.web.sample import TOKEN, UPLOAD_MAX, World, until

JSON = {"Content-Type": "application/json"}


def _nested(depth: int) -> bytes:
    return b'{"title":' + b"[" * depth + b"]" * depth + b"}"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "malformed_json"),
        (b"nonsense", 400, "malformed_json"),
        (b"{'title': 'x'}", 400, "malformed_json"),
        (b'{"title": "x",}', 400, "malformed_json"),
        (b'{"title": "x"} {}', 400, "malformed_json"),
        (b"\xef\xbb\xbf{}", 400, "malformed_json"),
        ('{"title": "x"}'.encode("utf-16"), 400, "malformed_json"),
        (b'{"title": "\xff"}', 400, "malformed_json"),
        (b'{"title": "\xed\xa0\x80"}', 400, "malformed_json"),
        (b'{"title": "a\x00b"}', 400, "malformed_json"),
        (b'{"title": "a\\u0000b"}', 400, "malformed_json"),
        (b'{"labels": {"\\u0000": true}, "title": "x"}', 400, "malformed_json"),
        (b'{"title": "\\ud800"}', 400, "malformed_json"),
        (b'{"title": "x", "weight": NaN}', 400, "malformed_json"),
        (b'{"title": "x", "weight": -Infinity}', 400, "malformed_json"),
        (b'{"title": "x", "weight": 1e999}', 400, "malformed_json"),
        (b'{"title": "x", "weight": 9223372036854775808}', 400, "malformed_json"),
        (b'{"title": "x", "weight": ' + b"9" * 5000 + b"}", 400, "malformed_json"),
        (b'{"title": "x", "title": "y"}', 400, "malformed_json"),
        (b'{"title": "x", "t\\u0069tle": "y"}', 400, "malformed_json"),
        (_nested(DEPTH_MAX), 400, "malformed_json"),
        (_nested(100_000), 400, "malformed_json"),
        (b"[" * 500_000, 400, "malformed_json"),
        (_nested(DEPTH_MAX - 1), 422, "invalid_request"),
        (b"[]", 422, "invalid_request"),
        (b"null", 422, "invalid_request"),
        (b'"text"', 422, "invalid_request"),
        (b"{}", 422, "invalid_request"),
        (b'{"title": 7}', 422, "invalid_request"),
        (b'{"title": ""}', 422, "invalid_request"),
        (b'{"title": "x", "weight": "7"}', 422, "invalid_request"),
        (b'{"title": "x", "weight": 7.5}', 422, "invalid_request"),
        (b'{"title": "x", "weight": true}', 422, "invalid_request"),
        (b'{"title": "x", "due": 1700000000}', 422, "invalid_request"),
        (b'{"title": "x", "due": "1700000000"}', 422, "invalid_request"),
        (b'{"title": "x", "due": "2026-02-30T00:00:00Z"}', 422, "invalid_request"),
        (b'{"title": "x", "due": "2026-01-01T00:00:00"}', 422, "invalid_request"),
        (b'{"title": "x", "due": "9999-12-31T23:59:59-23:59"}', 422, "invalid_request"),
        (b'{"title": "x", "share": 0.1}', 422, "invalid_request"),
        (b'{"title": "x", "share": "1e5"}', 422, "invalid_request"),
        (b'{"title": "x", "share": "NaN"}', 422, "invalid_request"),
        (b'{"title": "x", "share": "1_0"}', 422, "invalid_request"),
        (b'{"title": "x", "share": "12.50\\n"}', 422, "invalid_request"),
        (b'{"title": "x", "price": {"amount": "1", "currency": "usd"}}', 422, "invalid_request"),
        (b'{"title": "x", "__proto__": {}}', 422, "invalid_request"),
    ],
)
async def test_a_hostile_body_is_refused_with_a_problem(
    client: aiohttp.ClientSession, body: bytes, status: int, code: str
):
    async with client.post("/api/v1/notes", data=body, headers=JSON) as answer:
        problem = await answer.json(content_type="application/problem+json")
    assert (answer.status, problem["status"], problem["code"]) == (status, status, code)
    assert problem["type"] == f"urn:countersign:problem:{code}"


async def test_a_number_is_an_integer_however_it_is_spelled(client: aiohttp.ClientSession):
    for number in ("7", "7.0", "0.7e1"):
        body = f'{{"title": "x", "weight": {number}}}'
        async with client.post("/api/v1/notes", data=body, headers=JSON) as answer:
            assert answer.status == 201


async def test_depth_counts_brackets_and_not_text(client: aiohttp.ClientSession):
    body = json.dumps({"title": "[" * 190, "text": "{[" * 4000})
    async with client.post("/api/v1/notes", data=body, headers=JSON) as answer:
        assert answer.status == 201


async def test_text_that_only_looks_like_nul_is_kept(client: aiohttp.ClientSession):
    async with client.post("/api/v1/notes", json={"title": "C:\\u0000 and 😀"}) as answer:
        assert (await answer.json())["title"] == "C:\\u0000 and 😀"


async def test_every_fault_is_listed_with_its_place_and_what_would_do(client: aiohttp.ClientSession):
    body = {
        "titel": "x",
        "colour": "blue",
        "authors": [{"name": "Ann"}, {"nme": "Bob"}],
        "labels": {"a/b~c": "yes"},
    }
    async with client.post("/api/v1/notes", json=body) as answer:
        problem = await answer.json()
    assert {error["pointer"]: (error["detail"], error.get("accepted", [])) for error in problem["errors"]} == {
        "#/title": ("This is required.", []),
        "#/colour": ("It should be 'amber' or 'green'.", ["amber", "green"]),
        "#/authors/1/name": ("This is required.", []),
        "#/authors/1/nme": ("There is no such name here; did you mean 'name'?", ["name", "email"]),
        "#/labels/a~1b~0c": ("It should be a valid boolean.", []),
        "#/titel": (
            "There is no such name here; did you mean 'title'?",
            ["title", "text", "colour", "weight", "due", "price", "share", "authors", "labels"],
        ),
    }


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        {"Content-Type": "nonsense"},
        {"Content-Type": ""},
    ],
)
async def test_another_format_is_refused(client: aiohttp.ClientSession, headers: dict[str, str]):
    async with client.post("/api/v1/notes", data=b'{"title": "x"}', headers=headers) as answer:
        assert answer.status == 415
        assert (await answer.json())["accepted"] != []


async def test_a_body_over_the_limit_is_refused_whether_announced_or_not(client: aiohttp.ClientSession):
    async def chunks():
        for _ in range(UPLOAD_MAX // 1000 + 1):
            yield b" " * 1000

    for body in (b" " * (UPLOAD_MAX + 1), chunks()):
        async with client.put("/api/v1/upload", data=body, headers=JSON) as answer:
            assert answer.status == 413
            assert f"{UPLOAD_MAX} bytes" in (await answer.json())["detail"]


async def test_a_packed_body_is_read_where_that_is_said_and_bounded_by_what_it_unpacks_to(
    client: aiohttp.ClientSession,
):
    packed = {**JSON, "Content-Encoding": "gzip"}
    async with client.put("/api/v1/upload", data=gzip.compress(b'{"name": "Ann"}'), headers=packed) as answer:
        assert (answer.status, (await answer.json())["title"]) == (200, "Ann")
    bomb = gzip.compress(b" " * 100_000_000)
    async with client.put("/api/v1/upload", data=bomb, headers=packed) as answer:
        assert answer.status == 413
    async with client.put("/api/v1/upload", data=b"no gzip", headers=packed) as answer:
        assert answer.status == 400
    async with client.put("/api/v1/upload", data=b"x", headers={**JSON, "Content-Encoding": "snappy"}) as answer:
        assert (answer.status, (await answer.json())["accepted"]) == (415, ["deflate", "gzip", "identity"])


async def test_whoever_sends_another_encoding_is_answered_in_it_and_told_of_mistakes_in_json(
    client: aiohttp.ClientSession,
):
    headers = {"Content-Type": "text/x-name"}
    async with client.put("/api/v1/upload", data=b"Ann", headers=headers) as answer:
        assert (answer.status, answer.content_type, await answer.read()) == (200, "text/x-name", b"Ann")
    async with client.put("/api/v1/upload", data=b"wrong", headers=headers) as answer:
        assert (answer.status, (await answer.json())["detail"]) == (400, "It is no name.")
    async with client.post("/api/v1/notes", data=b"Ann", headers=headers) as answer:  # which knows JSON alone
        assert answer.status == 415


async def test_no_body_over_a_mebibyte_is_read_by_default(client: aiohttp.ClientSession):
    async with client.post("/api/v1/notes", data=io.BytesIO(b" " * (1024 * 1024 + 1)), headers=JSON) as answer:
        assert answer.status == 413


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Basic ZGFuYTpwdw==", "Bearer a b", "Bearer ü", f"Bearer {'a' * 5000}", TOKEN],
)
async def test_a_credential_that_cannot_be_read_is_unauthenticated(client: aiohttp.ClientSession, authorization: str):
    async with client.get("/api/v1/notes", headers={"Authorization": authorization}) as answer:
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="countersign", error="invalid_token"'


async def test_who_presents_nothing_is_told_how_to(world: World, client: aiohttp.ClientSession):
    async with aiohttp.ClientSession(world.url) as stranger, stranger.get("/api/v1/notes") as answer:
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="countersign"'
        assert (await answer.json())["next_step"] == "Send the header 'Authorization: Bearer <token>'."


async def test_an_unknown_token_is_refused_before_the_body_is_looked_at(client: aiohttp.ClientSession):
    headers = {"Authorization": "Bearer unknown", **JSON}
    async with client.post("/api/v1/notes", data=b"{", headers=headers) as answer:
        assert answer.status == 401


@pytest.mark.parametrize("tenant", ["", "Enterprise Corp", "a" * 64, "-a", "x'--"])
async def test_a_tenant_that_cannot_be_one_is_refused(client: aiohttp.ClientSession, tenant: str):
    async with client.get("/api/v1/notes", headers={"X-Tenant-Id": tenant}) as answer:
        assert answer.status == 400
        assert (await answer.json())["errors"][0]["parameter"] == "X-Tenant-Id"


async def test_another_tenant_is_asked_for_through_the_authenticator(world: World, client: aiohttp.ClientSession):
    async with client.get("/api/v1/notes", headers={"X-Tenant-Id": "other-corp"}) as answer:
        assert answer.status == 403
        assert (await answer.json())["errors"][0]["location"] == "header"
    assert world.tokens.seen[0][2] == "other-corp"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api/v1/notes/", 404),
        ("GET", "/%00", 404),
        ("GET", "/..%2f..%2fetc/passwd", 404),
        ("GET", "/" + "a" * 4000, 404),
        ("PATCH", "/api/v1/notes", 405),
        ("OPTIONS", "/api/v1/notes", 405),
        ("TRACE", "/api/v1/notes", 405),
        ("PROPFIND", "/api/v1/notes", 405),
        ("POST", "/metrics", 405),
    ],
)
async def test_an_address_or_method_that_does_not_exist_is_a_problem_too(
    client: aiohttp.ClientSession, method: str, path: str, status: int
):
    async with client.request(method, path) as answer:
        problem = await answer.json(content_type="application/problem+json")
    assert (answer.status, problem["status"]) == (status, status)
    if status == 405:
        assert answer.headers["Allow"] == ", ".join(problem["accepted"])


async def test_a_user_agent_that_is_not_utf8_is_made_readable(world: World, client: aiohttp.ClientSession):
    await _raw(world, b"GET /api/v1/notes HTTP/1.1\r\nHost: x\r\nUser-Agent: a\xff" + b"b" * 600 + _CREDENTIAL)
    agent = world.tokens.seen[0][1]
    assert agent is not None
    assert agent.startswith("a\ufffdbb")
    assert len(agent) == 512


_CREDENTIAL = f"\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n\r\n".encode()
_POST = b"POST /api/v1/notes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /api/v1/notes HTTP/1.1\r\nHost: x\r\nX: \x00" + _CREDENTIAL,
        b"GET /api/v1/notes HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000 + _CREDENTIAL,
        b"GET /\xff\xfe HTTP/1.1\r\nHost: x" + _CREDENTIAL,
        b"GET http://[::bad/ HTTP/1.1\r\nHost: x" + _CREDENTIAL,
        b"GET /api/v1/notes?limit=%zz HTTP/1.1\r\nHost: x" + _CREDENTIAL,
        b"GET /api/v1/notes?cursor=\xff HTTP/1.1\r\nHost: x" + _CREDENTIAL,
        _POST + b"Content-Length: nine" + _CREDENTIAL + b"{}",
        _POST + b"Content-Length: -1" + _CREDENTIAL,
        _POST + b"Transfer-Encoding: chunked" + _CREDENTIAL + b"zz\r\n{}\r\n0\r\n\r\n",
        _POST + b"Transfer-Encoding: chunked\r\nContent-Length: 2" + _CREDENTIAL + b"0\r\n\r\n",
        _POST + b"Content-Length: 2\r\nIdempotency-Key: \xc3\xbc" + _CREDENTIAL + b"{}",
        _POST + b"Content-Length: 2\r\nX-Request-Id: a\xffb" + _CREDENTIAL + b"{}",
        _POST + b"Content-Length: 2\r\nX-Tenant-Id: a\r\nX-Tenant-Id: b" + _CREDENTIAL + b"{}",
        _POST + b"Content-Length: 2\r\nContent-Type: text/plain" + _CREDENTIAL + b"{}",
    ],
)
async def test_broken_http_is_the_callers_fault(
    world: World, client: aiohttp.ClientSession, request_bytes: bytes, caplog: pytest.LogCaptureFixture
):
    with capture_logs() as logs:
        answer = await _raw(world, request_bytes)
    assert answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4"))
    assert b"Traceback" not in answer
    assert caplog.records == []
    assert [entry for entry in logs if entry["log_level"] == "error"] == []


async def test_a_caller_who_leaves_in_the_middle_of_a_body_is_no_failure_of_ours(
    world: World, client: aiohttp.ClientSession
):
    with capture_logs() as logs:
        _, writer = await _connect(world)
        writer.write(_POST + b"Content-Length: 100" + _CREDENTIAL + b'{"title"')
        await writer.drain()
        await until(lambda: bool(world.tokens.seen))
        writer.close()
        await until(lambda: any(entry["event"] == "http_request_served" for entry in logs))
    assert [entry["status"] for entry in logs if entry["event"] == "http_request_served"] == [400]
    assert [entry for entry in logs if entry["log_level"] == "error"] == []


async def _connect(world: World) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    address = urlsplit(world.url)
    return await asyncio.open_connection(address.hostname, address.port)


async def _raw(world: World, request: bytes) -> bytes:
    reader, writer = await _connect(world)
    writer.write(request)
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()
    return answer
