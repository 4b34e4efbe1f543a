"""The ticket systems that an installation is connected to, beside those in `config.settings`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field

from config.errors import SettingsError
from config.fields import (
    HttpUrl,
    RateSettings,
    Secret,
    Section,
    TenantSlug,
    TimeoutSeconds,
    clear_text,
    missing,
    places,
    twice,
)
from config.jira import JiraSettings, jira_contradictions
from config.monitoring import SYSTEMS as MONITORING
from config.servicenow import ServiceNowSettings, servicenow_contradictions

BUILT_IN: Final = (
    "jira",
    "remedy",
    "servicenow",
    "prometheus",
    *MONITORING,
)  # names of deliveries and addresses that are taken


class CustomItsmSettings(Section):
    """One ticket system that a file declares; docs/connectors/custom.md."""

    slug: TenantSlug  # names it in deliveries, links and /hooks/{slug}/{tenant}
    tenant: TenantSlug  # whose requests become tickets there
    file: Path
    mapping: Path | None = None  # fields that are kept in step, docs/connectors/sync.md


class RemedySettings(Section):
    """One BMC Remedy (AR System, Helix ITSM) server; on once its address is given."""

    url: HttpUrl | None = None  # of the REST interface: https://remedy.example.com:8443
    user: Annotated[str, Field(min_length=1)] | None = None
    password: Secret | None = None
    auth_string: str = ""  # the authentication string (domain) that some servers ask for
    tenant: TenantSlug | None = None  # whose requests become tickets there
    company: Annotated[str, Field(min_length=1)] | None = None  # Company and Location Company of every change
    first_name: Annotated[str, Field(min_length=1)] | None = None  # a person there, for requesters it does not know
    last_name: Annotated[str, Field(min_length=1)] | None = None
    assignment_group: str = ""  # a support group; an incident cannot be resolved without one
    change_key_field: Annotated[str, Field(min_length=1)] = "Vendor Ticket Number"  # where our key is kept
    incident_key_field: Annotated[str, Field(min_length=1)] = "Vendor Ticket Number"
    change_values: dict[str, str] = Field(default_factory=dict)  # fixed values of every new change, by field label
    incident_values: dict[str, str] = Field(default_factory=dict)
    page_url: HttpUrl | None = None  # the mid tier, if people reach it under another address
    connect_timeout_s: TimeoutSeconds = 5.0
    read_timeout_s: TimeoutSeconds = 15.0
    total_timeout_s: TimeoutSeconds = 30.0  # one call with everything that it waits for
    rate: RateSettings = RateSettings()
    mapping: Path | None = None  # docs/connectors/mapping.md
    webhook_secret: Secret | None = None  # signs what a filter there sends to /hooks/remedy/{tenant}

    @property
    def enabled(self) -> bool:
        """Whether tickets are kept in Remedy."""
        return self.url is not None


def remedy_contradictions(at: str, remedy: RemedySettings) -> Iterator[SettingsError]:
    """What the section, whose key is `at`, lacks or contradicts."""
    if remedy.url is None:
        return
    yield from clear_text(f"{at}.url", remedy.url)
    for name in ("user", "password", "tenant", "company", "first_name", "last_name"):
        if getattr(remedy, name) is None:
            yield missing(f"{at}.{name}", f"'{at}.url' is given")
    if remedy.password is not None and not remedy.password.get_secret_value().strip():
        yield SettingsError("It is blank, and Remedy would not check a blank password.", key=f"{at}.password")


def ticket_contradictions(
    servicenow: Sequence[ServiceNowSettings],
    jira: Sequence[JiraSettings],
    remedy: Sequence[RemedySettings],
    *,
    listed: Collection[str],
) -> Iterator[SettingsError]:
    """What the sections of the systems that are built in contradict; those in `listed` were given as lists."""
    for at, given in places("servicenow", servicenow, is_list="servicenow" in listed):
        yield from servicenow_contradictions(at, given)
        yield from _of_any(at, given)
    for at, site in places("jira", jira, is_list="jira" in listed):
        yield from jira_contradictions(at, site)
        yield from _of_any(at, site)
    for at, server in places("remedy", remedy, is_list="remedy" in listed):
        yield from remedy_contradictions(at, server)
        yield from _of_any(at, server)
    yield from twice("servicenow", [each.tenant for each in servicenow])
    yield from twice("jira", [each.tenant for each in jira])
    yield from twice("remedy", [each.tenant for each in remedy])


def _of_any(at: str, section: ServiceNowSettings | JiraSettings | RemedySettings) -> Iterator[SettingsError]:
    if section.url is None and "." in at:  # a single section without an address is off; in a list it means nothing
        yield missing(f"{at}.url", "it stands in a list")
    if section.mapping is not None and not section.mapping.is_file():
        yield SettingsError(f"There is no file '{section.mapping}'.", key=f"{at}.mapping")


def custom_contradictions(systems: Sequence[CustomItsmSettings]) -> Iterator[SettingsError]:
    """What the list of custom systems contradicts."""
    named = Counter((each.slug, each.tenant) for each in systems)
    for index, each in enumerate(systems):
        if each.slug in BUILT_IN:
            message = f"'{each.slug}' is the name of a system that is built in; choose another."
            yield SettingsError(message, key=f"itsm.{index}.slug")
        if named[each.slug, each.tenant] > 1:
            yield SettingsError(f"'{each.slug}' is given twice for '{each.tenant}'.", key=f"itsm.{index}.slug")
        if not each.file.is_file():
            yield SettingsError(f"There is no file '{each.file}'.", key=f"itsm.{index}.file")
        if each.mapping is not None and not each.mapping.is_file():
            yield SettingsError(f"There is no file '{each.mapping}'.", key=f"itsm.{index}.mapping")
