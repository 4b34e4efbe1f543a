"""Text -> the runs of a RichTextBlock, in which nothing is markup (Microsoft, "Text features": no Markdown there).

So somebody's words cannot become a link, a list or emphasis in any client. Two things are left that a text could do:
Teams' functions for dates, which are taken apart, and mentions, which need entities that we never send.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC
from itertools import groupby
from typing import Any, Final, assert_never

from bot.cards import Instant, Link, Markup, Piece, Plain, Strong, Text, one_line, steady
from bot.wording import clipped, is_web_address

Json = dict[str, Any]

MORE: Final = " … (show all)"
_WORD_JOINER: Final = "\u2060"
# No client shows them, and JSON or XML on the way may refuse them: control characters, halves of surrogate pairs.
_UNSENDABLE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
_CODE: Final = re.compile(r"`([^`]*)`")
_MARK: Final = re.compile(r"\*|(?<!\w)_(?=\S)|(?<=\S)_(?!\w)")
_ENTITIES: Final = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))  # words of ours may hold some, escaped for Slack


@dataclass(frozen=True, slots=True)
class Look:
    """How a run looks, and where it leads."""

    is_bold: bool = False
    is_italic: bool = False
    is_code: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True)
class _Run:
    text: str
    look: Look
    is_theirs: bool = False  # somebody's words: these are shortened where something must be
    is_function: bool = False  # Teams' own, shown by the client in its own words


def rich_text(text: Text, *, most: int | None, **look: Any) -> Json:
    """The pieces as a paragraph of at most `most` characters (None: all); `look` is what all its runs have."""
    shown = list(_merged(_within(list(_runs(text)), most))) or [_Run("–", Look())]
    return {"type": "RichTextBlock", "inlines": [_inline(run, look) for run in shown]}


def powerless(words: str) -> str:
    """Somebody's words as a client shows them in plain text: no direction leaks, no function is called."""
    return _uncalled(_UNSENDABLE.sub("", steady(words)))


def _uncalled(words: str) -> str:
    """The words without Teams' functions, `{{DATE(…)}}` and `{{TIME(…)}}`."""
    return words.replace("{{", f"{{{_WORD_JOINER}{{").replace("{{", f"{{{_WORD_JOINER}{{")


def _runs(text: Text) -> Iterator[_Run]:
    for piece in text:
        yield from _of(piece)


def _of(piece: Piece) -> Iterator[_Run]:
    match piece:
        case Plain(words):
            yield _Run(powerless(words), Look(), is_theirs=True)
        case Strong(words):
            yield _Run(powerless(one_line(words).text), Look(is_bold=True), is_theirs=True)
        case Markup(words):
            yield from _marked(words)
        case Instant(at, prefix):
            yield from _marked(prefix)
            moment = at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
            yield _Run(f"{{{{DATE({moment}, SHORT)}}}} {{{{TIME({moment})}}}}", Look(), is_function=True)
        case Link(label, url):
            look = Look(url=url) if is_web_address(url) else Look()
            yield _Run(powerless(one_line(label).text), look, is_theirs=not look.url)
        case _:
            assert_never(piece)


def _marked(words: str) -> Iterator[_Run]:
    """Our own words: `*bold*`, `_italic_` and `code` as in Slack."""
    look = Look()
    for at, part in enumerate(_CODE.split(words)):
        if at % 2:
            yield _Run(_unescaped(part), replace(look, is_code=True))
            continue
        start = 0
        for mark in _MARK.finditer(part):
            yield _Run(_unescaped(part[start : mark.start()]), look)
            start = mark.end()
            look = _toggled(look, mark.group())
        yield _Run(_unescaped(part[start:]), look)


def _toggled(look: Look, mark: str) -> Look:
    if mark == "*":
        return replace(look, is_bold=not look.is_bold)
    return replace(look, is_italic=not look.is_italic)


def _unescaped(words: str) -> str:
    for entity, character in _ENTITIES:
        words = words.replace(entity, character)
    return words


def _within(runs: list[_Run], most: int | None) -> list[_Run]:
    """The runs in at most `most` characters. Somebody's longest words give way first; links and ours stay whole."""
    if most is None or sum(len(run.text) for run in runs) <= most:
        return runs
    theirs = [len(run.text) for run in runs if run.is_theirs]
    room = most - len(MORE) - sum(len(run.text) for run in runs if not run.is_theirs)
    each = _fair_share(theirs, max(room, len(theirs)))
    shortened = [replace(run, text=clipped(run.text, each)) if run.is_theirs else run for run in runs]
    return [*_first(shortened, most - len(MORE)), _Run(MORE, Look())]


def _fair_share(lengths: list[int], room: int) -> int:
    """The length that each may have, so that together they fit; the short ones leave theirs to the long ones."""
    left = sorted(lengths)
    for at, length in enumerate(left):
        share = room // (len(left) - at)
        if length > share:
            return max(share, 1)
        room -= length
    return max(left, default=1)


def _first(runs: Iterable[_Run], most: int) -> Iterator[_Run]:
    for run in runs:
        most -= len(run.text)
        if most < 0:
            return
        yield run


def _merged(runs: Iterable[_Run]) -> Iterator[_Run]:
    """Neighbours that look alike as one run, and none that is empty. Together they call no function either."""
    for (look, is_function), group in groupby(
        (run for run in runs if run.text), lambda run: (run.look, run.is_function)
    ):
        text = "".join(run.text for run in group)
        yield _Run(text if is_function else _uncalled(text), look, is_function=is_function)


def _inline(run: _Run, look: Json) -> Json:
    inline: Json = {"type": "TextRun", "text": run.text, **look}
    if run.look.is_bold:
        inline["weight"] = "Bolder"
    if run.look.is_italic:
        inline["italic"] = True
    if run.look.is_code:
        inline["fontType"] = "Monospace"
    if run.look.url:
        inline["selectAction"] = {"type": "Action.OpenUrl", "url": run.look.url}
    return inline
