"""Pure: a word out of a closed set, as filters have it."""

from __future__ import annotations

from collections.abc import Collection

from core.errors import InvalidInput


def check_choice(where: str, given: str | None, accepted: Collection[str]) -> None:
    """Returns if nothing was given, or one of the accepted. Raises InvalidInput naming them."""
    if given and given not in accepted:
        message = f"Nothing has the {where.replace('_', ' ')} '{given[:40]}'."
        raise InvalidInput(message, where=where, accepted=tuple(map(str, accepted)))
