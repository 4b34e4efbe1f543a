import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.console.bars import bar
from web.console.graph import HEIGHT, WIDTH, Node, Way, described, drawing, places, steps


def node(key: str, *needs: str, status: str = "") -> Node:
    return Node(key=key, title=key.upper(), detail="within 4 h", needs=needs, status=status)


DIAMOND = (node("a"), node("b", "a"), node("c", "a"), node("d", "b", "c"))


def test_a_stage_stands_one_step_behind_the_last_that_it_needs():
    assert [[each.key for each in step] for step in steps(DIAMOND)] == [["a"], ["b", "c"], ["d"]]


def test_a_circle_or_an_unknown_need_still_gives_a_drawing():
    nodes = (node("a", "b"), node("b", "a"), node("c", "nowhere"))
    assert {each.key for step in steps(nodes) for each in step} == {"a", "b", "c"}


@given(st.lists(st.integers(0, 2**12), max_size=12), st.sampled_from(Way))
def test_no_two_stages_overlap(masks, way):
    nodes = [
        node(str(index), *(str(other) for other in range(index) if mask >> other & 1))
        for index, mask in enumerate(masks)
    ]
    standing = places(nodes, way)
    assert len(standing) == len(nodes)
    for index, one in enumerate(standing):
        for other in standing[index + 1 :]:
            assert abs(one.x - other.x) >= WIDTH or abs(one.y - other.y) >= HEIGHT


def test_the_drawing_says_in_words_what_it_shows():
    nodes = (node("a", status="approved"), node("b", "a", status="open"))
    assert described(nodes) == "A at the start, approved. B after A, open."
    svg = drawing(nodes, name="x", title="Stages", way=Way.ACROSS)
    assert '<title id="x-across-t">Stages</title>' in svg
    assert svg.count('class="edge') == 1


@pytest.mark.row("X9")
def test_a_hostile_title_stays_text():
    svg = drawing((Node("a", "<script>alert(1)</script>", '"><b>', ()),), name="x", title="<i>", way=Way.DOWN)
    assert "<script" not in svg
    assert "<b>" not in svg
    assert "<i>" not in svg
    assert "style=" not in svg


def test_nothing_is_drawn_for_no_stages():
    assert drawing((), name="x", title="Stages", way=Way.ACROSS) == ""


@pytest.mark.parametrize(("value", "most", "length"), [(0, 10, 0), (5, 10, 60), (20, 10, 120), (1, 0, 0)])
def test_a_bar_is_as_long_as_its_share(value, most, length):
    assert re.findall(r'class="fill" width="(\d+)"', bar(value, most)) == [str(length)]
