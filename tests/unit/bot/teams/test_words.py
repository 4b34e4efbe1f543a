import pytest

from bot.cards import Card, Form, Markup, Plain, Section, TextInput
from bot.conversation.commands import Typed
from bot.teams.openers import opener, typed_in
from bot.teams.words import Wish, form_in_teams_words, in_teams_words, read_words, teams_help


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("approve list", Typed("/approve", "list", "1")),
        ("/approve list", Typed("/approve", "list", "1")),
        ("Approve", Typed("/approve", "", "1")),
        ("bypass status", Typed("/bypass", "status", "1")),
        ("bypass\nstatus", Typed("/bypass", "status", "1")),
        ("bypass\tstatus", Typed("/bypass", "status", "1")),
        ("/bypass", Typed("/bypass", "", "1")),
        ("yes REQ-1001 looks good", Typed("/approve", "yes REQ-1001 looks good", "1")),
        ("/list", Typed("/approve", "list", "1")),
        ("REQ-1001", Typed("/approve", "REQ-1001", "1")),
        ("INC-1001", Typed("/sla", "INC-1001", "1")),
        ("show INC-1001", Typed("/sla", "show INC-1001", "1")),
        ("/resolve inc-1001: the disk was full", Typed("/sla", "resolve inc-1001: the disk was full", "1")),
        ("raise BUD-1001", Typed("/budget", "raise BUD-1001", "1")),
        ("comment REQ-1001 see CHG-1001", Typed("/approve", "comment REQ-1001 see CHG-1001", "1")),
        ("approve show CHG-1001", Typed("/approve", "show CHG-1001", "1")),  # the command was said
        ("help", Wish.HELP),
        ("/help", Wish.HELP),
        ("approve help", Typed("/approve", "help", "1")),
        ("home", Wish.HOME),
        ("Hi!", Wish.HOME),
        ("", Wish.HOME),
        ("   ", Wish.HOME),
    ],
)  # fmt: skip
def test_words_are_commands_with_or_without_a_slash(words, expected):
    assert read_words(words, "1") == expected


def test_our_own_words_lose_the_slash_and_what_people_wrote_keeps_it():
    card = Card("Try /approve help", (Section((Markup("Use `/approve list` and /bypass."), Plain("see /approve"))),))
    assert in_teams_words(card) == Card(
        "Try approve help", (Section((Markup("Use `approve list` and bypass."), Plain("see /approve"))),)
    )


def test_a_form_says_them_so_too_and_leaves_what_is_to_be_typed_as_it_is():
    field = TextInput("agent", "Agent", placeholder="/approve")
    form = Form("f", "Use /approve", (Section((Markup("Or `/approve list`."),)), field))
    assert form_in_teams_words(form) == Form("f", "Use approve", (Section((Markup("Or `approve list`."),)), field))


def test_the_help_names_every_command_without_a_slash():
    words = "\n".join(str(block) for block in teams_help().blocks)
    assert "`approve list`" in words
    assert "`bypass status`" in words
    assert "/approve" not in words
    assert "/bypass" not in words


def test_a_line_whose_answer_is_a_form_is_repeated_by_its_button():
    typed = Typed("/bypass", "review BYP-1001", "1")
    button = opener("Review", typed).blocks[-1].buttons[0]
    assert typed_in(button.value, "2") == Typed("/bypass", "review BYP-1001", "2")


@pytest.mark.parametrize("value", ["", "{", "[]", "7", "{}", '{"c": 1, "t": ""}', '{"c": "/approve"}', "null"])
def test_a_button_that_is_none_of_ours_repeats_nothing(value):
    assert typed_in(value, "1") is None
