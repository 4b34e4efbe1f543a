"""Somebody's words where Teams reads Markdown. What the renderer makes of them: tests/e2e/test_adaptive_cards.py."""

import pytest

from bot.teams.markdown import escaped


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("support-bot", "support-bot"),
        ("snake_case_name", "snake_case_name"),
        ("_quiet_ __x__", r"\_quiet\_ \_\_x\_\_"),
        ("*bold*", r"\*bold\*"),
        ("[a](https://e.example)", r"\[a\]\(https://e.example)"),
        ("f(x)", "f(x)"),
        ("<at>Dana</at>", r"\<at>Dana\</at>"),
        ("R&D &lt;", r"R\&D \&lt;"),
        ("# 1", r"\# 1"),
        ("- 1", r"\- 1"),
        ("12. May", r"12\. May"),
        ("a\n- b", "a - b"),
        ("back\\slash", r"back\\slash"),
        ("\u202egpj", "gpj"),
        ("{{DATE(2026-03-10T09:00:00Z)}}", "{\u2060{DATE(2026-03-10T09:00:00Z)}}"),
    ],
)
def test_words_are_escaped_only_where_they_would_be_markup(words, shown):
    assert escaped(words) == shown
