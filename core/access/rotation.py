"""Pure: a session's secret is replaced now and then, so that one that was stolen is soon noticed (R4).

The browser gets the new secret with its next page. What was sent at the same moment still carries the old one, which
is therefore taken a little longer. Whoever comes with an old one later is not that browser: somebody has a copy, and
nobody can tell who of the two it is, so the session ends.

An answer can get lost on its way. Until the new secret was seen once, the old one is taken and replaced anew.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from core.access.store import TokenRow

SESSION_NAME: Final = "Console in a browser"
ROTATED_EVERY: Final = timedelta(minutes=15)
GRACE: Final = timedelta(seconds=60)


class Verdict(StrEnum):
    """What a presented secret is to its token."""

    PRESENT = "present"
    REPLACED = "replaced"  # a moment ago, or by one that never arrived
    REPLAYED = "replayed"  # long ago: a copy
    WRONG = "wrong"


def is_session(row: TokenRow) -> bool:
    """Whether a browser keeps it."""
    return row.name == SESSION_NAME


def verdict_on(row: TokenRow, secret_hash: bytes, *, now: datetime) -> Verdict:
    """What the secret with this hash is to the token; each comparison takes as long as any other."""
    if hmac.compare_digest(row.secret_hash, secret_hash):
        return Verdict.PRESENT
    if not any(hmac.compare_digest(each, secret_hash) for each in row.previous_hashes):
        return Verdict.WRONG
    is_last = row.replaced_hash is not None and hmac.compare_digest(row.replaced_hash, secret_hash)
    is_recent = row.rotated_at is not None and now < row.rotated_at + GRACE
    return Verdict.REPLACED if is_last and (is_recent or row.rotation_seen_at is None) else Verdict.REPLAYED


def is_due(row: TokenRow, verdict: Verdict, *, now: datetime) -> bool:
    """Whether the browser that presented this gets a new secret with its page."""
    if not is_session(row):
        return False
    last = row.rotated_at or row.created_at
    if verdict is Verdict.REPLACED:  # within the grace, the new secret is on its way to the same browser
        return row.rotation_seen_at is None and now >= last + GRACE
    return verdict is Verdict.PRESENT and now >= last + ROTATED_EVERY


def root_of(row: TokenRow) -> bytes:
    """What stays the same through every rotation, and no browser knows."""
    return row.previous_hashes[0] if row.previous_hashes else row.secret_hash
