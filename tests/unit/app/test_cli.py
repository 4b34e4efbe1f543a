"""What the command line prints for people."""

import pytest
from rich.text import Text

from app.cli import _finding_line


@pytest.mark.parametrize(
    ("health", "next_step", "line"),
    [
        ("ok", "", "✓ Jira [GOV]: It answers."),
        ("warning", "Grant it.", "! warning Jira [GOV]: It answers.\n  → Grant it."),
        ("failed", "Set [url].", "✗ failed Jira [GOV]: It answers.\n  → Set [url]."),
    ],
)
def test_a_finding_is_a_line_and_what_to_do_stands_below_it(health, next_step, line):
    found = {"subject": "Jira [GOV]", "health": health, "message": "It answers.", "next_step": next_step}
    assert Text.from_markup(_finding_line(found)).plain == line
