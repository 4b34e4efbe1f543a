"""The Prometheus of each tenant that is asked what its services did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from config.errors import SettingsError
from config.fields import HttpUrl, Secret, Section, TenantSlug, TimeoutSeconds, clear_text, missing, places, twice


class PrometheusSettings(Section):
    """A server with Prometheus' HTTP API; on once its address is given (docs/connectors/prometheus.md)."""

    tenant: TenantSlug | None = None
    url: HttpUrl | None = None  # /api/v1/query_range stands below it
    token: Secret | None = None  # a bearer token, where the server or a proxy before it asks for one
    services: Path | None = None  # which counters are which service
    connect_timeout_s: TimeoutSeconds = 5.0
    read_timeout_s: TimeoutSeconds = 15.0


def prometheus_contradictions(sections: Sequence[PrometheusSettings], *, is_list: bool) -> Iterator[SettingsError]:
    """What the sections lack or contradict."""
    for at, section in places("prometheus", sections, is_list=is_list):
        if section.services is not None and not section.services.is_file():
            yield SettingsError(f"There is no file '{section.services}'.", key=f"{at}.services")
        if section.url is None:
            if section.token is not None:
                yield missing(f"{at}.url", f"'{at}.token' is given")
            continue
        if section.token is not None:
            yield from clear_text(f"{at}.url", section.url)
        if section.tenant is None:
            yield missing(f"{at}.tenant", "each tenant has its own")
        if section.services is None:
            yield missing(f"{at}.services", "it says what is asked for")
    yield from twice("prometheus", [each.tenant for each in sections])
