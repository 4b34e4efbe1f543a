"""A declared request and its values -> the exact call. Pure, so that it can be shown instead of sent."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from connectors.itsm.base import Refused
from connectors.itsm.custom.request_spec import HeaderValue, Request, SecretRef
from connectors.itsm.custom.spec import Auth, AuthKind, Spec
from connectors.itsm.http import Call
from connectors.itsm.templates import FIELDS, Template, Values, rendered

Reveal = Callable[[SecretRef], str]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A call without its proof of who makes it."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    writes: bool

    def call(self, proof: Mapping[str, str]) -> Call:
        """The call with its proof."""
        return Call(self.method, self.url, {**self.headers, **proof}, self.body, writes=self.writes)


def prepare(spec: Spec, request: Request, values: Values, *, reveal: Reveal, url: str = "") -> Prepared:
    """The call. Raises Refused if a value cannot stand where it is wanted. `url` replaces path and query."""
    mapped = mapped_values(spec, values)
    try:
        address = url or f"{spec.url}{request.path.path(mapped)}"
    except ValueError as exc:
        raise Refused(f"The path of this call cannot be made: {exc}.") from exc
    query = {name: text for name, one in request.query.items() if (text := one.text(mapped))}
    if query and not url:
        address += f"?{urlencode(query, quote_via=quote)}"
    headers = {name: _header(name, one, mapped, reveal) for name, one in {**spec.headers, **request.headers}.items()}
    body = None
    if request.body is not None:
        tree = rendered(request.body, mapped)
        body = urlencode(tree).encode() if request.is_form else json.dumps(tree, ensure_ascii=False).encode()
        headers.setdefault(
            "Content-Type", "application/x-www-form-urlencoded" if request.is_form else "application/json"
        )
    headers.setdefault("Accept", "application/json")
    return Prepared(request.method, address, headers, body, writes=request.method != "GET")


def static_proof(auth: Auth, *, reveal: Reveal) -> dict[str, str]:
    """The headers of a proof that needs no call; none for those that do."""
    if auth.secret is None:
        return {}
    match auth.kind:
        case AuthKind.BASIC:
            secret = reveal(auth.secret)
            pair = f"{auth.user}:{secret}"
            shown = secret if secret.startswith("***") else base64.b64encode(pair.encode()).decode()
            return {"Authorization": f"Basic {shown}"}
        case AuthKind.BEARER:
            return {"Authorization": f"Bearer {reveal(auth.secret)}"}
        case AuthKind.HEADER:
            return {auth.header: reveal(auth.secret)}
        case _:
            return {}


def token_call(auth: Auth, *, reveal: Reveal) -> Call:
    """The call that asks for an OAuth 2 token by client credentials (RFC 6749, 4.4)."""
    assert auth.secret is not None  # the file is not accepted without
    form = {"grant_type": "client_credentials", "client_id": auth.user, "client_secret": reveal(auth.secret)}
    if auth.scope:
        form["scope"] = auth.scope
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    return Call("POST", auth.token_url, headers, urlencode(form, safe="*()").encode())


def mapped_values(spec: Spec, values: Values) -> dict[str, Any]:
    """The values with each table of the file applied; what a table does not know goes by its row 'default', if any."""
    found = dict(values)
    for name, table in spec.tables.items():
        is_field = name.startswith(FIELDS)
        value = values.get("fields", {}).get(name.removeprefix(FIELDS)) if is_field else values.get(name)
        row = table.get(str(value or "").lower(), table.get("default"))
        if row is not None:
            found[name] = row
    return found


def _header(name: str, value: HeaderValue, values: Values, reveal: Reveal) -> str:
    text = value.text(values) if isinstance(value, Template) else reveal(value)
    if any(ord(character) < ord(" ") or ord(character) > 255 for character in text):
        raise Refused(f"The header {name} would have characters that a header cannot carry.", field=name)
    return text
