"""What a system says of one of its fields."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """One field. `choices` are the values that it takes; empty: any.

    `is_writable` is None where the system does not tell.
    """

    is_writable: bool | None = True
    choices: tuple[str, ...] = ()
    ignores_case: bool = False

    def takes(self, value: str) -> bool:
        """Whether this value may stand there."""
        if not self.choices or value in self.choices:
            return True
        return self.ignores_case and value.casefold() in {one.casefold() for one in self.choices}
