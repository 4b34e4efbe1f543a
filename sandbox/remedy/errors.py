"""What the server refuses, and the vendor's error bodies: a list of messages."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

NO_ENTRY: Final = 302
NO_FORM: Final = 303
OUT_OF_LIMITS: Final = 306
REQUIRED: Final = 307
NO_FIELD: Final = 314
BLANK: Final = 326
NO_PERMISSION: Final = 353
TOO_LONG: Final = 559
ID_TOO_LONG: Final = 101
DUPLICATE: Final = 382
BAD_QUALIFICATION: Final = 1587
AUTHENTICATION: Final = 623
LICENCES: Final = 9093
OVERLOAD: Final = 92
NO_PERSON: Final = 45386  # ITSM's rules answer with numbers of their own
RULE: Final = 1291052

TEXTS: Final = {
    NO_ENTRY: "Entry does not exist in database",
    NO_FORM: "Form does not exist on server",
    OUT_OF_LIMITS: "Value does not fall within the limits specified for the field",
    REQUIRED: "Required field (without a default) not specified",
    NO_FIELD: "Field does not exist on current form",
    BLANK: "Required field cannot be blank",
    NO_PERMISSION: "You have no access to form",
    TOO_LONG: "Character string exceeds maximum size allowed",
    ID_TOO_LONG: "Entry ID parameter length is longer than the maximum allowed length",
    DUPLICATE: "The value for a field with a unique index is already in use",
    BAD_QUALIFICATION: "Format of query or assignment line is not valid",
    AUTHENTICATION: "Authentication failed",
    LICENCES: "No floating write license tokens are available",
    OVERLOAD: "Timeout during database query",
}
_STATUSES: Final = {
    NO_ENTRY: HTTPStatus.NOT_FOUND,
    NO_FORM: HTTPStatus.NOT_FOUND,
    AUTHENTICATION: HTTPStatus.UNAUTHORIZED,
    NO_PERMISSION: HTTPStatus.FORBIDDEN,
    LICENCES: HTTPStatus.FORBIDDEN,
    # Workflow answers 500 although the caller is at fault.
    BLANK: HTTPStatus.INTERNAL_SERVER_ERROR,
    NO_PERSON: HTTPStatus.INTERNAL_SERVER_ERROR,
    RULE: HTTPStatus.INTERNAL_SERVER_ERROR,
    OVERLOAD: HTTPStatus.INTERNAL_SERVER_ERROR,
}


class Refused(Exception):
    """The request is answered with this message; `appended` says what it is about."""

    def __init__(self, number: int, appended: str = "", *, text: str = "", status: int | None = None) -> None:
        self.number = number
        self.text = text or TEXTS[number]
        self.appended = appended
        self.status = status if status is not None else _STATUSES.get(number, HTTPStatus.BAD_REQUEST)
        super().__init__(f"{self.text}: {appended}" if appended else self.text)


def message(kind: str, number: int, text: str, appended: str = "") -> dict[str, Any]:
    """One message as the server words it."""
    return {"messageType": kind, "messageText": text, "messageNumber": number, "messageAppendedText": appended or None}


def refusal(refused: Refused, *, with_note: bool = False) -> web.Response:
    """The list of messages; a note of a filter may stand before the error."""
    found = [message("ERROR", refused.number, refused.text, refused.appended)]
    if with_note:
        found.insert(0, message("NOTE", 10000, "The change has been checked by the business rules of this server."))
    return web.json_response(found, status=refused.status)


def throttled(retry_after_s: float) -> web.Response:
    """429 of a gateway in front of the server; the server itself knows no such answer."""
    headers = {"Retry-After": f"{max(0, round(retry_after_s))}"}
    body = [message("ERROR", 9084, "Too many requests")]
    return web.json_response(body, status=HTTPStatus.TOO_MANY_REQUESTS, headers=headers)


def failed() -> web.Response:
    """500 with a database time-out: what was written may have stayed."""
    return refusal(Refused(OVERLOAD))
