"""Real HTTP over loopback: what a calendar's server may answer, and what we make of it (X5)."""

from __future__ import annotations

import asyncio
import gzip
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from yarl import URL

from connectors.calendars import FeedReader, FeedSettings
from connectors.calendars.guard import ForbiddenAddressError, PublicResolver, check_url, leads_outside
from core.absences import FeedFailed, FeedQuestion

SECRET = "private-8f2b1c"
BODY = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class Server:
    """A calendar's server that answers as it is told."""

    port: int = 0
    answer: Answer | None = None
    seen: list[web.Request] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/{SECRET}/basic.ics"

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(request)
        assert self.answer is not None
        return await self.answer(request)

    def says(self, status: int = 200, body: bytes = BODY, **headers: str) -> None:
        async def answer(_request: web.Request) -> web.StreamResponse:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return web.Response(status=status, body=body, headers=named)

        self.answer = answer


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    found = Server()
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", found.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found.port = runner.addresses[0][1]
    yield found
    await runner.cleanup()


@pytest.fixture
async def reader() -> AsyncIterator[FeedReader]:
    made = FeedReader(FeedSettings(read_timeout_s=0.3, total_timeout_s=1.0, size_max=4096, allows_private=True))
    yield made
    await made.close()


@pytest.fixture
async def careful() -> AsyncIterator[FeedReader]:
    """As it is in production: public addresses alone."""
    made = FeedReader(FeedSettings(total_timeout_s=2.0))
    yield made
    await made.close()


async def refusal(reader: FeedReader, address: str, **known: str) -> str:
    with pytest.raises(FeedFailed) as refused:
        await reader.fetch(FeedQuestion(address, **known))
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None
    return str(refused.value)


@pytest.mark.row("X5")
async def test_a_calendar_is_read_and_what_it_may_be_asked_by_the_next_time_is_kept(server, reader):
    server.says(ETag='"7"', Last_Modified="Fri, 20 Mar 2026 09:00:00 GMT")
    answer = await reader.fetch(FeedQuestion(server.address))
    assert (answer.body, answer.etag, answer.last_modified) == (BODY, '"7"', "Fri, 20 Mar 2026 09:00:00 GMT")
    assert "If-None-Match" not in server.seen[0].headers


@pytest.mark.row("X5")
async def test_one_that_has_not_changed_is_not_sent_again(server, reader):
    server.says(status=304, body=b"")
    asked = FeedQuestion(server.address, '"7"', "Fri, 20 Mar 2026 09:00:00 GMT")
    assert await reader.fetch(asked) is None
    headers = server.seen[0].headers
    assert (headers["If-None-Match"], headers["If-Modified-Since"]) == ('"7"', "Fri, 20 Mar 2026 09:00:00 GMT")


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (500, "The calendar's server answers 500."),
        (503, "The calendar's server answers 503."),
        (404, "The calendar is not there any more, or not for us (404). Give its address anew."),
        (401, "The calendar is not there any more, or not for us (401). Give its address anew."),
    ],
)
async def test_an_error_of_the_server_is_said_as_such(server, reader, status, said):
    server.says(status=status)
    assert await refusal(reader, server.address) == said


async def test_one_that_is_too_large_is_not_read_to_its_end(server, reader):
    sent = 0

    async def endless(request):
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        while sent < 50_000_000:
            await response.write(b"x" * 65536)
            sent += 65536
        return response

    server.answer = endless
    assert await refusal(reader, server.address) == "The calendar is larger than 1 MB."
    assert sent < 50_000_000


async def test_one_that_comes_packed_is_not_unpacked(server, reader):
    server.says(body=gzip.compress(b"x" * 1_000_000), Content_Encoding="gzip")
    assert await refusal(reader, server.address) == "The calendar comes packed, though we asked for it plain."


@pytest.mark.parametrize("drip", [False, True])
async def test_one_that_is_silent_or_drips_is_given_up(server, reader, drip):
    over = asyncio.Event()

    async def slow(request):
        response = web.StreamResponse()
        if drip:
            await response.prepare(request)
        while not over.is_set():
            if drip:
                await response.write(b"x")
            await asyncio.sleep(0.05)
        return response

    server.answer = slow
    try:
        assert await refusal(reader, server.address) == "The calendar did not answer in time."
    finally:
        over.set()


async def test_where_nobody_listens_is_said(reader, unused_tcp_port):
    assert await refusal(reader, f"http://127.0.0.1:{unused_tcp_port}/x") == "The calendar's server cannot be reached."


@pytest.fixture
def unused_tcp_port():
    import socket  # noqa: PLC0415  for this alone

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


async def test_a_redirect_is_followed_a_few_times(server, reader):
    async def hop(request):
        if request.path == "/there":
            return web.Response(body=BODY)
        raise web.HTTPFound("/there")

    server.answer = hop
    assert (await reader.fetch(FeedQuestion(server.address))).body == BODY

    async def circle(_request):
        raise web.HTTPFound("/again")

    server.answer = circle
    assert await refusal(reader, server.address) == "The calendar redirects more than 3 times."


@pytest.mark.row("X5")
async def test_a_redirect_into_our_own_network_is_not_followed(server):
    """The first address passes as a public one would; the second is looked at just the same."""
    server.says(status=302, body=b"", Location="http://169.254.169.254/latest/meta-data/")
    looked_at = []

    def check(url: URL, *, allows_private: bool) -> None:
        looked_at.append(str(url.host))
        if len(looked_at) > 1:
            check_url(url, allows_private=allows_private)

    reader = FeedReader(FeedSettings(total_timeout_s=2.0), check=check)
    said = await refusal(reader, server.address)
    await reader.close()
    assert said == "The address is not one of the public internet, with https."
    assert (looked_at, len(server.seen)) == (["127.0.0.1", "169.254.169.254"], 1)


@pytest.mark.row("X5")
@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "10.1.2.3", "169.254.169.254", "[::ffff:127.0.0.1]"]
)
async def test_our_own_network_is_never_called(server, careful, host):
    server.says()
    said = await refusal(careful, f"https://{host}:{server.port}/{SECRET}")
    assert said == "The address is not one of the public internet, with https."
    assert server.seen == []


async def test_plain_http_is_not_called(server, careful):
    assert "with https" in await refusal(careful, f"http://calendar.example/{SECRET}")


async def test_a_name_of_our_own_network_is_not_resolved():
    resolver = PublicResolver()
    with pytest.raises(ForbiddenAddressError):
        await resolver.resolve("localhost", 443)
    await resolver.close()


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("64:ff9b::5db8:d70e", True),
        ("64:ff9b::7f00:1", False),
        ("10.0.0.1", False),
        ("172.16.3.4", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("0.0.0.0", False),
        ("255.255.255.255", False),
        ("224.0.0.1", False),
        ("::", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("2002:7f00:1::", False),
        ("2001:0:4136:e378:8000:63bf:80ff:fffe", False),
        ("no address", False),
    ],
)
def test_an_address_is_public_or_it_is_not(address, public):
    assert leads_outside(address) == public


@pytest.mark.parametrize(
    "url", ["https://me:secret@calendar.example/x", "ftp://calendar.example/x", "file:///etc/passwd"]
)
def test_what_is_no_plain_https_address_is_refused(url):
    with pytest.raises(ForbiddenAddressError):
        check_url(URL(url), allows_private=False)


async def test_the_address_stands_in_no_log(server, reader, caplog):
    caplog.set_level(logging.DEBUG)
    server.says(status=500)
    await refusal(reader, server.address)
    assert SECRET not in "".join(record.getMessage() for record in caplog.records if record.name != "aiohttp.access")
    assert SECRET not in repr(FeedQuestion(server.address))
