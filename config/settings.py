"""What an installation can set: one frozen tree, from COUNTERSIGN_* variables and one YAML file.

Precedence: environment, then the file named by `--config` or COUNTERSIGN_CONFIG, then the defaults below. Sections are
joined by two underscores (COUNTERSIGN_SLACK__BOT_TOKEN is `slack: bot_token:`); a secret may also be given as the name
of a file (COUNTERSIGN_SLACK__BOT_TOKEN_FILE, `bot_token_file:`). Unknown names are errors: a slip is not a default.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import (
    BeforeValidator,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from config.chat import SlackSettings, TeamsSettings, slack_contradictions, teams_contradictions
from config.credentials import Credential
from config.errors import SettingsError
from config.executor import ExecutorSettings, executor_contradictions
from config.fields import (
    HttpUrl,
    OneOrMore,
    Secret,
    Section,
    TimeoutSeconds,
    is_loopback,
)
from config.itsm import (
    CustomItsmSettings,
    RemedySettings,
    custom_contradictions,
    ticket_contradictions,
)
from config.jira import JiraSettings
from config.monitoring import (
    SYSTEMS,
    AlertmanagerSettings,
    DatadogSettings,
    NewRelicSettings,
    SplunkSettings,
    WebhookSettings,
    monitoring_contradictions,
)
from config.opentelemetry import OtlpSettings, otlp_contradictions
from config.prometheus import PrometheusSettings, prometheus_contradictions
from config.servicenow import ServiceNowSettings
from config.sources import KeyPath
from config.values import File, Folder, KeyText, KeyTexts, PostgresUrl, lower, words

SHIPPED: Final = Path(__file__).parent


class Role(StrEnum):
    """What one process does; any number of processes share one database."""

    WEB = "web"
    BOT = "bot"
    WORKER = "worker"


class LogFormat(StrEnum):
    """How log lines are written."""

    JSON = "json"
    CONSOLE = "console"


class LogLevel(StrEnum):
    """The least severe line that is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def _default_data_dir() -> Path:
    here = Path(".countersign")
    shared = os.environ.get("XDG_DATA_HOME")
    return Path(shared) / "countersign" if shared and not here.exists() else here


class BindSettings(Section):
    """Where the HTTP server listens. Port 0 takes any free one."""

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080


class AccessRequestProfile(StrEnum):
    """Which draft of the AuthZEN Access Request and Approval Profile is spoken, if any."""

    OFF = "off"
    DRAFT_1 = "draft-1"


class AuthZenSettings(Section):
    """What is spoken of AuthZEN beyond its Authorization API 1.0."""

    access_request: Annotated[AccessRequestProfile, BeforeValidator(lower)] = AccessRequestProfile.OFF
    # Networks that callbacks may reach although they are internal, and by http: 10.20.0.0/16
    internal_callbacks: Annotated[tuple[IPv4Network | IPv6Network, ...], BeforeValidator(words)] = ()

    @property
    def has_access_requests(self) -> bool:
        """Whether a denial says how to ask, and can be asked about."""
        return self.access_request is not AccessRequestProfile.OFF


class CalendarSettings(Section):
    """How people's calendar feeds are read."""

    poll_minutes: Annotated[float, Field(gt=0, le=24 * 60)] = 15.0
    connect_timeout_s: TimeoutSeconds = 5.0
    read_timeout_s: TimeoutSeconds = 15.0
    allow_private_addresses: bool = False  # http and our own network too: for the demo and tests


class MailSecurity(StrEnum):
    """How the way to the mail server is kept secret."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class MailSettings(Section):
    """The mail server that takes what Countersign sends; on once it is named."""

    host: Annotated[str, Field(min_length=1)] | None = None
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Annotated[MailSecurity, BeforeValidator(lower)] = MailSecurity.STARTTLS
    username: str = ""
    password: Secret | None = None
    ca_file: File | None = None  # certificates that are trusted too: of a company's own authority
    sender: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")] = "countersign@localhost"
    timeout_s: TimeoutSeconds = 30.0


class AutomationSettings(Section):
    """What rules of workflow automation may reach."""

    # Networks that webhooks of rules may reach although they are internal, and by http: 10.20.0.0/16
    internal_addresses: Annotated[tuple[IPv4Network | IPv6Network, ...], BeforeValidator(words)] = ()


class Settings(BaseSettings):
    """Everything that one process is told. Reads nothing by itself: `load_settings` gathers, this checks."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    database_url: PostgresUrl | None = None  # as the owner; None runs the PostgreSQL that comes with the package
    database_app_url: PostgresUrl | None = None  # as the role that is bound by row-level security; None derives one
    data_dir: Path = Field(default_factory=_default_data_dir)
    encryption_key: KeyText | None = None  # seals secrets in the database; None keeps one in data_dir
    encryption_other_keys: KeyTexts | None = None  # separated by commas: they open, and do not seal
    bind: BindSettings = BindSettings()
    public_url: HttpUrl | None = None  # under which people and Slack reach us; None means the bound address
    trusted_proxies: Annotated[int, Field(ge=0, le=10)] = 0  # how many of our own stand before us: X-Forwarded-For
    roles: Annotated[frozenset[Role], BeforeValidator(words), Field(min_length=1)] = frozenset(Role)
    log_format: Annotated[LogFormat, BeforeValidator(lower)] = LogFormat.JSON
    log_level: Annotated[LogLevel, BeforeValidator(lower)] = LogLevel.INFO
    shutdown_grace_s: Annotated[float, Field(ge=0, le=300)] = 20.0
    tenants_dir: Folder = SHIPPED / "tenants"
    policies_dir: Folder = SHIPPED / "policies"
    budgets_dir: Folder = SHIPPED / "budgets"  # default.yaml, and <tenant>.yaml where one differs
    changes_dir: Folder = SHIPPED / "changes"  # default.yaml, and <tenant>.yaml where one differs
    sla_dir: Folder = SHIPPED / "sla"  # service levels: default.yaml, and <tenant>.yaml where one differs
    rates_dir: Folder = SHIPPED / "costs"  # what usage costs: default.yaml, and <tenant>.yaml where one differs
    automation_dir: Folder = SHIPPED / "automation"  # <tenant>.yaml, or a folder <tenant>: rules
    demo: bool = False  # simulated outside world and a clock that anyone may move: on this machine alone
    slack: SlackSettings = SlackSettings()
    teams: TeamsSettings = TeamsSettings()
    servicenow: Annotated[tuple[ServiceNowSettings, ...], OneOrMore] = ()  # one section, or one for each tenant
    jira: Annotated[tuple[JiraSettings, ...], OneOrMore] = ()
    remedy: Annotated[tuple[RemedySettings, ...], OneOrMore] = ()
    itsm: tuple[CustomItsmSettings, ...] = ()  # ticket systems that a file declares
    executor: Annotated[tuple[ExecutorSettings, ...], OneOrMore] = ()  # agent platforms that roll changes out
    datadog: Annotated[tuple[DatadogSettings, ...], OneOrMore] = ()
    newrelic: Annotated[tuple[NewRelicSettings, ...], OneOrMore] = ()
    splunk: Annotated[tuple[SplunkSettings, ...], OneOrMore] = ()
    webhooks: Annotated[tuple[WebhookSettings, ...], OneOrMore] = ()  # any other system, by CloudEvents
    alertmanager: Annotated[tuple[AlertmanagerSettings, ...], OneOrMore] = ()
    prometheus: Annotated[tuple[PrometheusSettings, ...], OneOrMore] = ()  # what services did, by query
    otlp: OtlpSettings = OtlpSettings()  # traces and measures of this installation itself
    authzen: AuthZenSettings = AuthZenSettings()
    calendars: CalendarSettings = CalendarSettings()
    mail: MailSettings = MailSettings()
    automation: AutomationSettings = AutomationSettings()

    _kept: dict[KeyPath, str] = PrivateAttr(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is passed in: see `config.sources` for the environment and the file."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)

    @property
    def base_url(self) -> str:
        """The address to be printed and linked, without a closing slash."""
        host = f"[{self.bind.host}]" if ":" in self.bind.host else self.bind.host
        return self.public_url or f"http://{host}:{self.bind.port}"

    def keep(self, kept: Mapping[KeyPath, str]) -> None:
        """From now on it is known where the secrets of these places were given."""
        self._kept.update(kept)

    def credentials(self, section: str, index: int = 0) -> tuple[Credential, ...]:
        """Where the secrets of a section are kept; `index`: which, of several. Never what they are."""
        places = ((section,), (section, str(index)))  # the only one of its kind stands in no list
        return tuple(Credential(path[-1], kept) for path, kept in self._kept.items() if path[:-1] in places)

    @model_validator(mode="wrap")
    @classmethod
    def _refuse_contradictions(cls, given: Any, validate: ModelWrapValidatorHandler[Self]) -> Self:
        settings = validate(given)
        listed = {name for name, value in given.items() if isinstance(value, list)}
        found = tuple(_contradictions(settings, listed))
        if found:
            first, *others = found
            first.others = tuple(others)
            raise first
        return settings


def _contradictions(settings: Settings, listed: Collection[str]) -> Iterator[SettingsError]:
    if settings.demo and not is_loopback(settings.bind.host):
        message = "The demo lets anyone act as anybody, so it listens on this machine alone."
        yield SettingsError(message, key="bind.host", accepted=("127.0.0.1", "::1", "localhost"))
    if settings.database_app_url is not None and settings.database_url is None:
        message = "This needs 'database_url' too: the embedded database has its own roles."
        yield SettingsError(message, key="database_app_url")
    yield from slack_contradictions(settings.slack)
    yield from teams_contradictions(settings.teams)
    yield from ticket_contradictions(settings.servicenow, settings.jira, settings.remedy, listed=listed)
    yield from custom_contradictions(settings.itsm)
    yield from executor_contradictions(settings.executor)
    monitoring = {name: getattr(settings, name) for name in SYSTEMS}
    yield from otlp_contradictions(settings.otlp)
    yield from monitoring_contradictions(monitoring, listed=set(listed))
    yield from prometheus_contradictions(settings.prometheus, is_list="prometheus" in listed)
