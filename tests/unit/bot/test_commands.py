"""What can be typed after /approve and /bypass, and what comes back for the rest (B1, B2)."""

import pytest

from bot.commands import GRAMMARS, TEXT_MAX, Intent, Misread, Verb, parse
from bot.plain import text_of
from bot.views.help import help_card


@pytest.mark.row("B1")
@pytest.mark.parametrize(
    ("line", "intent"),
    [
        ("", Intent(Verb.FORM)),
        ("   ", Intent(Verb.FORM)),
        ("help", Intent(Verb.HELP)),
        ("HELP me please", Intent(Verb.HELP)),
        ("list", Intent(Verb.WAITING)),
        ("waiting", Intent(Verb.WAITING)),
        ("mine", Intent(Verb.MINE)),
        ("away", Intent(Verb.AWAY)),
        ("back", Intent(Verb.BACK)),
        ("digest", Intent(Verb.DIGEST)),
        ("digest off", Intent(Verb.DIGEST, text="off")),
        ("digest 08:15 ", Intent(Verb.DIGEST, text="08:15")),
        ("link", Intent(Verb.LINK)),
        ("link 482 913", Intent(Verb.LINK, text="482 913")),
        ("back at my desk", Intent(Verb.BACK)),
        ("show REQ-12", Intent(Verb.SHOW, 12)),
        ("12", Intent(Verb.SHOW, 12)),
        ("req-12", Intent(Verb.SHOW, 12)),
        ("REQ 12", Intent(Verb.SHOW, 12)),
        ("yes 12", Intent(Verb.APPROVE, 12)),
        ("approve req12 looks good", Intent(Verb.APPROVE, 12, text="looks good")),
        ("no REQ-12 too risky", Intent(Verb.REJECT, 12, text="too risky")),
        ("deny #12 too risky", Intent(Verb.REJECT, 12, text="too risky")),
        ("reject REQ-12 “too risky”, I think", Intent(Verb.REJECT, 12, text="“too risky”, I think")),
        ("ask 12 which data?", Intent(Verb.ASK, 12, text="which data?")),
        ("answer 12 tickets\nof last week", Intent(Verb.ANSWER, 12, text="tickets\nof last week")),
        ("comment 12 see the wiki", Intent(Verb.COMMENT, 12, text="see the wiki")),
        ("withdraw 12", Intent(Verb.WITHDRAW, 12)),
        ("withdraw 12 not needed", Intent(Verb.WITHDRAW, 12, text="not needed")),
        ("find support bot", Intent(Verb.FIND, text="support bot")),
        ("create", Intent(Verb.FORM)),
        ("create support-bot", Intent(Verb.FORM, text="support-bot")),
        ('create "Support Bot"', Intent(Verb.FORM, text="Support Bot")),
        ("request", Intent(Verb.FORM)),
        ("request agent.create name=support-bot", Intent(Verb.FORM, text="support-bot")),
    ],
)
def test_an_approve_line_is_understood(line, intent):
    assert parse("/approve", line) == intent


@pytest.mark.row("B2")
@pytest.mark.parametrize(
    ("line", "intent"),
    [
        ("", Intent(Verb.FORM)),
        ("help", Intent(Verb.HELP)),
        ("status", Intent(Verb.STATUS)),
        ("list", Intent(Verb.STATUS)),
        ("show BYP-3", Intent(Verb.SHOW, 3)),
        ("byp3", Intent(Verb.SHOW, 3)),
        ("end BYP-3 fixed now", Intent(Verb.END, 3, text="fixed now")),
        ("ack 3", Intent(Verb.ACKNOWLEDGE, 3)),
        ("acknowledge BYP-3", Intent(Verb.ACKNOWLEDGE, 3)),
        ("review BYP-3", Intent(Verb.REVIEW, 3)),
    ],
)
def test_a_bypass_line_is_understood(line, intent):
    assert parse("/bypass", line) == intent


@pytest.mark.parametrize(
    ("typed", "person", "rest"),
    [
        ("<@U123|lee>", "U123", ""),
        ("<@W9AB> on leave", "W9AB", "on leave"),
        ("@lee on leave", "lee", "on leave"),
        ("lee@enterprise.example", "lee@enterprise.example", ""),
        ("<mailto:lee@enterprise.example|lee@enterprise.example> away", "lee@enterprise.example", "away"),
        ('"Lee Okafor" away', "Lee Okafor", "away"),
        ("@“Lee Okafor” away", "Lee Okafor", "away"),
        ("to @lee on leave", "lee", "on leave"),
        ("to <@U123|lee>: on leave", "U123", "on leave"),
        ("@lee, on leave", "lee", "on leave"),
        ("@lee: on leave", "lee", "on leave"),
        ("lee@enterprise.example; away", "lee@enterprise.example", "away"),
        ("@to away", "to", "away"),
    ],
)
def test_a_person_is_named_by_mention_name_or_address(typed, person, rest):
    assert parse("/approve", f"delegate REQ-12 {typed}") == Intent(Verb.DELEGATE, 12, person, rest)


@pytest.mark.row("B1", "X5")
@pytest.mark.parametrize(
    ("typed", "since", "until", "reason"),
    [
        ("@lee 2026-12-20 to 2027-01-03 holidays", "2026-12-20", "2027-01-03", "holidays"),
        ("to @lee 2026-12-20 to 2027-01-03: holidays", "2026-12-20", "2027-01-03", "holidays"),
        ("@lee, from 2026-12-20 until 2027-01-03", "2026-12-20", "2027-01-03", ""),
        ("@lee 2026-12-20 – 2027-01-03, holidays", "2026-12-20", "2027-01-03", "holidays"),
        ("@lee 2026-12-20–2027-01-03", "2026-12-20", "2027-01-03", ""),
        ("@lee until 2027-01-03 holidays", "", "2027-01-03", "holidays"),
        ("@lee 2026-12-20t14:00 to 2026-12-20T18:00z", "2026-12-20T14:00", "2026-12-20T18:00Z", ""),
    ],
)
def test_an_absence_is_read_with_its_dates(typed, since, until, reason):
    expected = Intent(Verb.AWAY, person="lee", since=since, until=until, text=reason)
    assert parse("/approve", f"away {typed}") == expected


@pytest.mark.parametrize("between", [" ", "  ", "\t", "\n", "\u00a0", " \r\n "])
def test_any_white_space_separates_words(between):
    assert parse("/approve", f"no{between}REQ-12{between}too risky") == Intent(Verb.REJECT, 12, text="too risky")


@pytest.mark.parametrize("reference", ["REQ-12:", "REQ-12,", "12.", "REQ–12", "REQ\u201112", "#12", "req12"])
def test_a_reference_is_read_as_people_and_telephones_write_it(reference):
    assert parse("/approve", f"yes {reference} fine") == Intent(Verb.APPROVE, 12, text="fine")


@pytest.mark.row("B1")
@pytest.mark.parametrize(
    ("command", "line", "meant"),
    [
        ("/approve", "lsit", "/approve list"),
        ("/approve", "aprove", "/approve yes REQ-…"),
        ("/approve", "aprove 12", "/approve yes REQ-12"),
        ("/approve", "rejct 12 no", "/approve reject REQ-12 …"),
        ("/approve", "delgate 12 @lee", "/approve delegate REQ-12 @person"),
        ("/approve", "fnid invoices", "/approve find …"),
        ("/approve", "halp", "/approve help"),
        ("/approve", "hello", "/approve help"),
        ("/bypass", "statsu", "/bypass status"),
        ("/bypass", "revew 3", "/bypass review BYP-3"),
        ("/sla", "tmieline INC-3", "/sla timeline INC-3"),
        ("/sla", "shwo", "/sla show INC-…"),
        ("/change", "schedul CHG-3", "/change schedule CHG-3"),
        ("/budget", "forcast 4", "/budget forecast BUD-4"),
        ("/approve", "budgt list", "/budget list"),  # as Teams reads it, where no slash says which command is meant
        ("/approve", "slaa", "/sla"),
        ("/approve", "agenda", "/change agenda"),  # a word of another command
        ("/approve", "timeline INC-3", "/sla timeline INC-3"),
        ("/approve", "resolv INC-3 done", "/sla resolve INC-3 …"),
        ("/approve", "incdents", "/sla incidents"),
        ("/approve", "ack CHG-3", "/change ack CHG-3"),  # of those that several have, the one of what is named
        ("/approve", "INC-3", "/sla show INC-3"),
    ],
)
def test_a_typo_gets_a_suggestion(command, line, meant):
    answer = parse(command, line)
    assert isinstance(answer, Misread)
    assert f"Did you mean `{meant}`?" in answer.message
    assert answer.suggestion == meant


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("show", "Which one? Write `/approve show REQ-1001`."),
        ("yes soon", "Which one? Write `/approve yes REQ-1001`."),
        ("reject 12", "Say it in words too: `/approve reject REQ-12 …`."),
        ("delegate 12", "Who? Write `/approve delegate REQ-12 @person`."),
        ("delegate 12 to", "Who? Write `/approve delegate REQ-12 @person`."),
        ("delegate 12 …", "Who? Write `/approve delegate REQ-12 @person`."),
        ("delegate 12 <>", "Who? Write `/approve delegate REQ-12 @person`."),
        (
            "away until 2027-01-03",
            "Who decides for you? Write `/approve away @person 2026-12-20 to 2027-01-03 holidays`.",
        ),
        (
            "away @lee over the holidays",
            "From when to when? Write `/approve away @person 2026-12-20 to 2027-01-03 holidays`, or `until` and the"
            " last day.",
        ),
        (
            "away for @boss until 2027-01-03",
            "Who decides for you? Write `/approve away @person 2026-12-20 to 2027-01-03 holidays`.",
        ),
        ("find", "`/approve find` needs some words after it."),
        ("frobnicate", "I don't know `/approve frobnicate`. Try `/approve help`."),
        ("<>", "I can't read that. Try `/approve help`."),
    ],
)
def test_what_is_missing_is_said_with_what_to_type(line, message):
    answer = parse("/approve", line)
    assert isinstance(answer, Misread)
    assert answer.message == message


@pytest.mark.row("X5")
def test_an_administrator_says_for_whom_first():
    assert parse("/approve", "away for @boss @lee until 2027-01-03 at sea") == Intent(
        Verb.AWAY, person="lee", until="2027-01-03", text="at sea", absent="boss"
    )
    assert parse("/approve", "away FOR <@U1> to <@U2> 2027-01-01 to 2027-01-03") == Intent(
        Verb.AWAY, person="U2", since="2027-01-01", until="2027-01-03", absent="U1"
    )


@pytest.mark.parametrize(
    ("command", "line", "message"),
    [
        ("/bypass", "end REQ-3", "REQ-3 is a request. Did you mean `/approve show REQ-3`?"),
        ("/approve", "show byp-3", "BYP-3 is a bypass. Did you mean `/bypass show BYP-3`?"),
        ("/budget", "ack INC-3:", "INC-3 is an incident. Did you mean `/sla ack INC-3`?"),
    ],
)
def test_the_wrong_commands_reference_is_not_taken_for_the_right_one(command, line, message):
    answer = parse(command, line)
    assert isinstance(answer, Misread)
    assert answer.message == message


def test_what_is_suggested_can_be_typed_where_nothing_is_left_out():
    for command, (grammar, prefix) in GRAMMARS.items():
        for word in grammar:
            answer = parse("/approve" if command != "/approve" else "/sla", f"{word}x {prefix}-12")
            assert isinstance(answer, Misread)
            if "…" in answer.suggestion or "@person" in answer.suggestion:
                continue
            suggested, _space, line = answer.suggestion.partition(" ")
            assert isinstance(parse(suggested, line), Intent), answer.suggestion


@pytest.mark.row("X5")
def test_an_absence_with_a_name_of_two_words_says_that_it_wants_quotes():
    answer = parse("/approve", "away Pat Kim until 2027-01-03")
    assert isinstance(answer, Misread)
    assert answer.message == (
        'A name of several words stands in quotes: `/approve away "Lee Okafor" until 2027-01-03`.'
    )


def test_another_action_than_create_is_not_filled_into_a_form_that_starts_with_create():
    assert parse("/approve", "request agent.retire support-bot") == Intent(Verb.FORM)


def test_an_unknown_word_is_repeated_without_its_power():
    answer = parse("/approve", "<!here>`*x*")
    assert isinstance(answer, Misread)
    assert answer.message == "I don't know `/approve !here*x*`. Try `/approve help`."


def test_a_line_that_is_too_long_is_refused_and_never_cut():
    assert parse("/approve", "no 12 " + "x" * (TEXT_MAX - 6)) == Intent(Verb.REJECT, 12, text="x" * (TEXT_MAX - 6))
    answer = parse("/approve", "no 12 " + "x" * TEXT_MAX)
    assert isinstance(answer, Misread)
    assert answer.message.startswith("That has 3006 characters; a line takes 3000.")


@pytest.mark.parametrize("digits", ["٣", "12345678901", "-1", "1e3", "0x12"])
def test_what_only_looks_like_a_number_is_no_reference(digits):
    assert isinstance(parse("/approve", f"show {digits}"), Misread)


@pytest.mark.row("B1", "B2")
@pytest.mark.parametrize("command", ["/approve", "/bypass"])
def test_help_names_every_thing_that_can_be_asked_for(command):
    grammar, _prefix = GRAMMARS[command]
    shown = text_of(help_card(command))
    explained = {verb for word, (verb, _needs) in grammar.items() if f"`{command} {word}" in shown}
    assert explained == {verb for verb, _needs in grammar.values()} - {Verb.HELP}
    assert f"`{command}` –" in shown


@pytest.mark.parametrize("command", ["/approve", "/bypass"])
def test_every_line_of_the_help_can_be_typed_as_it_stands(command):
    lines = [part for part in text_of(help_card(command)).split("`") if part.startswith(command)]
    assert lines
    for line in lines:
        assert isinstance(parse(command, line.removeprefix(command)), Intent), line
