"""What a system lets us do with approvals of tickets; what they say is in the words of `core.tickets`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ApprovalAbilities:
    """What a system's interface lets us do with approvals.

    `reads`: what people decide there comes back. `asks`: we can ask people there. `marks`: a vote given here can be
    written on that person's approval. `reopens`: an approval that was answered can be made to ask again.
    """

    reads: bool = False
    asks: bool = False
    marks: bool = False
    reopens: bool = False


NO_APPROVALS: Final = ApprovalAbilities()
