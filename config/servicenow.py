"""The section of ServiceNow, the ways to sign in there, and what may contradict itself in it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field

from config.errors import SettingsError
from config.fields import HttpUrl, RateSettings, Secret, Section, TenantSlug, TimeoutSeconds, clear_text, missing

Words = Annotated[str, Field(min_length=1)]
SysId = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]

CREDENTIALS: Final = ("user", "password", "access_token", "api_key", "client_id", "client_secret")
WAYS: Final = (  # to sign in; each is all that is given. The first that fits says what is missing
    ("user", "password"),
    ("access_token",),
    ("api_key",),
    ("client_id", "client_secret"),  # OAuth: a token of the client's own account,
    ("client_id", "client_secret", "user", "password"),  # or of this one
)


class ServiceNowSettings(Section):
    """One ServiceNow instance; on once its address is given. Its credentials are one of `WAYS`."""

    url: HttpUrl | None = None  # https://example.service-now.com
    user: Words | None = None
    password: Secret | None = None
    access_token: Secret | None = None  # a bearer token, which somebody else renews
    api_key: Secret | None = None
    client_id: Words | None = None  # OAuth
    client_secret: Secret | None = None
    tenant: TenantSlug | None = None  # whose requests become tickets there
    assignment_group: str = ""  # name or sys_id; empty leaves it to the instance's own rules
    standard_template: SysId | None = None  # of standard changes: what a policy approves by itself is made from it
    connect_timeout_s: TimeoutSeconds = 5.0
    read_timeout_s: TimeoutSeconds = 15.0
    total_timeout_s: TimeoutSeconds = 30.0  # one call with everything that it waits for
    mapping: Path | None = None  # docs/connectors/mapping.md
    rate: RateSettings = RateSettings()
    webhook_secret: Secret | None = None  # signs what the instance sends to /hooks/servicenow/{tenant}

    @property
    def enabled(self) -> bool:
        """Whether change tickets are kept in ServiceNow."""
        return self.url is not None


def servicenow_contradictions(at: str, servicenow: ServiceNowSettings) -> Iterator[SettingsError]:
    """What the section, whose key is `at`, lacks, and credentials that cannot be together."""
    if servicenow.url is None:
        return
    yield from clear_text(f"{at}.url", servicenow.url)
    yield from _credentials(at, [name for name in CREDENTIALS if getattr(servicenow, name) is not None])
    if servicenow.tenant is None:
        yield missing(f"{at}.tenant", f"'{at}.url' is given")


def spelled(names: Collection[str]) -> str:
    """These names as people read them: `client_id, client_secret and user`."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _credentials(at: str, given: list[str]) -> Iterator[SettingsError]:
    way = next((way for way in WAYS if set(given) <= set(way)), None)
    if way is None:
        places = spelled([f"'{at}.{name}'" for name in given])
        yield SettingsError(
            f"{places} do not go together: they are several ways to sign in.",
            key=f"{at}.{given[-1]}",
            accepted=tuple(" + ".join(way) for way in WAYS),  # a list of lists: commas would not tell them apart
        )
        return
    others = spelled(given) if given else "neither an access_token, an api_key nor a client_id"
    for name in way:
        if name not in given:
            yield missing(f"{at}.{name}", f"'{at}.url' is given with {others}")
