"""A change's title stands on one line, as an incident's does (G2)."""

from __future__ import annotations

import pytest

from core.changes.errors import InvalidChange
from core.changes.rules import check_title


@pytest.mark.row("G2")
def test_a_title_is_taken_without_superfluous_spaces():
    assert check_title("  Swap the   model ") == "Swap the model"


@pytest.mark.row("G2")
@pytest.mark.parametrize("title", ["Swap\nthe model", "Swap\tthe model", "\u202eledom eht pawS", "", " ", "x" * 201])
def test_a_title_of_several_lines_or_with_what_cannot_be_seen_is_refused(title):
    with pytest.raises(InvalidChange) as refused:
        check_title(title)
    assert (refused.value.where, refused.value.message) == (
        "title",
        "A title has 1 to 200 characters, none of them a line break or a control character.",
    )
