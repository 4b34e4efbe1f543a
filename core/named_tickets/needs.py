"""What a policy asks of the ticket that a request must name. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.conditions import Condition, compile_condition
from core.named_tickets.words import OPEN_STATES, TicketKind, TicketState


class MustName(StrEnum):
    """Whom or what the ticket must name."""

    REQUESTER = "requester"
    RESOURCE = "resource"


class Window(StrEnum):
    """What the ticket's planned window means for the grant."""

    BOUNDS_GRANT = "bounds_grant"  # the grant holds within it only
    INFORMS = "informs"  # it is shown
    IGNORED = "ignored"  # it is not even shown


EVERY_NAME: tuple[MustName, ...] = tuple(MustName)


@dataclass(frozen=True, slots=True)
class TicketNeed:
    """A request needs a ticket like this. Without `systems` or `kinds`, any of the tenant's will do."""

    when: Condition | None = None  # it is needed only then
    systems: tuple[str, ...] = ()
    kinds: tuple[TicketKind, ...] = ()
    states: tuple[TicketState, ...] = OPEN_STATES
    names: tuple[MustName, ...] = EVERY_NAME
    window: Window = Window.BOUNDS_GRANT

    def to_json(self) -> dict[str, Any]:
        """As it is stored with the policy; `from_json` reads it back."""
        return {
            **({"when": self.when.text} if self.when else {}),
            "systems": list(self.systems),
            "kinds": [kind.value for kind in self.kinds],
            "states": [state.value for state in self.states],
            "names": [name.value for name in self.names],
            "window": self.window.value,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> TicketNeed:
        """What was stored."""
        return cls(
            when=compile_condition(document["when"]) if "when" in document else None,
            systems=tuple(document["systems"]),
            kinds=tuple(TicketKind(kind) for kind in document["kinds"]),
            states=tuple(TicketState(state) for state in document["states"]),
            names=tuple(MustName(name) for name in document["names"]),
            window=Window(document["window"]),
        )

    def in_words(self) -> str:
        """The need in one sentence, for people who read a policy."""
        kind = listed(self.kinds) or "ticket"
        where = f" in {listed(self.systems)}" if self.systems else ""
        named = f" that names the {' and the '.join(self.names)}" if self.names else ""
        window = {
            Window.BOUNDS_GRANT: "; its planned window bounds the grant",
            Window.INFORMS: "; its planned window is shown",
            Window.IGNORED: "",
        }[self.window]
        return f"Needs an open {kind}{where} ({listed(self.states)}){named}{window}."


def listed(values: tuple[str, ...]) -> str:
    """The values as people read them: approved or implementing."""
    words = [value.replace("_", " ") for value in values]
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
