"""Ids that say nothing, and what a denial is bound to (X1)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.access_requests import naming

SUBJECT = {"type": "user", "id": "dana@example.com", "properties": {}}
RESOURCE = {"type": "agent", "id": "bot", "properties": {"size": 1, "on": True}}
ACTION = {"name": "agent.create", "properties": {}}


def bound(*, subject=None, resource=None, action=None):
    return naming.bound_to(subject or SUBJECT, resource or RESOURCE, action or ACTION)


@given(st.uuids(), st.sampled_from([naming.EVALUATION, naming.TASK, naming.APPROVAL]))
def test_an_id_is_read_as_it_was_written_and_as_no_other_kind(value, kind):
    text = naming.written(kind, value)
    assert naming.read(kind, text) == value
    assert naming.read("other", text) is None


@pytest.mark.parametrize("text", [None, 7, "", "arq_", "arq_" + "g" * 32, "arq_" + "0" * 31, "ARQ_" + "0" * 32, " arq_" + "0" * 32, "arq_" + "0" * 32 + "\n"])  # fmt: skip
def test_what_is_no_id_is_none(text):
    assert naming.read(naming.TASK, text) is None


def test_ids_are_random_in_all_their_bits_but_six():
    made = [naming.new_id() for _ in range(200)]
    assert len({value.hex[:8] for value in made}) == 200
    assert {value.version for value in made} == {4}


@pytest.mark.row("X1")
def test_order_and_the_spelling_of_a_number_bind_to_the_same():
    assert bound(resource={"properties": {"on": True, "size": 1.0}, "id": "bot", "type": "agent"}) == bound()


@pytest.mark.row("X1")
def test_the_actor_inside_the_subject_is_not_bound_and_any_other_property_is():
    acted = {**SUBJECT, "properties": {"act": {"iss": "https://a.example", "sub": "x"}}}
    assert bound(subject=acted) == bound()
    assert bound(subject={**SUBJECT, "properties": {"department": "x"}}) != bound()


@pytest.mark.row("X1")
@pytest.mark.parametrize(
    "properties", [{}, {"size": 1}, {"size": 1, "on": 1}, {"size": "1", "on": True}, {"size": 1, "on": True, "x": None}]
)
def test_any_difference_binds_to_something_else(properties):
    assert bound(resource={**RESOURCE, "properties": properties}) != bound()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=4))
def test_whatever_is_sent_binds_to_something_or_to_nothing_whatever_its_order(properties):
    turned = dict(reversed(properties.items()))
    found = bound(resource={**RESOURCE, "properties": properties})
    assert found == bound(resource={**RESOURCE, "properties": turned})
    assert found is None or len(found) == 64


def test_what_a_double_cannot_hold_binds_to_nothing():
    assert bound(resource={**RESOURCE, "properties": {"size": 2**53 + 1}}) is None
