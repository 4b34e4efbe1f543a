"""What can go wrong before a use case is reached.

CountersignError
└── DoorError                carries its own status, because `kind` is too coarse for HTTP's own faults
    ├── Malformed         400  not JSON that we accept, a header or cursor that cannot be read
    │   ├── MalformedHeader
    │   └── MalformedCursor
    ├── NoSuchPlace       404
    ├── WrongMethod       405  carries Allow
    ├── BodyTooSlow       408
    ├── KeyInFlight       409
    ├── AnswerWasLost     409
    ├── BodyTooLarge      413
    ├── UnsupportedBody   415
    ├── InvalidRequest    422  carries one Fault for each thing that is wrong
    └── KeyMismatch       422
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import ClassVar

from core.errors import CountersignError, ErrorKind


class Place(StrEnum):
    """Which part of a request is meant."""

    BODY = "body"
    QUERY = "query"
    PATH = "path"
    HEADER = "header"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong. `name` is a JSON pointer as URI fragment in a body (RFC 6901 §6), else a name."""

    place: Place
    name: str
    detail: str
    accepted: tuple[str, ...] = ()


class DoorError(CountersignError):
    """The request cannot be read."""

    code: ClassVar[str] = "bad_request"
    status: ClassVar[HTTPStatus] = HTTPStatus.BAD_REQUEST
    type_uri: str | None = None  # where another standard names this kind of problem
    headers: tuple[tuple[str, str], ...] = ()
    faults: tuple[Fault, ...] = ()


class Malformed(DoorError):
    """The body is not JSON that can be accepted."""

    code = "malformed_json"


class MalformedHeader(DoorError):
    """A header cannot be read."""

    code = "malformed_header"

    def __init__(self, message: str, *, header: str, accepted: tuple[str, ...] = ()) -> None:
        super().__init__(message, where=header, accepted=accepted)
        self.faults = (Fault(Place.HEADER, header, message, accepted),)


class MalformedCursor(DoorError):
    """The cursor is not one of ours."""

    code = "malformed_cursor"

    def __init__(self) -> None:
        super().__init__(
            "The cursor is not one that this list has given out.",
            where="cursor",
            next_step="Use the 'next_cursor' of the previous answer unchanged, or leave it out to start at the top.",
        )
        self.faults = (Fault(Place.QUERY, "cursor", self.message),)


class NoSuchPlace(DoorError):
    """There is nothing at this address."""

    code = "no_such_address"
    kind = ErrorKind.NOT_FOUND
    status = HTTPStatus.NOT_FOUND


class WrongMethod(DoorError):
    """This address does not take this method."""

    code = "method_not_allowed"
    status = HTTPStatus.METHOD_NOT_ALLOWED

    def __init__(self, *, allowed: tuple[str, ...]) -> None:
        super().__init__(accepted=allowed)
        self.headers = (("Allow", ", ".join(allowed)),)


class BodyTooSlow(DoorError):
    """The body did not arrive in time."""

    code = "body_too_slow"
    status = HTTPStatus.REQUEST_TIMEOUT


class BodyTooLarge(DoorError):
    """The body is too large."""

    code = "body_too_large"
    kind = ErrorKind.LIMITED
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE

    def __init__(self, *, limit_bytes: int) -> None:
        super().__init__(f"The body is larger than the {limit_bytes} bytes that this call takes.")


class UnsupportedBody(DoorError):
    """The body is in a format that this call does not take."""

    code = "unsupported_media_type"
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class InvalidRequest(DoorError):
    """The request does not fit what this call takes."""

    code = "invalid_request"
    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        first = faults[0]
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        super().__init__(f"{first.place.capitalize()} {first.name or 'as a whole'}: {first.detail}{more}")
        self.faults = faults


class KeyInFlight(DoorError):
    """The first call with this Idempotency-Key is still being worked on."""

    code = "idempotency_key_in_flight"
    kind = ErrorKind.CONFLICT
    status = HTTPStatus.CONFLICT


class AnswerWasLost(DoorError):
    """This call was carried out, but its answer was lost when the server stopped."""

    code = "idempotency_answer_lost"
    kind = ErrorKind.CONFLICT
    status = HTTPStatus.CONFLICT


class KeyMismatch(DoorError):
    """This Idempotency-Key was used for another call."""

    code = "idempotency_key_reused"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
