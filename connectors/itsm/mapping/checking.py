"""A mapping held against what its system says of its fields. Pure: the connector asks, this judges."""

from __future__ import annotations

from collections import abc
from dataclasses import dataclass

from config.suggest import did_you_mean
from connectors.itsm.base import Finding, Health, TicketKind
from connectors.itsm.mapping.values import FieldRule, Mapping
from connectors.itsm.targets import Target

SHOWN_MAX = 12  # choices in a sentence


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a mapping needs of one field: that it is there, to write it, and these of its choices."""

    name: str
    is_written: bool
    choices: tuple[str, ...]


def needed(mapping: Mapping, kind: TicketKind) -> tuple[Mapped, ...]:
    """Every field that the mapping speaks of for this kind, each once."""
    found: dict[str, Mapped] = {}
    for rule in mapping.fields(kind):
        if rule.is_written or rule.is_read:
            found[rule.target] = Mapped(rule.target, rule.is_written, _choices(rule))
    for fields in mapping.of(kind).priorities.values():
        for name, value in fields.items():
            before = found.get(name)
            choices = (*(before.choices if before else ()), value)
            found[name] = Mapped(name, is_written=True, choices=tuple(dict.fromkeys(choices)))
    return tuple(found.values())


def examine(
    mapping: Mapping, kind: TicketKind, targets: abc.Mapping[str, Target], *, where: str
) -> tuple[Finding, ...]:
    """How each mapped field stands. `targets` are the fields that `where` (a table, form or screen) has."""
    return tuple(
        examine_field(one, targets, subject=f"Mapped field {one.name} of {where}", file=mapping.file)
        for one in needed(mapping, kind)
    )


def examine_field(one: Mapped, targets: abc.Mapping[str, Target], *, subject: str, file: str) -> Finding:
    """How one field stands. `file` is where it is asked for."""
    target = targets.get(one.name)
    if target is None:
        message = f"There is no such field.{did_you_mean(one.name, targets)}"
        return Finding(subject, Health.FAILED, message, f"Create it there, let our account see it, or correct {file}.")
    if one.is_written and target.is_writable is False:
        step = f"Let our account write it, or leave it alone ('direction: in' in a mapping): {file}."
        return Finding(subject, Health.FAILED, "It cannot be written.", step)
    if wrong := [choice for choice in one.choices if not target.takes(choice)]:
        message = f"It does not take '{wrong[0]}', but {_listed(target.choices)}."
        return Finding(subject, Health.FAILED, message, f"Correct the value in {file}.")
    if one.is_written and target.is_writable is None:
        step = "Let our account read what the system says of its fields."
        return Finding(subject, Health.WARNING, "It is there; whether it can be written is hidden from us.", step)
    takes = f" It takes {_listed(target.choices)}." if target.choices else ""
    return Finding(
        subject, Health.OK, ("It is there and can be written." if one.is_written else "It is there.") + takes
    )


def examine_states(
    mapping: Mapping, kind: TicketKind, states: abc.Collection[str], *, where: str
) -> tuple[Finding, ...]:
    """Whether each state that is written or read for this kind exists there."""
    own = mapping.of(kind)
    found = []
    for state in dict.fromkeys((*own.written.values(), *own.read)):
        subject = f"Mapped state {state} of {where}"
        if not states or state.casefold() in {one.casefold() for one in states}:
            found.append(Finding(subject, Health.OK, "It exists."))
        else:
            message = f"There is no such state.{did_you_mean(state, states)} It has {_listed(tuple(states))}."
            found.append(Finding(subject, Health.FAILED, message, f"Correct it in {mapping.file}."))
    return tuple(found)


def distinct(findings: abc.Iterable[Finding]) -> tuple[Finding, ...]:
    """Each finding once: what holds for several kinds of ticket is found for each."""
    return tuple(dict.fromkeys(findings))


def _choices(rule: FieldRule) -> tuple[str, ...]:
    return rule.choices if rule.is_written else ()


def _listed(choices: tuple[str, ...]) -> str:
    shown = ", ".join(choices[:SHOWN_MAX])
    return f"{shown} and {len(choices) - SHOWN_MAX} more" if len(choices) > SHOWN_MAX else shown
