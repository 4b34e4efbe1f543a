"""Accounts in ticket systems as values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from core.accounts import LinkedBy
from core.errors import InvalidInput
from core.ids import UserId

ACCOUNT_MAX: Final = 200  # characters
# Twelve letters and digits, none of them mistaken for another: 59 bits, for ten minutes.
CODE: Final = re.compile(r"\bLINK-([2-9A-HJ-NP-Z]{4})-([2-9A-HJ-NP-Z]{4})-([2-9A-HJ-NP-Z]{4})\b", re.IGNORECASE)
ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class TicketAccount:
    """An account of one system and its person. `account` is what the system knows it by: a user name, an account id."""

    system: str
    account: str
    user: UserId
    linked_by: LinkedBy
    linked_at: datetime
    name: str = ""

    def __str__(self) -> str:
        return f"{self.system}:{self.account}"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A link that waits for its code to be written on a ticket there."""

    system: str
    expires_at: datetime


def account_in(system: str, account: str) -> tuple[str, str]:
    """Both, fit to be kept. Raises InvalidInput."""
    for where, value in (("system", system), ("account", account)):
        if not value.strip() or len(value) > ACCOUNT_MAX or not value.isprintable():
            raise InvalidInput(
                f"'{value[:40]}' names no account.", where=where, accepted=(f"1 to {ACCOUNT_MAX} printable characters",)
            )
    return system.strip(), account.strip()
