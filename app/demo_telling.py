"""What the chapters of the demo's story have in common: somebody who tells it, and acts for people as they would."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from app.demo_seed import Api


class Telling(Protocol):
    """The story, as far as a chapter needs it."""

    def say(self, words: str) -> None:
        """The next step is announced."""
        ...

    def seen(self, words: str) -> None:
        """What was waited for has been seen."""
        ...

    def api(self, role: str) -> Api:
        """The product's API as the first person with the role."""
        ...

    def name(self, role: str) -> str:
        """The person's name."""
        ...

    async def control(self, call: str, body: Mapping[str, Any], *, system: str) -> dict[str, Any]:
        """A call of the sandbox's control surface."""
        ...

    async def advance(self, duration: str) -> datetime:
        """The product's clock is moved on; where it stands then."""
        ...

    async def message(self, channel: str, words: str) -> dict[str, Any] | None:
        """The newest message in the channel that holds the words."""
        ...

    async def click(self, role: str, channel: str, message: Mapping[str, Any], label: str) -> dict[str, Any]:
        """The person presses the message's button; what they see of it. Raises StoryError if there is none."""
        ...

    async def fill(self, role: str, answer: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """The person fills in the form that opened, and sends it. Raises StoryError if it is refused."""
        ...

    async def until(self, look: Any, what: str) -> dict[str, Any]:
        """What the look finds at last. Raises StoryError."""
        ...
