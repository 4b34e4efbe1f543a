"""A card as plain text."""

from datetime import UTC, datetime

from bot.cards import (
    Actions,
    Button,
    Card,
    Context,
    Divider,
    Fields,
    Heading,
    Instant,
    Link,
    LinkButton,
    Markup,
    Passage,
    Picture,
    Plain,
    Quote,
    Section,
    Steps,
    Strong,
)
from bot.plain import blocks_text, line_of, text_of

AT = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


def test_every_kind_of_block_has_its_lines():
    card = Card(
        "Summary",
        (
            Heading("REQ-1 · Create agent"),
            Section((Markup("*Pending* · by "), Plain("Dana")), button=Button("a", "Show", "v")),
            Fields((("Owner", (Plain("dana@x.example"),)), ("Due", (Instant(AT),)))),
            Quote(Plain("one\ntwo")),
            Passage(Plain("three")),
            Steps(((Markup("✅ "), Strong("Technical")), (Markup("▶️ "), Strong("Security")))),
            Picture("https://charts.example/1.png", "Spend by day"),
            Divider(),
            Context((Markup("🎫 "), Link("CHG1", "https://itsm.example/1"))),
            Actions((Button("b", "Approve", "v"), LinkButton("c", "Open", "https://x.example"))),
        ),
    )
    assert text_of(card).splitlines() == [
        "REQ-1 · Create agent",
        "Pending · by Dana",
        "[Show]",
        "Owner: dana@x.example",
        "Due: 2026-03-10 09:00 UTC",
        "> one",
        "> two",
        "> three",
        "✅ Technical",
        "▶️ Security",
        "[Spend by day] https://charts.example/1.png",
        "----",
        "🎫 CHG1 (https://itsm.example/1)",
        "[Approve] [Open: https://x.example]",
    ]


def test_a_card_without_blocks_says_its_summary():
    assert text_of(Card("Nothing waits.", ())) == "Nothing waits."


def test_somebodys_words_are_exactly_theirs():
    assert line_of((Plain("*not bold* <!channel> & _x_"),)) == "*not bold* <!channel> & _x_"


def test_somebodys_words_cannot_turn_the_direction_of_ours():
    assert line_of((Plain("\u202ebot"), Strong("\u2067bot"), Markup(" · approved"))) == "botbot · approved"


def test_our_marks_go_but_what_people_type_stays():
    assert line_of((Markup("*Done*: _escalated_ · `/bypass end *_x_*`, see agent_create"),)) == (
        "Done: escalated · `/bypass end *_x_*`, see agent_create"
    )


def test_an_uploaded_picture_is_its_words_in_plain_text():
    assert blocks_text([Picture("", "Spend\nby day", file="F0PICTURE1")]) == "[Spend by day]"
