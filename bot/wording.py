"""What every platform does alike to words before it shows them."""

from __future__ import annotations

import unicodedata
from typing import Final

URL_MAX: Final = 3000  # characters; Slack, Block Kit "button", the platform with the least room
_JOINER: Final = "\u200d"
_CLUSTER_MAX: Final = 16  # characters looked back for the start of what looks like one character


def clipped(text: str, limit: int) -> str:
    """At most `limit` characters of a text in which nothing is markup, and never half an emoji at the cut."""
    return text if len(text) <= limit else text[: whole(text, limit - 1)] + "…"


def is_web_address(url: str) -> bool:
    """Whether every platform takes the address and a reader can safely follow it."""
    return url.startswith(("https://", "http://")) and len(url) <= URL_MAX


def whole(text: str, end: int) -> int:
    """The nearest cut at or before `end` that does not fall within what a reader sees as one character."""
    for at in range(end, max(end - _CLUSTER_MAX, 1), -1):
        if not _is_continued(text, at):
            return at
    return end


def _is_continued(text: str, at: int) -> bool:
    following = text[at : at + 1]
    return (
        text[at - 1] == _JOINER
        or following in {_JOINER, "\ufe0e", "\ufe0f"}
        or "\U0001f3fb" <= following <= "\U0001f3ff"  # skin tones
        or bool(following and unicodedata.combining(following))
    )
