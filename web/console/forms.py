"""What a form sends, and whether it was ours to send."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

from core.errors import Forbidden, InvalidInput
from core.signin import Proof
from web.body import read_body
from web.console.session import Visitor

FORM_LIMIT_BYTES: Final = 256 * 1024
_FIELDS_MAX: Final = 200
_TYPE: Final = "application/x-www-form-urlencoded"
_OURS: Final = frozenset({"same-origin", "none"})  # "none": typed or bookmarked, by the person themselves


class Form:
    """The fields of one form."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._pairs = tuple(pairs)

    def text(self, name: str) -> str:
        """The field's first value with the line ends of this house; empty if there is none."""
        return next((value.replace("\r\n", "\n") for key, value in self._pairs if key == name), "")

    def texts(self, name: str) -> tuple[str, ...]:
        """Every value of the field."""
        return tuple(value for key, value in self._pairs if key == name)

    def day(self, name: str) -> date:
        """The day that the field holds. Raises InvalidInput naming it."""
        try:
            return date.fromisoformat(self.text(name).strip())
        except ValueError as exc:
            raise InvalidInput("That is no day.", where=name, accepted=("2026-01-05",)) from exc

    def typed(self) -> Mapping[str, str]:
        """The first value of each field but the secret, to show again."""
        return {key: self.text(key) for key, _ in self._pairs if key != "csrf"}


def proof_in(form: Form) -> Proof:
    """The second factor that the form holds."""
    return Proof(code=form.text("code"), key=form.text("key"))


async def read_form(request: web.Request, visitor: Visitor | None) -> Form:
    """The fields. Raises Forbidden if another site, or nobody known, had the browser send them; InvalidInput."""
    check_origin(request.headers, host=request.host)
    raw = await read_body(request, limit_bytes=FORM_LIMIT_BYTES, media_types=(_TYPE,))
    try:
        form = Form(parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=_FIELDS_MAX, errors="strict"))
    except ValueError as error:
        raise InvalidInput("The form cannot be read.") from error
    if any("\x00" in value for name in form.typed() for value in form.texts(name)):
        raise InvalidInput("The form holds a character that cannot be kept.")  # PostgreSQL has no U+0000 in text
    if (
        visitor is not None
        and visitor.csrf
        and not hmac.compare_digest(visitor.csrf.encode(), form.text("csrf").encode())
    ):
        raise Forbidden("This form is out of date.", next_step="Load the page again and send it once more.")
    return form


def check_origin(headers: Mapping[str, str], *, host: str) -> None:
    """Returns if the browser says that a page of ours sends this, or says nothing. Raises Forbidden.

    A browser sends `Sec-Fetch-Site` or `Origin` with every POST; only programs send neither.
    """
    site = headers.get("Sec-Fetch-Site")
    if site is not None:
        is_ours = site in _OURS
    else:
        origin = headers.get("Origin")
        is_ours = origin is None or _host_in(origin) == host
    if not is_ours:
        raise Forbidden("Another site sent this form; nothing was changed.")


def _host_in(origin: str) -> str | None:
    """None for what is no origin: `null`, or bytes that no browser sends."""
    try:
        return urlsplit(origin).netloc or None
    except ValueError:
        return None
