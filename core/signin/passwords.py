"""Passwords: which are accepted (NIST SP 800-63B, 3.1.1: length and a list, no composition rules), and their hashes.

Hashing with argon2id takes tens of milliseconds and memory on purpose, so it runs in a thread.
"""

from __future__ import annotations

import asyncio
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from core.signin.errors import WeakPassword

LENGTH_MIN: Final = 12  # characters
LENGTH_MAX: Final = 256  # characters; more is no safer, and hashing it would only cost
# Of the passwords that leaked most often, those that are long enough to be accepted otherwise.
_COMMON: Final = """
    112233445566 123123123123 123456789012 1234567890123 12345678901234 1234567890qwerty 123456789123 1q2w3e4r5t6y
    1qaz2wsx3edc 987654321098 abc123456789 abcd12345678 abcdef123456 abcdefghijkl admin1234567 admin12345678
    administrator asdfghjkl123 baseball1234 changeme1234 changemeplease correcthorsebatterystaple countersign1
    countersign12 countersign123 football1234 iloveyou1234 iloveyouforever letmein12345 letmeinplease mypassword123
    p@ssw0rd1234 passw0rd1234 password1234 password12345 password123456 password12345678 passwordpassword
    princess1234 q1w2e3r4t5y6 qwerty123456 qwertyuiop12 qwertyuiop123 qwertyuiop[] qwertyuiopasdfghjkl sunshine1234
    superman1234 trustno1trustno1 welcome12345 welcome123456 zxcvbnm12345
"""
COMMON: Final = frozenset(_COMMON.split())

_hasher: Final = PasswordHasher()  # argon2id with the parameters of RFC 9106, second recommended option


def check_password(password: str, *, email: str) -> None:
    """Returns if the password may be used by this person. Raises WeakPassword."""
    if len(password) < LENGTH_MIN:
        raise WeakPassword(f"A password has at least {LENGTH_MIN} characters.", where="password")
    if len(password) > LENGTH_MAX:
        raise WeakPassword(f"A password has at most {LENGTH_MAX} characters.", where="password")
    plain = password.casefold()
    if plain in COMMON or plain == email.casefold() or len(set(plain)) <= 2:
        raise WeakPassword("This password is one of the first that anybody would guess.", where="password")


async def hashed(password: str) -> str:
    """What is kept of the password."""
    return await asyncio.to_thread(_hasher.hash, password)


async def matches(stored: str | None, password: str) -> bool:
    """Whether the password is the one that was hashed; None takes as long as any other and is false."""
    same = await asyncio.to_thread(_verify, stored, password)
    return same and stored is not None


@cache
def _nobodys() -> str:
    """What is compared where there is nobody to compare with. Not made on import: it costs what a sign-in costs."""
    return _hasher.hash("nobody has this password")


def _verify(stored: str | None, password: str) -> bool:
    nobodys = _nobodys()  # also where it is not needed: the first time takes as long for either
    try:
        return _hasher.verify(stored or nobodys, password)
    except (VerificationError, InvalidHashError):
        return False
