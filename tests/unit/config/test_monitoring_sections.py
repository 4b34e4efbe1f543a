"""The sections of monitoring systems: what they need, and that a mistake is named with its place (M1 to M5)."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from config.errors import SettingsError
from config.monitoring import Sent
from config.settings import Settings

SIGNING = f"whsec_{base64.b64encode(b'k' * 32).decode()}"
HOOK = "0123456789abcdef"
COUNTERS = Path(__file__).parents[3] / "deploy" / "prometheus" / "services.yaml"


def refusals(**sections):
    with pytest.raises(SettingsError) as refused:
        Settings(**sections)
    return {each.key for each in (refused.value, *refused.value.others)}


@pytest.mark.row("M1")
def test_what_is_sent_where_nothing_is_said():
    settings = Settings(
        datadog={"tenant": "acme", "api_key": "k"},
        splunk={"tenant": "acme", "token": "t", "url": "https://splunk.example:8088"},
        webhooks={"tenant": "acme", "secret": SIGNING, "url": "https://x.example", "sends": "events, audit"},
    )
    assert settings.datadog[0].sends == {Sent.EVENTS, Sent.METRICS}
    assert settings.splunk[0].sends == {Sent.EVENTS, Sent.AUDIT}
    assert settings.webhooks[0].sends == {Sent.EVENTS, Sent.AUDIT}
    assert not settings.datadog[0].tells


@pytest.mark.row("M1")
@pytest.mark.parametrize(
    ("sections", "keys"),
    [
        ({"datadog": {"api_key": "k"}}, {"datadog.tenant"}),
        ({"datadog": {"tenant": "acme", "url": "https://x.example"}}, {"datadog.api_key"}),
        ({"newrelic": {"tenant": "acme", "license_key": "k"}}, {"newrelic.account"}),
        ({"splunk": {"tenant": "acme", "token": "t"}}, {"splunk.url"}),
        ({"splunk": {"tenant": "acme", "token": "t", "url": "http://splunk.example"}}, {"splunk.url"}),
        ({"splunk": {"tenant": "acme", "hook_secret": "short"}}, {"splunk.hook_secret"}),
        ({"splunk": {"tenant": "acme", "hook_secret": "with/slash-in-the-middle"}}, {"splunk.hook_secret"}),
        ({"webhooks": {"tenant": "acme", "hook_secret": HOOK}}, {"webhooks.hook_secret"}),
        ({"webhooks": {"tenant": "acme", "secret": HOOK, "url": "https://x.example"}}, {"webhooks.secret"}),
        ({"alertmanager": {"hook_secret": HOOK}}, {"alertmanager.tenant"}),
        ({"prometheus": {"url": "http://prometheus:9090"}}, {"prometheus.tenant", "prometheus.services"}),
        ({"prometheus": {"tenant": "acme", "token": "t"}}, {"prometheus.url"}),
        ({"prometheus": {"services": "nowhere.yaml"}}, {"prometheus.services"}),
        (
            {"prometheus": {"tenant": "acme", "url": "http://x.example", "token": "t", "services": COUNTERS}},
            {"prometheus.url"},
        ),
        ({"alertmanager": {"tenant": "acme", "hook_secret": HOOK, "alerts": "nowhere.yaml"}}, {"alertmanager.alerts"}),
        (
            {"alertmanager": [{"tenant": "acme", "hook_secret": HOOK}, {"tenant": "acme", "hook_secret": HOOK}]},
            {"alertmanager.1.tenant"},
        ),
    ],
)
def test_what_is_missing_or_contradicts_is_named(sections, keys):
    assert refusals(**sections) == keys


@pytest.mark.row("M5")
def test_a_ticket_system_cannot_take_the_name_of_a_monitoring_system(tmp_path):
    file = tmp_path / "x.yaml"
    file.touch()
    assert refusals(itsm=({"slug": "splunk", "tenant": "acme", "file": file},)) == {"itsm.0.slug"}
