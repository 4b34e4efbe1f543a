"""What an installation can set: one frozen tree, from COUNTERSIGN_* variables and one YAML file.

Precedence: environment, then the file named by `--config` or COUNTERSIGN_CONFIG, then the defaults below. Sections are
joined by two underscores (COUNTERSIGN_SLACK__BOT_TOKEN is `slack: bot_token:`); a secret may also be given as the name
of a file (COUNTERSIGN_SLACK__BOT_TOKEN_FILE, `bot_token_file:`). Unknown names are errors: a slip is not a default.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    SecretStr,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from config.credentials import Credential
from config.errors import SettingsError
from config.executor import ExecutorSettings, executor_contradictions
from config.fields import (
    HttpUrl,
    OneOrMore,
    Secret,
    Section,
    TenantSlug,
    TimeoutSeconds,
    clear_text,
    is_loopback,
    missing,
    split_url,
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

SHIPPED: Final = Path(__file__).parent
KEY_BYTES: Final = 32  # of an encryption key: AES-256
SLACK_API_URL: Final = "https://slack.com/api/"  # slack_sdk's own default
TEAMS_LOGIN_URL: Final = "https://login.microsoftonline.com"
TEAMS_METADATA_URL: Final = "https://login.botframework.com/v1/.well-known/openidconfiguration"
TEAMS_SERVICE_URL: Final = "https://smba.trafficmanager.net/teams"  # Microsoft, "Send proactive messages"
TEAMS_ISSUER: Final = "https://api.botframework.com"
_GUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")


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


class SlackMode(StrEnum):
    """How Slack reaches us: it calls our address, or we keep a WebSocket open (no public address needed)."""

    HTTP = "http"
    SOCKET = "socket"


def _postgresql_url(secret: SecretStr) -> SecretStr:
    scheme, separator, rest = secret.get_secret_value().partition("://")
    if scheme not in {"postgresql", "postgres"} or not separator:
        raise ValueError("it must read postgresql://user:password@host:port/database")
    url = f"postgresql://{rest}"
    try:
        database = split_url(url).path.strip("/")
    except ValueError:
        # not chained: the cause may quote a part of the password
        raise ValueError("it names no host; a '/', '@' or '#' in the password is written %2F, %40 or %23") from None
    if not database:
        raise ValueError("it names no database; it must read postgresql://user:password@host:port/database")
    return SecretStr(url)


def _key_text(secret: SecretStr) -> SecretStr:
    for text in secret.get_secret_value().replace(",", " ").split() or [""]:
        try:
            raw = base64.b64decode(text, validate=True)
        except ValueError:
            raw = b""
        if len(raw) != KEY_BYTES:
            raise ValueError("a key is 32 bytes in base64; make one with: openssl rand -base64 32")
    return secret


def _one_key(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value().replace(",", " ").split()) > 1:
        raise ValueError("one key seals; others belong into 'encryption_other_keys'")
    return _key_text(secret)


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise ValueError(f"there is no folder '{path}'")
    return path


def _file(path: Path) -> Path:
    if not path.is_file():
        raise ValueError(f"there is no file '{path}'")
    return path


def _words(value: object) -> object:
    return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _default_data_dir() -> Path:
    here = Path(".countersign")
    shared = os.environ.get("XDG_DATA_HOME")
    return Path(shared) / "countersign" if shared and not here.exists() else here


def _guid(value: str) -> str:
    if not _GUID.match(value):
        raise ValueError("it must look like 00000000-0000-0000-0000-000000000000")
    return value.lower()


Guid = Annotated[str, AfterValidator(_guid)]
PostgresUrl = Annotated[SecretStr, AfterValidator(_postgresql_url)]
KeyText = Annotated[SecretStr, AfterValidator(_one_key)]
KeyTexts = Annotated[SecretStr, AfterValidator(_key_text)]
Folder = Annotated[Path, AfterValidator(_folder)]


class BindSettings(Section):
    """Where the HTTP server listens. Port 0 takes any free one."""

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080


class SlackSettings(Section):
    """One Slack workspace; on once a bot token is given."""

    mode: Annotated[SlackMode, BeforeValidator(_lower)] = SlackMode.HTTP
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


class AccessRequestProfile(StrEnum):
    """Which draft of the AuthZEN Access Request and Approval Profile is spoken, if any."""

    OFF = "off"
    DRAFT_1 = "draft-1"


class AuthZenSettings(Section):
    """What is spoken of AuthZEN beyond its Authorization API 1.0."""

    access_request: Annotated[AccessRequestProfile, BeforeValidator(_lower)] = AccessRequestProfile.OFF
    # Networks that callbacks may reach although they are internal, and by http: 10.20.0.0/16
    internal_callbacks: Annotated[tuple[IPv4Network | IPv6Network, ...], BeforeValidator(_words)] = ()

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
    security: Annotated[MailSecurity, BeforeValidator(_lower)] = MailSecurity.STARTTLS
    username: str = ""
    password: Secret | None = None
    ca_file: Annotated[Path, AfterValidator(_file)] | None = (
        None  # certificates that are trusted too: of a company's own authority
    )
    sender: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")] = "countersign@localhost"
    timeout_s: TimeoutSeconds = 30.0


class AutomationSettings(Section):
    """What rules of workflow automation may reach."""

    # Networks that webhooks of rules may reach although they are internal, and by http: 10.20.0.0/16
    internal_addresses: Annotated[tuple[IPv4Network | IPv6Network, ...], BeforeValidator(_words)] = ()


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
    roles: Annotated[frozenset[Role], BeforeValidator(_words), Field(min_length=1)] = frozenset(Role)
    log_format: Annotated[LogFormat, BeforeValidator(_lower)] = LogFormat.JSON
    log_level: Annotated[LogLevel, BeforeValidator(_lower)] = LogLevel.INFO
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
    yield from _slack_contradictions(settings.slack)
    yield from _teams_contradictions(settings.teams)
    yield from ticket_contradictions(settings.servicenow, settings.jira, settings.remedy, listed=listed)
    yield from custom_contradictions(settings.itsm)
    yield from executor_contradictions(settings.executor)
    monitoring = {name: getattr(settings, name) for name in SYSTEMS}
    yield from otlp_contradictions(settings.otlp)
    yield from monitoring_contradictions(monitoring, listed=set(listed))
    yield from prometheus_contradictions(settings.prometheus, is_list="prometheus" in listed)


def _slack_contradictions(slack: SlackSettings) -> Iterator[SettingsError]:
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


def _teams_contradictions(teams: TeamsSettings) -> Iterator[SettingsError]:
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
