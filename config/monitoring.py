"""The monitoring systems that an installation tells of itself, and that tell it of alerts."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, SecretStr

from config.errors import SettingsError
from config.fields import HttpUrl, Secret, Section, TenantSlug, TimeoutSeconds, clear_text, missing, places, twice

SECRET_BYTES: Final = range(24, 65)  # Standard Webhooks: 24 to 64 bytes
HOOK_SECRET_MIN: Final = 16  # characters; it travels with each message
SYSTEMS: Final = ("datadog", "newrelic", "splunk", "webhooks", "alertmanager")
_PREFIX: Final = "whsec_"


class Sent(StrEnum):
    """What is sent to a monitoring system."""

    EVENTS = "events"
    METRICS = "metrics"
    AUDIT = "audit"


def _words(value: object) -> object:
    return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value


SentThere = Annotated[frozenset[Sent], BeforeValidator(_words)]


class AlertSection(Section):
    """A system of one tenant that tells of alerts; it does once `hook_secret` is given."""

    tenant: TenantSlug | None = None
    hook_secret: Secret | None = None  # its messages to /hooks/{system}/{tenant} show it, or are signed with it
    alerts: Path | None = None  # how its alerts become incidents, docs/connectors/alerts.md

    @property
    def tells(self) -> bool:
        """Whether its alerts are taken."""
        return self.hook_secret is not None


class MonitoringSection(AlertSection):
    """A system of one tenant that is told of what happens; it is once its key is given."""

    connect_timeout_s: TimeoutSeconds = 5.0
    read_timeout_s: TimeoutSeconds = 15.0


class DatadogSettings(MonitoringSection):
    """One Datadog organisation."""

    site: Annotated[str, Field(pattern=r"^[a-z0-9.-]+$")] = "datadoghq.com"
    url: HttpUrl | None = None  # instead of the site's own addresses
    api_key: Secret | None = None
    sends: SentThere = frozenset({Sent.EVENTS, Sent.METRICS})

    @property
    def key(self) -> SecretStr | None:
        """With which we sign in."""
        return self.api_key


class NewRelicSettings(MonitoringSection):
    """One New Relic account."""

    region: Literal["us", "eu"] = "us"
    url: HttpUrl | None = None  # instead of the region's own addresses
    license_key: Secret | None = None
    account: Annotated[str, Field(pattern=r"^[0-9]+$")] | None = None
    sends: SentThere = frozenset({Sent.EVENTS, Sent.METRICS})

    @property
    def key(self) -> SecretStr | None:
        """With which we sign in."""
        return self.license_key


class SplunkSettings(MonitoringSection):
    """One HTTP Event Collector of Splunk."""

    url: HttpUrl | None = None  # https://splunk.example.com:8088
    token: Secret | None = None
    index: Annotated[str, Field(pattern=r"^[a-z0-9_-]*$")] = ""  # empty: the token's own
    acknowledge: bool = True  # what is sent is taken only once the indexer says so
    sends: SentThere = frozenset({Sent.EVENTS, Sent.AUDIT})

    @property
    def key(self) -> SecretStr | None:
        """With which we sign in."""
        return self.token


class WebhookSettings(MonitoringSection):
    """Any other system of one tenant, by CloudEvents."""

    url: HttpUrl | None = None
    secret: Secret | None = None  # signs what we send
    sends: SentThere = frozenset({Sent.EVENTS})

    @property
    def key(self) -> SecretStr | None:
        """With which we sign."""
        return self.secret


class AlertmanagerSettings(AlertSection):
    """The Alertmanager of one tenant's Prometheus."""


ToldSettings = DatadogSettings | NewRelicSettings | SplunkSettings | WebhookSettings


def monitoring_contradictions(given: dict[str, Sequence[AlertSection]], *, listed: set[str]) -> Iterator[SettingsError]:
    """What the sections, by name, lack or contradict; those in `listed` were given as lists."""
    for name, sections in given.items():
        for at, section in places(name, sections, is_list=name in listed):
            yield from _of_any(at, name, section)
        yield from twice(name, [each.tenant for each in sections])


def _of_any(at: str, name: str, section: AlertSection) -> Iterator[SettingsError]:
    key = getattr(section, "key", None)
    if (key is not None or section.tells) and section.tenant is None:
        yield missing(f"{at}.tenant", "each tenant has its own")
    if section.alerts is not None and not section.alerts.is_file():
        yield SettingsError(f"There is no file '{section.alerts}'.", key=f"{at}.alerts")
    if section.hook_secret is not None:
        yield from _hook_secret(f"{at}.hook_secret", name, section.hook_secret)
    url = getattr(section, "url", None)
    if url is not None:
        yield from clear_text(f"{at}.url", url)
        if key is None:
            yield missing(f"{at}.{_KEYS[name]}", f"'{at}.url' is given")
    if key is not None and url is None and isinstance(section, SplunkSettings | WebhookSettings):
        yield missing(f"{at}.url", f"'{at}.{_KEYS[name]}' is given")
    if isinstance(section, NewRelicSettings) and key is not None and section.account is None:
        yield missing(f"{at}.account", "events belong to an account")
    if isinstance(section, WebhookSettings) and section.secret is not None:
        yield from _signing_secret(f"{at}.secret", section.secret)


def _hook_secret(at: str, name: str, secret: SecretStr) -> Iterator[SettingsError]:
    if name == "webhooks":
        yield from _signing_secret(at, secret)
        return
    text = secret.get_secret_value()
    if len(text) < HOOK_SECRET_MIN or not all(each.isascii() and (each.isalnum() or each in "-_.~") for each in text):
        message = f"It has {HOOK_SECRET_MIN} or more letters, digits and -_.~, as it may stand in an address."
        yield SettingsError(message, key=at, accepted=("openssl rand -hex 32",))


def _signing_secret(at: str, secret: SecretStr) -> Iterator[SettingsError]:
    text = secret.get_secret_value()
    try:
        size = len(base64.b64decode(text.removeprefix(_PREFIX), validate=True))
    except ValueError:
        size = 0
    if not text.startswith(_PREFIX) or size not in SECRET_BYTES:
        yield SettingsError(f"A secret that signs is {_PREFIX} and 24 to 64 bytes in base64.", key=at)


_KEYS: Final = {"datadog": "api_key", "newrelic": "license_key", "splunk": "token", "webhooks": "secret"}
