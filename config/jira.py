"""The section of Jira, and what may contradict itself in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field

from config.errors import SettingsError
from config.fields import HttpUrl, RateSettings, Secret, Section, TenantSlug, TimeoutSeconds, clear_text, missing

TICKET_STATES: Final = (
    "open", "in_approval", "approved", "rejected", "implementing", "implemented", "closed", "cancelled",
)  # fmt: skip
TICKET_ENDS: Final = ("closed", "rejected", "cancelled")
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")


def _project_key(value: str) -> str:
    if not _WORD.match(value):
        raise ValueError("a project's key has letters, digits and underscores and begins with a letter")
    return value


def _field_id(value: str) -> str:
    if not _WORD.match(value):
        raise ValueError("it must be the id of a field, such as customfield_10021")
    return value


def _table(value: object) -> object:
    """A table; in a variable it is written as JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError('it must be JSON: {"name": "value"}') from None


ProjectKey = Annotated[str, AfterValidator(_project_key)]
FieldId = Annotated[str, AfterValidator(_field_id)]
Names = Annotated[dict[str, Annotated[str, Field(min_length=1)]], BeforeValidator(_table)]
FieldIds = Annotated[dict[str, FieldId], BeforeValidator(_table)]
FieldValues = Annotated[dict[FieldId, Any], BeforeValidator(_table)]


class JiraSettings(Section):
    """One Jira project, Cloud or Data Center; on once the address is given."""

    url: HttpUrl | None = None  # https://example.atlassian.net, https://jira.example.com/jira
    user: Annotated[str, Field(min_length=1)] | None = None  # Cloud: an e-mail address
    password: Secret | None = None  # Cloud: an API token
    access_token: Secret | None = None  # instead of both: Data Center's personal access token, or OAuth's
    tenant: TenantSlug | None = None  # whose requests become issues there
    project: ProjectKey | None = None  # OPS
    change_type: Annotated[str, Field(min_length=1)] = "Task"
    emergency_type: Annotated[str, Field(min_length=1)] | None = None  # None: as change_type
    incident_type: Annotated[str, Field(min_length=1)] | None = None  # None: as change_type
    fields: FieldIds = Field(default_factory=dict)  # our fact -> field: risk: customfield_10021
    create_fields: FieldValues = Field(default_factory=dict)  # every new issue has these, in Jira's JSON
    move_fields: FieldValues = Field(default_factory=dict)  # what a move's screen may ask for, in Jira's JSON
    states: Names = Field(default_factory=dict)  # status name -> state: "Peer review: in_approval"
    resolutions: Names = Field(default_factory=dict)  # closed, rejected, cancelled -> resolution
    connect_timeout_s: TimeoutSeconds = 5.0
    read_timeout_s: TimeoutSeconds = 15.0
    total_timeout_s: TimeoutSeconds = 30.0  # one call with everything that it waits for
    rate: RateSettings = RateSettings()
    mapping: Path | None = None  # docs/connectors/mapping.md
    webhook_secret: Secret | None = None  # signs what the site sends to /hooks/jira/{tenant}

    @property
    def enabled(self) -> bool:
        """Whether tickets are kept in Jira."""
        return self.url is not None


def jira_contradictions(at: str, jira: JiraSettings) -> Iterator[SettingsError]:
    """What in the section, whose key is `at`, cannot be together."""
    if jira.url is None:
        return
    yield from clear_text(f"{at}.url", jira.url)
    for name in ("tenant", "project"):
        if getattr(jira, name) is None:
            yield missing(f"{at}.{name}", f"'{at}.url' is given")
    if jira.access_token is None:
        for name in ("user", "password"):
            if getattr(jira, name) is None:
                yield missing(f"{at}.{name}", f"'{at}.url' is given without '{at}.access_token'")
    elif jira.user is not None or jira.password is not None:
        yield SettingsError(f"Give either this or '{at}.user' and '{at}.password'.", key=f"{at}.access_token")
    for key, given, known in (
        (f"{at}.states", jira.states.values(), TICKET_STATES),
        (f"{at}.resolutions", jira.resolutions, TICKET_ENDS),
    ):
        if unknown := sorted(set(given) - set(known)):
            yield SettingsError(f"'{unknown[0]}' is no state of a ticket.", key=key, accepted=known)
