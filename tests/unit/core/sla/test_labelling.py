"""Labels of samples: what is taken, and what they are counted to (S2, S5)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.sla import Sample, check_sample
from core.sla.labelling import (
    LABELS_KEPT,
    LABELS_MAX,
    NAME_ACCEPTED,
    OTHER,
    VALUE_ACCEPTED,
    VALUES_KEPT,
    counts_of,
    tallied,
)

NOW = datetime(2026, 3, 2, 9, 30, 20, tzinfo=UTC)
MINUTE = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def checked(labels):
    return check_sample("payments", NOW, 0.2, success=False, labels=labels, now=NOW)


def sample(labels, *, success=True, service="payments", at=NOW):
    return Sample(service, at, 0.2, success, tuple(sorted(labels.items())))


few_values = st.dictionaries(st.sampled_from("abcd"), st.sampled_from("xyz"), max_size=4)
samples = st.lists(
    st.builds(
        sample,
        few_values,
        success=st.booleans(),
        service=st.sampled_from(["a", "b"]),
        at=st.sampled_from([NOW, NOW - timedelta(minutes=1), NOW + timedelta(seconds=9)]),
    ),
    max_size=60,
)


@pytest.mark.row("S2")
def test_labels_are_kept_by_name_without_the_spaces_around_their_values():
    found = checked({"version": " 1.9 ", "region": "eu", "endpoint": "/users/<id>"})
    assert found == Sample(
        "payments", NOW, 0.2, success=False, labels=(("endpoint", "/users/<id>"), ("region", "eu"), ("version", "1.9"))
    )


@pytest.mark.row("S2")
@pytest.mark.parametrize(
    ("labels", "said", "where", "accepted"),
    [
        ({f"l{n}": "x" for n in range(LABELS_MAX + 1)}, "at most 8 labels; here are 9", "labels", ("0 to 8 labels",)),
        ({"1st": "x"}, "'1st' is no label's name", "labels", NAME_ACCEPTED),
        ({"": "x"}, "'' is no label's name", "labels", NAME_ACCEPTED),
        ({"x" * 41: "x"}, "is no label's name", "labels", NAME_ACCEPTED),
        ({"a/b": "x"}, "is no label's name", "labels", NAME_ACCEPTED),
        ({"region": ""}, "1 to 80 characters", "labels/region", VALUE_ACCEPTED),
        ({"region": "  "}, "1 to 80 characters", "labels/region", VALUE_ACCEPTED),
        ({"region": "x" * 81}, "1 to 80 characters", "labels/region", VALUE_ACCEPTED),
        ({"region": "e\nu"}, "none of them a line break", "labels/region", VALUE_ACCEPTED),
        ({"region": "e\x00u"}, "a control character", "labels/region", VALUE_ACCEPTED),
    ],
)
def test_a_label_that_cannot_be_taken_is_named_with_what_would_be(labels, said, where, accepted):
    with pytest.raises(InvalidInput, match=said) as caught:
        checked(labels)
    assert (caught.value.where, caught.value.accepted) == (where, accepted)


@pytest.mark.row("S5")
@given(samples)
def test_each_value_is_counted_as_often_as_samples_have_it_and_as_often_as_they_failed(found):
    expected: Counter[tuple] = Counter()
    failed: Counter[tuple] = Counter()
    for each in found:
        for label, value in each.labels:
            key = each.service, each.at.replace(second=0), label, value
            expected[key] += 1
            failed[key] += not each.success
    counted = {
        (service, minute, label, value): tally
        for (service, minute), tallies in tallied(found).items()
        for label, values in tallies.items()
        for value, tally in values.items()
    }
    assert counted == {key: (count, failed[key]) for key, count in expected.items()}


@pytest.mark.row("S5")
@given(samples, st.integers(0, 60))
def test_batches_add_up_to_what_they_are_together(found, at):
    first = tallied(found[:at])
    both = {**first, **tallied(found[at:], first)}
    assert both == tallied(found)


@pytest.mark.row("S2")
@given(st.integers(0, 40), st.integers(0, 400), st.integers(1, 7))
def test_a_minute_keeps_no_more_labels_and_values_than_is_said_however_many_come(labels, values, batches):
    given_ = [sample({f"l{n % (labels + 1)}": f"v{n}"}, success=bool(n % 2)) for n in range(values)]
    found: dict = {}
    for first in range(batches):
        found |= tallied(given_[first::batches], found)
    for tallies in found.values():
        assert len(tallies) <= LABELS_KEPT
        for kept in tallies.values():
            assert len(kept) <= VALUES_KEPT + 1
    if labels < LABELS_KEPT and found:
        assert sum(total for kept in found["payments", MINUTE].values() for total, _failed in kept.values()) == values


def test_values_beyond_those_that_are_kept_count_as_others():
    many = [sample({"request": f"r{n}"}, success=n < VALUES_KEPT) for n in range(VALUES_KEPT + 7)]
    kept = tallied(many)["payments", MINUTE]["request"]
    assert (kept["r0"], kept[OTHER], "r55" in kept) == ((1, 0), (7, 7), False)


def test_every_value_stands_beside_its_label():
    found = [sample({"region": "eu"}, success=False), sample({"region": "eu"}), sample({"region": "us", "v": "1"})]
    (tallies,) = tallied(found).values()
    counted = [(each.label, each.value, each.total, each.failed, each.label_total, each.label_failed) for each in counts_of(tallies)]  # fmt: skip
    assert sorted(counted) == [
        ("region", "eu", 2, 1, 3, 1), ("region", "us", 1, 0, 3, 1), ("v", "1", 1, 0, 1, 0),
    ]  # fmt: skip


def test_a_sample_without_labels_is_counted_nowhere():
    assert tallied([replace(sample({}), success=False)]) == {}
