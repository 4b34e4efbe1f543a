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
    """A field that a rule writes in tickets of one of these kinds. `value` is None where only an event tells it.

    `is_new`: in a ticket that the rule makes.
    """

    rule: str
    source: str  # file:line
    kinds: tuple[TicketKind, ...]
    name: str
    value: str | None
    is_new: bool = False


def asked_fields(rules: Iterable[Rule], system: str) -> tuple[AskedField, ...]:
    """Every field that these rules write in tickets of the system, in the order of the rules."""
    return tuple(
        AskedField(
            rule=rule.name,
            source=rule.source,
            kinds=kinds,
            name=name,
            value=value,
            is_new=action.kind is ActionKind.CREATE_TICKET,
        )
        for rule in rules
        for action in rule.then
        if action.system in {system, EVENT_TICKET}
        for kinds in (_kinds(rule, action),)
        for name, value in _fields(action)
    )


def _kinds(rule: Rule, action: Action) -> tuple[TicketKind, ...]:
    """The kinds of tickets that the action may write fields of; none for one that writes none."""
    match action.kind:
        case ActionKind.CREATE_TICKET:
            return (TicketKind(action.fixed["kind"]),)
        case ActionKind.UPDATE_TICKET:
            return tuple(dict.fromkeys(kind for trigger in rule.on for kind in kinds_of(trigger)))
        case _:
            return ()


def _fields(action: Action) -> Iterator[tuple[str, str | None]]:
    for key, text in action.texts.items():
        if key.startswith(_FIELD):
            yield key.removeprefix(_FIELD), text.fixed
