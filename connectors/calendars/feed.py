"""One look at one calendar feed: a GET with conditions (RFC 9110, 13), a limit of size and of time.

Its address is a secret, so no error says more of it than the reason, and none is chained to one that might.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Protocol

import aiohttp
from yarl import URL

from connectors.calendars.guard import ForbiddenAddressError, PublicResolver, check_url
from core.absences import FeedAnswer, FeedFailed, FeedQuestion

SIZE_MAX: Final = 10 * 1024 * 1024  # bytes; Google and Outlook hand out all the years there are
REDIRECTS_MAX: Final = 3
_CHUNK: Final = 64 * 1024
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


class Check(Protocol):
    """Returns if the address may be called, else raises ForbiddenAddressError."""

    def __call__(self, url: URL, *, allows_private: bool) -> None:
        """As `guard.check_url`."""


@dataclass(frozen=True, slots=True)
class FeedSettings:
    """Limits of one look. Times in seconds."""

    connect_timeout_s: float = 5.0
    read_timeout_s: float = 15.0  # between two pieces
    total_timeout_s: float = 60.0
    size_max: int = SIZE_MAX
    allows_private: bool = False  # plain http and our own network: for the demo and tests


class FeedReader:
    """Reads feeds until closed. No cookie is kept, no proxy of the environment is used."""

    def __init__(self, settings: FeedSettings, *, check: Check = check_url) -> None:
        self._settings = settings
        self._check = check
        self._session: aiohttp.ClientSession | None = None

    async def fetch(self, question: FeedQuestion) -> FeedAnswer | None:
        """The calendar; None if it has not changed. Raises FeedFailed with the reason for its person."""
        try:
            async with asyncio.timeout(self._settings.total_timeout_s):
                return await self._fetch(question)
        except FeedFailed:
            raise
        except ForbiddenAddressError:
            raise FeedFailed("The address is not one of the public internet, with https.") from None
        except TimeoutError:
            raise FeedFailed("The calendar did not answer in time.") from None
        except aiohttp.InvalidURL:
            raise FeedFailed("The address cannot be called.") from None
        except aiohttp.ClientConnectorCertificateError:
            raise FeedFailed("The calendar's server has no valid certificate.") from None
        except (aiohttp.ClientError, OSError) as exc:
            if isinstance(exc, aiohttp.ClientConnectorDNSError) and isinstance(exc.os_error, ForbiddenAddressError):
                raise FeedFailed("The address is not one of the public internet, with https.") from None
            raise FeedFailed("The calendar's server cannot be reached.") from None

    async def close(self) -> None:
        """No connection is left open."""
        if self._session is not None:
            await self._session.close()

    async def _fetch(self, question: FeedQuestion) -> FeedAnswer | None:
        url = URL(question.address)
        for _ in range(REDIRECTS_MAX + 1):
            self._check(url, allows_private=self._settings.allows_private)
            async with self._opened().get(url, headers=_headers(question), allow_redirects=False) as response:
                if response.status not in _REDIRECTS:
                    return await self._read(response)
                url = url.join(URL(response.headers.get("Location", "")))
        raise FeedFailed(f"The calendar redirects more than {REDIRECTS_MAX} times.")

    async def _read(self, response: aiohttp.ClientResponse) -> FeedAnswer | None:
        status = response.status
        if status == HTTPStatus.NOT_MODIFIED:
            return None
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            raise FeedFailed(f"The calendar is not there any more, or not for us ({status}). Give its address anew.")
        if status != HTTPStatus.OK:
            raise FeedFailed(f"The calendar's server answers {status}.")
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            # Not unpacked by us: a few bytes could become gigabytes.
            raise FeedFailed("The calendar comes packed, though we asked for it plain.")
        body = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK):
            body += chunk
            if len(body) > self._settings.size_max:
                raise FeedFailed(f"The calendar is larger than {self._settings.size_max // 1024 // 1024 or 1} MB.")
        return FeedAnswer(bytes(body), response.headers.get("ETag"), response.headers.get("Last-Modified"))

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            given = self._settings
            resolver = None if given.allows_private else PublicResolver()
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=resolver, limit=20, limit_per_host=4, use_dns_cache=False),
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=given.connect_timeout_s, sock_read=given.read_timeout_s
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                headers={"User-Agent": "Countersign", "Accept": "text/calendar", "Accept-Encoding": "identity"},
            )
        return self._session


def _headers(question: FeedQuestion) -> dict[str, str]:
    known = {"If-None-Match": question.etag, "If-Modified-Since": question.last_modified}
    return {name: value for name, value in known.items() if value}
