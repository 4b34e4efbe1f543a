"""What a caller asks the gate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from core.actor import Actor
from core.errors import CountersignError
from core.receipts import Receipt


class Purpose(Enum):
    """What the asker wants to do with the answer."""

    DECIDE = "decide"  # go on at once: an allowed action has its effect
    EVALUATE = "evaluate"  # only know
    ASK = "ask"  # have a request opened where one is needed, and do nothing


@dataclass(frozen=True, slots=True)
class Question:
    """May this actor do this now? `resource` is normalised (`rules.normalised`)."""

    actor: Actor
    purpose: Purpose
    action: str
    resource: Mapping[str, str]
    context: Mapping[str, Any]
    reopens: int | None = None  # the number of the request that is asked again
    receipt: Receipt | CountersignError | None = None  # that the asker presents; an error is why it does not hold

    @property
    def name(self) -> str:
        """The agent's."""
        return self.resource["name"]
