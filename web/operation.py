"""An endpoint whose annotations are resolved and checked: what the dispatcher and the document both work from."""

from __future__ import annotations

import functools
import inspect
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, get_args, get_origin, get_type_hints

from pydantic import BaseModel, RootModel, TypeAdapter, ValidationError

from web.endpoint import Call, Endpoint, Idempotency, Media, Method, PublicCall, Reply, Stream
from web.errors import InvalidRequest, Place
from web.faults import Schema, body_faults
from web.json_text import Json, parse_json
from web.parameters import Parameters, parameters_of
from web.schema import Named, OpenInput, Path, Query

_PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")
_EMPTY: Final = b"{}"


class DeclarationError(Exception):
    """An endpoint is declared wrongly; found when the Api is built, so never while serving."""


@dataclass(frozen=True, slots=True)
class Body:
    """A request body's model. It may be left out where the model has no required member."""

    model: type[BaseModel]
    adapter: TypeAdapter[BaseModel]
    schema: Schema
    is_required: bool

    def read(self, raw: bytes) -> tuple[BaseModel, Json]:
        """The model, and the plain value it was read from. Raises Malformed or InvalidRequest."""
        text = raw or _EMPTY
        value = parse_json(text)
        try:
            return self._validated(text, value), value
        except ValidationError as error:
            raise InvalidRequest(body_faults(error, value=value, schema=self.schema)) from None

    def _validated(self, text: bytes, value: Json) -> BaseModel:
        try:
            return self.adapter.validate_json(text)
        except ValidationError:
            # 7.0 is an integer to JSON Schema, which tells callers what to send; parse_json has made it a 7
            return self.adapter.validate_json(json.dumps(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method at one path, ready to be served and described."""

    endpoint: Endpoint
    name: str  # unique within the Api: requests_cast_vote
    description: str
    is_public: bool
    body: Body | None
    query: Parameters | None
    path: Parameters | None
    responses: Mapping[int, type[BaseModel] | Media | None]
    success_status: int
    idempotency: Idempotency


def resolve(endpoint: Endpoint) -> Operation:
    """The endpoint with its annotations read. Raises DeclarationError naming what does not fit."""
    function = _function(endpoint)
    try:
        hints = get_type_hints(function)
    except NameError as error:
        raise _wrong(endpoint, f"its annotations cannot be read: {error}") from error
    call, types = _call_types(endpoint, hints)
    is_public = call is PublicCall
    responses = endpoint.responses or _from_return(endpoint, hints.get("return"))
    usual = Idempotency.HONOURED if endpoint.method is Method.POST and not is_public else Idempotency.IGNORED
    operation = Operation(
        endpoint=endpoint,
        name=f"{endpoint.tags[0]}_{function.__name__}".replace("-", "_"),
        description=inspect.getdoc(function) or "",
        is_public=is_public,
        body=_body(endpoint, types[0]),
        query=_parameters(endpoint, types[1], Query, Place.QUERY),
        path=_parameters(endpoint, types[2], Path, Place.PATH),
        responses=responses,
        success_status=next(iter(responses)),
        idempotency=endpoint.idempotency or usual,
    )
    _check(operation)
    return operation


def _function(endpoint: Endpoint) -> Callable[..., Any]:
    handler = endpoint.handler
    return handler.func if isinstance(handler, functools.partial) else handler


def _call_types(endpoint: Endpoint, hints: Mapping[str, Any]) -> tuple[type, tuple[Any, Any, Any]]:
    for name, hint in hints.items():
        origin = get_origin(hint)
        if name != "return" and origin in {Call, PublicCall}:
            body, query, path = get_args(hint)
            return origin, (body, query, path)
    raise _wrong(endpoint, "its handler must take a Call[…, …, …] or a PublicCall[…, …, …]")


def _from_return(endpoint: Endpoint, hint: Any) -> Mapping[int, type[BaseModel] | Media | None]:
    if hint is type(None):
        return {204: None}
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return {200: hint}
    if hint in {Reply, Stream}:
        raise _wrong(endpoint, f"a handler that returns {hint.__name__} needs responses={{status: model}}")
    raise _wrong(endpoint, f"what it returns ({hint!r}) is no model")


def _body(endpoint: Endpoint, model: Any) -> Body | None:
    if model is type(None):
        return None
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise _wrong(endpoint, f"its body ({model!r}) is no model")
    if endpoint.method is Method.GET:
        raise _wrong(endpoint, "GET takes no body")
    config = model.model_config
    is_closed = config.get("extra") == "forbid" or issubclass(model, (OpenInput, RootModel))
    if not (is_closed and config.get("strict")):
        raise _wrong(endpoint, f"its body {model.__name__} must be strict and closed: derive it from web.schema.Input")
    adapter = TypeAdapter(model)
    if endpoint.example is not None:
        model.model_validate_json(TypeAdapter(object).dump_json(endpoint.example))
    required = issubclass(model, RootModel) or any(field.is_required() for field in model.model_fields.values())
    return Body(model, adapter, adapter.json_schema(), required)


def _parameters(endpoint: Endpoint, model: Any, base: type[BaseModel], place: Place) -> Parameters | None:
    if model is type(None):
        return None
    if not (isinstance(model, type) and issubclass(model, base)):
        raise _wrong(endpoint, f"its {place} parameters ({model!r}) must derive from web.schema.{base.__name__}")
    return parameters_of(model, place)


def _check(operation: Operation) -> None:
    endpoint = operation.endpoint
    in_path = set(_PLACEHOLDER.findall(endpoint.path))
    declared = set(operation.path.model.model_fields) if operation.path else set()
    if in_path != declared:
        raise _wrong(endpoint, f"its path names {sorted(in_path)}, its Path model {sorted(declared)}")
    if operation.is_public and _has_references(operation.path):
        raise _wrong(endpoint, "what people call a thing by belongs to a tenant, and here the caller is unknown")
    if operation.idempotency is Idempotency.IGNORED:
        return
    if operation.is_public:
        raise _wrong(endpoint, "an Idempotency-Key belongs to a caller, and here the caller is unknown")
    if any(isinstance(answer, Media) for answer in operation.responses.values()):
        raise _wrong(endpoint, "a streamed answer is not kept, so it cannot be repeated for an Idempotency-Key")


def _has_references(path: Parameters | None) -> bool:
    fields = path.model.model_fields.values() if path else ()
    return any(isinstance(each, Named) for field in fields for each in field.metadata)


def _wrong(endpoint: Endpoint, reason: str) -> DeclarationError:
    return DeclarationError(f"{endpoint.method} {endpoint.path}: {reason}.")
