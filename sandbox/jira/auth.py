"""Who is calling: e-mail and API token on Cloud; a personal access token, or name and password, on Data Center."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from aiohttp import web

from sandbox.jira.settings import Options
from sandbox.jira.store import Person, Store

INTEGRATION: Final = "countersign"
API_TOKEN: Final = "ATATT3xFfGF0-sandbox-countersign"  # noqa: S105 - of a simulator, printed for everyone
ACCESS_TOKEN: Final = "NjY2MDAwMDAwMDAw-sandbox-countersign"  # noqa: S105 - the same
PASSWORD: Final = "countersign-sandbox"  # noqa: S105 - the same
PERSON_TOKEN: Final = "sandbox"  # noqa: S105 - what people use for all three
CAPTCHA_AFTER: Final = 3  # wrong passwords; vendor default


@dataclass(frozen=True, slots=True)
class Denied:
    """Why nobody is known; `captcha` after too many wrong passwords, `session` for a bearer token of no app."""

    captcha: bool = False
    session: bool = False


@dataclass(slots=True)
class Accounts:
    """Checks credentials. How often somebody was wrong lives as long as the process."""

    store: Store
    options: Options
    _wrong: dict[str, int] = field(default_factory=dict)

    def caller(self, headers: Mapping[str, str]) -> Person | Denied | None:
        """Whose request this is; None when no credential came with it."""
        scheme, _, rest = headers.get("Authorization", "").partition(" ")
        match scheme.lower():
            case "basic":
                return self._basic(*_decoded(rest))
            case "bearer" if self.options.is_cloud:
                return Denied(session=True)
            case "bearer":
                return next((one for one in self.store.people.values() if _same(_pat(one), rest.strip())), Denied())
            case _:
                return None

    def _basic(self, user: str, secret: str) -> Person | Denied:
        if self._wrong.get(user, 0) >= CAPTCHA_AFTER:
            return Denied(captcha=True)
        person = self.store.person_by(user) if user else None
        given = (person.email if self.options.is_cloud else person.name) if person else ""
        if person and person.active and given.casefold() == user.casefold() and _same(self._secret(person), secret):
            self._wrong.pop(user, None)
            return person
        if not self.options.is_cloud:
            self._wrong[user] = self._wrong.get(user, 0) + 1
        return Denied()

    def _secret(self, person: Person) -> str:
        if person.name != INTEGRATION:
            return PERSON_TOKEN
        return API_TOKEN if self.options.is_cloud else PASSWORD


def refuse(denied: Denied | None, options: Options, base_url: str) -> web.Response:
    """401 or 403 with the vendor's headers."""
    if denied is not None and denied.session:
        body = {"error": "Failed to parse Connect Session Auth Token"}
        return web.json_response(body, status=HTTPStatus.FORBIDDEN)
    if denied is not None and denied.captcha:
        response = web.Response(text="<html><body>Forbidden (403)</body></html>", content_type="text/html",
                                status=HTTPStatus.FORBIDDEN)  # fmt: skip
        response.headers["X-Seraph-LoginReason"] = "AUTHENTICATION_DENIED"
        response.headers["X-Authentication-Denied-Reason"] = f"CAPTCHA_CHALLENGE; login-url={base_url}/login.jsp"
        return response
    if options.is_cloud:
        words = "Client must be authenticated to access this resource."
        response = web.json_response(
            {"message": words, "status-code": HTTPStatus.UNAUTHORIZED.value}, status=HTTPStatus.UNAUTHORIZED
        )
    else:
        page = "<html><head><title>Unauthorized (401)</title></head><body>Basic Authentication Failure</body></html>"
        response = web.Response(text=page, content_type="text/html", status=HTTPStatus.UNAUTHORIZED)
    response.headers["WWW-Authenticate"] = f'OAuth realm="{base_url}"'
    if denied is not None:
        response.headers["X-Seraph-LoginReason"] = "AUTHENTICATED_FAILED"
    return response


def _pat(person: Person) -> str:
    return ACCESS_TOKEN if person.name == INTEGRATION else f"{PERSON_TOKEN}-{person.name}"


def _same(known: str, given: str) -> bool:
    return secrets.compare_digest(known.encode(), given.encode())


def _decoded(encoded: str) -> tuple[str, str]:
    try:
        user, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, secret
