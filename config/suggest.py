"""Did you mean …? One place for the guess, so that every message about an unknown word reads the same."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_SIMILAR_ENOUGH = 0.6  # difflib's own default: one slip in a short word, two or three in a long one


def suggest(word: str, accepted: Iterable[str]) -> str | None:
    """The accepted word that `word` was most likely meant to be, or None; letter case, `-` and `_` do not count."""
    by_folded = {_fold(candidate): candidate for candidate in accepted}
    matches = get_close_matches(_fold(word), by_folded, n=1, cutoff=_SIMILAR_ENOUGH)
    return by_folded[matches[0]] if matches else None


def did_you_mean(word: str, accepted: Iterable[str]) -> str:
    """The suggestion as a sentence that can be appended to a message (leading space), or nothing."""
    guess = suggest(word, accepted)
    return f" Did you mean '{guess}'?" if guess else ""


def _fold(word: str) -> str:
    return word.casefold().replace("-", "_").replace(" ", "_")
