"""What settings are made of: sections, addresses, secrets, and the words for what contradicts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from typing import Annotated, Final, TypeVar
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from config.errors import SettingsError

S = TypeVar("S")
_SLUG: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")


def is_loopback(host: str) -> bool:
    """Whether `host` can be reached from this machine alone."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def split_url(url: str) -> SplitResult:
    """The parts of an address that names a host. Raises ValueError otherwise."""
    parts = urlsplit(url)  # raises ValueError for brackets that do not close
    if parts.port == 0 or not parts.hostname:
        raise ValueError("the address names no host")
    return parts


def _http_url(url: str) -> str:
    parts = split_url(url)
    if parts.scheme not in {"http", "https"}:
        raise ValueError("it must start with https:// (or http://)")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("it must not hold a user, a password, a query or a fragment")
    return url.rstrip("/")


def _slug(value: str) -> str:
    if not _SLUG.match(value):
        raise ValueError("a tenant id has up to 63 lower-case letters, digits and hyphens")
    return value


HttpUrl = Annotated[str, AfterValidator(_http_url)]
TenantSlug = Annotated[str, AfterValidator(_slug)]
Secret = Annotated[SecretStr, Field(min_length=1)]
TimeoutSeconds = Annotated[float, Field(gt=0, le=300)]


class Section(BaseModel):
    """A group of settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class RateSettings(Section):
    """How often one process calls a system. What is not given is the connector's own default."""

    concurrent: Annotated[int, Field(ge=1, le=32)] | None = None  # calls under way at once
    per_second: Annotated[float, Field(gt=0, le=1000)] | None = None  # calls begun in a second


def _listed(value: object) -> object:
    return [value] if isinstance(value, dict) else value


# One section, or a list of them in the file: each tenant has its own instance. Variables set the one section.
OneOrMore = BeforeValidator(_listed)


def places(name: str, sections: Sequence[S], *, is_list: bool) -> Iterator[tuple[str, S]]:
    """Each section with the key under which it stands: servicenow, or servicenow.0 where they are listed."""
    for index, section in enumerate(sections):
        yield (f"{name}.{index}" if is_list else name), section


def twice(name: str, tenants: Sequence[str | None]) -> Iterator[SettingsError]:
    """The complaint about each tenant that an earlier section of the list has named."""
    for index, tenant in enumerate(tenants):
        if tenant is not None and tenant in tenants[:index]:
            yield SettingsError(f"'{tenant}' is given twice.", key=f"{name}.{index}.tenant")


def clear_text(key: str, url: str) -> Iterator[SettingsError]:
    """The complaint about an address, not on this machine, that is called without encryption."""
    parts = urlsplit(url)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        yield SettingsError("Credentials would travel in clear text.", key=key, accepted=("https://…",))


def missing(key: str, reason: str) -> SettingsError:
    """The complaint about a setting that is needed because of another."""
    if any(part.isdecimal() for part in key.split(".")):  # in a list, which no variable reaches
        return SettingsError(f"This is required because {reason}.", key=key)
    variable = f"COUNTERSIGN_{key.replace('.', '__').upper()}"
    return SettingsError(f"This is required because {reason}. Set it here or as {variable}.", key=key)
