"""What begins to be bold in a piece of ours ends there: each renderer reads one piece at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from bot.cards import Markup
from tests.unit.bot.every_view import EVENTS, VIEWS, WORDS, shown, thread_line

_CODE = re.compile("`[^`]*`")
_KIND = min(WORDS)


def markups(part: Any) -> Iterator[str]:
    if isinstance(part, Markup):
        yield part.text
    elif is_dataclass(part):
        for each in fields(part):
            yield from markups(getattr(part, each.name))
    elif isinstance(part, tuple | list):
        for each in part:
            yield from markups(each)


def halves(view: Any) -> list[str]:
    return [text for text in markups(view) if _CODE.sub("", text).count("*") % 2]


@pytest.mark.row("B7", "B8")
@pytest.mark.parametrize("name", sorted(VIEWS.keys() - {"thread_line"}))
def test_no_view_begins_in_one_piece_what_ends_in_another(name):
    assert halves(shown(name, WORDS[_KIND], agents=None)) == []


@pytest.mark.row("B7", "B8")
@pytest.mark.parametrize("event", EVENTS)
def test_no_line_of_a_thread_does(event):
    assert halves(thread_line(event, WORDS[_KIND])) == []
