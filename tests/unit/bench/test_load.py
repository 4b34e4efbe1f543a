import asyncio
import json

import pytest

from bench.ack import signature
from bench.errors import WrongAnswer
from bench.load import content_length, drive, json_request


def test_a_request_says_its_length_and_its_person():
    head, _, body = json_request("/api/v1/decisions", {"name": "Ünal"}, token="csn_1").partition(b"\r\n\r\n")

    assert head.startswith(b"POST /api/v1/decisions HTTP/1.1\r\n")
    assert b"Authorization: Bearer csn_1" in head
    assert f"Content-Length: {len(body)}".encode() in head
    assert json.loads(body) == {"name": "Ünal"}


def test_the_length_of_an_answer_is_read_whatever_its_capitals():
    assert content_length(b"HTTP/1.1 200 OK\r\ncontent-LENGTH: 17\r\n\r\n") == 17


def test_an_answer_without_a_length_is_wrong():
    with pytest.raises(WrongAnswer, match="without its length"):
        content_length(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")


def test_the_signature_is_that_of_slacks_own_example():
    # https://docs.slack.dev/authentication/verifying-requests-from-slack
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )

    found = signature(body, "8f742231b10e8888abcd99yyyzzz85a5", at=1531420618)

    assert found["X-Slack-Signature"] == "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"


@pytest.fixture
async def server():
    """Answers every POST with its own number."""
    asked = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(content_length(head))
                asked += 1
                body = str(asked).encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1]


async def test_every_answer_is_looked_at_and_counted(server):
    seen = []

    def check(status: int, body: bytes) -> bool:
        seen.append((status, int(body)))
        return True

    found = await drive(server, lambda _: json_request("/", {}), check, seconds=0.2, users=4)

    assert sorted(seen) == [(200, number) for number in range(1, len(seen) + 1)]
    assert len(seen) > 4
    assert 0 < found.p50_s <= found.p99_s


async def test_one_wrong_answer_ends_the_measurement(server):
    with pytest.raises(WrongAnswer, match="200 7"):
        await drive(server, lambda _: json_request("/", {}), lambda _, body: body != b"7", seconds=5, users=2)


async def test_paced_users_ask_no_faster_than_they_are_told(server):
    seen = []

    def ask(number: int) -> bytes:
        seen.append(number)
        return json_request("/", {})

    await drive(server, ask, lambda *_: True, seconds=0.4, users=3, every_s=0.2)

    assert sorted(seen) == [0, 0, 1, 1, 2, 2]
