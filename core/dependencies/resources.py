"""What a change touches and what feels it are called: `agent:invoice-reader`, `service:Payments`. Pure (G4, G6)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from config.suggest import did_you_mean
from core.errors import InvalidInput

TENANT: Final = "tenant"  # who is served; nothing needs one, so that whatever reaches one ends there
KINDS: Final = ("agent", "service", "tool", "data", "infrastructure", TENANT)
NAME_MAX: Final = 120  # characters
EXAMPLES: Final = ("agent:invoice-reader", "service:Payments")


def read_resource(text: str) -> str:
    """The resource in its one spelling, `kind:name`. Raises InvalidInput naming the kinds."""
    kind, colon, name = (part.strip() for part in text.partition(":"))
    if not colon or not name or len(name) > NAME_MAX:
        raise InvalidInput(f"'{text[:NAME_MAX]}' names no resource.", accepted=EXAMPLES)
    if kind.lower() not in KINDS:
        raise InvalidInput(f"There is no kind of resource '{kind}'.{did_you_mean(kind, KINDS)}", accepted=KINDS)
    return f"{kind.lower()}:{name}"


def named(kind: str, resources: Iterable[str]) -> tuple[str, ...]:
    """The names of those of this kind."""
    return tuple(each.partition(":")[2] for each in resources if each.startswith(f"{kind}:"))


def shared(
    ours: Iterable[str], our_reach: Iterable[str], theirs: Iterable[str], their_reach: Iterable[str]
) -> list[str]:
    """What two changes have in common: what one touches and the other touches or is felt by."""
    return sorted((set(ours) & set(their_reach)) | (set(theirs) & set(our_reach)))
