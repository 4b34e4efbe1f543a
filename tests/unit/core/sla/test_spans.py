"""Samples from spans of traces (S2)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.errors import InvalidInput
from core.sla import Sample, SpanFacts, sample_of
from core.sla.labelling import LABELS_MAX, VALUE_MAX
from core.sla.spans import CONSUMER, ERROR, SERVER, labels_of

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def span(*, kind=SERVER, seconds=0.25, status=0, **attributes):
    named = {"service.name": "payments", **{key.replace("_", "."): value for key, value in attributes.items()}}
    return SpanFacts(kind, NOW - timedelta(seconds=seconds), NOW, status, named)


@pytest.mark.row("S2")
@pytest.mark.parametrize(("status", "success"), [(0, True), (1, True), (ERROR, False)])
@pytest.mark.parametrize("kind", [SERVER, CONSUMER])
def test_an_operation_of_a_service_is_a_sample_that_failed_if_its_status_says_so(kind, status, success):
    assert sample_of(span(kind=kind, status=status), now=NOW) == Sample("payments", NOW, 0.25, success)


@pytest.mark.parametrize("kind", [0, 1, 3, 4])
def test_what_an_operation_did_in_turn_is_no_sample(kind):
    assert sample_of(span(kind=kind), now=NOW) is None


@pytest.mark.row("S5")
def test_attributes_of_few_values_become_labels_and_no_others():
    found = sample_of(
        span(service_version="1.9", cloud_region="eu", http_route="/pay/{id}", http_url="/pay/17"), now=NOW
    )
    assert found.labels == (("endpoint", "/pay/{id}"), ("region", "eu"), ("version", "1.9"))


@pytest.mark.row("S5")
def test_who_names_a_label_goes_before_what_is_usual_and_what_does_not_fit_is_cut_or_left_out():
    found = labels_of(
        {"countersign.label.region": "mine", "cloud.region": "eu", "http.route": "x" * 200, "rpc.method": "y"}
    )
    assert found == {"region": "mine", "endpoint": "x" * VALUE_MAX}
    assert labels_of({"cloud.region": " ", "service.version": "1\n9", "countersign.label.a b": "no name"}) == {}
    many = {f"countersign.label.l{number}": "x" for number in range(20)}
    assert len(labels_of(many)) == LABELS_MAX


@pytest.mark.parametrize(
    ("given", "where"),
    [
        (SpanFacts(SERVER, NOW, NOW, 0, {}), "service.name"),
        (span(service_name="<b>"), "service.name"),
        (span(seconds=-1), "endTimeUnixNano"),
        (span(seconds=100_000), "startTimeUnixNano"),
        (SpanFacts(SERVER, None, NOW, 0, {"service.name": "a"}), "startTimeUnixNano"),
        (SpanFacts(SERVER, NOW, None, 0, {"service.name": "a"}), "endTimeUnixNano"),
        (SpanFacts(SERVER, NOW, NOW + timedelta(hours=1), 0, {"service.name": "a"}), "endTimeUnixNano"),
    ],
)
def test_what_is_wrong_with_a_span_is_named(given, where):
    with pytest.raises(InvalidInput) as caught:
        sample_of(given, now=NOW)
    assert caught.value.where == where
