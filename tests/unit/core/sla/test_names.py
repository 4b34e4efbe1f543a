"""Names of services, as every door takes or refuses them (S1, S2)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.yamlfile import parse_yaml
from core.errors import ConfigError, InvalidInput
from core.sla import check_sample
from core.sla.names import ACCEPTED, NAME_MAX, name_of
from core.sla.objective_file import read_definitions
from core.sla.openslo import read_openslo

NOW = datetime(2026, 3, 2, tzinfo=UTC)
REFUSED = ["line\nbreak", "payments\t", "a\u2028b", "a\x00b", "a\x7fb", "<b>payments</b>", "a>b", "  ", "x" * 121]
SLO = """apiVersion: openslo/v1
kind: SLO
metadata: {{name: up}}
spec:
  service: {service}
  timeWindow: [{{duration: 28d, isRolling: true}}]
  budgetingMethod: Occurrences
  indicator: {{metadata: {{name: x}}, spec: {{ratioMetric: {{counter: true}}}}}}
  objectives: [{{target: 0.99}}]
"""


@pytest.mark.row("S2")
@pytest.mark.parametrize("name", REFUSED)
def test_a_sample_of_such_a_name_is_refused_and_told_which_characters_are_taken(name):
    with pytest.raises(InvalidInput, match="none of them a line break, a control character, < or >") as caught:
        check_sample(name, NOW, 0.1, success=True, labels={}, now=NOW)
    assert (caught.value.where, caught.value.accepted) == ("service", ACCEPTED)


@pytest.mark.row("S2")
@pytest.mark.parametrize("name", ["*", " * "])
def test_the_name_of_every_service_is_none_that_can_be_sampled(name):
    with pytest.raises(InvalidInput, match="means every service"):
        check_sample(name, NOW, 0.1, success=True, labels={}, now=NOW)


@pytest.mark.row("S1")
def test_a_file_that_names_such_a_service_is_refused_with_its_line():
    text = 'SLA Definitions:\n  services:\n    "<b>":\n      availability: {target: "99.9%"}\n'
    with pytest.raises(ConfigError, match="< or >") as caught:
        read_definitions(parse_yaml(text, file="sla.yaml"))
    assert (caught.value.file, caught.value.line, caught.value.accepted) == ("sla.yaml", 3, ACCEPTED)


@pytest.mark.row("S1")
def test_an_imported_slo_of_such_a_service_is_refused_with_its_line():
    with pytest.raises(ConfigError, match="< or >") as caught:
        read_openslo(SLO.format(service='"<script>"'), file="shop.yaml")
    assert (caught.value.line, caught.value.key, caught.value.accepted) == (5, "spec.service", ACCEPTED)
    (found,) = read_openslo(SLO.format(service='"Käse & Söhne (EU)"'), file="shop.yaml").objectives
    assert found.service == "Käse & Söhne (EU)"


@given(st.text(max_size=NAME_MAX + 5))
def test_a_name_that_is_taken_is_printable_and_stays_as_it_is(text):
    name = name_of(text)
    if name is not None:
        assert name_of(name) == name
        assert name.isprintable()
        assert not {"<", ">", "\n"} & set(name)
