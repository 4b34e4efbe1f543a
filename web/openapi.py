"""The OpenAPI 3.1 document of an Api: the same models that read requests and write answers describe them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from core.errors import ErrorKind
from web.auth import TENANT_HEADER
from web.endpoint import JSON_MEDIA_TYPE, Idempotency, Media
from web.errors import Place
from web.idempotency import HEADER as KEY_HEADER
from web.idempotency import KEY_PATTERN, REPLAYED_HEADER
from web.middleware import CORRELATION_HEADER
from web.operation import Operation
from web.parameters import Parameters, unwrapped
from web.problems import MEDIA_TYPE as PROBLEM_MEDIA_TYPE
from web.problems import TYPE_PREFIX, Problem, status_of
from web.registry import Api

SECURITY_SCHEME: Final = "bearer"
NO_NUL: Final = r"^[^\u0000]*$"
_RULES: Final = frozenset({"const", "enum", "format", "pattern"})  # each leaves no room for U+0000 already
_BINARY: Final = {"type": "string", "format": "binary"}
_REF: Final = "#/components/schemas/{model}"
Document = dict[str, Any]  # a JSON object; its shape is OpenAPI's
_Key = tuple[type[BaseModel], JsonSchemaMode]
_Names = Mapping[tuple[object, JsonSchemaMode], Mapping[str, Any]]

_PROBLEMS: Final = {  # status -> the code that is typical of it, and what it means
    400: ("malformed_json", "The request cannot be read."),
    401: ("unauthenticated", "No valid credential was presented."),
    403: ("forbidden", "The caller is not allowed to do this."),
    404: ("not_found", "There is no such thing here."),
    405: ("method_not_allowed", "This address does not take this method."),
    408: ("body_too_slow", "The body did not arrive in time."),
    409: (
        "conflict",
        "The state has changed; or the first call with this Idempotency-Key is under way, or its answer was lost.",
    ),
    413: ("body_too_large", "The body is too large."),
    415: ("unsupported_media_type", "The body is in a format that this call does not take."),
    422: ("invalid_request", "The request does not fit what this call takes."),
    429: ("limit_exceeded", "A quota or rate limit is reached."),
    503: ("unavailable", "Countersign cannot answer right now; nothing was changed."),
}


def openapi_document(api: Api, *, server_url: str) -> Document:
    """The document, in the order in which endpoints were listed. `server_url` is the address that callers see."""
    names, schemas = _schemas(api)
    paths: dict[str, Document] = {}
    for operation in api.operations:
        endpoint = operation.endpoint
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(operation, names)
    return {
        "openapi": "3.1.0",
        "info": {"title": api.title, "version": api.version, "description": api.description},
        "servers": [{"url": server_url}],
        "tags": [{"name": tag.name, "description": tag.description} for tag in api.tags],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {_problem_name(status): _problem_response(status) for status in _PROBLEMS}
            | {"Problem": _problem_response(None)},
            "headers": _headers(),
            "securitySchemes": {
                SECURITY_SCHEME: {"type": "http", "scheme": "bearer", "description": "An API token."},
            },
        },
    }


def _schemas(api: Api) -> tuple[_Names, dict[str, Any]]:
    problem: _Key = (Problem, "serialization")
    keys = dict.fromkeys([*_models(api), problem])
    names, document = models_json_schema([(model, mode) for model, mode in keys], ref_template=_REF)
    schemas: dict[str, Any] = document.get("$defs", {})
    bodies = [schema for (_, mode), schema in names.items() if mode == "validation"]
    for name in _reachable(bodies, schemas, found=set()):  # answers are not bound by it: problems repeat what was sent
        schemas[name] = without_nul(schemas[name])
    return {(model, mode): schema for (model, mode), schema in names.items()}, schemas


def _reachable(schema: Any, schemas: Mapping[str, Any], *, found: set[str]) -> set[str]:
    """The names of all schemas that this one refers to, directly or through others; they are added to `found`."""
    match schema:
        case {"$ref": str(reference)} if (name := reference.rpartition("/")[2]) not in found:
            found.add(name)
            _reachable(schemas[name], schemas, found=found)
        case dict():
            for inner in schema.values():
                _reachable(inner, schemas, found=found)
        case list():
            for inner in schema:
                _reachable(inner, schemas, found=found)
        case _:
            pass
    return found


def without_nul(schema: Any) -> Any:
    """The schema, saying what `web.json_text` demands of all text; a string with a rule of its own keeps that."""
    match schema:
        case dict():
            stated = {name: without_nul(inner) for name, inner in schema.items()}
            if stated.get("type") == "string" and not _RULES.intersection(stated):
                stated["pattern"] = NO_NUL
            if stated.get("type") == "object" and "additionalProperties" in stated and "properties" not in stated:
                stated.setdefault("propertyNames", {"pattern": NO_NUL})
            return stated
        case list():
            return [without_nul(inner) for inner in schema]
        case _:
            return schema


def _models(api: Api) -> Iterator[_Key]:
    for operation in api.operations:
        if operation.body is not None:
            yield operation.body.model, "validation"
        for answer in operation.responses.values():
            if isinstance(answer, type):
                yield answer, "serialization"


def _operation(operation: Operation, names: _Names) -> Document:
    endpoint = operation.endpoint
    permission = f"**Permission:** {endpoint.permission}" if endpoint.permission else ""
    described: Document = {
        "operationId": operation.name,
        "summary": endpoint.summary,
        "description": "\n\n".join(part for part in (operation.description, permission) if part),
        "tags": list(endpoint.tags),
        "parameters": list(_parameters(operation)),
        "responses": _responses(operation, names),
        "security": [] if operation.is_public else [{SECURITY_SCHEME: []}],
    }
    if operation.body is not None:
        media: Document = {"schema": names[operation.body.model, "validation"]}
        if endpoint.example is not None:
            media["example"] = endpoint.example
        content = dict.fromkeys(endpoint.media_types, media)
        content |= {each.media_type: {"schema": _BINARY} for each in endpoint.encodings}
        described["requestBody"] = {"required": operation.body.is_required, "content": content}
    return described


def _parameters(operation: Operation) -> Iterator[Document]:
    for parameters in (operation.path, operation.query):
        if parameters is not None:
            yield from _declared(parameters)
    if operation.is_public:
        return
    if operation.idempotency is not Idempotency.IGNORED:
        yield {
            "name": KEY_HEADER,
            "in": "header",
            "required": operation.idempotency is Idempotency.REQUIRED,
            "description": "A fresh UUID for each new call. The same key and call again gets the first answer.",
            "schema": {"type": "string", "pattern": KEY_PATTERN, "minLength": 1, "maxLength": 255},
        }
    yield {
        "name": TENANT_HEADER,
        "in": "header",
        "required": False,
        "description": "Another tenant to act in; for enterprise administrators.",
        "schema": {"type": "string", "pattern": "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"},
    }


def _declared(parameters: Parameters) -> Iterator[Document]:
    required = set(parameters.schema.get("required", ()))
    defs = parameters.schema.get("$defs", {})
    for name, field in parameters.schema.get("properties", {}).items():
        schema = without_nul(_inlined(unwrapped(field), defs))
        yield {
            "name": name,
            "in": str(parameters.place),
            "required": parameters.place is Place.PATH or name in required,
            "description": schema.pop("description", ""),
            "schema": schema,
        }


def _inlined(schema: Any, defs: Mapping[str, Any]) -> Any:
    """The schema without references: a parameter's are few and flat (enumerations)."""
    match schema:
        case {"$ref": str(reference), **rest}:
            return {**_inlined(defs[reference.rpartition("/")[2]], defs), **rest}
        case dict():
            return {name: _inlined(inner, defs) for name, inner in schema.items()}
        case list():
            return [_inlined(inner, defs) for inner in schema]
        case _:
            return schema


def _responses(operation: Operation, names: _Names) -> Document:
    described: Document = {}
    for status, answer in operation.responses.items():
        described[str(status)] = _success(operation, HTTPStatus(status), answer, names)
    for status in sorted(_error_statuses(operation)):
        described.setdefault(str(status), {"$ref": f"#/components/responses/{_problem_name(status)}"})
    described["default"] = {"$ref": "#/components/responses/Problem"}
    return described


def _success(
    operation: Operation, status: HTTPStatus, answer: type[BaseModel] | Media | None, names: _Names
) -> Document:
    headers: Document = {CORRELATION_HEADER: {"$ref": f"#/components/headers/{CORRELATION_HEADER}"}}
    if operation.idempotency is not Idempotency.IGNORED:
        headers[REPLAYED_HEADER] = {"$ref": f"#/components/headers/{REPLAYED_HEADER}"}
    described: Document = {"description": f"{status.phrase}.", "headers": headers}
    match answer:
        case Media(types=types, description=description):
            described["description"] = description
            described["content"] = {kind: {"schema": {"type": "string"}} for kind in types}
        case None:
            pass
        case model:
            described["content"] = {
                JSON_MEDIA_TYPE: {"schema": names[model, "serialization"]},
                **{each.media_type: {"schema": _BINARY} for each in operation.endpoint.encodings},
            }
    return described


def _error_statuses(operation: Operation) -> set[int]:
    """What every such call may meet, and what the endpoint says that its use case may raise."""
    statuses = {int(status_of(kind)) for kind in operation.endpoint.errors} | {400}
    if not operation.is_public:
        statuses |= {401, 403, 503}
    if operation.path is not None:
        statuses |= {404, 422}
    if operation.query is not None:
        statuses |= {422}
    if operation.body is not None:
        statuses |= {408, 413, 415, 422}
    if operation.idempotency is not Idempotency.IGNORED:
        statuses |= {409, 422}
    return statuses


def _problem_name(status: int) -> str:
    return f"Problem{status}"  # not by its phrase: Python 3.13 changed some


def _problem_response(status: int | None) -> Document:
    headers: Document = {CORRELATION_HEADER: {"$ref": f"#/components/headers/{CORRELATION_HEADER}"}}
    if status in {409, 429, 503}:
        headers["Retry-After"] = {"$ref": "#/components/headers/Retry-After"}
    if status == status_of(ErrorKind.UNAUTHENTICATED):
        headers["WWW-Authenticate"] = {"$ref": "#/components/headers/WWW-Authenticate"}
    media: Document = {"schema": {"$ref": _REF.format(model=Problem.__name__)}}
    if status is not None:
        media["example"] = _problem_example(status)
    return {
        "description": _PROBLEMS[status][1] if status is not None else "Any other problem.",
        "headers": headers,
        "content": {PROBLEM_MEDIA_TYPE: media},
    }


def _problem_example(status: int) -> Document:
    code, title = _PROBLEMS[status]
    return {
        "type": TYPE_PREFIX + code,
        "title": title,
        "status": status,
        "code": code,
        "correlation_id": "0198c1f2-6a00-7000-8000-000000000000",
    }


def _headers() -> Document:
    return {
        CORRELATION_HEADER: {
            "description": "The id under which this call is logged; yours, if you sent one.",
            "schema": {"type": "string"},
        },
        REPLAYED_HEADER: {
            "description": "`true` if this is the kept answer of an earlier call with the same key.",
            "schema": {"type": "string", "const": "true"},
        },
        "Retry-After": {"description": "Seconds after which to try again.", "schema": {"type": "string"}},
        "WWW-Authenticate": {"description": "How to authenticate (RFC 6750).", "schema": {"type": "string"}},
    }
