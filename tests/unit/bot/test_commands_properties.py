"""The grammar never raises, and reads back what it is given in its canonical form."""

from hypothesis import given
from hypothesis import strategies as st

from bot.commands import GRAMMARS, SHOWN_MAX, Intent, Misread, Needs, parse

commands = st.sampled_from(sorted(GRAMMARS))
lines = st.one_of(
    st.text(max_size=200),
    st.lists(
        st.sampled_from(
            (
                "yes",
                "no",
                "show",
                "delegate",
                "away",
                "2026-12-20",
                "to",
                "until",
                "REQ-12",
                "BYP-3",
                "12",
                "<@U1|x>",
                "@lee",
                "\n",
                "<!channel>",
                '"',
                "“",
                "*",
            )
        ),
        max_size=8,
    ).map(" ".join),
)
said = (
    st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=80).map(str.strip).filter(bool)
)
days = st.dates().map(str)
people = st.from_regex(r"[a-z]{1,12}(\.[a-z]{1,12})?@[a-z]{1,12}\.example", fullmatch=True)


@st.composite
def canonical(draw):
    """(command, the line in its canonical form, what it means) for every word of both grammars."""
    command = draw(commands)
    grammar, prefix = GRAMMARS[command]
    word = draw(st.sampled_from(sorted(grammar)))
    verb, needs = grammar[word]
    number, text, person = draw(st.integers(0, 999_999_999)), draw(said), draw(people)
    match needs:
        case Needs.NOTHING:
            return command, word, Intent(verb)
        case Needs.MAYBE_CODE:
            return command, f"{word} {number}", Intent(verb, text=str(number))
        case Needs.MAYBE_AGENT:
            name = draw(st.from_regex(r"[a-z]{1,20}-bot", fullmatch=True))
            return command, f"{word} {name}", Intent(verb, text=name)
        case Needs.MAYBE_ABSENCE:
            since, until = draw(days), draw(days)
            line = f"{word} @{person} {since} {draw(st.sampled_from(('to', 'until', '–', '-')))} {until} {text}"
            return command, line, Intent(verb, person=person, text=text, since=since, until=until)
        case Needs.TEXT | Needs.MAYBE_WORDS:
            return command, f"{word} {text}", Intent(verb, text=text)
        case Needs.REFERENCE | Needs.REFERENCE_OR_WORDS:
            return command, f"{word} {prefix}-{number} {text}", Intent(verb, number, text=text)
        case Needs.REFERENCE_AND_TEXT:
            return command, f"{word} {prefix}-{number} {text}", Intent(verb, number, text=text)
        case Needs.REFERENCE_AND_PERSON:
            return command, f"{word} {prefix}-{number} @{person} {text}", Intent(verb, number, person, text)


@given(commands, lines)
def test_no_line_raises_and_every_line_is_answered(command, line):
    answer = parse(command, line)
    assert isinstance(answer, Intent) or answer.message


@given(commands, lines)
def test_a_misread_line_repeats_nothing_that_has_power(command, line):
    answer = parse(command, line)
    if isinstance(answer, Misread):
        assert not set("<>&") & set(answer.message)
        assert len(answer.message) < 200 + SHOWN_MAX
        assert answer.message.count("`") % 2 == 0


@given(canonical())
def test_the_canonical_form_of_an_intent_is_read_as_that_intent(case):
    command, line, intent = case
    assert parse(command, line) == intent


@given(canonical(), st.sampled_from(("lower", "upper", "title")))
def test_the_word_and_the_reference_may_be_written_in_any_case(case, how):
    command, line, intent = case
    words = line.split(" ", 2)
    changed = [
        getattr(word, how)() if at < 1 or word.startswith(("REQ", "BYP")) else word for at, word in enumerate(words)
    ]
    assert parse(command, " ".join(changed)) == intent
