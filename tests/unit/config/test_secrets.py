"""Every secret that an installation was told, and that nothing shows them (N6)."""

from __future__ import annotations

import base64

import pytest

from config.credentials import Credential
from config.load import load_settings
from config.secrets import secrets_of
from config.settings import Settings
from config.sources import leaves
from core import redaction

pytestmark = pytest.mark.row("N6")
KEY = base64.b64encode(b"k" * 32).decode()
GIVEN = {
    "database_url": "postgresql://owner:planted-owner@db.example/countersign",
    "database_app_url": "postgresql://app:planted-app@db.example/countersign",
    "encryption_key": KEY,
    "encryption_other_keys": base64.b64encode(b"o" * 32).decode(),
    "slack": {
        "bot_token": "xoxb-planted",
        "app_token": "xapp-planted",
        "signing_secret": "planted-signing",
        "tenant": "a",
    },
    "teams": {"app_password": "planted-teams"},
    "servicenow": {
        "password": "planted-servicenow",
        "access_token": "planted-servicenow-token",
        "api_key": "planted-servicenow-key",
        "client_secret": "planted-servicenow-client",
        "webhook_secret": "planted-servicenow-hook",
    },
    "jira": {"password": "planted-jira", "access_token": "planted-jira-token", "webhook_secret": "planted-jira-hook"},
    "remedy": {"password": "planted-remedy", "webhook_secret": "planted-remedy-hook"},
    "executor": {"secret": "whsec_" + base64.b64encode(b"planted-executor" * 2).decode()},
    "datadog": {"tenant": "a", "api_key": "planted-datadog", "hook_secret": "planted-datadog-hook"},
    "newrelic": {
        "tenant": "a",
        "account": "1",
        "license_key": "planted-newrelic",
        "hook_secret": "planted-newrelic-hook",
    },
    "splunk": {
        "tenant": "a",
        "url": "https://splunk.example",
        "token": "planted-splunk",
        "hook_secret": "planted-splunk-hook",
    },
    "webhooks": {
        "tenant": "a",
        "url": "https://hooks.example",
        "secret": "whsec_" + base64.b64encode(b"planted-webhooks" * 2).decode(),
        "hook_secret": "whsec_" + base64.b64encode(b"planted-hook-in-" * 2).decode(),
    },
    "prometheus": {
        "tenant": "a",
        "url": "https://prometheus.example",
        "services": "deploy/prometheus/services.yaml",
        "token": "planted-prometheus",
    },
    "otlp": {"url": "https://otlp.example", "token": "planted-otlp"},
    "mail": {"password": "planted-mail"},
    "alertmanager": {"tenant": "a", "hook_secret": "planted-alertmanager-hook"},
}
PLAIN = {"tenant", "account", "url", "services"}  # needed beside the secrets


@pytest.fixture
def nothing_known(monkeypatch):
    monkeypatch.setattr(redaction, "_known", set())


def test_every_secret_of_the_settings_is_found_and_the_passwords_within_addresses():
    found = set(secrets_of(Settings(**GIVEN)))
    kept = {leaf.path for leaf in leaves(Settings) if leaf.is_secret}
    given = {
        (name, *inner)
        for name, value in GIVEN.items()
        for inner in ([(k,) for k in value if k not in PLAIN] if isinstance(value, dict) else [()])
    }
    assert kept == given, "a new secret of the settings belongs into GIVEN"
    texts = [
        text
        for value in GIVEN.values()
        for text in ([v for k, v in value.items() if k not in PLAIN] if isinstance(value, dict) else [value])
    ]
    assert found == {*texts, "planted-owner", "planted-app"}


def test_of_each_secret_it_is_known_where_it_is_kept_and_nothing_of_it_is_shown(tmp_path):
    (tmp_path / "jira").write_text("planted-jira\n")
    (tmp_path / "hook").write_text("planted-hook")
    file = tmp_path / "countersign.yaml"
    file.write_text(
        "servicenow:\n"
        "  - {url: https://a.example, user: us, tenant: a,\n     password: planted-a}\n"
        "  - url: https://b.example\n    user: us\n    tenant: b\n    password: planted-b\n"
        "    webhook_secret_file: hook\n"
    )
    environ = {
        "COUNTERSIGN_JIRA__PASSWORD_FILE": str(tmp_path / "jira"),
        "COUNTERSIGN_REMEDY__PASSWORD": "planted-remedy",
    }
    settings = load_settings(config=file, environ=environ)
    assert settings.credentials("servicenow", 0) == (Credential("password", f"{file}, line 3"),)
    assert settings.credentials("servicenow", 1) == (
        Credential("password", f"{file}, line 7"),
        Credential("webhook_secret", f"file {tmp_path / 'hook'}"),
    )
    assert settings.credentials("jira") == (Credential("password", f"file {tmp_path / 'jira'}"),)
    assert settings.credentials("remedy") == (
        Credential("password", "environment variable COUNTERSIGN_REMEDY__PASSWORD"),
    )
    assert settings.credentials("slack") == ()


def test_what_is_known_is_struck_out_wherever_it_stands_and_short_words_are_not(nothing_known):
    redaction.strike_out(["planted-jira", "it"])
    said = redaction.without_secrets("", {"message": "it said: planted-jira is wrong", "inner": ["xplanted-jirax"]})
    assert said == {"message": "it said: *** is wrong", "inner": ["x***x"]}
