"""What an installation can set: one frozen tree, from COUNTERSIGN_* variables and one YAML file.

Precedence: environment, then the file named by `--config` or COUNTERSIGN_CONFIG, then the defaults below. Sections are
joined by two underscores (COUNTERSIGN_SLACK__BOT_TOKEN is `slack: bot_token:`); a secret may also be given as the name
of a file (COUNTERSIGN_SLACK__BOT_TOKEN_FILE, `bot_token_file:`). Unknown names are errors: a slip is not a default.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Final, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from config.errors import SettingsError

SHIPPED: Final = Path(__file__).parent
SLACK_API_URL: Final = "https://slack.com/api/"  # slack_sdk's own default
_SLUG: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")


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


def is_loopback(host: str) -> bool:
    """Whether `host` can be reached from this machine alone."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _split(url: str) -> SplitResult:
    parts = urlsplit(url)  # raises ValueError for brackets that do not close
    if parts.port == 0 or not parts.hostname:
        raise ValueError("the address names no host")
    return parts


def _http_url(url: str) -> str:
    parts = _split(url)
    if parts.scheme not in {"http", "https"}:
        raise ValueError("it must start with https:// (or http://)")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("it must not hold a user, a password, a query or a fragment")
    return url.rstrip("/")


def _postgresql_url(secret: SecretStr) -> SecretStr:
    scheme, separator, rest = secret.get_secret_value().partition("://")
    if scheme not in {"postgresql", "postgres"} or not separator:
        raise ValueError("it must read postgresql://user:password@host:port/database")
    url = f"postgresql://{rest}"
    try:
        database = _split(url).path.strip("/")
    except ValueError:
        # not chained: the cause may quote a part of the password
        raise ValueError("it names no host; a '/', '@' or '#' in the password is written %2F, %40 or %23") from None
    if not database:
        raise ValueError("it names no database; it must read postgresql://user:password@host:port/database")
    return SecretStr(url)


def _slug(value: str) -> str:
    if not _SLUG.match(value):
        raise ValueError("a tenant id has up to 63 lower-case letters, digits and hyphens")
    return value


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise ValueError(f"there is no folder '{path}'")
    return path


def _words(value: object) -> object:
    return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _default_data_dir() -> Path:
    here = Path(".countersign")
    shared = os.environ.get("XDG_DATA_HOME")
    return Path(shared) / "countersign" if shared and not here.exists() else here


HttpUrl = Annotated[str, AfterValidator(_http_url)]
PostgresUrl = Annotated[SecretStr, AfterValidator(_postgresql_url)]
TenantSlug = Annotated[str, AfterValidator(_slug)]
Folder = Annotated[Path, AfterValidator(_folder)]
Secret = Annotated[SecretStr, Field(min_length=1)]
TimeoutSeconds = Annotated[float, Field(gt=0, le=300)]


class Section(BaseModel):
    """A group of settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


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


class ServiceNowSettings(Section):
    """One ServiceNow instance; on once its address is given."""

    url: HttpUrl | None = None  # https://example.service-now.com
    user: Annotated[str, Field(min_length=1)] | None = None
    password: Secret | None = None
    tenant: TenantSlug | None = None  # whose requests become tickets there
    assignment_group: str = ""  # name or sys_id; empty leaves it to the instance's own rules
    connect_timeout_s: TimeoutSeconds = 5.0
    read_timeout_s: TimeoutSeconds = 15.0
    webhook_secret: Secret | None = None  # signs what the instance sends to /hooks/servicenow/{tenant}

    @property
    def enabled(self) -> bool:
        """Whether change tickets are kept in ServiceNow."""
        return self.url is not None


class Settings(BaseSettings):
    """Everything that one process is told. Reads nothing by itself: `load_settings` gathers, this checks."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    database_url: PostgresUrl | None = None  # as the owner; None runs the PostgreSQL that comes with the package
    database_app_url: PostgresUrl | None = None  # as the role that is bound by row-level security; None derives one
    data_dir: Path = Field(default_factory=_default_data_dir)
    bind: BindSettings = BindSettings()
    public_url: HttpUrl | None = None  # under which people and Slack reach us; None means the bound address
    trusted_proxies: Annotated[int, Field(ge=0, le=10)] = 0  # how many of our own stand before us: X-Forwarded-For
    roles: Annotated[frozenset[Role], BeforeValidator(_words), Field(min_length=1)] = frozenset(Role)
    log_format: Annotated[LogFormat, BeforeValidator(_lower)] = LogFormat.JSON
    log_level: Annotated[LogLevel, BeforeValidator(_lower)] = LogLevel.INFO
    shutdown_grace_s: Annotated[float, Field(ge=0, le=300)] = 20.0
    tenants_dir: Folder = SHIPPED / "tenants"
    policies_dir: Folder = SHIPPED / "policies"
    demo: bool = False  # simulated outside world and a clock that anyone may move: on this machine alone
    slack: SlackSettings = SlackSettings()
    servicenow: ServiceNowSettings = ServiceNowSettings()

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

    @model_validator(mode="after")
    def _refuse_contradictions(self) -> Self:
        found = tuple(_contradictions(self))
        if found:
            first, *others = found
            first.others = tuple(others)
            raise first
        return self


def _contradictions(settings: Settings) -> Iterator[SettingsError]:
    if settings.demo and not is_loopback(settings.bind.host):
        message = "The demo lets anyone act as anybody, so it listens on this machine alone."
        yield SettingsError(message, key="bind.host", accepted=("127.0.0.1", "::1", "localhost"))
    if settings.database_app_url is not None and settings.database_url is None:
        message = "This needs 'database_url' too: the embedded database has its own roles."
        yield SettingsError(message, key="database_app_url")
    yield from _slack_contradictions(settings.slack)
    yield from _servicenow_contradictions(settings.servicenow)


def _slack_contradictions(slack: SlackSettings) -> Iterator[SettingsError]:
    yield from _clear_text("slack.base_url", slack.base_url)
    for name, token, start in (("bot_token", slack.bot_token, "xoxb-"), ("app_token", slack.app_token, "xapp-")):
        if token is not None and not token.get_secret_value().startswith(start):
            yield SettingsError(f"This is another kind of token: it must start with '{start}'.", key=f"slack.{name}")
    if not slack.enabled:
        return
    if slack.tenant is None:
        yield _missing("slack.tenant", "the workspace belongs to a tenant")
    if slack.mode is SlackMode.HTTP and slack.signing_secret is None:
        yield _missing("slack.signing_secret", "mode 'http' checks with it that a request comes from Slack")
    if slack.mode is SlackMode.SOCKET and slack.app_token is None:
        yield _missing("slack.app_token", "mode 'socket' opens its connection with it")


def _servicenow_contradictions(servicenow: ServiceNowSettings) -> Iterator[SettingsError]:
    if servicenow.url is None:
        return
    yield from _clear_text("servicenow.url", servicenow.url)
    for name in ("user", "password", "tenant"):
        if getattr(servicenow, name) is None:
            yield _missing(f"servicenow.{name}", "'servicenow.url' is given")


def _clear_text(key: str, url: str) -> Iterator[SettingsError]:
    parts = urlsplit(url)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        yield SettingsError("Credentials would travel in clear text.", key=key, accepted=("https://…",))


def _missing(key: str, reason: str) -> SettingsError:
    variable = f"COUNTERSIGN_{key.replace('.', '__').upper()}"
    return SettingsError(f"This is required because {reason}. Set it here or as {variable}.", key=key)
