"""How one call signs in and how long it may take.

pysnow passes a time-out of its own (60 s) with every request, so a session's default is ignored: `send` sets ours.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any, Final

import requests
from requests.auth import AuthBase, HTTPBasicAuth

from connectors.itsm.answers import UnexpectedAnswerError
from connectors.itsm.rehearsal import Rehearsal
from connectors.itsm.servicenow.settings import ServiceNowSettings
from connectors.itsm.threads import AbandonedError, Flight
from connectors.itsm.transport import RedirectedError, rehearsed

SYS_ID_CHARS: Final = 32
TOKEN_MARGIN_S: Final = 60.0  # a token this close to its end is not used any more
TOKEN_LIFETIME_S: Final = 1799.0  # ServiceNow's default, when the answer names none


class CallSession(requests.Session):
    """One call's own session: our time-outs, no redirects, the instance's credential and no other."""

    def __init__(
        self,
        settings: ServiceNowSettings,
        auth: AuthBase,
        *,
        may_send: Callable[[], bool],
        rehearsal: Rehearsal | None = None,
    ) -> None:
        super().__init__()
        self._rehearsal = rehearsal  # of a call that writes: it is noted there and not sent
        self._timeout = (settings.connect_timeout_s, settings.read_timeout_s)
        self._may_send = may_send
        self.auth = auth  # always set: without one, requests would look into ~/.netrc
        self.trust_env = not settings.is_loopback

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """The answer, within the time-outs.

        Raises RedirectedError rather than repeating a POST as a GET elsewhere, UnexpectedAnswerError for a success that
        is JSON but no object (pysnow would stumble over it), AbandonedError if nobody waits any more.
        """
        if not self._may_send():
            raise AbandonedError
        if self._rehearsal is not None:
            return rehearsed(self._rehearsal, request, {"result": _as_if_written(request)})
        response = super().send(request, **{**kwargs, "timeout": self._timeout, "allow_redirects": False})
        if response.is_redirect:
            raise RedirectedError(response.headers.get("Location", ""))
        if response.ok and not _may_be_object(response):
            raise UnexpectedAnswerError("JSON, but no object")
        return response


class HeaderAuth(AuthBase):
    """Signs in by one header."""

    def __init__(self, name: str, value: str) -> None:
        self._name = name
        self._value = value

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request with the header."""
        request.headers[self._name] = self._value
        return request


class Credentials:
    """What signs a call. An OAuth token is fetched when needed and shared by all calls until it nears its end."""

    def __init__(self, settings: ServiceNowSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._token = ""
        self._valid_until = 0.0

    @property
    def may_be_renewed(self) -> bool:
        """Whether a refused credential may be an expired token rather than a wrong one."""
        return self._settings.client_id is not None

    def forget(self) -> None:
        """The next call fetches a new token."""
        with self._lock:
            self._token = ""

    def auth(self, flight: Flight) -> AuthBase:
        """What signs one call; may fetch a token first, in this thread."""
        settings = self._settings
        if settings.api_key is not None:
            return HeaderAuth("x-sn-apikey", settings.api_key.get_secret_value())
        if settings.access_token is not None:
            return HeaderAuth("Authorization", f"Bearer {settings.access_token.get_secret_value()}")
        if settings.client_id is not None:
            return HeaderAuth("Authorization", f"Bearer {self._oauth_token(flight)}")
        return self._basic()

    def _basic(self) -> AuthBase:
        password = self._settings.password
        # Bytes, because requests would encode text as Latin-1.
        user = (self._settings.user or "").encode()
        return HTTPBasicAuth(user, password.get_secret_value().encode() if password else b"")

    def _oauth_token(self, flight: Flight) -> str:
        with self._lock:
            if not self._token or time.monotonic() >= self._valid_until:
                answer = self._fetch(flight)
                self._token = str(answer["access_token"])
                lifetime_s = float(answer.get("expires_in") or TOKEN_LIFETIME_S)
                self._valid_until = time.monotonic() + max(0.0, lifetime_s - TOKEN_MARGIN_S)
            return self._token

    def _fetch(self, flight: Flight) -> dict[str, Any]:
        settings = self._settings
        form = {"client_id": settings.client_id or "", "grant_type": "client_credentials"}
        if settings.client_secret is not None:
            form["client_secret"] = settings.client_secret.get_secret_value()
        if settings.user is not None and settings.password is not None:
            password = settings.password.get_secret_value()
            form |= {"grant_type": "password", "username": settings.user, "password": password}
        with CallSession(settings, HeaderAuth("Accept", "application/json"), may_send=flight.is_awaited) as session:
            response = session.post(f"{settings.url}/oauth_token.do", data=form)
            response.raise_for_status()
            answer = response.json()
        if not isinstance(answer, dict) or not answer.get("access_token"):
            raise UnexpectedAnswerError("no access_token")
        return answer


def _as_if_written(request: requests.PreparedRequest) -> dict[str, Any]:
    """The record that a write would leave, as far as it says so itself."""
    last = str(request.url).partition("?")[0].rpartition("/")[2]
    sys_id = last if len(last) == SYS_ID_CHARS else "0" * SYS_ID_CHARS
    body = request.body if isinstance(request.body, bytes | str) else "{}"
    return {**json.loads(body or "{}"), "sys_id": sys_id, "number": "(not created)"}


def _may_be_object(response: requests.Response) -> bool:
    try:
        return isinstance(response.json(), dict)
    except ValueError:
        return True  # no JSON at all: pysnow says so itself
