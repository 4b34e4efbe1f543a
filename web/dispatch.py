"""One request through one operation: who calls, what they send, the handler, the answer on the wire."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import structlog
from aiohttp import web
from multidict import CIMultiDict
from pydantic import BaseModel

from core.actor import Actor, CallKey
from core.errors import CountersignError
from core.ids import uuid7
from web.auth import authenticate, client_of
from web.body import read_body, refuse_body
from web.cloud_events import is_binary, structured
from web.endpoint import JSON_MEDIA_TYPE, Answer, Call, Idempotency, Media, Method, PublicCall, Reply, Stream
from web.idempotency import answered_once, fingerprint, read_key
from web.json_text import Json
from web.middleware import correlation_id_of
from web.operation import Operation
from web.parameters import Parameters
from web.ports import Authenticator, IdempotencyStore, References
from web.problems import error_response
from web.schema import Reference

_MAY_CARRY_A_BODY: Final = frozenset({Method.POST, Method.PUT, Method.PATCH, Method.DELETE})

log = structlog.get_logger(__name__)
RequestHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What every operation is served with."""

    authenticator: Authenticator
    idempotency: IdempotencyStore
    references: References
    trusted_proxies: int


def request_handler(operation: Operation, desk: Desk) -> RequestHandler:
    """What aiohttp calls for the operation. CountersignErrors pass through to the middleware."""

    async def serve(request: web.Request) -> web.StreamResponse:
        if operation.is_public:
            call, _ = await _public_call(operation, desk, request)
            return await _answer(operation, request, call)
        return await _serve_known(operation, desk, request)

    return serve


async def _serve_known(operation: Operation, desk: Desk, request: web.Request) -> web.StreamResponse:
    actor = await authenticate(request, desk.authenticator, client_of(request, trusted_proxies=desk.trusted_proxies))
    structlog.contextvars.bind_contextvars(
        tenant_id=actor.tenant, actor_id=str(actor.user) if actor.user else actor.email
    )
    key = read_key(request, operation.idempotency)
    public, value = await _public_call(operation, desk, request)
    public = replace(public, path=await _with_ids(desk, actor, public.path))
    if operation.idempotency is Idempotency.KEPT:
        return await _answer(operation, request, replace(_call(public, actor, None), key=key))
    call = _call(public, actor, key)
    if key is None:
        return await _answer(operation, request, call)

    async def work() -> web.Response:
        try:
            response = await _answer(operation, request, call)
        except CountersignError as error:  # a refusal is an answer too, and is repeated as such
            return error_response(error, correlation_id=call.correlation_id, path=request.match_info)
        assert isinstance(response, web.Response)  # web.operation refuses a stream under a key
        return response

    return await answered_once(desk.idempotency, call.actor, print_of_call=fingerprint(request, value), work=work)


async def _public_call(
    operation: Operation, desk: Desk, request: web.Request
) -> tuple[PublicCall[object, object, object], Json]:
    path = _read(operation.path, request.match_info)
    query = _read(operation.query, request.query)
    body, value = await _body(operation, request)
    client = client_of(request, trusted_proxies=desk.trusted_proxies)
    call: PublicCall[object, object, object] = PublicCall(
        body=body,
        query=query,
        path=path,
        correlation_id=correlation_id_of(request),
        ip_address=client.ip_address,
        user_agent=client.user_agent,
    )
    return call, value


async def _with_ids(desk: Desk, actor: Actor, path: object) -> object:
    """The parameters of the path, with the id of what people call otherwise. Raises NotFound."""
    if not isinstance(path, BaseModel):
        return path
    ids = {name: await desk.references.id_of(actor, value) for name, value in path if isinstance(value, Reference)}
    return path.model_copy(update=ids) if ids else path


def _call(public: PublicCall[object, object, object], actor: Actor, key: str | None) -> Call[object, object, object]:
    return Call(
        body=public.body,
        query=public.query,
        path=public.path,
        correlation_id=public.correlation_id,
        ip_address=public.ip_address,
        user_agent=public.user_agent,
        actor=actor if key is None else replace(actor, idempotency_key=CallKey(key, uuid7())),
    )


def _read(parameters: Parameters | None, given: Mapping[str, str]) -> BaseModel | None:
    return None if parameters is None else parameters.read(given.items())


async def _body(operation: Operation, request: web.Request) -> tuple[BaseModel | None, Json]:
    endpoint = operation.endpoint
    if operation.body is not None:
        raw = await read_body(
            request,
            limit_bytes=endpoint.body_limit_bytes,
            media_types=(*endpoint.media_types, *(each.media_type for each in endpoint.encodings)),
            is_packed_read=endpoint.is_packed_read,
        )
        encoding = endpoint.encoding(request.content_type)
        if encoding is not None:
            return encoding.read(raw), hashlib.sha256(raw).hexdigest()
        if endpoint.takes_binary_events and request.content_type == JSON_MEDIA_TYPE and is_binary(request.headers):
            raw = structured(request.headers, raw)
        return operation.body.read(raw)
    if endpoint.method in _MAY_CARRY_A_BODY:
        await refuse_body(request)
    return None, None


async def _answer(
    operation: Operation, request: web.Request, call: PublicCall[object, object, object]
) -> web.StreamResponse:
    answer: Answer = await operation.endpoint.handler(call)
    match answer:
        case Stream():
            return await _stream(request, answer)
        case Reply():
            return _response(operation, answer, request.content_type)
        case _:
            return _response(operation, Reply(operation.success_status, answer), request.content_type)


def _response(operation: Operation, reply: Reply, asked_in: str) -> web.Response:
    if not _is_declared(reply.body, operation.responses.get(reply.status, Media((), ""))):
        found = type(reply.body).__name__
        raise TypeError(f"{operation.name} answered {reply.status} with {found}, which it does not declare.")
    headers = CIMultiDict(reply.headers)
    if reply.body is None:
        return web.Response(status=reply.status, headers=headers)
    encoding = operation.endpoint.encoding(asked_in)
    if encoding is not None:
        written = encoding.write(reply.body)
        return web.Response(status=reply.status, body=written, headers=headers, content_type=encoding.media_type)
    body = reply.body.model_dump_json(by_alias=True).encode()
    return web.Response(status=reply.status, body=body, headers=headers, content_type=JSON_MEDIA_TYPE)


def _is_declared(body: BaseModel | None, declared: type[BaseModel] | Media | None) -> bool:
    if isinstance(declared, Media):
        return False
    if declared is None:
        return body is None
    # Page(items=[…]) is as good as Page[NoteOut](items=[…])
    return isinstance(body, declared.__pydantic_generic_metadata__["origin"] or declared)


async def _stream(request: web.Request, stream: Stream) -> web.StreamResponse:
    first = await anext(stream.chunks, b"")  # what goes wrong before the first chunk can still become a problem
    response = web.StreamResponse(headers={"Content-Type": stream.media_type})
    if stream.file_name is not None:
        response.headers["Content-Disposition"] = f'attachment; filename="{stream.file_name}"'
    await response.prepare(request)
    try:
        await response.write(first)
        async for chunk in stream.chunks:
            await response.write(chunk)
        await response.write_eof()
    except ConnectionError:
        log.info("stream_ended_by_client")
    return response
