"""A mapping file's fields as they are kept in step: rules for core, and what each field should hold. Pure."""

from __future__ import annotations

from collections.abc import Mapping as Table
from dataclasses import dataclass
from typing import Any, Final

from connectors.itsm.base import Refused, TicketKind
from connectors.itsm.drafting import bypass_draft, request_draft
from connectors.itsm.mapping import SEVERITY_FACT, TIME_FACTS, FieldRule, Mapping, UnmappableError
from connectors.itsm.mapping.values import facts_of
from core.approvals import RequestView
from core.tickets import Direction, Owner, Subject
from core.tickets import FieldRule as CoreRule

_BY_OTHERS: Final = (*TIME_FACTS, SEVERITY_FACT)  # what is weighed beside the fields of requests
_RESOURCE: Final = "resource."


@dataclass(frozen=True, slots=True)
class MappedFields:
    """The fields of one mapping; `address` is this installation's own."""

    mapping: Mapping
    address: str

    def rules(self, kind: TicketKind) -> tuple[CoreRule, ...]:
        """Every field of this kind of ticket that is kept in step."""
        return tuple(
            _core(rule)
            for rule in self.mapping.fields(kind)
            if rule.direction is not Direction.NONE and rule.fact not in _BY_OTHERS
        )

    def times(self, kind: TicketKind, names: tuple[str, str]) -> Direction:
        """The direction of the two fields that hold when a change is planned: ours go out, where nothing is said.

        A field that the file fills with something else is left to it.
        """
        said = {rule.target: rule for rule in self.mapping.fields(kind) if rule.target in names}
        if not said:
            return Direction.OUT
        found = {rule.direction for rule in said.values()}
        is_both = [said[name].fact for name in names if name in said] == list(TIME_FACTS)
        if is_both or all(rule.expression is None and not rule.fact for rule in said.values()):
            return found.pop() if len(found) == 1 else Direction.NONE
        return Direction.NONE

    def severities(self, names: tuple[str, ...]) -> tuple[Direction, Owner]:
        """The direction of the fields that say how bad an incident is: ours goes out, where nothing is said.

        Fields that the file fills with something else are left to it.
        """
        own = self.mapping.of(TicketKind.INCIDENT)
        said = [rule for rule in self.mapping.fields(TicketKind.INCIDENT) if rule.target in names]
        if any(set(fields) & set(names) for fields in own.priorities.values()):
            return Direction.NONE, Owner.OURS
        if not said:
            return Direction.OUT, Owner.OURS
        if all(rule.fact == SEVERITY_FACT for rule in said):
            return said[0].direction, said[0].owner
        return Direction.NONE, Owner.OURS

    def values(self, subject: Subject) -> Table[str, str]:
        """What each of them should hold, in that system's words. Raises Refused for one that cannot be told."""
        if isinstance(subject, RequestView):
            draft = request_draft(subject, address=self.address)
        else:
            draft = bypass_draft(subject, address=self.address)
        facts = facts_of(draft)
        rules = (rule for rule in self.mapping.fields(draft.kind) if rule.fact not in _BY_OTHERS)
        return {rule.target: _value(rule, facts) for rule in rules}


def _core(rule: FieldRule) -> CoreRule:
    words = tuple((theirs, ours) for ours, theirs in rule.values.items())
    fact = rule.fact.removeprefix(_RESOURCE) or None
    return CoreRule(rule.target, rule.direction, rule.owner, fact, words)


def _value(rule: FieldRule, facts: Table[str, Any]) -> str:
    if rule.expression is None:
        # Only read: what it feeds is what it should hold.
        subject, _, name = (rule.fact if "." in rule.fact else f"request.{rule.fact}").partition(".")
        own = str(facts.get(subject, {}).get(name, ""))
        return str(rule.values.get(own, own))
    try:
        return _text(rule.value(facts))
    except UnmappableError as exc:
        raise Refused(exc.reason, field=exc.target) from exc


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case list() | tuple():
            return ", ".join(map(_text, value))
        case _:
            return str(value)
