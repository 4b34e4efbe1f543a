"""Which fields of tickets rules write, so that a ticket system can be asked whether it has them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from core.automation.triggers import kinds_of
from core.automation.values import EVENT_TICKET, Action, ActionKind, Rule
from core.named_tickets import TicketKind

_FIELD: Final = "fields."


@dataclass(frozen=True, slots=True)
class AskedField:
    """A field that a rule writes in tickets of one of these kinds. `value` is None where only an event tells it."""

    rule: str
    source: str  # file:line
    kinds: tuple[TicketKind, ...]
    name: str
    value: str | None


def asked_fields(rules: Iterable[Rule], system: str) -> tuple[AskedField, ...]:
    """Every field that these rules write in tickets of the system, in the order of the rules."""
    return tuple(
        AskedField(
            rule=rule.name,
            source=rule.source,
            kinds=kinds,
            name=name,
            value=value,
        )
        for rule in rules
        for action in rule.then
        if action.kind is ActionKind.UPDATE_TICKET and action.system in {system, EVENT_TICKET}
        for kinds in (tuple(dict.fromkeys(kind for trigger in rule.on for kind in kinds_of(trigger))),)
        for name, value in _fields(action)
    )


def _fields(action: Action) -> Iterator[tuple[str, str | None]]:
    for key, text in action.texts.items():
        if key.startswith(_FIELD):
            yield key.removeprefix(_FIELD), text.fixed
