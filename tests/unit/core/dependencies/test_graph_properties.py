"""What feels a change, over whatever graph, circles included (G4)."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.dependencies import blast_radius, merged, path_to, paths_in

NODES = [f"service:{name}" for name in "abcdefgh"]
graphs = st.dictionaries(st.sampled_from(NODES), st.sets(st.sampled_from(NODES), max_size=4), max_size=8)
touched = st.sets(st.sampled_from(NODES), min_size=1, max_size=3)


def reached(starts, needs):
    """The same by the definition: add whoever needs something of it until nothing is added."""
    found = set(starts)
    while True:
        more = {each for each, others in needs.items() if others & found} - found
        if not more:
            return found
        found |= more


@pytest.mark.row("G4")
@given(graphs, touched)
def test_everything_that_needs_what_is_touched_feels_it_and_nothing_else(needs, starts):
    assert {each.resource for each in blast_radius(starts, needs)} == reached(starts, needs)


@pytest.mark.row("G4")
@given(graphs, touched)
def test_each_is_reached_by_a_shortest_way_of_real_steps(needs, starts):
    radius = blast_radius(starts, needs)
    distances = {each.resource: each.distance for each in radius}
    for each in radius:
        path = path_to(each, radius)
        assert (path[0] in starts, path[-1], len(path)) == (True, each.resource, each.distance + 1)
        assert all(before in needs[after] for before, after in pairwise(path))
        if each.distance:
            nearest = min(distances[other] for other in needs[each.resource] if other in distances)
            assert each.distance == nearest + 1
    assert [each.distance for each in radius] == sorted(each.distance for each in radius)
    assert paths_in(radius) == tuple(path_to(each, radius) for each in radius)


@pytest.mark.row("G4")
@given(graphs, graphs)
def test_what_any_source_says_counts(first, second):
    both = merged(first, second)
    for each in {*first, *second}:
        assert both[each] == first.get(each, set()) | second.get(each, set())
