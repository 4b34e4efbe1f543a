"""What a connection to one Remedy (AR System) server is told."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, InstanceOf, SecretStr, field_validator

from connectors.itsm.base import TicketKind, TicketState
from connectors.itsm.mapping import Mapping
from connectors.itsm.remedy.statuses import CHANGE_STATES, INCIDENT_STATES

TIMEOUT_MAX_S: Final = 300.0
KEY_FIELD: Final = "Vendor Ticket Number"  # on both interface forms, indexed, 60 characters
TASK_KEY_FIELD: Final = "ElectronicField1"  # a field for the company's own use, on the form and on its interface
Seconds = Annotated[float, Field(gt=0, le=TIMEOUT_MAX_S)]
Text = Annotated[str, Field(min_length=1)]


class RemedySettings(BaseModel):
    """Address, account, whose tickets they are, time-outs, and how our words map to this server's fields.

    A blank password is refused: AR System does not check one against anything.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: str  # https://remedy.example.com:8443, with a path before /api if there is one
    user: Text
    password: Annotated[SecretStr, Field(min_length=1)]
    auth_string: str = ""  # the authentication string (domain) that some servers ask for
    company: Text  # Company and Location Company of every change
    first_name: Text  # of a person in CTM:People: who asks when the requester is not known there
    last_name: Text
    assignment_group: str = ""  # a support group; an incident cannot be resolved without one
    change_key_field: Text = KEY_FIELD  # where our key is kept; text, searchable, best indexed
    incident_key_field: Text = KEY_FIELD
    task_key_field: Text = TASK_KEY_FIELD  # the same for tasks, on TMS:Task
    webhook_secret: SecretStr | None = None  # base64, with or without whsec_ before it
    page_url: str = ""  # the mid tier, if people reach it under another address than the REST interface
    connect_timeout_s: Seconds = 5.0
    read_timeout_s: Seconds = 15.0
    total_timeout_s: Seconds = 30.0  # one call, with its wait for a turn
    max_concurrent_calls: Annotated[int, Field(ge=1, le=32)] = 5  # each holds a thread of the server
    calls_per_second: Annotated[float, Field(gt=0)] | None = None  # None: as fast as they come
    change_window_h: Annotated[int, Field(ge=1, le=24 * 90)] = 24  # scheduled length when nobody planned one
    fields: dict[str, str] = Field(default_factory=dict)  # our name -> field, beyond and above the shipped mapping
    change_values: dict[str, str] = Field(default_factory=dict)  # fixed values of every new change
    incident_values: dict[str, str] = Field(default_factory=dict)
    states: dict[str, TicketState] = Field(default_factory=dict)  # statuses of the company's own, by label
    mapping: InstanceOf[Mapping] = Mapping()  # the administrator's file; it wins over the four above

    @property
    def key_fields(self) -> dict[TicketKind, str]:
        """Where our key is kept, for each kind of ticket."""
        incident = {TicketKind.INCIDENT: self.incident_key_field}
        return {**dict.fromkeys((TicketKind.CHANGE, TicketKind.EMERGENCY_CHANGE), self.change_key_field), **incident}

    def states_of(self, kind: TicketKind) -> dict[str, TicketState]:
        """What statuses mean for tickets of this kind, beyond the base system's."""
        known = INCIDENT_STATES if kind is TicketKind.INCIDENT else CHANGE_STATES
        return {**self.states, **self.mapping.states(kind, known=known)}

    @field_validator("url", "page_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query):
            raise ValueError("it must read https://host or https://host/path, without user, password or query")
        return value.rstrip("/")

    @field_validator("password")
    @classmethod
    def _is_not_blank(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().strip():
            raise ValueError("it is blank, and Remedy would not check a blank password")
        return value
