r"""Somebody's words where Teams insists on Markdown: headings, and choices that are shown in full.

Everything else is a RichTextBlock (runs.py), in which nothing is markup. That is not a matter of taste: the clients do
not agree on Markdown. The native ones (Microsoft, AdaptiveCards, MarkDownBlockParser.cpp) have long made a link of
`\[words\](address)` although it is escaped, so escaping alone keeps nobody from writing links.
"""

from __future__ import annotations

import re
from typing import Final

from bot.cards import one_line
from bot.teams.runs import powerless

_ALWAYS: Final = re.compile(r"([\\*`\[\]<&~|])")
_BEFORE_LINK: Final = re.compile(r"(?<=\\\])\(")  # the one bracket that makes a link, also where `\]` is taken for `]`
_UNDERSCORE: Final = re.compile(r"(?<![^\W_])_|_(?![^\W_])")  # one within a word is none to Markdown, and stays legible
_AT_START: Final = re.compile(r"^([#>+=-])")
_NUMBER_AT_START: Final = re.compile(r"^(\d+)([.)])")


def escaped(words: str) -> str:
    """The words on one line, shown as they are by whatever reads Markdown."""
    text = _ALWAYS.sub(r"\\\1", one_line(powerless(words)).text)
    text = _BEFORE_LINK.sub(r"\\(", _UNDERSCORE.sub(r"\\_", text))
    return _NUMBER_AT_START.sub(r"\1\\\2", _AT_START.sub(r"\\\1", text))
