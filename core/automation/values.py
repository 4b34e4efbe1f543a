"""A rule as it was read: when what happens, under which condition, what is done."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import rfc8785

from core.automation.templates import Template
from core.conditions import Condition

EVENT_TICKET: Final = "@ticket"  # as a system: wherever the ticket is that the event speaks of
BEFORE: Final = "before"  # among what is filled in: what stood in fields before they were written
PER_HOUR: Final = 60  # times that a rule does something, unless it says otherwise
PER_SUBJECT: Final = 5  # the same for one request, bypass or ticket


class ActionKind(StrEnum):
    """What a rule can do."""

    CREATE_TICKET = "create_ticket"
    UPDATE_TICKET = "update_ticket"
    TRANSITION = "transition"
    COMMENT = "comment"
    NOTIFY = "notify"
    OPEN_APPROVAL = "open_approval"
    CALL_WEBHOOK = "call_webhook"


class Mode(StrEnum):
    """Whether a rule does what it says, or only shows in its history what it would have done."""

    LIVE = "live"
    DRY_RUN = "dry_run"


@dataclass(frozen=True, slots=True)
class SecretSource:
    """Where a secret is: a variable of the environment, or a file."""

    kind: str  # env | file
    name: str


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do. `system` is a ticket system, EVENT_TICKET, or empty for what is done here.

    `fixed` are words of ours (an action, a state); `texts` may hold placeholders. Keys of what belongs together begin
    alike: `fields.priority`, `resource.name`, `data.reference`.
    """

    kind: ActionKind
    system: str = ""
    fixed: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, Template] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As it counts for the rule's version."""
        texts = {key: text.text for key, text in self.texts.items()}
        return {"kind": self.kind, "system": self.system, "fixed": dict(self.fixed), "texts": texts}


@dataclass(frozen=True, slots=True)
class Limits:
    """How often a rule may do something within an hour: at all, and for one subject."""

    per_hour: int = PER_HOUR
    per_subject: int = PER_SUBJECT


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What somebody wants to happen by itself."""

    name: str
    description: str = ""
    on: tuple[str, ...]
    when: Condition | None = None
    then: tuple[Action, ...]
    limits: Limits = field(default_factory=Limits)
    react_to_own: bool = False  # also to what our own account did in a ticket system
    mode: Mode = Mode.LIVE
    source: str = field(default="", compare=False)  # file:line

    @property
    def version(self) -> str:
        """SHA-256 over what it says (RFC 8785), in hex."""
        said: dict[str, Any] = {
            "name": self.name,
            "on": list(self.on),
            "when": self.when.text if self.when else "",
            "then": [action.to_json() for action in self.then],
            "limits": [self.limits.per_hour, self.limits.per_subject],
            "react_to_own": self.react_to_own,
            "mode": self.mode,
        }
        return hashlib.sha256(rfc8785.dumps(said)).hexdigest()
