"""How sure we are that it is this person (X2): `ticket` < `click` < `mfa`.

An approval in a ticket system says whose account gave it, not that they saw what we show: that is `ticket`. A vote in
chat is a click: Slack says who clicked, not how they signed in. `mfa` is a code of an authenticator app (or a recovery
code) that was given to us within the last ten minutes.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from core.actor import Actor, Door

MFA_HOLDS_FOR: Final = timedelta(minutes=10)


class Assurance(StrEnum):
    """The levels, weakest first."""

    TICKET = "ticket"
    CLICK = "click"
    MFA = "mfa"


_ORDER: Final = tuple(Assurance)


def assurance_of(actor: Actor, *, now: datetime) -> Assurance:
    """What the actor's session is worth at this instant."""
    if actor.door is Door.TICKET:
        return Assurance.TICKET
    at = actor.assured_at
    return Assurance.MFA if at is not None and at <= now < at + MFA_HOLDS_FOR else Assurance.CLICK


def is_assured_within(actor: Actor, max_age: timedelta, *, now: datetime) -> bool:
    """Whether the actor has given a second factor in this session, not longer ago than that."""
    at = actor.assured_at
    return at is not None and at <= now < at + max_age


def suffices(have: Assurance, needed: Assurance) -> bool:
    """Whether the one is at least the other."""
    return _ORDER.index(have) >= _ORDER.index(needed)
