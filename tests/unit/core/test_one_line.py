"""Texts of people and of our own, put together on one line."""

import pytest

from core.one_line import as_sentences


@pytest.mark.parametrize(
    ("reasons", "said"),
    [
        ((), ""),
        (("It was slow.",), "It was slow."),
        (("give up", "The change was given up."), "give up. The change was given up."),
        (("Why? ", "  ", "because …"), "Why? because …"),
    ],
)
def test_reasons_follow_each_other_as_sentences(reasons, said):
    assert as_sentences(reasons) == said
