"""A small API in the manner of the real one, its world in memory, and a server for it on a free port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import aiohttp
from aiohttp import web
from prometheus_client import CollectorRegistry
from pydantic import Field

from core.actor import Actor, Door
from core.errors import Conflict, ErrorKind, Forbidden, LimitExceeded, NotFound, Unauthenticated, Unavailable
from core.ids import TenantId, UserId
from web.application import WebSettings, create_application
from web.endpoint import Call, Encoding, Endpoint, Idempotency, Media, Method, PublicCall, Reply, Stream, endpoint
from web.errors import Malformed
from web.health import Health
from web.idempotency import REPLAYED_HEADER
from web.paging import Cursors, Page, PageQuery
from web.ports import AnswerLost, Begun, Fresh, HealthCheck, InFlight, Mismatch, Replay
from web.registry import Api, Tag
from web.schema import (
    DecimalText,
    Input,
    Instant,
    Line,
    MoneyIn,
    MoneyOut,
    Named,
    Output,
    Path,
    Prose,
    Query,
    Reference,
)

TOKEN = "cst_enterprise-corp_dana"
READER_TOKEN = "cst_enterprise-corp_ron"
DANA = UserId(UUID("0198c1f2-6a00-7000-8000-00000000000a"))
NOTE = UUID("0198c1f2-6a00-7000-8000-000000000001")
UPLOAD_MAX = 8192  # bytes; more than anything that the model of its body allows
START = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)

__all__ = ["NOTE", "READER_TOKEN", "REPLAYED_HEADER", "START", "TOKEN", "UPLOAD_MAX"]


class Colour(StrEnum):
    """A closed set."""

    AMBER = "amber"
    GREEN = "green"


class Author(Input):
    """Who wrote it."""

    name: Line
    email: Line | None = None


def _name(raw: bytes) -> Author:
    if raw == b"wrong":
        raise Malformed("It is no name.")
    return Author(name=raw[:20].hex() or "00")


HEX_NAME = Encoding(media_type="text/x-name", read=_name, write=lambda note: bytes.fromhex(note.title))


class NoteIn(Input):
    """A note to keep."""

    title: Annotated[Line, Field(description="what it is about", examples=["Deploy window"])]
    text: Prose = "Nothing to add."
    colour: Colour = Colour.GREEN
    weight: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    due: Instant | None = None
    price: MoneyIn | None = None
    share: DecimalText | None = None
    authors: Annotated[list[Author], Field(max_length=20)] = Field(default_factory=list)
    labels: dict[str, bool] = Field(default_factory=dict)


class NoteOut(Output):
    """A note as it is kept."""

    id: UUID
    title: str
    colour: Colour
    created_at: datetime
    price: MoneyOut | None = None


class ByNote(Path):
    """Which note."""

    note_id: Annotated[UUID, Named("NOTE")]


class NotesQuery(PageQuery):
    """Which notes."""

    colour: Annotated[list[Colour], Field(description="any of these")] = Field(default_factory=list)
    since: Instant | None = None
    pinned: bool | None = None


class ExportQuery(Query):
    """How many lines."""

    lines: Annotated[int, Field(ge=0, le=1000)] = 3


@dataclass(frozen=True, slots=True)
class Note:
    """A note in memory."""

    id: UUID
    title: str
    colour: Colour
    created_at: datetime
    price: MoneyOut | None = None


class Numbers:
    """Notes are numbered as they are kept: NOTE-1 is the first."""

    async def id_of(self, actor: Actor, reference: Reference) -> UUID:
        del actor
        if reference.number > 5:
            raise NotFound(f"There is no {reference}.", where="note_id")
        return UUID(int=NOTE.int + reference.number - 1)


POSITION = Cursors("notes", tuple[Instant, UUID])


class Notes:
    """Keeps notes; some calls fail on purpose."""

    def __init__(self) -> None:
        self.kept: list[Note] = [
            Note(UUID(int=NOTE.int + number), f"Note {number}", Colour.GREEN, START + timedelta(minutes=number))
            for number in range(5)
        ]
        self.calls: list[Call[NoteIn, None, None]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.failure: Exception | None = None

    def endpoints(self) -> tuple[Endpoint, ...]:
        """All of them."""
        return self.create, self.list_notes, self.show, self.touch, self.remove, self.export, self.upload, self.echo

    @endpoint(
        Method.POST,
        "/api/v1/notes",
        summary="Keep a note",
        tags=("notes",),
        permission="modify_config",
        responses={201: NoteOut},
        errors=(ErrorKind.CONFLICT, ErrorKind.LIMITED),
        example={"title": "Deploy window", "colour": "amber"},
    )
    async def create(self, call: Call[NoteIn, None, None]) -> Reply:
        """The note is kept under a new id.

        Notes with the same title may be kept side by side.
        """
        self.calls.append(call)
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        price = None if call.body.price is None else MoneyOut.model_validate(call.body.price)
        note = Note(UUID(int=NOTE.int + 100 + len(self.calls)), call.body.title, call.body.colour, START, price)
        return Reply(201, NoteOut.model_validate(note), {"Location": f"/api/v1/notes/{note.id}"})

    @endpoint(Method.GET, "/api/v1/notes", summary="List notes", tags=("notes",))
    async def list_notes(self, call: Call[None, NotesQuery, None]) -> Page[NoteOut]:
        """Oldest first."""
        after = POSITION.decode(call.query.cursor)
        rows = [note for note in self.kept if after is None or (note.created_at, note.id) > after]
        wanted = rows[: call.query.limit + 1]
        return POSITION.page(
            wanted,
            limit=call.query.limit,
            shown=NoteOut.model_validate,
            position=lambda note: (note.created_at, note.id),
        )

    @endpoint(Method.GET, "/api/v1/notes/{note_id}", summary="Show a note", tags=("notes",))
    async def show(self, call: Call[None, None, ByNote]) -> NoteOut:
        """Anybody in the tenant may read it."""
        for note in self.kept:
            if note.id == call.path.note_id:
                return NoteOut.model_validate(note)
        raise NotFound(f"There is no note {call.path.note_id}.", where="note_id")

    @endpoint(Method.POST, "/api/v1/notes/{note_id}/touch", summary="Touch a note", tags=("notes",))
    async def touch(self, call: Call[None, None, ByNote]) -> None:
        """Needs no body."""

    @endpoint(
        Method.DELETE,
        "/api/v1/notes/{note_id}",
        summary="Forget a note",
        tags=("notes",),
        errors=(ErrorKind.FORBIDDEN,),
    )
    async def remove(self, call: Call[None, None, ByNote]) -> None:
        """The note is gone."""
        if call.actor.scopes == frozenset({"read"}):
            raise Forbidden("Your token may only read.", next_step="Ask for a token with the scope 'write'.")

    @endpoint(
        Method.GET,
        "/api/v1/export",
        summary="Export notes",
        tags=("export",),
        responses={200: Media(("application/x-ndjson",), "One note per line.")},
    )
    async def export(self, call: Call[None, ExportQuery, None]) -> Stream:
        """Sent as it is read."""
        return Stream(self._lines(call.query.lines), "application/x-ndjson", "notes.ndjson")

    async def _lines(self, count: int) -> AsyncIterator[bytes]:
        if self.failure is not None:
            raise self.failure
        for number in range(count):
            yield b'{"number": %d}\n' % number

    @endpoint(
        Method.PUT,
        "/api/v1/upload",
        summary="Upload",
        tags=("export",),
        body_limit_bytes=UPLOAD_MAX,
        encodings=(HEX_NAME,),
        is_packed_read=True,
        responses={200: NoteOut},
    )
    async def upload(self, call: Call[Author, None, None]) -> NoteOut:
        """Takes UPLOAD_MAX bytes at most."""
        return NoteOut(id=NOTE, title=call.body.name, colour=Colour.AMBER, created_at=START)

    @endpoint(
        Method.POST,
        "/api/v1/echo",
        summary="Answer without sign-in",
        tags=("export",),
        idempotency=Idempotency.IGNORED,
    )
    async def echo(self, call: PublicCall[Author, None, None]) -> NoteOut:
        """For anybody."""
        return NoteOut(id=NOTE, title=call.body.name, colour=Colour.AMBER, created_at=START)


class Tokens:
    """Knows two tokens in one tenant."""

    def __init__(self) -> None:
        self.seen: list[tuple[str | None, str | None, str | None]] = []
        self.is_down = False

    async def authenticate(
        self, token: str, *, ip: str | None, user_agent: str | None, tenant_override: str | None
    ) -> Actor:
        """As the port says."""
        self.seen.append((ip, user_agent, tenant_override))
        if self.is_down:
            raise Unavailable
        if token not in {TOKEN, READER_TOKEN}:
            raise Unauthenticated("The token is not known.")
        if tenant_override not in {None, "enterprise-corp"}:
            raise Forbidden("You may not enter that tenant.", where="X-Tenant-Id")
        scopes = frozenset({"read"}) if token == READER_TOKEN else None
        return Actor(TenantId("enterprise-corp"), DANA, "dana@example.com", "Dana", Door.API, ip, user_agent, scopes)


@dataclass(slots=True)
class Keys:
    """First answers in memory, as the port says."""

    fingerprints: dict[tuple[str, str, str], str] = field(default_factory=dict)
    answers: dict[tuple[str, str, str], Replay] = field(default_factory=dict)
    taken: set[tuple[str, str, str]] = field(default_factory=set)
    lost: AnswerLost | None = None  # what is known of a taken key without an answer; None: it is under way

    def forget(self) -> None:
        """Every key is new again."""
        for known in (self.fingerprints, self.answers, self.taken):
            known.clear()
        self.lost = None

    async def begin(self, actor: Actor, *, fingerprint: str) -> Begun:
        """Takes the key."""
        place = self._place(actor)
        known = self.fingerprints.setdefault(place, fingerprint)
        if known != fingerprint:
            return Mismatch()
        if place in self.answers:
            return self.answers[place]
        if place in self.taken:
            return self.lost or InFlight()
        self.taken.add(place)
        return Fresh()

    async def complete(self, actor: Actor, *, answer: Replay) -> None:
        """Keeps the answer."""
        self.answers[self._place(actor)] = answer

    async def abandon(self, actor: Actor) -> None:
        """Frees the key."""
        place = self._place(actor)
        self.taken.discard(place)
        self.fingerprints.pop(place, None)

    @staticmethod
    def _place(actor: Actor) -> tuple[str, str, str]:
        assert actor.idempotency_key is not None
        return actor.tenant, actor.email, actor.idempotency_key.key


@dataclass(slots=True)
class World:
    """The served sample and everything behind it."""

    notes: Notes = field(default_factory=Notes)
    tokens: Tokens = field(default_factory=Tokens)
    keys: Keys = field(default_factory=Keys)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    checks: list[HealthCheck] = field(default_factory=list)
    trusted_proxies: int = 0
    url: str = ""

    def api(self) -> Api:
        """The sample's endpoints."""
        return Api(
            [*self.notes.endpoints(), *Health(self.checks).endpoints()],
            title="Sample",
            version="1.2.3",
            description="Notes, kept in memory.",
            tags=[Tag("notes", "Things to remember, with `code` and **weight**.")],
        )


LIMITED = LimitExceeded("Ten notes an hour are allowed.", retry_after_s=12.3)
STALE = Conflict("The note was changed by somebody else.")


async def until(is_so: Callable[[], bool]) -> None:
    """The condition holds. Raises TimeoutError after five seconds."""
    async with asyncio.timeout(5):
        while not is_so():  # noqa: ASYNC110  any condition, also of things that know no event
            await asyncio.sleep(0)


@asynccontextmanager
async def serving(world: World) -> AsyncIterator[aiohttp.ClientSession]:
    """The sample is served; the session is signed in as Dana and resolves paths against the server."""
    app = create_application(
        world.api(),
        settings=WebSettings(public_url="https://governance.example.com", trusted_proxies=world.trusted_proxies),
        authenticator=world.tokens,
        idempotency=world.keys,
        references=Numbers(),
        registry=world.registry,
    )

    async def broken(request: web.Request) -> web.Response:
        raise ZeroDivisionError("a secret detail")

    async def moved(request: web.Request) -> web.Response:
        raise web.HTTPFound("/healthz")

    app.router.add_get("/broken", broken)
    app.router.add_get("/moved", moved)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    world.url = f"http://{host}:{port}"
    headers = {"Authorization": f"Bearer {TOKEN}", "User-Agent": "sample/1"}
    try:
        async with aiohttp.ClientSession(world.url, headers=headers) as session:
            yield session
    finally:
        await runner.cleanup()
