"""The chat platforms that an installation is connected to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field

from config.errors import SettingsError
from config.fields import HttpUrl, Secret, Section, TenantSlug, clear_text, missing
from config.values import lower

SLACK_API_URL: Final = "https://slack.com/api/"  # slack_sdk's own default
TEAMS_LOGIN_URL: Final = "https://login.microsoftonline.com"
TEAMS_METADATA_URL: Final = "https://login.botframework.com/v1/.well-known/openidconfiguration"
TEAMS_SERVICE_URL: Final = "https://smba.trafficmanager.net/teams"  # Microsoft, "Send proactive messages"
TEAMS_ISSUER: Final = "https://api.botframework.com"
_GUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")


class SlackMode(StrEnum):
    """How Slack reaches us: it calls our address, or we keep a WebSocket open (no public address needed)."""

    HTTP = "http"
    SOCKET = "socket"


def _guid(value: str) -> str:
    if not _GUID.match(value):
        raise ValueError("it must look like 00000000-0000-0000-0000-000000000000")
    return value.lower()


Guid = Annotated[str, AfterValidator(_guid)]


class SlackSettings(Section):
    """One Slack workspace; on once a bot token is given."""

    mode: Annotated[SlackMode, BeforeValidator(lower)] = SlackMode.HTTP
    bot_token: Secret | None = None  # xoxb-…
    signing_secret: Secret | None = None  # needed for mode http
    app_token: Secret | None = None  # xapp-…, needed for mode socket
    base_url: HttpUrl = SLACK_API_URL.rstrip("/")  # the simulated workspace has another
    tenant: TenantSlug | None = None  # whose people the workspace's members are
    approvals_channel: Annotated[str, Field(min_length=1)] = "approvals"  # name without #, or id
    emergency_channel: Annotated[str, Field(min_length=1)] = "emergency"

    @property
    def enabled(self) -> bool:
        """Whether Countersign talks to Slack at all."""
        return self.bot_token is not None

    @property
    def api_url(self) -> str:
        """The Web API's address as slack_sdk wants it: with a closing slash."""
        return f"{self.base_url}/"


class TeamsSettings(Section):
    """One Microsoft 365 tenant, through one Azure bot; on once the bot's app id is given."""

    app_id: Guid | None = None  # "Microsoft App ID" of the Azure bot
    app_password: Secret | None = None  # the client secret's value, not its id
    tenant_id: Guid | None = None  # the Microsoft 365 tenant (directory)
    tenant: TenantSlug | None = None  # whose people the members of the Microsoft 365 tenant are
    approvals_channel: Annotated[str, Field(min_length=1)] = "approvals"  # name without #, or id
    emergency_channel: Annotated[str, Field(min_length=1)] = "emergency"
    pictures: bool = True  # Teams fetches charts from addresses of ours that nobody guesses; false: words alone
    # Other clouds, and the simulated one, have other addresses; docs/connectors/teams.md lists them
    login_url: HttpUrl = TEAMS_LOGIN_URL
    metadata_url: HttpUrl = TEAMS_METADATA_URL
    service_url: HttpUrl = TEAMS_SERVICE_URL  # where we write before Teams has told us its own address
    issuer: HttpUrl = TEAMS_ISSUER

    @property
    def enabled(self) -> bool:
        """Whether Countersign talks to Teams at all."""
        return self.app_id is not None


def slack_contradictions(slack: SlackSettings) -> Iterator[SettingsError]:
    """What does not go together in it."""
    yield from clear_text("slack.base_url", slack.base_url)
    for name, token, start in (("bot_token", slack.bot_token, "xoxb-"), ("app_token", slack.app_token, "xapp-")):
        if token is not None and not token.get_secret_value().startswith(start):
            yield SettingsError(f"This is another kind of token: it must start with '{start}'.", key=f"slack.{name}")
    if not slack.enabled:
        return
    if slack.tenant is None:
        yield missing("slack.tenant", "the workspace belongs to a tenant")
    if slack.mode is SlackMode.HTTP and slack.signing_secret is None:
        yield missing("slack.signing_secret", "mode 'http' checks with it that a request comes from Slack")
    if slack.mode is SlackMode.SOCKET and slack.app_token is None:
        yield missing("slack.app_token", "mode 'socket' opens its connection with it")


def teams_contradictions(teams: TeamsSettings) -> Iterator[SettingsError]:
    """What does not go together in it."""
    for name in ("login_url", "metadata_url", "service_url"):
        yield from clear_text(f"teams.{name}", getattr(teams, name))
    if not teams.enabled:
        return
    for name, reason in (
        ("app_password", "the bot proves with it who it is"),
        ("tenant_id", "messages of any other Microsoft 365 tenant are refused"),
        ("tenant", "the Microsoft 365 tenant's people belong to a tenant of ours"),
    ):
        if getattr(teams, name) is None:
            yield missing(f"teams.{name}", reason)
