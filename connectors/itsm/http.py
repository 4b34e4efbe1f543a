"""Calls over HTTP for connectors that bring no client of their vendor: one answer, or one of the four failures.

What a status means is the connector's to say; here is only what stopped a call before there was one. No redirect is
followed, no cookie kept, and of an answer no more is read than a ticket can fill.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from connectors.itsm.answers import UnexpectedAnswerError, host_of, uncertain
from connectors.itsm.base import ConnectorError, NotSent, Refused
from connectors.itsm.pace import Pace
from connectors.itsm.rehearsal import present
from connectors.itsm.turns import Turns

BODY_MAX_BYTES: Final = 16 * 1024 * 1024  # a page of 200 tickets with long texts is some 2 MB


class _BrokenOffError(Exception):
    """The connection failed; the cause says how."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds for the connection, for each silence, and for the whole call with its waiting for a place.

    And how many are under way at once, and begin in a second.
    """

    connect_s: float
    read_s: float
    total_s: float
    concurrent: int
    per_second: float | None = None  # calls; None: as fast as they come


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `writes` tells whether it could change something there."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    writes: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers (names in lower case) and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as data. Raises UnexpectedAnswerError if it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as exc:
            raise UnexpectedAnswerError("a body that is not JSON") from exc


class Caller:
    """Calls one system, named `title` in messages. Opens nothing before the first call."""

    def __init__(self, title: str, limits: Limits) -> None:
        self._title = title
        self._limits = limits
        self._turns = asyncio.Semaphore(limits.concurrent)
        self._pace = Pace(title, per_second=limits.per_second)
        self._session: aiohttp.ClientSession | None = None
        self._is_closed = False

    async def send(self, call: Call) -> Answer:
        """The answer, whatever its status. Raises NotSent, OutcomeUnknown or Refused if there is none."""
        rehearsal = present() if call.writes else None
        if rehearsal is not None:
            rehearsal.note(call.method, call.url, call.headers, call.body)
            return Answer(HTTPStatus.NO_CONTENT, {}, b"")
        await self._pace.turn()
        limit_s, was_sent = self._limits.total_s, False
        whole = asyncio.timeout(limit_s)
        try:
            async with whole, self._turns:
                session = self._opened(call.url)
                was_sent = True
                return await _exchange(session, call)
        except _BrokenOffError as exc:
            cause = exc.__cause__
            assert isinstance(cause, Exception)  # it is raised from one
            raise transport_failure(cause, self._title, writes=call.writes) from cause
        except (aiohttp.ClientError, OSError, ValueError, RuntimeError, UnexpectedAnswerError) as exc:
            if not was_sent and whole.expired():
                raise NotSent(f"The call to {self._title} waited {limit_s:g} s for its turn and was not made.") from exc
            if whole.expired():
                reason = f"{self._title} gave no complete answer within {limit_s:g} s."
                raise uncertain(reason, writes=call.writes) from exc
            raise transport_failure(exc, self._title, writes=call.writes) from exc

    def share_pace(self, turns: Turns) -> None:
        """The pace of calls is kept together with everybody who takes these turns."""
        self._pace.share(turns)

    async def close(self) -> None:
        """No connection is left, and none will be opened."""
        self._is_closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _opened(self, url: str) -> aiohttp.ClientSession:
        if self._is_closed:
            raise NotSent(f"The connection to {self._title} is closed.")
        if self._session is None:
            limits = self._limits
            timeout = aiohttp.ClientTimeout(sock_connect=limits.connect_s, sock_read=limits.read_s)
            # A system on this machine is not behind a proxy.
            is_near = urlsplit(url).hostname in {"localhost", "127.0.0.1", "::1"}
            # A kept connection may be closed there just as a write goes out, which would leave its outcome unknown.
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(force_close=True),
                timeout=timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
                middlewares=(_once,),
                trust_env=not is_near,
            )
        return self._session


def transport_failure(exc: Exception, title: str, *, writes: bool) -> ConnectorError:
    """The failure that this exception of a call is. Its text is not quoted: addresses may carry more than a name."""
    name = type(exc).__name__
    match exc:
        case ConnectorError():
            return exc
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ServerFingerprintMismatch():
            return Refused(f"{title}'s certificate is not trusted by this machine.", field="url")
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError() | aiohttp.RedirectClientError():
            return Refused(f"The address of {title} is not one that can be called.", field="url")
        case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError() | aiohttp.ClientHttpProxyError():
            return NotSent(f"{title} cannot be reached ({name}).")
        case UnexpectedAnswerError():
            return uncertain(f"{title} answered with something that is not its own data ({exc}).", writes=writes)
        case _:
            return uncertain(f"{title} did not answer properly ({name}).", writes=writes)


def redirected(title: str, answer: Answer) -> Refused:
    """The failure that a redirect is."""
    host = host_of(answer.headers.get("location", ""))
    return Refused(
        f"{title} redirects API calls to {host}: the address is not its own, or sign-in is elsewhere.", field="url"
    )


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """The call is made once: aiohttp would repeat some by itself, but when to try again is the dispatcher's to say."""
    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as exc:
        raise _BrokenOffError from exc


async def _exchange(session: aiohttp.ClientSession, call: Call) -> Answer:
    # Encoded by us: yarl would decode %7C and %2F, which mean something in an entry's id.
    url = URL(call.url, encoded=True)
    async with session.request(
        call.method, url, headers=call.headers, data=call.body, allow_redirects=False
    ) as response:
        body = bytearray()
        async for chunk in response.content.iter_chunked(65_536):
            body += chunk
            if len(body) > BODY_MAX_BYTES:
                raise UnexpectedAnswerError(f"a body of more than {BODY_MAX_BYTES} bytes")
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, headers, bytes(body))
