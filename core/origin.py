"""Where an event comes from, if rules of workflow automation stand behind it (N5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

KEY: Final = "origin"  # under which the data of an event carries it


@dataclass(frozen=True, slots=True)
class Origin:
    """The rules that led here, in the order in which they did; none of them twice."""

    rules: tuple[str, ...] = ()

    def then(self, *rules: str) -> Origin:
        """The same, and these rules after it."""
        return Origin(tuple(dict.fromkeys((*self.rules, *rules))))

    def marked(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The data of an event that comes from here."""
        return {**data, KEY: list(self.rules)} if self.rules else dict(data)


NOWHERE: Final = Origin()  # people and systems did it


def origin_in(data: Mapping[str, Any]) -> Origin:
    """What the data of an event says of where it comes from."""
    rules = data.get(KEY)
    return Origin(tuple(map(str, rules))) if isinstance(rules, list) else NOWHERE
