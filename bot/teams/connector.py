"""The Bot Connector's REST API, as far as it is used. Source: Microsoft, Connector REST API and "Status codes".

What certainly did not happen is tried again here, a few times and soon. What may have happened is not: the outbox tries
again later, and posting.py says what then may double. Only addresses that came in verified requests, or that the
installation was configured with, are called.
"""

from __future__ import annotations

import asyncio
import json
import random  # noqa: TID251  jitter: chance, and no secret
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlsplit

import aiohttp
import structlog
from pydantic import SecretStr
from yarl import URL

from bot.platform import PlaceUnusable
from bot.teams.credentials import AppToken
from core.errors import Unavailable
from core.outbox import Throttle

log = structlog.get_logger()

Json = dict[str, Any]

TIMEOUT_S: Final = 15
TRIES: Final = 4
BACKOFF_S: Final = 0.3  # before the second try; doubled before each further one
BACKOFF_CAP_S: Final = 4.0
THROTTLED_S: Final = 2.0  # where a 429 names no time: the shortest window of Microsoft's limits has 1 s, the next 2 s
PAGE: Final = 200  # members on a page; Microsoft: 50 to 500
PAGES_MAX: Final = 50
# Microsoft, "Status codes from bot APIs": trying again is what is asked for. 412: an edit of the same conversation at
# the same time. 502, 504: it may have been done, and is nevertheless to be tried again.
AGAIN: Final = frozenset(
    {
        HTTPStatus.PRECONDITION_FAILED,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)


class TeamsRefused(Unavailable):
    """Teams does not accept what was sent."""

    code = "teams.refused"

    def __init__(self, status: int, error: str, message: str) -> None:
        self.status, self.error = status, error
        super().__init__(f"Teams answers {status} {error}: {message}".strip())


class Closed(PlaceUnusable):
    """The bot may not write there: it was blocked, removed or disabled, or the place is gone."""


class Lost(Exception):
    """The message is gone."""


class TooLong(TeamsRefused):
    """Teams does not take a message of this size."""

    code = "teams.too_long"


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of a conversation. `id` is what this bot sees (`29:…`), `directory_id` the directory's own."""

    id: str
    directory_id: str
    name: str
    email: str
    upn: str
    tenant_id: str
    is_guest: bool


@dataclass(frozen=True, slots=True)
class Posted:
    """A message as it stands in Teams."""

    conversation: str
    id: str


class Connector:
    """One bot's way to Teams. `service_url` is an argument of each call: it belongs to the conversation."""

    def __init__(self, session: aiohttp.ClientSession, token: AppToken, *, app_id: str, tenant_id: str) -> None:
        self._session = session
        self._token = token
        self._bot = f"28:{app_id}"
        self._tenant_id = tenant_id
        self._chance = random.Random()  # noqa: S311  jitter, not a secret

    async def check(self) -> None:
        """Microsoft issues a token for the bot. Raises TokenRefused."""
        await self._token.get()

    async def post(self, service_url: str, conversation: str, activity: Json, *, reply_to: str = "") -> Posted:
        """The message stands in the conversation, in the thread that `reply_to` began if there is one."""
        place = f"{conversation};messageid={reply_to}" if reply_to else conversation
        body = await self._call("POST", service_url, "v3", "conversations", place, "activities", body=activity)
        if not body.get("id"):
            raise TeamsRefused(HTTPStatus.OK, "NoId", "it names no message.")
        return Posted(conversation, str(body["id"]))

    async def update(self, service_url: str, posted: Posted, activity: Json) -> None:
        """The message shows this instead. Raises Lost if it is gone."""
        place = ("v3", "conversations", posted.conversation, "activities", posted.id)
        try:
            await self._call("PUT", service_url, *place, body={**activity, "id": posted.id})
        except TeamsRefused as exc:
            raise _lost(exc) from exc

    async def delete(self, service_url: str, posted: Posted) -> None:
        """The message is gone. Raises Lost if it was already."""
        try:
            await self._call("DELETE", service_url, "v3", "conversations", posted.conversation, "activities", posted.id)
        except TeamsRefused as exc:
            raise _lost(exc) from exc

    async def open_chat(self, service_url: str, member_id: str) -> tuple[str, str]:
        """The id of the chat with this person alone, and its address. Raises Closed if they have not got the app."""
        body = {
            "bot": {"id": self._bot},
            "members": [{"id": member_id}],
            "isGroup": False,
            "tenantId": self._tenant_id,
            "channelData": {"tenant": {"id": self._tenant_id}},
        }
        found = await self._call("POST", service_url, "v3", "conversations", body=body)
        if not found.get("id"):
            raise TeamsRefused(HTTPStatus.OK, "NoConversation", "it names no conversation.")
        return str(found["id"]), str(found.get("serviceUrl") or service_url)

    async def member(self, service_url: str, conversation: str, member_id: str) -> Member | None:
        """The person, if they are in the conversation. Raises Closed."""
        try:
            found = await self._call("GET", service_url, "v3", "conversations", conversation, "members", member_id)
        except TeamsRefused as exc:
            if exc.status in {HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST}:
                return None
            raise
        return _member(found)

    async def members(self, service_url: str, conversation: str) -> tuple[Member, ...]:
        """Everybody in the conversation. Raises Closed."""
        found: list[Member] = []
        query = {"pageSize": str(PAGE)}
        for _page in range(PAGES_MAX):
            page = await self._call(
                "GET", service_url, "v3", "conversations", conversation, "pagedmembers", query=query
            )
            found += [_member(row) for row in page.get("members") or () if isinstance(row, dict)]
            token = page.get("continuationToken")
            if not token:
                break
            query = {"pageSize": str(PAGE), "continuationToken": str(token)}
        return tuple(found)

    async def channels(self, service_url: str, team: str) -> Mapping[str, str]:
        """The team's channels: id -> name. The one without a name is the general one. Raises Closed."""
        found = await self._call("GET", service_url, "v3", "teams", team, "conversations")
        rows = found.get("conversations") or ()
        return {str(row["id"]): str(row.get("name") or "General") for row in rows if isinstance(row, dict)}

    async def _call(
        self,
        method: str,
        service_url: str,
        *path: str,
        body: Json | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Json:
        """The answer. Raises Closed, Throttle, TooLong, TeamsRefused, or what the network says."""
        url = "/".join((service_url.rstrip("/"), *(quote(part, safe="") for part in path)))
        has_new_token = False
        for attempt in range(1, TRIES + 1):
            token = await self._token.get()
            try:
                status, found, wait_s = await self._once(method, url, token, body=body, query=query)
            except aiohttp.ClientConnectorError:  # nobody was reached, so nothing was done
                if attempt == TRIES:
                    raise
                await self._pause(attempt)
                continue
            if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
                if found is None:  # something stands between us and Teams; whether it was done, nobody knows
                    raise TeamsRefused(status, "Unreadable", "the answer is not JSON.")
                return found
            if status == HTTPStatus.UNAUTHORIZED and not has_new_token:
                self._token.forget(token)  # once: it may have been withdrawn
                has_new_token = True
            elif status in AGAIN and attempt < TRIES:
                await self._pause(attempt)
            else:
                raise _failure(status, found or {}, wait_s)
        raise TeamsRefused(HTTPStatus.UNAUTHORIZED, "Unauthorized", "the bot's token is refused.")

    async def _once(
        self, method: str, url: str, token: str, *, body: Json | None, query: Mapping[str, str] | None
    ) -> tuple[int, Json | None, float | None]:
        async with self._session.request(
            method,
            URL(url, encoded=True).update_query(query or {}),
            json=body,
            headers={"Authorization": f"Bearer {token}"},
            allow_redirects=False,
        ) as answer:
            text = await answer.text(errors="replace")
            return answer.status, _object(text), _seconds(answer.headers.get("Retry-After"))

    async def _pause(self, attempt: int) -> None:
        delay_s = min(BACKOFF_S * 2 ** (attempt - 1), BACKOFF_CAP_S)
        await asyncio.sleep(delay_s * (0.5 + self._chance.random() / 2))


def may_pass(failure: Exception) -> bool:
    """Whether the same call may succeed a little later: Teams or the way to it failed, and nothing was refused."""
    if isinstance(failure, TeamsRefused):  # a success that cannot be read is none that is known
        return failure.status // 100 != 4 or failure.status in AGAIN
    return isinstance(failure, TimeoutError | aiohttp.ClientError)


def is_callable_url(url: str, configured: str) -> bool:
    """Whether a bot's token may be sent there: encrypted, or within the machine where the configured one is so too."""
    parts, own = urlsplit(url), urlsplit(configured)
    if not parts.hostname or parts.username or parts.password:
        return False
    return parts.scheme == "https" or (own.scheme == "http" and parts.netloc == own.netloc)


def make_session() -> aiohttp.ClientSession:
    """A session with limits: nothing of Teams' is waited for without end."""
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S, connect=5))


def make_connector(
    session: aiohttp.ClientSession, *, app_id: str, secret: SecretStr, tenant_id: str, login_url: str, audience: str
) -> Connector:
    """The way to Teams of a bot of one tenant. `audience` is whom its token is for: the connector's issuer."""
    url = f"{login_url}/{tenant_id}/oauth2/v2.0/token"
    token = AppToken(session, url, app_id=app_id, secret=secret, scope=f"{audience}/.default")
    return Connector(session, token, app_id=app_id, tenant_id=tenant_id)


def _failure(status: int, found: Json, wait_s: float | None) -> Exception:
    error = found.get("error")
    error = error if isinstance(error, dict) else {}
    code, message = str(error.get("code") or ""), str(error.get("message") or "")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Throttle(wait_s if wait_s is not None else THROTTLED_S)
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return TooLong(status, code, message)
    if status == HTTPStatus.FORBIDDEN or (status == HTTPStatus.NOT_FOUND and code == "ConversationNotFound"):
        return Closed(f"{status} {code}")
    return TeamsRefused(status, code, message)


def _lost(exc: TeamsRefused) -> Exception:
    return Lost(exc.error) if exc.status == HTTPStatus.NOT_FOUND else exc


def _member(row: Json) -> Member:
    def text(*names: str) -> str:
        return next((str(row[name]) for name in names if isinstance(row.get(name), str) and row[name]), "")

    role = text("userRole").lower()
    return Member(
        id=text("id"),
        directory_id=text("aadObjectId", "objectId").lower(),
        name=text("name"),
        email=text("email").lower(),
        upn=text("userPrincipalName").lower(),
        tenant_id=text("tenantId").lower(),
        is_guest=role not in {"", "user"} or "#ext#" in text("userPrincipalName").lower(),
    )


def _object(text: str) -> Json | None:
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _seconds(text: str | None) -> float | None:
    try:
        return max(float(text), 0.0) if text else None
    except ValueError:
        return None
