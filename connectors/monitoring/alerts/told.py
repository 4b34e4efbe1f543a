"""An alert as a system told of it, before a tenant's mapping makes an incident's alert of it.

A message of several alerts has, in the place of one that cannot be read, the UnreadableMessage that says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """`key` names the alert there; a firing and the end that belongs to it have the same `started_at`.

    `labels` are what a mapping can look at: the system's own names, values as texts. `place` is where it stands in a
    message of several: `alerts/3`.
    """

    key: str
    group: str = ""
    is_firing: bool
    title: str
    words: str = ""
    started_at: datetime
    link: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    place: str = ""
