"""The parts of the simulated Slack that every door needs, and the error its Web API speaks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.slack.capabilities import Capabilities
from sandbox.slack.limits import RateLimits
from sandbox.slack.scopes import Scopes
from sandbox.slack.settings import SlackSettings
from sandbox.slack.world import Channel, Workspace


class ApiError(Exception):
    """The Web API refuses: `{"ok": false, "error": code}` and the given extra keys, under HTTP 200."""

    def __init__(self, code: str, **extra: Any) -> None:
        self.code = code
        self.extra = extra
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Hub:
    """The workspace with the rights and limits around it."""

    settings: SlackSettings
    world: Workspace
    capabilities: Capabilities = field(default_factory=Capabilities)
    limits: RateLimits = field(default_factory=RateLimits)
    scopes: Scopes = field(default_factory=Scopes)
    closed: dict[str, str] = field(default_factory=dict)  # person -> with which code the app's messages are refused

    @property
    def page_url(self) -> str:
        """Where the workspace is shown as a page."""
        return self.settings.base_url.removesuffix("/slack")

    def response_url(self, token: str) -> str:
        """The address behind which this response right is used."""
        return f"{self.settings.base_url}/response/{token}"

    def channel(self, word: Any) -> Channel:
        """The conversation that the app means by an id, a name, or a person's id (opens the direct message).

        Raises ApiError channel_not_found.
        """
        found = self.world.channels.get(str(word))
        if found is not None:
            return found
        if word in self.world.people:
            return self.world.direct(str(word))
        name = str(word).removeprefix("#")
        for channel in self.world.channels.values():
            if channel.name == name and channel.im_user is None:
                return channel
        raise ApiError("channel_not_found")
