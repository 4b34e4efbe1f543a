"""Names of services and objectives as they are taken. Pure (S1, S2).

They stand in messages, pages, addresses and other systems' tickets. What was kept before a rule is read as it is.
"""

from __future__ import annotations

from typing import Final

NAME_MAX: Final = 120  # characters
ACCEPTED: Final = (f"1 to {NAME_MAX} letters, digits, spaces, and punctuation other than < and >",)
_REFUSED: Final = frozenset("<>")


def name_of(text: str) -> str | None:
    """The name, with single spaces within and none around it; None if it has characters that none has, or too many."""
    if not text.isprintable() or not _REFUSED.isdisjoint(text):
        return None
    name = " ".join(text.split())
    return name if 1 <= len(name) <= NAME_MAX else None


def refusal(what: str) -> str:
    """That this is no name of such a thing: `a service`, `an objective`."""
    return f"The name of {what} has 1 to {NAME_MAX} characters, none of them a line break, a control character, < or >."
