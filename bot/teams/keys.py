"""The keys with which Teams signs, as Microsoft publishes them: fetched once, kept, and fetched again when they change.

Fetching never blocks the event loop and happens at most once at a time. A stranger who sends unknown key ids causes one
fetch in FETCHED_AGAIN_S and no more.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import structlog

from bot.teams.tokens import Flaw, Key, Untrusted, keys_in
from core.errors import Unavailable

log = structlog.get_logger()

FRESH_S: Final = 24 * 3600  # Microsoft: "cache for at least 24 hours"
FETCHED_AGAIN_S: Final = 3600  # for an unknown key id; Microsoft: not "more than once an hour"
TRIED_AGAIN_S: Final = 10  # after a fetch that failed


class NoKeys(Unavailable):
    """Microsoft's signing keys cannot be fetched, so that nothing from Teams can be believed."""

    code = "teams.no_keys"


class SigningKeys:
    """Keys by their ids."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        metadata_url: str,
        *,
        issuer: str,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session = session
        self._metadata_url = metadata_url
        self._issuer = issuer
        self._elapsed = elapsed
        self._keys: Mapping[str, Key] = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._turn = asyncio.Lock()

    async def find(self, key_id: str) -> Key:
        """The key of that id. Raises Untrusted if Microsoft publishes none, NoKeys if it cannot be asked."""
        if self._wants_fetch(key_id):
            async with self._turn:
                if self._wants_fetch(key_id):
                    await self._fetch()
        if self._fetched_at is None:
            raise NoKeys
        found = self._keys.get(key_id)
        if found is None:
            raise Untrusted(Flaw.UNKNOWN_KEY)
        return found

    async def check(self) -> None:
        """Microsoft publishes keys. Raises NoKeys."""
        async with self._turn:
            await self._fetch()
        if self._fetched_at is None:
            raise NoKeys

    def _wants_fetch(self, key_id: str) -> bool:
        now = self._elapsed()
        if self._tried_at is not None and now - self._tried_at < TRIED_AGAIN_S:
            return False
        if self._fetched_at is None:
            return True
        age = now - self._fetched_at
        return age >= FRESH_S or (key_id not in self._keys and age >= FETCHED_AGAIN_S)

    async def _fetch(self) -> None:
        """The keys are the published ones; the known ones stay if that fails."""
        try:
            address = _keys_address(await self._document(self._metadata_url), self._metadata_url, self._issuer)
            keys = keys_in(await self._document(address))
        except (aiohttp.ClientError, TimeoutError, ValueError, RecursionError) as exc:
            log.warning("teams_keys_unreachable", error=f"{type(exc).__name__}: {exc}")
            return
        finally:  # not before: whoever asks meanwhile waits for the outcome
            self._tried_at = self._elapsed()
        if keys:
            self._keys, self._fetched_at = keys, self._elapsed()
            log.info("teams_keys_fetched", keys=len(keys))

    async def _document(self, url: str) -> Mapping[str, Any]:
        async with self._session.get(url, allow_redirects=False) as answer:
            answer.raise_for_status()
            if answer.status != 200:
                raise ValueError(f"{url} answers {answer.status}")
            found = json.loads(await answer.text())
        if not isinstance(found, dict):
            raise ValueError(f"{url} holds no object")  # noqa: TRY004 - a bad document, not a bad argument
        return found


def _keys_address(metadata: Mapping[str, Any], url: str, issuer: str) -> str:
    """Where the document at `url` says that the keys are. Raises ValueError."""
    if metadata.get("issuer") != issuer:
        raise ValueError(f"the document at {url} is of another issuer")
    address = str(metadata.get("jwks_uri", ""))
    if urlsplit(address).scheme not in {"https", urlsplit(url).scheme}:
        raise ValueError("the keys would travel in clear text")
    return address
