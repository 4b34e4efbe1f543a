"""Conditions are checked when they are loaded, and say what decided when they are used."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.conditions import VARIABLES, Facts, compile_condition
from core.errors import InvalidInput


@pytest.mark.row("P10")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('request.acton == "x"', "Did you mean 'action'?"),
        ('agnt.name == "x"', "Did you mean 'agent'?"),
        ('agent.environment == "production"', "agent.attributes.environment"),
        ("risk.score >", "at character 13"),
        ("foo(3)", "foo"),
        ("risk.score", "neither true nor false"),
        ('request.action + 1 == "x"', "cannot be evaluated"),
        ("true || " * 200 + "true", "1000 characters"),
        ("[1].all(a, [1].all(b, [1].all(c, true)))", "at most 2 lists"),
    ],
)
def test_a_slip_is_found_on_load_and_named(text, said):
    with pytest.raises(InvalidInput) as caught:
        compile_condition(text)
    assert said in caught.value.message


def test_a_name_inside_a_text_is_no_variable():
    assert compile_condition('agent.name == "risk.acton"').paths == ("agent.name",)


def test_a_condition_speaks_of_nothing_but_the_subjects_that_stand_there():
    with pytest.raises(InvalidInput) as caught:
        compile_condition("risk.score > 3", subjects=("agent", "time"))
    assert caught.value.accepted == ("agent", "time")


def test_a_finding_names_the_values_that_it_read():
    condition = compile_condition('agent.attributes.environment == "production" && risk.score < 10')
    found = condition.find(Facts(VARIABLES), in_doubt=False)
    assert found.holds
    assert found.values == {"agent.attributes.environment": "production", "risk.score": 0}


@pytest.mark.parametrize("in_doubt", [True, False])
def test_what_cannot_be_told_is_decided_by_whoever_asks_and_says_why(in_doubt):
    found = compile_condition('agent.attributes.team == "x"').find(Facts(VARIABLES), in_doubt=in_doubt)
    assert (found.holds, found.error) == (in_doubt, "there is no team")


def test_a_variable_of_a_macro_is_nobody_elses():
    condition = compile_condition('requester.roles.exists(role, role.startsWith("agent"))')
    assert condition.find(Facts(VARIABLES), in_doubt=False).holds
    assert condition.paths == ("requester.roles",)


def test_the_documented_variables_are_the_ones_that_there_are():
    page = (Path(__file__).parents[4] / "docs" / "policies.md").read_text()
    for subject, fields in VARIABLES.items():
        row = next(line for line in page.splitlines() if line.startswith(f"| `{subject}` |"))
        assert [name for name in fields if f"`{name}`" not in row] == []
