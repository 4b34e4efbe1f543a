"""How bad an incident is, in the words of a ticket system: what is written there, and what stands for it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

SEVERITIES: Final = ("critical", "high", "medium", "low")  # ours, the worst first


@dataclass(frozen=True, slots=True)
class SeverityScale:
    """`written` are the values of `fields` for each severity of ours; `read` says which severity values stand for.

    None from `read`: they stand for none of ours.
    """

    fields: tuple[str, ...]
    written: Mapping[str, tuple[str, ...]]
    read: Callable[[tuple[str, ...]], str | None]

    def values(self, severity: str) -> dict[str, str]:
        """The fields for this severity."""
        return dict(zip(self.fields, self.written[severity], strict=True))

    def severity(self, values: Mapping[str, str]) -> str:
        """The severity that the fields stand for; the fields' own words where that is none of ours."""
        texts = tuple(values.get(name, "").strip() for name in self.fields)
        return self.read(texts) or ", ".join(filter(None, texts))


def rank(text: str) -> int | None:
    """The number with which a choice begins: 1 of "1 - High" and "1-Extensive/Widespread"."""
    return int(text[0]) if text[:1].isascii() and text[:1].isdigit() else None
