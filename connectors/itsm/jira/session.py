"""How one call signs in and how long it may take: the library's client with a session of ours.

The library's own session repeats POSTs whose answer was lost and sleeps in the thread; its reading of error bodies
trips over JSON that is no object, and its errors print headers. None of that gets its turn: what is no success ends in
`send`, before the library sees it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import requests
from jira import JIRA
from jira.resilientsession import ResilientSession
from requests.auth import AuthBase, HTTPBasicAuth

from connectors.itsm.answers import UnexpectedAnswerError
from connectors.itsm.base import TicketFile
from connectors.itsm.jira.settings import JiraSettings
from connectors.itsm.rehearsal import Rehearsal
from connectors.itsm.threads import AbandonedError
from connectors.itsm.transport import RedirectedError, rehearsed

SERVICE_DESK_URL: Final = "{server}/rest/servicedeskapi/{path}"


class TokenAuth(AuthBase):
    """Signs in by an access token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request with the token."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class CallSession(ResilientSession):
    """One call's own session: our time-outs, no redirects, no repetition, our credential and no other."""

    def __init__(
        self, settings: JiraSettings, *, may_send: Callable[[], bool], rehearsal: Rehearsal | None = None
    ) -> None:
        timeout = (settings.connect_timeout_s, settings.read_timeout_s)
        super().__init__(timeout=timeout, max_retries=0)
        self._limits = timeout
        self._may_send = may_send
        self._rehearsal = rehearsal  # of a call that writes: it is noted there and not sent
        self.auth = _auth(settings)  # always set: without one, requests would look into ~/.netrc
        self.trust_env = not settings.is_loopback

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """The answer, if it is a success that is empty or JSON.

        Raises HTTPError for any other status, RedirectedError rather than repeating a POST as a GET elsewhere,
        UnexpectedAnswerError for a page, AbandonedError if nobody waits any more.
        """
        if not self._may_send():
            raise AbandonedError
        if self._rehearsal is not None:
            return rehearsed(self._rehearsal, request, {"id": "0"})
        response = super().send(request, **{**kwargs, "timeout": self._limits, "allow_redirects": False})
        if response.is_redirect:
            raise RedirectedError(response.headers.get("Location", ""))
        response.raise_for_status()
        if response.content and not _is_json(response):
            raise UnexpectedAnswerError("no JSON")
        return response


class CallClient(JIRA):
    """The library's client for one call. It asks nothing at construction."""

    def __init__(
        self,
        settings: JiraSettings,
        *,
        is_cloud: bool,
        may_send: Callable[[], bool],
        rehearsal: Rehearsal | None = None,
    ) -> None:
        options = {"rest_api_version": "3" if is_cloud else "2", "check_update": False}
        super().__init__(server=settings.url, options=options, get_server_info=False, max_retries=0, logging=False)
        session = CallSession(settings, may_send=may_send, rehearsal=rehearsal)
        session.headers.update(self._session.headers)
        self._session.close()
        self._session = session
        self.deploymentType = "Cloud" if is_cloud else "Server"

    def ask(self, path: str, query: Mapping[str, Any] | None = None, *, base: str = JIRA.JIRA_BASE_URL) -> Any:
        """What GET answers."""
        return self._get_json(path, params=dict(query or {}), base=base)

    def search(self, path: str, body: Mapping[str, Any]) -> Any:
        """What a search by POST answers; it changes nothing."""
        return self._get_json(path, params=dict(body), use_post=True)

    def tell(self, path: str, body: Mapping[str, Any], *, base: str = JIRA.JIRA_BASE_URL) -> Any:
        """What POST answers; None if it is empty."""
        response = self._session.post(self._get_url(path, base), data=json.dumps(body))
        return response.json() if response.content else None

    def attach(self, path: str, file: TicketFile) -> Any:
        """What POST of one file answers."""
        self._session.headers.pop("Content-Type", None)  # requests writes that of a form itself, with its boundary
        headers = {"X-Atlassian-Token": "no-check"}
        part = (file.name, file.content, file.media_type)
        url = self._get_url(path, JIRA.JIRA_BASE_URL)
        response = self._session.post(url, files={"file": part}, headers=headers)
        return response.json() if response.content else None

    def put(self, path: str, body: Mapping[str, Any]) -> None:
        """PUT has taken the body; its answer holds nothing."""
        self._session.put(self._get_url(path, JIRA.JIRA_BASE_URL), data=json.dumps(body))

    def leave(self) -> None:
        """The connection of this call is closed."""
        self._session.close()


def _auth(settings: JiraSettings) -> AuthBase:
    if settings.access_token is not None:
        return TokenAuth(settings.access_token.get_secret_value())
    password = settings.password
    # Bytes, because requests would encode text as Latin-1.
    return HTTPBasicAuth((settings.user or "").encode(), password.get_secret_value().encode() if password else b"")


def _is_json(response: requests.Response) -> bool:
    try:
        response.json()
    except ValueError:
        return False
    return True
