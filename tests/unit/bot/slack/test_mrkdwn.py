"""Pieces of text as Slack's own markup."""

from datetime import UTC, datetime

import pytest

from bot.cards import Instant, Link, Markup, Plain, Strong
from bot.slack.mrkdwn import mrkdwn, shortened
from bot.wording import clipped

AT = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


def test_a_moment_is_shown_in_the_readers_own_zone_with_utc_as_the_fallback():
    assert mrkdwn((Instant(AT, " · due "),)) == (
        " · due <!date^1773133200^{date_short_pretty} {time}|2026-03-10 09:00 UTC>"
    )


@pytest.mark.parametrize(
    ("label", "url", "shown"),
    [
        ("CHG0030077", "https://x.example/a?b=1&c=2", "<https://x.example/a?b=1&amp;c=2|CHG0030077>"),
        ("a|b", "https://x.example/a|b", "<https://x.example/a%7Cb|a/b>"),
        ("<b>", "https://x.example/>", "<https://x.example/&gt;|&lt;b&gt;>"),
        ("CHG1", "javascript:alert(1)", "CHG1"),
        ("CHG1", "", "CHG1"),
    ],
)
def test_a_link_is_only_a_link_if_it_leads_to_the_web(label, url, shown):
    assert mrkdwn((Link(label, url),)) == shown


def test_strong_words_are_on_one_line_and_escaped():
    assert mrkdwn((Strong("Legal\n<!here> & co"),)) == "*Legal &lt;!here&gt; &amp; co*"
    assert mrkdwn((Strong(" \n"),)) == ""


def test_our_markup_is_left_alone():
    assert mrkdwn((Markup("*bold* "), Plain("<"))) == "*bold* &lt;"


def test_a_cut_within_a_link_takes_the_whole_link():
    text = "x" * 40 + "<https://x.example/a|label>"
    assert shortened(text, 60) == "x" * 40 + " … (show all)"


def test_text_that_fits_exactly_is_not_cut():
    assert shortened("x" * 60, 60) == "x" * 60
    assert clipped("x" * 60, 60) == "x" * 60


def test_plain_text_is_cut_by_characters_whatever_they_are():
    assert clipped("a < b " + "c" * 60, 20) == "a < b " + "c" * 13 + "…"


@pytest.mark.parametrize("cluster", ["👩‍🚀", "👍🏽", "e\u0301", "❤️"])
def test_a_cut_does_not_divide_what_is_seen_as_one_character(cluster):
    for length in range(10, 30):
        assert clipped(cluster * 40, length).removesuffix("…").replace(cluster, "") == ""
