"""What a connection to one ServiceNow instance is told."""

from __future__ import annotations

from typing import Annotated, Final, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, InstanceOf, SecretStr, field_validator, model_validator

from connectors.itsm.base import TicketKind, TicketState
from connectors.itsm.mapping import Mapping
from connectors.itsm.servicenow.mapping import CHANGE_STATES, INCIDENT_STATES

TIMEOUT_MAX_S: Final = 300.0
Seconds = Annotated[float, Field(gt=0, le=TIMEOUT_MAX_S)]


class ServiceNowSettings(BaseModel):
    """Address, one kind of credential, time-outs, and how our words map to this instance's columns.

    Credentials: user and password; a bearer token; an API key; or an OAuth client (with user and password it asks for
    their token, alone for its own). Raises ValidationError if none, or more than one kind, is given.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: str  # https://example.service-now.com, also with a path before /api
    user: str | None = None
    password: SecretStr | None = None
    token: SecretStr | None = None
    api_key: SecretStr | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    assignment_group: str = ""  # name or sys_id; empty: the service's support group, else the account's own group
    webhook_secret: SecretStr | None = None  # base64, with or without whsec_ before it
    connect_timeout_s: Seconds = 5.0
    read_timeout_s: Seconds = 15.0
    total_timeout_s: Seconds = 30.0  # one call, however slowly its answer trickles in
    max_concurrent_calls: Annotated[int, Field(ge=1, le=32)] = 4
    calls_per_second: Annotated[float, Field(gt=0)] | None = None  # None: as fast as they come
    fields: dict[str, str] = Field(default_factory=dict)  # our name -> column, beyond and above the shipped mapping
    states: dict[str, TicketState] = Field(default_factory=dict)  # state values of the instance's own change models
    mapping: InstanceOf[Mapping] = Mapping()  # the administrator's file; it wins over the two above

    @field_validator("url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
            raise ValueError("it must read https://host or https://host/path, without user, password or query")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _has_one_credential(self) -> Self:
        basic = self.user is not None and self.password is not None and self.client_id is None
        oauth = self.client_id is not None and self.client_secret is not None
        given = sum((basic, oauth, self.token is not None, self.api_key is not None))
        if given != 1:
            raise ValueError(
                "give exactly one of: user and password, token, api_key, client_id and client_secret "
                "(the last also with user and password)"
            )
        return self

    def states_of(self, kind: TicketKind) -> dict[str, TicketState]:
        """What state values beyond the base system's mean, for tickets of this kind."""
        known = INCIDENT_STATES if kind is TicketKind.INCIDENT else CHANGE_STATES
        return {**self.states, **self.mapping.states(kind, known=known)}

    @property
    def host(self) -> str:
        """Host, port and path, as pysnow wants its `host`."""
        return self.url.partition("://")[2]

    @property
    def uses_tls(self) -> bool:
        """Whether calls are encrypted."""
        return self.url.startswith("https://")

    @property
    def is_loopback(self) -> bool:
        """Whether the instance is on this machine, where no proxy must be asked."""
        return urlsplit(self.url).hostname in {"localhost", "127.0.0.1", "::1"}
