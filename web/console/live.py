"""What changed, as server-sent events: a page that shows something hears of it within a moment.

An event names its subject and nothing else; the page is fetched anew and shows what its reader may see. Streams of one
tenant share one look at the database, made when the outbox is notified and now and then in between.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final
from uuid import UUID

import structlog
from aiohttp import web
from aiohttp_sse import EventSourceResponse

from core.actor import Actor
from core.approvals import changed_requests
from core.db import Database
from core.errors import CountersignError, LimitExceeded
from core.ids import TenantId
from core.incidents import changed_incidents
from core.outbox import latest_references
from web.console.front import Look
from web.console.session import is_still_here

STREAMS_PER_PERSON: Final = 8
HEARTBEAT_S: Final = 15.0
_BACKLOG_MAX: Final = 200  # changes that a slow reader may be behind before it is cut off, and comes back

log = structlog.get_logger(__name__)
Watch = Callable[[str, Callable[[str], Awaitable[None]]], None]


# What else has pages of its own; a rollout is a part of its change. Their events say the reference.
_OTHERS: Final = ("change:", "rollout:", "bypass:")
_LOOKED_AT: Final = 200  # events; more within one look are not shown by themselves, only on reload


@dataclass(eq=False, slots=True)
class _Stream:
    actor: Actor
    request: web.Request
    waiting: asyncio.Queue[str] = field(default_factory=lambda: asyncio.Queue(_BACKLOG_MAX))
    is_over: asyncio.Event = field(default_factory=asyncio.Event)


class Changes:
    """The open streams of this process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._streams: set[_Stream] = set()
        self._seen: dict[TenantId, frozenset[UUID]] = {}
        self._looking = asyncio.Lock()

    async def woken(self, payload: str) -> None:
        """Every stream of a tenant where something happened has heard of it."""
        del payload
        async with self._looking:
            for tenant in {stream.actor.tenant for stream in self._streams}:
                with suppress(CountersignError):  # an outage: the next look finds what this one missed
                    await self._tell(tenant)

    async def stop(self, app: web.Application) -> None:
        """No stream is open any more; browsers come back when the server does."""
        del app
        for stream in self._streams:
            stream.is_over.set()

    async def serve(self, look: Look) -> web.StreamResponse:
        """`GET /console/events`: `changed` with the reference of what has, until the session or the server ends."""
        self._check_room(look.actor)
        stream = _Stream(look.actor, look.request)
        response = EventSourceResponse(sep="\n", ping_interval=HEARTBEAT_S)
        self._streams.add(stream)
        try:
            await self._look_once(look.actor.tenant)
            if look.request.transport is None:  # the browser left meanwhile, and there is nobody to prepare it for
                return web.Response(status=HTTPStatus.NO_CONTENT)
            await response.prepare(look.request)
            await self._pass_on(look, stream, response)
        except (ConnectionError, TimeoutError):
            log.debug("console_stream_left")
        finally:
            self._streams.discard(stream)
            if look.actor.tenant not in {each.actor.tenant for each in self._streams}:
                self._seen.pop(look.actor.tenant, None)
            if response.prepared:
                response.stop_streaming()
        return response

    async def _pass_on(self, look: Look, stream: _Stream, response: EventSourceResponse) -> None:
        while not stream.is_over.is_set() and response.is_connected():
            over = asyncio.create_task(stream.is_over.wait())
            next_change = asyncio.create_task(stream.waiting.get())
            done, left = await asyncio.wait(
                {over, next_change}, timeout=HEARTBEAT_S, return_when=asyncio.FIRST_COMPLETED
            )
            for task in left:
                task.cancel()
            if next_change in done:
                await response.send(json.dumps({"subject": next_change.result()}), event="changed")
            elif not done:
                if not await is_still_here(look.request):  # signed out, or the token was revoked
                    return
                await self.woken("")  # a notification may have been lost

    async def _look_once(self, tenant: TenantId) -> None:
        async with self._looking:
            if tenant not in self._seen:
                await self._tell(tenant)

    async def _tell(self, tenant: TenantId) -> None:
        found = {
            **await changed_requests(self._database, tenant),
            **await changed_incidents(self._database, tenant),
            **await _changed_others(self._database, tenant),
        }
        before = self._seen.get(tenant)
        self._seen[tenant] = frozenset(found)
        if before is None:  # nobody looked until now: all of this is on the page already
            return
        news = dict.fromkeys(found[event] for event in found if event not in before)
        for stream in tuple(self._streams):
            if stream.actor.tenant == tenant:
                for reference in news:
                    self._put(stream, reference)

    def _put(self, stream: _Stream, reference: str) -> None:
        try:
            stream.waiting.put_nowait(reference)
        except asyncio.QueueFull:
            stream.is_over.set()

    def _check_room(self, actor: Actor) -> None:
        for stream in tuple(self._streams):
            if stream.request.transport is None:  # its reader has left, which only the next heartbeat would notice
                stream.is_over.set()
                self._streams.discard(stream)
        open_now = Counter((each.actor.tenant, each.actor.email) for each in self._streams)
        if open_now[actor.tenant, actor.email] >= STREAMS_PER_PERSON:
            raise LimitExceeded(f"You have {STREAMS_PER_PERSON} live pages open; close one.")


async def _changed_others(database: Database, tenant: TenantId) -> Mapping[UUID, str]:
    async with database.tenant(tenant) as tx:
        return await latest_references(tx, prefixes=_OTHERS, limit=_LOOKED_AT)
