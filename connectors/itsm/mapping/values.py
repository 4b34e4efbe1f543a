"""A mapping as values, and what it says of a ticket. Pure."""

from __future__ import annotations

from collections import abc
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from connectors.itsm.base import Refused, TicketDraft, TicketKind, TicketState
from connectors.itsm.templates import Template
from core.conditions import Expression as CelExpression
from core.conditions import Facts
from core.errors import InvalidInput
from core.tickets import Direction, Owner

Expression = Template | CelExpression
SEVERITY_FACT: Final = "incident.severity"  # how bad an incident is, in all the fields that say so
TIME_FACTS: Final = ("change.starts_at", "change.ends_at")  # when a change is planned, which its schedule decides
_NOTHING: Final[abc.Mapping[str, Any]] = MappingProxyType({})


class UnmappableError(Exception):
    """A field's expression cannot be told of this ticket; `target` is the field."""

    def __init__(self, target: str, reason: str) -> None:
        self.target = target
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class FieldRule:
    """How one field of theirs, `target`, is kept.

    `expression` says our value; None for a field that is only read. `fact` is what it feeds here (justification,
    resource.business_service), empty unless the direction is in or both. `values` are our values in their words.
    """

    target: str
    expression: Expression | None
    direction: Direction = Direction.OUT
    owner: Owner = Owner.OURS
    fact: str = ""
    values: abc.Mapping[str, str] = field(default_factory=dict)

    @property
    def is_written(self) -> bool:
        """Whether our value goes there."""
        return self.direction in {Direction.OUT, Direction.BOTH}

    @property
    def is_read(self) -> bool:
        """Whether their value comes here."""
        return self.direction in {Direction.IN, Direction.BOTH}

    @property
    def choices(self) -> tuple[str, ...]:
        """The values that are known to go there: those of its table, or its fixed text."""
        if self.values:
            return tuple(self.values.values())
        if isinstance(self.expression, Template) and not self.expression.names:
            return (self.expression.text({}),)
        return ()

    def value(self, facts: abc.Mapping[str, Any]) -> Any:
        """Our value for that field, in their words; None where nothing is known. Raises UnmappableError."""
        if self.expression is None:
            return None
        if isinstance(self.expression, Template):
            found = self.expression.value(_flat(facts))
        else:
            try:
                found = self.expression.value(Facts(facts))
            except InvalidInput as exc:
                raise UnmappableError(self.target, exc.message) from exc
        if found is None or found == "":
            return None
        return self.values.get(str(found), found) if self.values else found

    def ours(self, value: str) -> str:
        """Their value in our words."""
        return next((mine for mine, theirs in self.values.items() if theirs == value), value)


@dataclass(frozen=True, slots=True)
class KindMapping:
    """What holds for tickets of one kind. `priorities` says fields and values for each level of risk."""

    fields: tuple[FieldRule, ...] = ()
    written: abc.Mapping[TicketState, str] = field(default_factory=dict)
    read: abc.Mapping[str, TicketState] = field(default_factory=dict)
    priorities: abc.Mapping[str, abc.Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Users:
    """Who our people are there.

    `people` names them by e-mail; others are found where their attribute `by` is what `value` says (nothing: as the
    connector does by itself), and stand as `default` if they are not found.
    """

    people: abc.Mapping[str, str] = field(default_factory=dict)
    by: str = ""
    value: Template | None = None
    default: str = ""

    def named(self, email: str) -> str:
        """The user of that system whom the file names for this address; empty if it names none."""
        return self.people.get(email.casefold(), "")

    def sought(self, facts: abc.Mapping[str, Any], email: str) -> str:
        """What the attribute `by` must be for this person."""
        return self.value.text(_flat(facts)) if self.value is not None else email


_PLAIN: Final = KindMapping()


@dataclass(frozen=True, slots=True)
class Mapping:
    """One mapping file; without one, nothing is mapped beyond what the connector does by itself."""

    file: str = ""
    kinds: abc.Mapping[TicketKind, KindMapping] = field(default_factory=dict)
    users: Users = field(default_factory=Users)

    def of(self, kind: TicketKind) -> KindMapping:
        """What holds for tickets of this kind."""
        return self.kinds.get(kind, _PLAIN)

    def fields(self, kind: TicketKind) -> tuple[FieldRule, ...]:
        """The rules of this kind's fields, in the order of the file."""
        return self.of(kind).fields

    def priority(self, kind: TicketKind, facts: abc.Mapping[str, Any]) -> abc.Mapping[str, str]:
        """Fields and values for the ticket's risk; nothing where the file does not name its level."""
        level = str((facts.get("risk") or {}).get("level", "")).lower()
        return self.of(kind).priorities.get(level, _NOTHING)

    def of_draft(self, draft: TicketDraft) -> dict[str, Any]:
        """What is written into this new ticket. Raises Refused for a field that cannot be told."""
        try:
            return self.outgoing(draft.kind, facts_of(draft))
        except UnmappableError as exc:
            raise Refused(f"The mapping's field '{exc.target}' cannot be told: {exc.reason}", exc.target) from exc

    def states(self, kind: TicketKind, *, known: abc.Container[str] = ()) -> dict[str, TicketState]:
        """What their states mean to us, as far as the file says.

        One that we write, and that is not `known` to mean something already, is read as written; of several states of
        ours that are written alike, as the earliest.
        """
        own = self.of(kind)
        found: dict[str, TicketState] = {}
        for ours in TicketState:
            theirs = own.written.get(ours)
            if theirs is not None and theirs not in known:
                found.setdefault(theirs, ours)
        return found | dict(own.read)

    def outgoing(self, kind: TicketKind, facts: abc.Mapping[str, Any]) -> dict[str, Any]:
        """What is written into a ticket of this kind: fields by name, in that system's words.

        A field of which nothing is known is left out. Raises UnmappableError for one that cannot be told.
        """
        found: dict[str, Any] = dict(self.priority(kind, facts))
        for rule in self.fields(kind):
            if rule.is_written and (value := rule.value(facts)) is not None:
                found[rule.target] = value
        return found


def facts_of(draft: TicketDraft) -> dict[str, Any]:
    """What expressions may read of this ticket."""
    ticket = {"key": draft.key, "kind": str(draft.kind), "summary": draft.summary, "description": draft.description}
    plain = {"requester": {"email": draft.requester_email}, "risk": {"level": draft.fields.get("risk", "")}}
    return {**plain, **draft.facts, "ticket": ticket}


def _flat(facts: abc.Mapping[str, Any]) -> dict[str, Any]:
    """Facts as placeholders name them: request.reference."""
    return {
        f"{subject}.{name}": value
        for subject, fields in facts.items()
        if isinstance(fields, abc.Mapping)
        for name, value in fields.items()
    }
