"""Pure: what a meter is called by people."""

from __future__ import annotations

from typing import Final

_ABBREVIATED: Final = frozenset({"ai", "api", "cpu", "gb", "gpu", "id", "io", "kb", "llm", "mb", "mcp", "sql", "tb"})


def meter_title(name: str) -> str:
    """The meter's key as people write it: memory_gb_hours -> Memory GB hours, cpu_hours -> CPU hours."""
    said = " ".join(word.upper() if word in _ABBREVIATED else word for word in name.split("_"))
    return said[:1].upper() + said[1:]
