"""What a connection to one Jira site is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, InstanceOf, SecretStr, field_validator, model_validator

from connectors.itsm.base import TicketKind, TicketState
from connectors.itsm.mapping import Mapping as TicketMapping

TIMEOUT_MAX_S: Final = 300.0
Seconds = Annotated[float, Field(gt=0, le=TIMEOUT_MAX_S)]
ProjectKey = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=255)]
Name = Annotated[str, Field(min_length=1, max_length=255)]
FieldId = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]


class JiraSettings(BaseModel):
    """Address, one kind of credential, the project, and how our words map to this site's.

    Which product answers (Cloud or Data Center) is asked of the site, not set. Credentials: user and password (on Cloud
    an e-mail address and an API token), or an access token (a personal access token of Data Center, or OAuth's). Raises
    ValidationError if none, or both, are given.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: str  # https://example.atlassian.net, or https://jira.example.com/jira
    user: str | None = None
    password: SecretStr | None = None
    access_token: SecretStr | None = None
    project: ProjectKey
    change_type: Name = "Task"
    emergency_type: Name | None = None  # as change_type
    incident_type: Name | None = None  # as change_type
    fields: Mapping[str, FieldId] = Field(default_factory=dict)  # our name -> field of the create screen
    create_fields: Mapping[FieldId, Any] = Field(default_factory=dict)  # what every new issue has, in Jira's JSON
    move_fields: Mapping[FieldId, Any] = Field(default_factory=dict)  # what moves may ask for, in Jira's JSON
    states: Mapping[str, TicketState] = Field(default_factory=dict)  # status name -> where that is
    resolutions: Mapping[TicketState, Name] = Field(default_factory=dict)  # closed, rejected, cancelled
    mapping: InstanceOf[TicketMapping] = TicketMapping()  # the administrator's file; it wins over fields and states
    webhook_secret: SecretStr | None = None
    connect_timeout_s: Seconds = 5.0
    read_timeout_s: Seconds = 15.0
    total_timeout_s: Seconds = 30.0  # one call, however slowly its answer trickles in
    max_concurrent_calls: Annotated[int, Field(ge=1, le=32)] = 4
    calls_per_second: Annotated[float, Field(gt=0)] | None = None  # None: as fast as they come

    @field_validator("url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
            raise ValueError("it must read https://host or https://host/path, without user, password or query")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _has_one_credential(self) -> Self:
        basic = self.user is not None and self.password is not None
        if basic == (self.access_token is not None):
            raise ValueError("give exactly one of: user and password, access_token")
        return self

    @property
    def is_loopback(self) -> bool:
        """Whether the site is on this machine, where no proxy must be asked."""
        return urlsplit(self.url).hostname in {"localhost", "127.0.0.1", "::1"}

    def states_of(self, kind: TicketKind) -> dict[str, TicketState]:
        """What statuses mean for issues of this kind, beyond what their names and categories say."""
        return {**self.states, **self.mapping.states(kind)}

    def type_of(self, kind: TicketKind) -> str:
        """The issue type of tickets of this kind."""
        chosen = {TicketKind.EMERGENCY_CHANGE: self.emergency_type, TicketKind.INCIDENT: self.incident_type}
        return chosen.get(kind) or self.change_type
