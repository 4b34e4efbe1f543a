"""Slack's two text objects. Neither may be empty."""

from __future__ import annotations

from typing import Any

from bot.cards import steady
from bot.slack.mrkdwn import shortened
from bot.wording import clipped

Json = dict[str, Any]


def plain_text(text: str, limit: int) -> Json:
    """The words as they are, in at most `limit` characters."""
    return {"type": "plain_text", "text": clipped(steady(text).strip() or "–", limit), "emoji": True}


def marked_text(text: str, limit: int) -> Json:
    """Markup in at most `limit` characters.

    Verbatim: addresses and @names that stand in somebody's words are not turned into links and mentions.
    """
    return {"type": "mrkdwn", "text": shortened(text.strip() or "–", limit), "verbatim": True}
