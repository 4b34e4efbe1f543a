"""What each replica remembers of a tenant between transactions: its policy and its compiled grants.

A change notifies every replica, which forgets the tenant; a replica that has lost its notifications forgets by age, so
nothing older than MAX_AGE_S is ever decided upon (X9).
"""

from __future__ import annotations

import time
from typing import Final

MAX_AGE_S: Final = 10.0


class TenantCache:
    """Values by tenant and name. Forgetting during a load wins: the loaded value is not kept."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], tuple[float, object]] = {}
        self.generation = 0

    def get(self, tenant: str, name: str) -> object | None:
        """The value, or None if there is none or it is too old."""
        found = self._values.get((tenant, name))
        if found is None or time.monotonic() - found[0] > MAX_AGE_S:
            return None
        return found[1]

    def put(self, tenant: str, name: str, value: object, *, generation: int) -> None:
        """Keep `value`, unless something was forgotten since `generation` was read."""
        if generation == self.generation:
            self._values[(tenant, name)] = (time.monotonic(), value)

    async def forget(self, _payload: str = "") -> None:
        """Nothing is remembered. Loading anew costs a millisecond, so no finer invalidation is worth its bugs."""
        self.generation += 1
        self._values.clear()
