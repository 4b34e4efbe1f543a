"""Calls of the declared system: signed in, within its rate, each answer read or one of the four failures."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from pydantic import SecretStr

from connectors.itsm.answers import UnexpectedAnswerError, uncertain
from connectors.itsm.base import ConnectorError, NotSent, Refused
from connectors.itsm.custom.building import Prepared, prepare, static_proof, token_call
from connectors.itsm.custom.failures import Absent, failure
from connectors.itsm.custom.paths import at, text_at
from connectors.itsm.custom.request_spec import Request, SecretRef
from connectors.itsm.custom.spec import AuthKind, Spec
from connectors.itsm.http import Answer, Call, Caller, Limits
from connectors.itsm.templates import Values
from connectors.itsm.turns import Turns

TOKEN_LIFETIME_S: Final = 3600.0  # when an answer does not say
TOKEN_MARGIN_S: Final = 60.0
_BY_CALL: Final = frozenset({AuthKind.OAUTH2, AuthKind.SESSION})


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    until: float  # of time.monotonic


class CustomClient:
    """One system under the credentials that its file refers to."""

    def __init__(self, spec: Spec, secrets: Mapping[SecretRef, SecretStr]) -> None:
        limits = spec.limits
        self._spec = spec
        self._secrets = secrets
        self._caller = Caller(
            spec.title,
            Limits(
                limits.connect_s,
                limits.read_s,
                limits.total_s,
                concurrent=limits.concurrent,
                per_second=limits.per_second or None,
            ),
        )
        self._token: _Token | None = None
        self._turn = asyncio.Lock()
        self._failed: ConnectorError | None = None  # how signing in failed last

    async def ask(self, request: Request, values: Values, *, url: str = "") -> tuple[Any, Answer]:
        """What stands at the request's `answer`, and the whole. Raises one of the four failures."""
        prepared = prepare(self._spec, request, values, reveal=self._reveal, url=url)
        proof = await self._proof()
        answer = await self._send(prepared, proof)
        if answer.status == HTTPStatus.UNAUTHORIZED and self._spec.auth.kind in _BY_CALL:
            # Turned away at the door, so nothing was done: once more, with a new token.
            self._forget(proof)
            answer = await self._send(prepared, await self._proof())
        failed = failure(self._spec.title, self._spec.errors, answer, writes=prepared.writes)
        if failed is not None:
            raise failed
        return self._read(request, answer, writes=prepared.writes), answer

    async def ask_list(self, request: Request, values: Values) -> list[Any]:
        """The list at the request's `answer`. A misread answer must not pass for an empty list: Refused."""
        rows, _answer = await self.ask_page(request, values)
        return rows

    async def ask_page(self, request: Request, values: Values, *, url: str = "") -> tuple[list[Any], Answer | None]:
        """The same with the whole answer; without one where the file says that it means nothing is there."""
        try:
            rows, answer = await self.ask(request, values, url=url)
        except Absent:
            return [], None
        if not isinstance(rows, list):
            reason = f"{self._spec.title} answered without the list that the file says stands there."
            raise Refused(reason, field="answer")
        return rows, answer

    def share_pace(self, turns: Turns) -> None:
        """The pace of calls is kept together with everybody who takes these turns."""
        self._caller.share_pace(turns)

    async def close(self) -> None:
        """A session is ended, and no connection is left."""
        token, self._token = self._token, None
        logout = self._spec.auth.logout
        if token is not None and logout is not None:
            prepared = prepare(self._spec, logout, {}, reveal=self._reveal)
            # A session that cannot be ended ends by itself.
            with contextlib.suppress(ConnectorError):
                await self._caller.send(prepared.call({self._spec.auth.header: token.text}))
        await self._caller.close()

    def _reveal(self, ref: SecretRef) -> str:
        return self._secrets[ref].get_secret_value()

    def _read(self, request: Request, answer: Answer, *, writes: bool) -> Any:
        if not answer.body.strip():
            return None
        try:
            document = answer.json()
        except UnexpectedAnswerError as exc:
            reason = f"{self._spec.title}, or something before it, answered with a page instead of data."
            raise uncertain(reason, writes=writes) from exc
        return at(document, request.answer)

    async def _send(self, prepared: Prepared, proof: Mapping[str, str]) -> Answer:
        return await self._caller.send(prepared.call(proof))

    async def _proof(self) -> dict[str, str]:
        auth = self._spec.auth
        if auth.kind not in _BY_CALL:
            return static_proof(auth, reveal=self._reveal)
        waited_since = self._failed
        async with self._turn:
            if self._failed is not None and self._failed is not waited_since:
                # Whoever waited for a sign-in that failed fails with it, instead of waiting for another and another.
                raise self._failed
            if self._token is None or time.monotonic() >= self._token.until:
                try:
                    self._token = await (self._authorised() if auth.kind is AuthKind.OAUTH2 else self._signed_in())
                except ConnectorError as exc:
                    self._failed = exc
                    raise
            return self._header(self._token)

    def _header(self, token: _Token) -> dict[str, str]:
        auth = self._spec.auth
        if auth.kind is AuthKind.OAUTH2:
            return {"Authorization": f"Bearer {token.text}"}
        return {auth.header: token.text}

    def _forget(self, proof: Mapping[str, str]) -> None:
        if self._token is not None and self._header(self._token) == proof:
            self._token = None

    async def _authorised(self) -> _Token:
        answer = await self._login(token_call(self._spec.auth, reveal=self._reveal))
        try:
            document = answer.json()
        except UnexpectedAnswerError as exc:
            raise self._no_token() from exc
        lifetime = at(document, ("expires_in",))
        seconds = float(lifetime) if isinstance(lifetime, int | float) and lifetime > 0 else TOKEN_LIFETIME_S
        token = self._checked(text_at(document, ("access_token",)))
        return _Token(token, time.monotonic() + max(seconds - TOKEN_MARGIN_S, seconds / 2))

    async def _signed_in(self) -> _Token:
        auth = self._spec.auth
        assert auth.login is not None  # the file is not accepted without
        answer = await self._login(prepare(self._spec, auth.login, {}, reveal=self._reveal).call({}))
        try:
            token = text_at(answer.json(), auth.token)
        except UnexpectedAnswerError as exc:
            raise self._no_token() from exc
        # How long it lives is not told; a 401 says when it is over.
        return _Token(self._checked(token), float("inf"))

    async def _login(self, call: Call) -> Answer:
        answer = await self._caller.send(Call(call.method, call.url, call.headers, call.body, writes=False))
        if answer.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED}:
            raise Refused(f"{self._spec.title} does not accept the credentials.", field="auth")
        failed = failure(self._spec.title, self._spec.errors, answer, writes=False)
        if failed is not None:
            raise failed
        return answer

    def _checked(self, token: str) -> str:
        if not token or any(not " " < character <= "~" for character in token):
            raise self._no_token()
        return token

    def _no_token(self) -> NotSent:
        return NotSent(f"{self._spec.title} answered the sign-in with something that holds no token.")
