"""What the instance refuses, and the vendor's error bodies."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web


class AccessDenied(Exception):
    """The account lacks the right; `action` is Insert, Update or Delete."""

    def __init__(self, action: str) -> None:
        self.action = action
        super().__init__(f"ACL Exception {action} Failed due to security constraints")


class RuleRefused(Exception):
    """A business rule or data policy says no; `field` is what it objects to."""

    def __init__(self, message: str, *, field: str = "") -> None:
        self.field = field
        super().__init__(message)


def error(status: int, message: str, detail: str | None = None) -> web.Response:
    """The vendor's error answer."""
    body = {"error": {"message": message, "detail": detail}, "status": "failure"}
    return web.json_response(body, status=status)


def not_authenticated() -> web.Response:
    """401, as when no or a wrong credential was sent."""
    response = error(HTTPStatus.UNAUTHORIZED, "User Not Authenticated", "Required to provide Auth information")
    response.headers["WWW-Authenticate"] = 'BASIC realm="Service-now"'
    return response


def no_record() -> web.Response:
    """404 for one record asked for by its sys_id."""
    detail = "Record doesn't exist or ACL restricts the record retrieval"
    return error(HTTPStatus.NOT_FOUND, "No Record found", detail)


def invalid_table(name: str) -> web.Response:
    """400 for a table that the instance does not have."""
    return error(HTTPStatus.BAD_REQUEST, f"Invalid table {name}")


def access_denied(denied: AccessDenied) -> web.Response:
    """403 of an access control rule."""
    return error(HTTPStatus.FORBIDDEN, "Operation Failed", str(denied))


def aborted(table: str, operation: str, refused: RuleRefused) -> web.Response:
    """403 of the Table API when a business rule or data policy stops the write."""
    detail = f"Error during {operation} of {table} ({refused})"
    return error(HTTPStatus.FORBIDDEN, "Operation Failed", detail)


def throttled(retry_after_s: float) -> web.Response:
    """429, as the rate limit rules answer."""
    response = error(
        HTTPStatus.TOO_MANY_REQUESTS,
        "Rate limit exceeded",
        "Rate limit of 100 requests per hour for Table API exceeded",
    )
    response.headers["Retry-After"] = f"{max(0, round(retry_after_s))}"
    return response


def failed() -> web.Response:
    """500: the transaction was cancelled; what it wrote before may have stayed."""
    message = "Transaction cancelled: maximum execution time exceeded"
    return error(
        HTTPStatus.INTERNAL_SERVER_ERROR, message, "maximum execution time exceeded Check logs for error trace"
    )
