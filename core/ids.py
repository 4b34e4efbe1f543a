"""Identifiers. Distinct types, so that a TenantId cannot stand where a UserId belongs. Ids are UUIDv7 (RFC 9562)."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from typing import NewType
from uuid import UUID

TenantId = NewType("TenantId", str)  # a slug: enterprise-corp
UserId = NewType("UserId", UUID)
RequestId = NewType("RequestId", UUID)
AgentId = NewType("AgentId", UUID)
DecisionId = NewType("DecisionId", UUID)
BypassId = NewType("BypassId", UUID)
EventId = NewType("EventId", UUID)


def uuid7() -> UUID:
    """A new UUIDv7: time-ordered, so that index pages stay hot. PostgreSQL below 18 has no generator of its own."""
    return _uuid7(time.time_ns() // 1_000_000, int.from_bytes(os.urandom(10), "big"))


def uuid7_run() -> str:
    """What up to 16 million ids begin with, in hexadecimal; six more digits count them, each greater than the last."""
    chance = int.from_bytes(os.urandom(8), "big") << 24
    return _uuid7(time.time_ns() // 1_000_000, chance).hex[:26]


def earliest_uuid7(within: timedelta) -> UUID:
    """An id that every one made within this time is greater than, by the machine's own clock, as ids are."""
    return _uuid7((time.time_ns() - int(within.total_seconds() * 1e9)) // 1_000_000, 0)


def _uuid7(milliseconds: int, rest: int) -> UUID:
    value = (milliseconds & 0xFFFFFFFFFFFF) << 80 | rest
    value = value & ~(0xF000 << 64) | 0x7000 << 64
    value = value & ~(0xC000 << 48) | 0x8000 << 48
    return UUID(int=value)
