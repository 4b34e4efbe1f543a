"""Errors as RFC 9457 problem details. The only place where an error becomes an HTTP status."""

from __future__ import annotations

import math
from collections.abc import Collection
from http import HTTPStatus
from typing import Annotated, Final

from aiohttp import web
from multidict import CIMultiDict
from pydantic import Field

from core.errors import CountersignError, ErrorKind
from web.errors import DoorError, Fault, NoSuchPlace, Place, WrongMethod
from web.schema import Output

MEDIA_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:countersign:problem:"
_STATUSES: Final = {  # a test proves that no kind is missing
    ErrorKind.INVALID: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorKind.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    ErrorKind.FORBIDDEN: HTTPStatus.FORBIDDEN,
    ErrorKind.NOT_FOUND: HTTPStatus.NOT_FOUND,
    ErrorKind.CONFLICT: HTTPStatus.CONFLICT,
    ErrorKind.LIMITED: HTTPStatus.TOO_MANY_REQUESTS,
    ErrorKind.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
}
_INTERNAL_CODE: Final = "internal_error"
_HEADER_NAMES: Final = frozenset({"authorization", "content-encoding", "content-type", "idempotency-key"})


class ProblemItem(Output):
    """One thing that is wrong: `pointer` for a place in the body, `parameter` for anything else."""

    detail: str
    pointer: Annotated[
        str | None, Field(description="JSON pointer as URI fragment (RFC 6901)", examples=["#/resource/name"])
    ] = None
    parameter: Annotated[str | None, Field(description="name of a query, path or header parameter")] = None
    location: Annotated[Place, Field(description="the part of the request that is meant")]
    accepted: Annotated[list[str], Field(description="what would be accepted, where that is a closed set")] = Field(
        default_factory=list
    )


class Problem(Output):
    """What went wrong, what would be accepted, and what to do next (RFC 9457)."""

    type: Annotated[
        str, Field(description="stable name of this kind of problem", examples=["urn:countersign:problem:not_found"])
    ]
    title: Annotated[str, Field(description="what this kind of problem is, always the same for one type")]
    status: Annotated[int, Field(ge=400, le=599)]
    detail: Annotated[str | None, Field(description="what happened this time")] = None
    code: Annotated[str, Field(description="the last part of `type`")]
    errors: Annotated[list[ProblemItem], Field(description="one entry for each thing that is wrong")] = Field(
        default_factory=list
    )
    accepted: Annotated[list[str], Field(description="what would have been accepted, where that is a closed set")] = (
        Field(default_factory=list)
    )
    next_step: Annotated[str | None, Field(description="what the caller can do now")] = None
    retry_after: Annotated[int | None, Field(description="seconds after which to try again", ge=1)] = None
    correlation_id: Annotated[str, Field(description="name this to support; the same as X-Request-Id")]


def status_of(kind: ErrorKind) -> HTTPStatus:
    """The HTTP status of each kind of failure."""
    return _STATUSES[kind]


def problem_of(
    error: CountersignError, *, correlation_id: str, has_body: bool = True, path: Collection[str] = ()
) -> Problem:
    """The error for people and programs; never more than its author wrote.

    `has_body` tells whether a place that a use case names can be one in the request's body; `path` has the names of
    what stands in its address, as `incident_id`, which a use case calls `incident`.
    """
    status = error.status if isinstance(error, DoorError) else status_of(error.kind)
    title = (type(error).__doc__ or "").strip().splitlines()[0]
    named = error.type_uri if isinstance(error, DoorError) else None
    return Problem(
        type=named or TYPE_PREFIX + error.code,
        title=title,
        status=status,
        detail=error.message,
        code=error.code,
        errors=items_of(error, has_body=has_body, path=path),
        accepted=list(error.accepted),
        next_step=error.next_step,
        retry_after=None if error.retry_after_s is None else max(1, math.ceil(error.retry_after_s)),
        correlation_id=correlation_id,
    )


def items_of(error: CountersignError, *, has_body: bool = True, path: Collection[str] = ()) -> list[ProblemItem]:
    """Each thing that the error says is wrong, with its place."""
    return [_item(fault) for fault in _faults(error, has_body=has_body, path=path)]


def internal_problem(*, correlation_id: str) -> Problem:
    """A fault of ours: nothing about it leaves the house but the id under which it was logged."""
    return Problem(
        type=TYPE_PREFIX + _INTERNAL_CODE,
        title="Something went wrong on our side.",
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        code=_INTERNAL_CODE,
        next_step="Try again; if it stays so, tell your administrator the correlation id.",
        correlation_id=correlation_id,
    )


def problem_response(problem: Problem, *, headers: CIMultiDict[str] | None = None) -> web.Response:
    """The problem on the wire, with Retry-After where it says when to come back."""
    sent = CIMultiDict(headers or {})
    if problem.retry_after is not None:
        sent["Retry-After"] = str(problem.retry_after)
    body = problem.model_dump_json(exclude_none=True, exclude_defaults=True).encode()
    return web.Response(status=problem.status, body=body, content_type=MEDIA_TYPE, headers=sent)


def error_response(
    error: CountersignError, *, correlation_id: str, has_body: bool = True, path: Collection[str] = ()
) -> web.Response:
    """`problem_of` on the wire, with the headers that belong to its status (RFC 9110)."""
    headers: CIMultiDict[str] = CIMultiDict(error.headers if isinstance(error, DoorError) else ())
    problem = problem_of(error, correlation_id=correlation_id, has_body=has_body, path=path)
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = _challenge(error)
    return problem_response(problem, headers=headers)


def refusal_response(refusal: web.HTTPException, *, correlation_id: str) -> web.Response:
    """Refusals of aiohttp's own (no route, wrong method, …) in our words."""
    match refusal:
        case web.HTTPNotFound():
            return error_response(NoSuchPlace(), correlation_id=correlation_id)
        case web.HTTPMethodNotAllowed():
            allowed = tuple(sorted(refusal.allowed_methods))
            return error_response(WrongMethod(allowed=allowed), correlation_id=correlation_id)
        case _:
            return problem_response(_bare_problem(HTTPStatus(refusal.status), correlation_id=correlation_id))


def _bare_problem(status: HTTPStatus, *, correlation_id: str) -> Problem:
    code = f"http_{status.value}"
    return Problem(
        type=TYPE_PREFIX + code,
        title=f"{status.phrase}.",
        status=status,
        detail=f"{status.description}." if status.description else None,
        code=code,
        correlation_id=correlation_id,
    )


def _challenge(error: CountersignError) -> str:
    # RFC 6750 §3.1: a caller who presented nothing gets no error code
    reason = "" if error.where == "Authorization" else ', error="invalid_token"'
    return f'Bearer realm="countersign"{reason}'


def _faults(error: CountersignError, *, has_body: bool, path: Collection[str]) -> tuple[Fault, ...]:
    if isinstance(error, DoorError) and error.faults:
        return error.faults
    if error.where is None:
        return ()
    place, name = _place(error.where, has_body=has_body, path=path)
    return (Fault(place, name, error.message, error.accepted),)


def _place(where: str, *, has_body: bool, path: Collection[str]) -> tuple[Place, str]:
    for name in (where, f"{where}_id"):
        if name in path:
            return Place.PATH, name
    if where.lower() in _HEADER_NAMES or where.startswith("X-"):
        return Place.HEADER, where
    if not has_body:
        return Place.QUERY, where
    pointer = where if where.startswith(("/", "#")) else "/" + where.replace(".", "/")
    return Place.BODY, "#" + pointer.removeprefix("#")


def _item(fault: Fault) -> ProblemItem:
    in_body = fault.place is Place.BODY
    return ProblemItem(
        detail=fault.detail,
        pointer=fault.name if in_body else None,
        parameter=None if in_body else fault.name,
        location=fault.place,
        accepted=list(fault.accepted),
    )
