"""`countersign doctor` asks each monitoring system that is configured, and the collector (M1 to M5)."""

from __future__ import annotations

import pytest

from app.monitoring import examine_monitoring
from app.opentelemetry import examine_opentelemetry
from config.settings import Settings
from sandbox.datadog import create as create_datadog
from sandbox.newrelic import create as create_newrelic
from tests.contract.itsm.serving import serving

pytestmark = pytest.mark.row("M1", "M2", "M5")


async def test_what_is_well_and_what_is_not_is_said_with_what_to_do():
    async with (
        serving("datadog", create_datadog) as (_datadog, _faults, datadog_url),
        serving("newrelic", create_newrelic) as (newrelic, _others, newrelic_url),
    ):
        told = newrelic.describe()
        settings = Settings(
            datadog={"tenant": "acme", "url": datadog_url, "api_key": "wrong"},
            newrelic={
                "tenant": "acme",
                "url": newrelic_url,
                "license_key": told["license_key"],
                "account": told["account"],
            },
            otlp={"url": "http://127.0.0.1:9"},
        )
        found = {each["subject"]: each for each in await examine_monitoring(settings)}
        collector = await examine_opentelemetry(settings)
    assert {subject: each["health"] for subject, each in found.items()} == {
        "Datadog of acme: key": "failed",
        "New Relic of acme: metrics": "ok",
        "New Relic of acme: events": "ok",
    }
    assert "datadog.api_key" in found["Datadog of acme: key"]["next_step"]
    assert [each["health"] for each in collector] == ["failed", "failed"]
    assert "otlp.url" in collector[0]["next_step"]


async def test_what_is_not_configured_is_not_asked():
    assert await examine_monitoring(Settings()) == []
    assert await examine_opentelemetry(Settings()) == []
