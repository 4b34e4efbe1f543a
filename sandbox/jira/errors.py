"""What the site refuses, and the vendor's error bodies."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

NO_ISSUE = "Issue does not exist or you do not have permission to see it."


class Refused(Exception):
    """The request is answered with this status and these messages; `errors` is by field."""

    def __init__(self, *messages: str, status: int = 400, errors: Mapping[str, str] | None = None) -> None:
        self.status = status
        self.messages = messages
        self.errors = dict(errors or {})
        super().__init__("; ".join([*messages, *(f"{name}: {text}" for name, text in self.errors.items())]))


def refusal(refused: Refused) -> web.Response:
    """The vendor's error collection."""
    body = {"errorMessages": list(refused.messages), "errors": refused.errors}
    return web.json_response(body, status=refused.status)


def missing(what: str = NO_ISSUE) -> Refused:
    """404, which also stands for a lack of permission."""
    return Refused(what, status=HTTPStatus.NOT_FOUND)


def not_on_screen(field: str) -> str:
    """What is said of a field that cannot be set here."""
    return f"Field '{field}' cannot be set. It is not on the appropriate screen, or unknown."


def desk_error(refused: Refused) -> web.Response:
    """The error body of Jira Service Management."""
    text = str(refused)
    body = {"errorMessage": text, "i18nErrorMessage": {"i18nKey": text, "parameters": []}}
    return web.json_response(body, status=refused.status)


def no_resource(url: str) -> web.Response:
    """404 for an address that names no resource."""
    return web.json_response(
        {"message": f"null for uri: {url}", "status-code": HTTPStatus.NOT_FOUND.value}, status=HTTPStatus.NOT_FOUND
    )


def failed() -> web.Response:
    """500; what was written before may have stayed."""
    return web.json_response(
        {"errorMessages": ["Internal server error"], "errors": {}}, status=HTTPStatus.INTERNAL_SERVER_ERROR
    )
