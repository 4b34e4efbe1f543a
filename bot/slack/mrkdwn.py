"""Text -> Slack's own markup, and what keeps it within a limit (Slack, "Formatting text for app surfaces")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, assert_never

from bot.cards import Instant, Link, Markup, Piece, Plain, Strong, Text, one_line, steady
from bot.wording import is_web_address, whole

MORE: Final = " … (show all)"
_ENTITIES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_SPACE_LOOK_BACK: Final = 80  # characters given up so that a passage breaks between words


def mrkdwn(text: Text) -> str:
    """The pieces as Slack's own markup."""
    return "".join(_piece(piece) for piece in text)


def escaped(text: str) -> str:
    """A person's words without power: only these three characters are special to Slack, and directions do not leak."""
    return steady(text).translate(_ENTITIES)


def shortened(text: str, limit: int) -> str:
    """At most `limit` characters of markup, and never half an entity, half a link or half an emoji at the cut."""
    if len(text) <= limit:
        return text
    cut = text[: whole(text, limit - len(MORE))]
    cut = re.sub(r"&[a-z]{0,3}$", "", cut)
    opened = cut.rfind("<")
    if opened > cut.rfind(">"):
        cut = cut[:opened]
    return cut + MORE


def quoted(text: str) -> str:
    """The words, escaped, with Slack's mark of a quotation before each line."""
    return "\n".join(f">{line}" for line in escaped(text).splitlines()) or ">"


def portions(text: str, limit: int) -> Iterator[str]:
    """The text in parts, none of which is longer than `limit` characters once it is quoted."""
    rest = text
    while rest:
        end = _fitting(rest, limit)
        if end < len(rest):
            end = whole(rest, max(end, 1))
            earliest = max(end - _SPACE_LOOK_BACK, 0)
            space = max(rest.rfind(" ", earliest, end), rest.rfind("\n", earliest, end))
            end = space + 1 if space > 0 else end
        yield rest[:end]
        rest = rest[end:]


def _piece(piece: Piece) -> str:
    match piece:
        case Plain(words):
            return escaped(words)
        case Strong(words):
            inner = escaped(one_line(words).text)
            return f"*{inner}*" if inner else ""
        case Markup(words):
            return words
        case Instant(at, prefix):
            fallback = at.strftime("%Y-%m-%d %H:%M UTC")
            return f"{prefix}<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{fallback}>"
        case Link(label, url):
            return _link(label, url)
        case _:
            assert_never(piece)


def _link(label: str, url: str) -> str:
    words = escaped(one_line(label).text).replace("|", "/")
    return f"<{escaped(url).replace('|', '%7C')}|{words}>" if is_web_address(url) and words else words


def _fitting(text: str, limit: int) -> int:
    """How many characters of the text, quoted, take at most `limit`."""
    used = 1
    for at, character in enumerate(text):
        used += 2 if character in "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029" else len(escaped(character))
        if used > limit:
            return at
    return len(text)
