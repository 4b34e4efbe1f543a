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
    ignores_case: bool = False  # whoever wrote it down may have spelled it otherwise than the system does

    def __str__(self) -> str:
        return f"{self.system}:{self.account}"


@dataclass(frozen=True, slots=True)
class AccountSystem:
    """A connected system in which people have accounts. `own` are the names of ours, as far as they are known.

    `ignores_case`: it takes `BETH.ANGLIN` for beth.anglin.
    """

    name: str
    ignores_case: bool = False
    own: frozenset[str] = frozenset()

    def is_ours(self, account: str) -> bool:
        """Whether we sign in there as this account."""
        return account in self.own or (self.ignores_case and account.lower() in {one.lower() for one in self.own})


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
