import pytest

from config.suggest import did_you_mean, suggest

ROLES = ("security_manager", "compliance_manager", "agent_developer")


@pytest.mark.parametrize(
    ("word", "guess"),
    [
        ("securty_manager", "security_manager"),
        ("Security Manager", "security_manager"),
        ("AGENT-DEVELOPER", "agent_developer"),
        ("agent_develper", "agent_developer"),
        ("zzz", None),
        ("", None),
    ],
)
def test_the_likely_meaning_is_found_whatever_the_case_and_the_separators(word, guess):
    assert suggest(word, ROLES) == guess


def test_a_suggestion_is_a_sentence_to_append():
    assert did_you_mean("securty_manager", ROLES) == " Did you mean 'security_manager'?"


def test_no_suggestion_adds_nothing():
    assert did_you_mean("zzz", ROLES) == ""
