"""The file that says which counters are which service, and that a mistake in it is named with its place (S2)."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.yamlfile import parse_yaml
from connectors.monitoring.prometheus import Counters, load_counters, read_counters
from core.errors import ConfigError

pytestmark = pytest.mark.row("S2")
SHIPPED = Path(__file__).parents[4] / "deploy" / "prometheus" / "services.yaml"


def read(text):
    return read_counters(parse_yaml(text, file="services.yaml"))


def test_the_shipped_file_is_read():
    (found,) = load_counters(SHIPPED)
    assert found == Counters(
        service="countersign-api",
        total='countersign_http_request_seconds_count{job="countersign"}',
        failed='countersign_http_request_seconds_count{job="countersign", status=~"5.."}',
        duration='countersign_http_request_seconds_bucket{job="countersign"}',
    )


@pytest.mark.parametrize(
    "selector",
    ["up", "job:requests:total", '{__name__=~"a|b"}', "a{b!='c', }", r'a { path = "/x\"}[5m]", code !~ "5.." }'],
)
def test_selectors_are_taken_as_they_are(selector):
    (found,) = read(f"services: {{ledger: {{total: {quoted(selector)}, good: up, duration: x_bucket}}}}")
    assert (found.total, found.good, found.failed) == (selector, "up", "")


def test_bounds_in_milliseconds_are_said_to_be_so():
    (found,) = read("services: {a: {total: t, good: g, duration: d_bucket, duration_unit: milliseconds}}")
    assert found.seconds == 0.001


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("service: {}", ":1 key 'service': 'service' is not a key here. Did you mean 'services'?"),
        ("services: {}", "It names no service."),
        ("services:\n  a: {failed: f}", ":2 key 'services.a': The key 'total' is missing."),
        ("services:\n  a: {total: t}", ":2 key 'services.a': Either 'failed' or 'good' stands here"),
        ("services:\n  a: {total: t, failed: f, good: g}", "not both"),
        ("services:\n  a:\n    total: rate(t[5m])\n    good: g", ":3 key 'services.a.total': Here stands the selector"),
        ("services:\n  a: {total: '{}', good: g}", "Here stands the selector"),
        ("services:\n  a: {total: 't{a=~\"b\"} or vector(1)', good: g}", "Here stands the selector"),
        ("services:\n  a: {total: t, good: g, duration: d_sum}", "whose name ends in '_bucket'"),
        ("services:\n  a: {total: t, good: g, duration: d_bucket, duration_unit: ms}", "seconds, milliseconds"),
        ("services:\n  a: {total: t, good: g, duration_unit: seconds}", "there is none"),
        ("services:\n  '*': {total: t, good: g}", "'*' means every service"),
        ("services:\n  a b: {total: t, good: g}\n  a  b: {total: t, good: g}", "'a b' is given twice."),
    ],
)
def test_a_mistake_is_named_with_its_place_and_what_is_accepted(text, said):
    with pytest.raises(ConfigError) as refused:
        read(text)
    assert said in refused.value.sentence()
    assert "services.yaml" in refused.value.sentence()


def quoted(text):
    return "'" + text.replace("'", "''") + "'"
