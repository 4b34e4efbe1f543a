"""What a person can choose, and how it is written. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time
from enum import StrEnum
from typing import Final

from core.durations import parse_time
from core.errors import InvalidInput
from core.preferences.quiet import QuietHours, parse_quiet

DIGEST_AT: Final = time(8, 30)
DIGEST_TIMES: Final = (time(5), time(11))  # the earliest and the latest; it is not sent after noon
OFF: Final = "off"
ON: Final = "on"
LAST_ACTIVE: Final = "last_active"  # how no choice of a platform is written
_SHOWN_MAX: Final = 20  # characters of a wrong choice that are repeated


class InvalidPreference(InvalidInput):
    """This cannot be chosen."""

    code = "preferences.invalid"


class Told(StrEnum):
    """On which platform somebody who has accounts on both has their direct messages."""

    SLACK = "slack"
    TEAMS = "teams"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Preferences:
    """One person's choices. `changed_at` is None for whoever has chosen nothing."""

    has_digest: bool = True
    digest_at: time = DIGEST_AT  # where the person lives
    changed_at: datetime | None = None
    platform: Told | None = None  # None: where they were last active
    quiet: QuietHours | None = None

    @property
    def digest_choice(self) -> str:
        """Whether and when the digest comes, as it is chosen: `off` or a time."""
        return f"{self.digest_at:%H:%M}" if self.has_digest else OFF

    @property
    def platform_choice(self) -> str:
        """Where they are told, as it is chosen."""
        return self.platform or LAST_ACTIVE

    @property
    def quiet_choice(self) -> str:
        """Their quiet hours, as they are chosen: `off`, or from when to when."""
        return str(self.quiet or OFF)


def with_digest(before: Preferences, choice: str) -> Preferences:
    """The preferences after `on`, `off` or a time such as 08:15, which means on as well. Raises InvalidPreference."""
    words = choice.strip().lower()
    if words in (ON, OFF):
        return replace(before, has_digest=words == ON)
    at = parse_time(words)
    earliest, latest = DIGEST_TIMES
    if at is None or not earliest <= at <= latest:
        raise InvalidPreference(
            f"'{_shown(words)}' is no time for a morning's message.",
            where="digest",
            accepted=(ON, OFF, f"a time from {earliest:%H:%M} to {latest:%H:%M}"),
        )
    return replace(before, has_digest=True, digest_at=at)


def with_platform(before: Preferences, choice: str) -> Preferences:
    """The preferences after `slack`, `teams`, `both` or `last_active`. Raises InvalidPreference."""
    words = choice.strip().lower()
    if words == LAST_ACTIVE:
        return replace(before, platform=None)
    if words not in set(Told):
        raise InvalidPreference(
            f"'{_shown(words)}' is no place to be told.", where="platform", accepted=(LAST_ACTIVE, *Told)
        )
    return replace(before, platform=Told(words))


def with_quiet(before: Preferences, choice: str) -> Preferences:
    """The preferences after `off`, or hours such as 22:00-07:00. Raises InvalidPreference."""
    words = choice.strip().lower()
    if words == OFF:
        return replace(before, quiet=None)
    hours = parse_quiet(words)
    if hours is None:
        raise InvalidPreference(
            f"'{_shown(words)}' are no quiet hours.",
            where="quiet_hours",
            accepted=(OFF, "two different times, such as 22:00-07:00"),
        )
    return replace(before, quiet=hours)


def _shown(words: str) -> str:
    return words[:_SHOWN_MAX] + ("…" if len(words) > _SHOWN_MAX else "")
