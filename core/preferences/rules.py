"""Where somebody is told. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from core.accounts import Platform
from core.preferences.choices import Told


@dataclass(frozen=True, slots=True)
class Seen:
    """A platform as a person has it: when they were last active there, and whether they can be written to."""

    at: datetime | None
    is_reachable: bool


def told_on(seen: Mapping[Platform, datetime | None], wanted: Told | None) -> Told:
    """The platform on which a person has their direct messages.

    `seen`: where they have an account, and when it was last active. Whoever has one has them there, whatever they want;
    else it is as they want, else where they were last active, else Slack.
    """
    if len(seen) == 1:
        return Told(next(iter(seen)))
    if wanted is not None:
        return wanted
    active = {platform: at for platform, at in seen.items() if at is not None}
    # of two that are equal the first counts, and Slack comes first
    return Told(max(sorted(active), key=lambda platform: active[platform], default=Platform.SLACK))


def reachable(seen: Mapping[Platform, Seen]) -> Mapping[Platform, datetime | None]:
    """Where the person can be told, and when each was last active: where they can be written to; else everywhere.

    Where nobody can be written to anywhere, it is tried where it always was.
    """
    usable = {platform: each for platform, each in seen.items() if each.is_reachable} or seen
    return {platform: each.at for platform, each in usable.items()}


def covers(told: Told, platform: Platform) -> bool:
    """Whether that platform is where they are told."""
    return told in (Told.BOTH, Told(platform))
