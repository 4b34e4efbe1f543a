"""docs/budgets.md says what holds; every rule of it has a test that names its number."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[4]
TESTS = (*sorted((ROOT / "tests" / "unit" / "core" / "budgets").glob("test_*.py")), *sorted((ROOT / "tests" / "service" / "core").glob("test_budget*.py")))  # fmt: skip


def test_every_rule_of_the_page_has_a_test_and_no_test_names_another():
    page = (ROOT / "docs" / "budgets.md").read_text()
    rules = {int(number) for number in re.findall(r"^(\d+)\. ", page, re.MULTILINE)}
    tested = {
        int(number)
        for path in TESTS
        for said in re.findall(r"# rules? ([\d, ]+)$", path.read_text(), re.MULTILINE)
        for number in said.split(",")
    }
    assert rules == set(range(1, len(rules) + 1))
    assert tested == rules
