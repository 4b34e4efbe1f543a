"""Texts that stand on one line: titles in messages, lists, pages and other systems' tickets. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_JOINERS: Final = frozenset("\u200c\u200d")  # within words of some languages, and within emoji


def is_one_line(text: str) -> bool:
    """Whether nothing in it breaks its line, turns it around or cannot be seen; joiners of letters may be there."""
    return all(each.isprintable() or each in _JOINERS for each in text)


def one_line(text: str) -> str:
    """The text as one line of what can be seen, with single spaces within and none around it."""
    seen = (each if is_one_line(each) else " " for each in text)
    return " ".join("".join(seen).split())


def as_sentences(reasons: Iterable[str]) -> str:
    """Them one after the other, each ended, however the person who wrote it left it."""
    said = [each.strip() for each in reasons if each.strip()]
    return " ".join(each if each.endswith((".", "!", "?", "…")) else f"{each}." for each in said)
