"""Pieces of text as runs of a RichTextBlock."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from bot.cards import Instant, Link, Markup, Plain, Strong
from bot.teams.runs import powerless, rich_text

AT = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


def runs(*text, most=3000):
    return [
        {key: value for key, value in run.items() if key != "type"} for run in rich_text(text, most=most)["inlines"]
    ]


def words(*text, most=3000):
    return "".join(run["text"] for run in runs(*text, most=most))


def test_our_markup_is_a_look_and_somebodys_words_have_none():
    assert runs(Markup("*Done*: _later_ `/approve` "), Plain("*not* _this_ `or that`")) == [
        {"text": "Done", "weight": "Bolder"},
        {"text": ": "},
        {"text": "later", "italic": True},
        {"text": " "},
        {"text": "/approve", "fontType": "Monospace"},
        {"text": " *not* _this_ `or that`"},
    ]


def test_what_is_in_backticks_is_typed_by_people_and_stays_as_it_is():
    assert runs(Markup("`agent_create *_x_*`, see agent_create")) == [
        {"text": "agent_create *_x_*", "fontType": "Monospace"},
        {"text": ", see agent_create"},
    ]


def test_words_of_ours_that_were_escaped_for_slack_are_shown_as_they_were_meant():
    assert (
        words(Markup("It waits for R&amp;D &lt;dana@x.example&gt; &amp;lt;."))
        == "It waits for R&D <dana@x.example> &lt;."
    )


def test_strong_words_are_on_one_line():
    assert runs(Strong("Legal\n<at>all</at> & co")) == [{"text": "Legal <at>all</at> & co", "weight": "Bolder"}]


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=5, minutes=30))])
def test_a_moment_is_a_function_that_the_reader_s_client_calls_in_their_own_zone(zone):
    assert runs(Instant(AT.astimezone(zone), " · ⏰ *overdue* since ")) == [
        {"text": " · ⏰ "},
        {"text": "overdue", "weight": "Bolder"},
        {"text": " since "},
        {"text": "{{DATE(2026-03-10T09:00:00Z, SHORT)}} {{TIME(2026-03-10T09:00:00Z)}}"},
    ]


@pytest.mark.parametrize(
    "pieces",
    [
        (Plain("{{DATE(2026-03-10T09:00:00Z)}}"),),
        (Plain("{"), Plain("{TIME(2026-03-10T09:00:00Z)}}")),
        (Plain("{{{{{DATE(2026-03-10T09:00:00Z)}}"),),
        (Plain("{\u202e{DATE(2026-03-10T09:00:00Z)}}"),),
        (Plain("{\x00{DATE(2026-03-10T09:00:00Z)}}"),),
        (Markup("{"), Plain("{DATE(2026-03-10T09:00:00Z)}}")),
    ],
)
def test_somebodys_words_call_no_function(pieces):
    shown = words(*pieces)
    assert "{{" not in shown
    assert shown.replace("\u2060", "").endswith("(2026-03-10T09:00:00Z)}}")


@pytest.mark.parametrize(
    ("label", "url", "shown"),
    [
        (
            "CHG1",
            "https://x.example/a?b=1&c=2",
            {"selectAction": {"type": "Action.OpenUrl", "url": "https://x.example/a?b=1&c=2"}},
        ),
        ("CHG1", "javascript:alert(1)", {}),
        ("CHG1", "", {}),
    ],
)
def test_a_link_is_only_a_link_if_it_leads_to_the_web(label, url, shown):
    assert runs(Link(label, url)) == [{"text": label, **shown}]


def test_what_cannot_be_sent_is_left_out():
    assert powerless("a\x00b\x1b[0mc\ud800d\u202ee\tf\ng") == "ab[0mcde\tf\ng"


def test_an_empty_text_is_a_dash():
    assert runs(Plain(""), Markup("")) == [{"text": "–"}]


def test_text_that_fits_exactly_is_not_cut():
    assert words(Plain("x" * 60), most=60) == "x" * 60


def test_somebodys_longest_words_give_way_first_and_links_stay():
    text = (
        Markup("*By* "),
        Plain("Dana"),
        Markup(": "),
        Plain("w" * 5000),
        Markup(" · "),
        Link("open", "https://x.example"),
    )
    shown = runs(*text, most=100)
    assert sum(len(run["text"]) for run in shown) == 100
    assert [run["text"] for run in shown][:1] == ["By"]
    assert shown[-2]["text"] == "open"
    assert shown[-1]["text"] == " … (show all)"
    assert "Dana: www" in words(*text, most=100)


def test_a_cut_never_leaves_half_an_emoji():
    for most in range(40, 60):
        assert words(Plain("👩‍🚀" * 100), most=most).removesuffix("… … (show all)").replace("👩‍🚀", "") == ""


def test_words_of_ours_that_are_too_long_alone_are_cut_too():
    assert len(words(*(Markup("x" * 50 + " *b* "),) * 10, most=200)) <= 200
