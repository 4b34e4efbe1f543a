"""An endpoint that is declared wrongly is found when the Api is built, never while serving."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from tests.unit.web.sample import Author, ByNote, NoteOut
from web.endpoint import Call, Idempotency, Media, Method, PublicCall, Reply, Stream, endpoint, endpoints_of
from web.operation import DeclarationError
from web.registry import Api
from web.schema import OpenInput, Query


class Loose(BaseModel):
    """Neither strict nor closed."""

    name: str


class Grows(OpenInput):
    """Open, because a standard says so."""

    name: str


async def takes_loose(call: Call[Loose, None, None]) -> NoteOut:
    raise NotImplementedError


async def takes_body(call: Call[Author, None, None]) -> NoteOut:
    raise NotImplementedError


async def takes_grows(call: Call[Grows, None, None]) -> NoteOut:
    raise NotImplementedError


async def takes_path(call: Call[None, None, ByNote]) -> NoteOut:
    raise NotImplementedError


async def takes_query_as_path(call: Call[None, None, Query]) -> NoteOut:
    raise NotImplementedError


async def takes_nothing(call: str) -> NoteOut:
    raise NotImplementedError


async def takes_public(call: PublicCall[Author, None, None]) -> NoteOut:
    raise NotImplementedError


async def takes_public_path(call: PublicCall[None, None, ByNote]) -> NoteOut:
    raise NotImplementedError


async def answers_reply(call: Call[None, None, None]) -> Reply:
    raise NotImplementedError


async def answers_text(call: Call[None, None, None]) -> str:
    raise NotImplementedError


async def answers_stream(call: Call[None, None, None]) -> Stream:
    raise NotImplementedError


def _api(handler: Callable[..., Awaitable[Any]], method: Method = Method.POST, path: str = "/x", **facts: Any) -> Api:
    declared = endpoint(method, path, summary="x", tags=("x",), **facts)(handler)
    return Api([declared], title="x", version="1")


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (lambda: _api(takes_loose), "its body Loose must be strict and closed"),
        (lambda: _api(takes_body, Method.GET), "GET takes no body"),
        (lambda: _api(takes_path), r"its path names \[\], its Path model \['note_id'\]"),
        (lambda: _api(takes_body, path="/x/{y}"), r"its path names \['y'\], its Path model \[\]"),
        (lambda: _api(takes_query_as_path), "must derive from web.schema.Path"),
        (lambda: _api(takes_nothing), "its handler must take a Call"),
        (lambda: _api(answers_reply), "a handler that returns Reply needs responses"),
        (lambda: _api(answers_text), "is no model"),
        (lambda: _api(takes_public, idempotency=Idempotency.HONOURED), "here the caller is unknown"),
        (lambda: _api(takes_public_path, Method.GET, path="/x/{note_id}"), "belongs to a tenant"),
        (lambda: _api(answers_stream, responses={200: Media(("a/b",), "x")}), "a streamed answer is not kept"),
    ],
)
def test_a_wrong_declaration_names_what_does_not_fit(build: Callable[[], Api], reason: str):
    with pytest.raises(DeclarationError, match=reason):
        build()


def test_an_example_must_be_one():
    with pytest.raises(ValidationError):
        _api(takes_body, example={"nme": "Ann"})


def test_two_endpoints_cannot_share_an_address():
    declared = endpoint(Method.POST, "/x", summary="x", tags=("x",))(takes_body)
    with pytest.raises(DeclarationError, match="Two endpoints claim"):
        Api([declared, declared], title="x", version="1")


def test_an_open_body_is_allowed_where_a_standard_asks_for_it():
    assert _api(takes_grows).operations[0].body is not None


def test_a_key_is_honoured_on_post_and_nowhere_else_unless_declared():
    assert _api(takes_body).operations[0].idempotency is Idempotency.HONOURED
    assert _api(takes_body, Method.PUT).operations[0].idempotency is Idempotency.IGNORED
    assert _api(takes_public).operations[0].idempotency is Idempotency.IGNORED


def test_no_endpoint_that_a_resource_declares_is_forgotten():
    class Notes:
        def __init__(self, owner: str) -> None:
            self.owner = owner

        @endpoint(Method.GET, "/api/v1/notes", summary="List", tags=("notes",))
        async def list(self, call: Call[None, None, None]) -> NoteOut:
            raise NotImplementedError(self.owner)

        @endpoint(Method.GET, "/api/v1/notes/{note_id}", summary="Show", tags=("notes",))
        async def show(self, call: Call[None, None, ByNote]) -> NoteOut:
            raise NotImplementedError(self.owner)

        async def helps(self) -> None:
            """No endpoint."""

    found = endpoints_of(Notes("Dana"), Notes("Sofia"))
    assert [each.path for each in found] == ["/api/v1/notes", "/api/v1/notes/{note_id}"] * 2
