"""How an endpoint is declared: one decorator holds all that callers, the router and the OpenAPI document must know.

    class Requests:
        def __init__(self, database: Database) -> None: ...

        @endpoint(Method.POST, "/api/v1/requests/{request_id}/votes", summary="Vote on the open stage",
                  tags=("requests",), permission="approver of the open stage", errors=(ErrorKind.CONFLICT,))
        async def cast_vote(self, call: Call[VoteIn, None, ByRequest]) -> RequestOut: ...

Types are declared once: the handler's annotation says what its body, query and path are (None: there is none). A
handler that takes a `PublicCall` needs no sign-in. `web.operation` resolves the annotations when the `Api` is built.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

from pydantic import BaseModel

from core.actor import Actor
from core.errors import ErrorKind
from core.ids import TenantId

BODY_LIMIT_BYTES: Final = 1024 * 1024
JSON_MEDIA_TYPE: Final = "application/json"

BodyT = TypeVar("BodyT")
QueryT = TypeVar("QueryT")
PathT = TypeVar("PathT")


class Method(StrEnum):
    """The methods that endpoints use."""

    GET = "GET"
    POST = "POST"
    PUT = "PUT"
    PATCH = "PATCH"
    DELETE = "DELETE"


class Idempotency(StrEnum):
    """What an Idempotency-Key means to an endpoint."""

    HONOURED = "honoured"  # optional; the first answer is repeated for the same key
    REQUIRED = "required"
    KEPT = "kept"  # optional; the use case keeps it with what it did, and knows a repetition by itself
    IGNORED = "ignored"  # the call changes nothing, or is idempotent by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicCall(Generic[BodyT, QueryT, PathT]):
    """A request, read and checked, from whoever it may be."""

    body: BodyT
    query: QueryT
    path: PathT
    correlation_id: str
    ip_address: str | None
    user_agent: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(PublicCall[BodyT, QueryT, PathT]):
    """A request, read and checked, from a known actor."""

    actor: Actor
    key: str | None = None  # the Idempotency-Key, where the use case keeps it (Idempotency.KEPT)

    @property
    def tenant(self) -> TenantId:
        """The tenant that the call is about."""
        return self.actor.tenant


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer whose status or headers differ from the endpoint's usual ones."""

    status: int
    body: BaseModel | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stream:
    """A long answer, sent as it is produced. An error raised before the first chunk becomes a problem response."""

    chunks: AsyncIterator[bytes]
    media_type: str
    file_name: str | None = None  # offered as a download under this name


@dataclass(frozen=True, slots=True)
class Media:
    """In `responses`: an answer that is not JSON, in one of these media types."""

    types: tuple[str, ...]
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """Another way than JSON in which a body is written; whoever sends it gets the answer written in it too.

    `read` raises Malformed. What goes wrong is told as a problem in JSON all the same.
    """

    media_type: str
    read: Callable[[bytes], BaseModel]
    write: Callable[[Any], bytes]  # of the model of a success


Answer = BaseModel | Reply | Stream | None
Handler = Callable[..., Awaitable[Answer]]
Responses = Mapping[int, type[BaseModel] | Media | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A declared endpoint; read from an instance, its handler is bound to that instance."""

    method: Method
    path: str
    summary: str
    tags: tuple[str, ...]
    handler: Handler
    permission: str | None
    responses: Responses | None
    errors: tuple[ErrorKind, ...]
    idempotency: Idempotency | None  # None: the usual one for the method
    example: object | None
    body_limit_bytes: int
    media_types: tuple[str, ...]
    encodings: tuple[Encoding, ...]
    is_packed_read: bool
    takes_binary_events: bool  # CloudEvents whose attributes are headers

    def encoding(self, media_type: str) -> Encoding | None:
        """What reads and writes the media type; None: that is JSON."""
        return next((each for each in self.encodings if each.media_type == media_type), None)

    def __get__(self, instance: object | None, owner: type) -> Endpoint:
        if instance is None:
            return self
        return replace(self, handler=functools.partial(self.handler, instance))


def endpoint(  # noqa: PLR0913  a declaration: every argument is one fact about the endpoint, named by its keyword
    method: Method,
    path: str,
    *,
    summary: str,
    tags: tuple[str, ...],
    permission: str | None = None,
    responses: Responses | None = None,
    errors: tuple[ErrorKind, ...] = (),
    idempotency: Idempotency | None = None,
    example: object | None = None,
    body_limit_bytes: int = BODY_LIMIT_BYTES,
    media_types: tuple[str, ...] = (JSON_MEDIA_TYPE,),
    encodings: tuple[Encoding, ...] = (),
    is_packed_read: bool = False,
    takes_binary_events: bool = False,
) -> Callable[[Callable[..., Awaitable[Any]]], Endpoint]:
    """The decorated coroutine function becomes an Endpoint; its docstring is the description.

    `permission` tells readers who may call; the use case enforces it. `responses` maps each success status to its model
    (None: no body) and is needed only where the return annotation does not say it: one model means 200, None means 204.
    The first status is what a plain returned model gets. `errors` are the kinds that the use case may raise beyond
    those that every such call may meet. An Idempotency-Key is honoured on POST and ignored elsewhere by default.
    """

    def declare(handler: Callable[..., Awaitable[Any]]) -> Endpoint:
        return Endpoint(
            method=method,
            path=path,
            summary=summary,
            tags=tags,
            handler=handler,
            permission=permission,
            responses=responses,
            errors=errors,
            idempotency=idempotency,
            example=example,
            body_limit_bytes=body_limit_bytes,
            media_types=media_types,
            encodings=encodings,
            is_packed_read=is_packed_read,
            takes_binary_events=takes_binary_events,
        )

    return declare


def endpoints_of(*resources: object) -> tuple[Endpoint, ...]:
    """Every endpoint that the classes of these resources declare, in their order, bound to its resource."""
    return tuple(
        getattr(resource, name)
        for resource in resources
        for name, declared in vars(type(resource)).items()
        if isinstance(declared, Endpoint)
    )
