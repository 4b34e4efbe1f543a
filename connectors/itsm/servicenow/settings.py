"""What a connection to one ServiceNow instance is told."""

from __future__ import annotations

from typing import Annotated, Final, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, InstanceOf, SecretStr, field_validator, model_validator

from config.servicenow import CREDENTIALS, WAYS, spelled
from connectors.itsm.base import TicketKind, TicketState
from connectors.itsm.mapping import Mapping
from connectors.itsm.servicenow.mapping import CHANGE_STATES, INCIDENT_STATES

TIMEOUT_MAX_S: Final = 300.0
Seconds = Annotated[float, Field(gt=0, le=TIMEOUT_MAX_S)]


class ServiceNowSettings(BaseModel):
    """Address, one kind of credential, time-outs, and the administrator's mapping.

    Credentials: user and password; a bearer token; an API key; or an OAuth client (with user and password it asks for
    their token, alone for its own). Raises ValidationError if none, or more than one kind, is given.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: str  # https://example.service-now.com, also with a path before /api
    user: str | None = None
    password: SecretStr | None = None
    access_token: SecretStr | None = None
    api_key: SecretStr | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    assignment_group: str = ""  # name or sys_id; empty: the service's support group, else the account's own group
    standard_template: str = ""  # sys_id; empty: what is approved beforehand is a normal change too
    webhook_secret: SecretStr | None = None  # base64, with or without whsec_ before it
    connect_timeout_s: Seconds = 5.0
    read_timeout_s: Seconds = 15.0
    total_timeout_s: Seconds = 30.0  # one call, however slowly its answer trickles in
    max_concurrent_calls: Annotated[int, Field(ge=1, le=32)] = 4
    calls_per_second: Annotated[float, Field(gt=0)] | None = None  # None: as fast as they come
    mapping: InstanceOf[Mapping] = Mapping()  # the administrator's file; it wins over what we do by ourselves

    @field_validator("url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
            raise ValueError("it must read https://host or https://host/path, without user, password or query")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _has_one_credential(self) -> Self:
        if self.signs_in_with not in WAYS:
            raise ValueError(f"give exactly one of: {'; '.join(map(spelled, WAYS))}")
        return self

    @property
    def signs_in_with(self) -> tuple[str, ...]:
        """Which credentials are given, in the order in which `WAYS` names them."""
        given = {name for name in CREDENTIALS if getattr(self, name) is not None}
        return next((way for way in WAYS if set(way) == given), tuple(sorted(given)))

    def states_of(self, kind: TicketKind) -> dict[str, TicketState]:
        """What state values beyond the base system's mean, for tickets of this kind."""
        known = INCIDENT_STATES if kind is TicketKind.INCIDENT else CHANGE_STATES
        return self.mapping.states(kind, known=known)

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
