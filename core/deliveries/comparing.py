"""Pure: what would change there if a delivery were sent now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Changed:
    """One field, named by its path: what was last accepted there, and what would be sent; None where there is none."""

    field: str
    before: str | None
    now: str | None


def changes_between(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Changed, ...]:
    """Every field that differs, in the order of their names."""
    old, new = dict(_leaves(before)), dict(_leaves(now))
    return tuple(
        Changed(field, old.get(field), new.get(field))
        for field in sorted({*old, *new})
        if old.get(field) != new.get(field)
    )


def _leaves(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, each in value.items():
        if isinstance(each, Mapping):
            yield from _leaves(each, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", str(each)
