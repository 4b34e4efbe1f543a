"""Objectives as OpenSLO v1 documents, and back (S1)."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from core.errors import ConfigError
from core.sla.objective import Bound, Metric, Objective
from core.sla.openslo import DOCUMENTS_MAX, read_openslo
from core.sla.openslo_export import DESCRIPTION_MAX, write_openslo
from core.sla.windows import DAY, Unit, Window

SCHEMA = Draft202012Validator(json.loads((Path(__file__).parent / "openslo_v1.schema.json").read_text()))


windows = st.one_of(
    st.builds(lambda days: Window(rolling=days * DAY), st.integers(1, 90)),
    st.builds(
        lambda unit, zone: Window(unit=unit, zone=zone),
        st.sampled_from(Unit),
        st.sampled_from(("UTC", "Europe/Zurich", "America/Argentina/Buenos_Aires")),
    ),
)
bounds = {
    Metric.AVAILABILITY: st.builds(
        Bound, st.sampled_from((">", ">=")), st.floats(0.5, 0.9999).map(lambda x: round(x, 6))
    ),
    Metric.SUCCESS_RATE: st.builds(
        Bound, st.sampled_from((">", ">=")), st.floats(0.5, 0.9999).map(lambda x: round(x, 6))
    ),
    Metric.ERROR_RATE: st.builds(
        Bound, st.sampled_from(("<", "<=")), st.floats(0.0001, 0.5).map(lambda x: round(x, 6))
    ),
    Metric.RESPONSE_TIME: st.builds(
        Bound, st.sampled_from(("<", "<=")), st.floats(0.001, 100).map(lambda x: round(x, 4))
    ),
    Metric.THROUGHPUT: st.builds(Bound, st.sampled_from((">", ">=")), st.floats(1, 1e6).map(lambda x: round(x, 2))),
}
objectives = st.sampled_from(Metric).flatmap(
    lambda metric: st.builds(
        Objective,
        name=st.sampled_from(("main", "Fast answers", "p95", "x" * 120)),
        metric=st.just(metric),
        bound=bounds[metric],
        window=windows,
        service=st.sampled_from(
            ("Payments", "agent:invoice-reader", "*", "支付", "退款", "Ledger of" + " long names" * 9)
        ),
        description=st.sampled_from(("", "As signed.", "As signed. " * 180)),
        pages=st.booleans(),
        minimum_traffic=st.integers(1, 10**9),
    )
)


SIGNED = Objective(name="up", metric=Metric.AVAILABILITY, bound=Bound(">=", 0.999), service="payments")


@pytest.mark.row("S1")
@settings(max_examples=40)
@given(objectives)
def test_what_is_exported_as_openslo_is_imported_as_it_was(objective):
    text = write_openslo([objective])
    (found,) = read_openslo(text, file="openslo.yaml").objectives
    assert found == objective


@pytest.mark.row("S1")
@settings(max_examples=15)
@given(st.lists(objectives, min_size=1, max_size=4, unique_by=lambda each: (each.service, each.name)))
def test_what_is_exported_keeps_to_the_published_specification_and_every_reference_leads_somewhere(found):
    documents = list(yaml.safe_load_all(write_openslo(found)))
    assert [each.message for document in documents for each in SCHEMA.iter_errors(document)] == []
    named = Counter((each["kind"], each["metadata"]["name"]) for each in documents)
    assert set(named.values()) <= {1}
    slos = [each["spec"] for each in documents if each["kind"] == "SLO"]
    policies = [each["spec"] for each in documents if each["kind"] == "AlertPolicy"]
    references = [
        *(("Service", slo["service"]) for slo in slos),
        *(("AlertPolicy", each["alertPolicyRef"]) for slo in slos for each in slo["alertPolicies"]),
        *(
            ("AlertNotificationTarget", each["targetRef"])
            for policy in policies
            for each in policy["notificationTargets"]
        ),
    ]
    assert set(references) <= set(named)
    assert len(slos) == len(found)


@pytest.mark.row("S1")
def test_a_document_that_breaks_the_specification_is_told_apart_from_one_that_keeps_to_it():
    (_service, slo, *_policies) = yaml.safe_load_all(write_openslo([SIGNED]))
    assert SCHEMA.is_valid(slo)
    for spoilt in (
        {**slo, "apiVersion": "openslo/v2"},
        {**slo, "metadata": {**slo["metadata"], "name": "Not A Label"}},
        {**slo, "metadata": {**slo["metadata"], "annotations": {"countersign/name": "up"}}},
        {**slo, "spec": {**slo["spec"], "timeWindow": []}},
        {**slo, "spec": {**slo["spec"], "objectives": [{"target": 1}]}},
        {**slo, "spec": {**slo["spec"], "alertPolicies": ["fast"]}},
    ):
        assert not SCHEMA.is_valid(spoilt)


@pytest.mark.row("S1")
def test_what_an_earlier_export_has_written_is_still_read():
    text = (
        write_openslo([SIGNED])
        .replace("countersign.internal/", "countersign/")
        .replace("RatioTimeslices", "Timeslices")
    )
    (found,) = read_openslo(text, file="openslo.yaml").objectives
    assert found == SIGNED


def test_services_whose_names_differ_by_signs_alone_are_two_services():
    other = Objective(name="up", metric=Metric.AVAILABILITY, bound=Bound(">=", 0.99), service="PAYMENTS!")
    documents = list(yaml.safe_load_all(write_openslo([SIGNED, other])))
    names = [each["metadata"]["name"] for each in documents if each["kind"] == "Service"]
    assert names == ["payments", "payments-0c57f002"]


def test_more_documents_than_are_read_at_once_are_refused_and_not_cut():
    text = "---\n".join(
        ["apiVersion: openslo/v1\nkind: Service\nmetadata: {name: a}\nspec: {}\n"] * (DOCUMENTS_MAX + 1)
    )
    with pytest.raises(ConfigError, match=r"At most 2,000 documents are read at once; here are 2,001\."):
        read_openslo(text, file="shop.yaml")


def test_a_description_that_openslo_would_cut_is_read_back_whole():
    long = Objective(
        name="up", metric=Metric.AVAILABILITY, bound=Bound(">=", 0.99), service="a", description="As. " * 400
    )
    text = write_openslo([long])
    (_service, slo, *_policies) = yaml.safe_load_all(text)
    assert len(slo["spec"]["description"]) == DESCRIPTION_MAX
    assert read_openslo(text, file="openslo.yaml").objectives == (long,)


FOREIGN = """# by hand
apiVersion: openslo/v1
kind: Service
metadata: {name: shop, displayName: The Shop}
spec: {description: Sells}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: latency}
spec:
  service: shop
  indicator: {spec: {thresholdMetric: {metricSource: {type: Prometheus, spec: {query: x}}}}}
  timeWindow: [{duration: 4w, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{op: lte, value: 0.3, target: 0.99}]
  alertPolicies: [fast]
---
apiVersion: openslo/v1
kind: AlertPolicy
metadata: {name: fast}
spec: {}
"""


def test_documents_of_others_are_read_as_near_as_can_be():
    found = read_openslo(FOREIGN, file="shop.yaml")
    (objective,) = found.objectives
    assert (objective.service, objective.name, objective.words) == (
        "The Shop", "latency", "99% of response times <= 300ms",
    )  # fmt: skip
    assert objective.window.rolling == 28 * DAY
    assert found.passed_over == (
        "AlertPolicy fast: Countersign alerts by its own policy.",
        "SLO latency: value 0.3: read as seconds of response time.",
    )


@pytest.mark.row("S1")
@pytest.mark.parametrize(
    ("given", "other", "said"),
    [
        ("target: 0.99}", "target: 0.99, timeSliceTarget: 0.95}", "timeSliceTarget 0.95: a slice counts by its share"),
        ("target: 0.99}", "target: 0.99, timeSliceWindow: 5m}", "timeSliceWindow 5m: slices are minutes."),
        ("target: 0.99}", "target: 0.99, compositeWeight: 2}", "compositeWeight: there is one objective for each"),
        ("op: lte", "op: gte", "op gte: read as a throughput in operations per minute, which has no target (0.99)."),
        ("Occurrences", "Timeslices", "budgetingMethod Timeslices: operations are counted, and not slices of time."),
        ("thresholdMetric", "ratioMetric", "op lte: a ratio is held against its target alone."),
        ("isRolling: true", "isRolling: false", "isRolling false: without a calendar a window is rolling."),
        (
            "4w, isRolling: true", "1M, calendar: {startTime: '2026-01-15 06:00:00', timeZone: UTC}",
            "calendar.startTime 2026-01-15 06:00:00: it begins on the first day of the month at midnight.",
        ),
        (
            "4w, isRolling: true", "1w, calendar: {startTime: '2026-01-01 00:00:00', timeZone: UTC}",
            "calendar.startTime 2026-01-01 00:00:00: it begins on Mondays at midnight.",
        ),
        ("[fast]", "[{kind: AlertPolicy}]", "alertPolicies: Countersign alerts by its own policy."),
    ],
)  # fmt: skip
def test_what_an_objective_cannot_hold_is_told_of_and_not_lost_in_silence(given, other, said):
    assert given in FOREIGN
    passed_over = read_openslo(FOREIGN.replace(given, other, 1), file="shop.yaml").passed_over
    assert [each for each in passed_over if each.startswith(f"SLO latency: {said}")]


@pytest.mark.row("S1")
def test_of_several_objectives_of_one_service_and_name_the_last_counts_and_that_is_told():
    slo = FOREIGN.split("---\n")[1]
    found = read_openslo(f"{slo}---\n{slo.replace('0.3', '0.2', 1)}", file="shop.yaml")
    assert [each.words for each in found.objectives] == ["99% of response times <= 200ms"]
    assert "SLO latency: 'shop' has several of this name; the last one counts." in found.passed_over


@pytest.mark.row("S1")
def test_each_part_of_a_composite_is_measured_by_its_own_indicator():
    composite = """apiVersion: openslo/v1
kind: SLI
metadata: {name: answered}
spec: {ratioMetric: {counter: true, good: {}, total: {}}}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: checkout}
spec:
  service: shop
  timeWindow: [{duration: 4w, isRolling: true}]
  budgetingMethod: Occurrences
  objectives:
    - {indicatorRef: answered, target: 0.999, compositeWeight: 2}
    - {indicator: {spec: {thresholdMetric: {metricSource: {}}}}, op: lte, value: 0.3, target: 0.95}
"""
    found = read_openslo(composite, file="shop.yaml")
    assert [(each.name, each.words) for each in found.objectives] == [
        ("checkout-1", "success rate >= 99.9%"),
        ("checkout-2", "95% of response times <= 300ms"),
    ]
    assert len([each for each in found.passed_over if "compositeWeight" in each]) == 1
    with pytest.raises(ConfigError, match="There is no SLI 'other' here") as refused:
        read_openslo(composite.replace("indicatorRef: answered", "indicatorRef: other"), file="shop.yaml")
    assert refused.value.key == "spec.objectives.0.indicatorRef"


def test_a_comment_behind_the_line_that_divides_documents_is_passed_over():
    plain = read_openslo(FOREIGN, file="shop.yaml")
    assert read_openslo(FOREIGN.replace("---", "--- # next"), file="shop.yaml") == plain


@pytest.mark.row("S1")
@settings(max_examples=40)
@given(objectives)
def test_nothing_of_what_we_have_written_is_passed_over_but_policies(objective):
    passed_over = read_openslo(write_openslo([objective]), file="openslo.yaml").passed_over
    assert {each.partition(" ")[0] for each in passed_over} <= {"AlertPolicy", "AlertNotificationTarget"}


@pytest.mark.parametrize(
    ("given", "other", "key", "said"),
    [
        (
            "4w, isRolling: true", "1M, calendar: {startTime: soon, timeZone: UTC}",
            "spec.timeWindow.0.calendar.startTime", "'soon' is no time",
        ),
        (
            "{name: latency}", "{name: latency, annotations: {countersign.internal/op: '!'}}",
            "metadata.annotations.countersign.internal/op", "is no operator",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_where_it_stands(given, other, key, said):
    with pytest.raises(ConfigError, match=said) as refused:
        read_openslo(FOREIGN.replace(given, other, 1), file="shop.yaml")
    assert refused.value.key == key


def test_a_problem_in_a_later_document_names_its_line_in_the_file():
    with pytest.raises(ConfigError) as refused:
        read_openslo(FOREIGN.replace("target: 0.99", "target: 99"), file="shop.yaml")
    assert (refused.value.file, refused.value.line, refused.value.key) == ("shop.yaml", 15, "spec.objectives.0.target")


@pytest.mark.parametrize("zone", ["PST", "America/NewYork", "../etc/passwd"])
def test_a_time_zone_that_does_not_exist_is_refused_where_it_stands(zone):
    text = FOREIGN.replace("{duration: 4w, isRolling: true}", f"{{duration: 1M, calendar: {{timeZone: '{zone}'}}}}")
    with pytest.raises(ConfigError, match="is no time zone") as refused:
        read_openslo(text, file="shop.yaml")
    assert refused.value.key == "spec.timeWindow.0.calendar.timeZone"
