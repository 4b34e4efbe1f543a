"""A mapping file -> Mapping. Every problem is named at once, with file, line, key and what would be accepted."""

from __future__ import annotations

import re
from collections import abc
from pathlib import Path
from typing import Any, Final

from config.suggest import did_you_mean
from config.yamlfile import LocatedDocument, YamlPath, load_yaml
from connectors.itsm.base import TicketKind, TicketState
from connectors.itsm.mapping.limits import Limits
from connectors.itsm.mapping.values import SEVERITY_FACT, TIME_FACTS, Expression, FieldRule, KindMapping, Mapping, Users
from connectors.itsm.mapping.variables import FACTS, OPEN_SUBJECTS, PLACEHOLDERS
from connectors.itsm.templates import Template, TemplateError, parse
from core.conditions import compile_expression
from core.errors import InvalidInput
from core.located import Reader
from core.tickets import Direction, Owner

FIELD_KEYS: Final = ("value", "cel", "direction", "owner", "fact", "values")
USER_KEYS: Final = ("people", "by", "value", "default")
LEVELS: Final = ("low", "medium", "high", "critical")
PLAIN_FACTS: Final = ("justification", "resource.…", *TIME_FACTS, SEVERITY_FACT)  # what a field of theirs may feed
_RESOURCE_FACT: Final = re.compile(r"resource\.[a-z][a-z0-9_]*\Z")
_STATES: Final = tuple(map(str, TicketState))


def load_mapping(path: Path, limits: Limits) -> Mapping:
    """The mapping in this file, for the system with these limits.

    Raises ConfigError, or YamlSyntaxError if the file is no YAML or cannot be read.
    """
    return read_mapping(load_yaml(path), limits)


def read_mapping(document: LocatedDocument, limits: Limits) -> Mapping:
    """The same for a document in hand. Raises ConfigError."""
    reader = _MappingReader(document, limits)
    allowed = (*limits.sections, "kinds")
    table = reader.mapping((), {} if document.value is None else document.value, allowed=allowed)
    kinds = reader.mapping(("kinds",), table.get("kinds") or {}, allowed=tuple(TicketKind))
    found = {kind: reader.kind(kind, table, kinds.get(kind) or {}) for kind in TicketKind}
    users = reader.users(("users",), table.get("users") or {})
    reader.finish()
    return Mapping(file=document.file, kinds=found, users=users)


class _MappingReader(Reader):
    """Reads one mapping file under the limits of one system."""

    def __init__(self, document: LocatedDocument, limits: Limits) -> None:
        super().__init__(document)
        self._limits = limits
        self._said: set[tuple[YamlPath, str]] = set()

    def problem(self, path: YamlPath, message: str, *, accepted: abc.Sequence[str] = ()) -> None:
        """As any reader's; what holds for all kinds is read for each of them, and complained about once."""
        if (path, message) not in self._said:
            self._said.add((path, message))
            super().problem(path, message, accepted=accepted)

    def kind(self, kind: TicketKind, general: abc.Mapping[str, object], own: object) -> KindMapping:
        """What holds for one kind: what stands for all, under what stands for it alone."""
        at: YamlPath = ("kinds", kind.value)
        special = self.mapping(at, own, allowed=tuple(name for name in self._limits.sections if name != "users"))
        rules: dict[str, FieldRule] = {}
        written: dict[TicketState, str] = {}
        read: dict[str, TicketState] = {}
        levels: dict[str, abc.Mapping[str, str]] = {}
        for path, table in (((), general), (at, special)):
            rules |= self._fields((*path, "fields"), table.get("fields") or {}, kind)
            states = self.mapping((*path, "states"), table.get("states") or {}, allowed=("out", "in"))
            written |= self._written((*path, "states", "out"), states.get("out") or {}, kind)
            read |= self._read((*path, "states", "in"), states.get("in") or {}, kind)
            levels |= self._priorities((*path, "priorities"), table.get("priorities") or {}, kind)
        return KindMapping(tuple(rules.values()), written, read, levels)

    def users(self, path: YamlPath, value: object) -> Users:
        """Who our people are there."""
        table = self.mapping(path, value, allowed=USER_KEYS)
        people = self._texts((*path, "people"), table.get("people") or {})
        for email in people:
            if "@" not in email:
                self.problem((*path, "people", email), f"'{email}' is no e-mail address.")
        by = self.text((*path, "by"), table["by"]) if table.get("by") is not None else ""
        accepted = self._limits.people_by
        if by and accepted is not None and by not in accepted:
            self.problem((*path, "by"), self._limits.why_people, accepted=accepted)
        if table.get("value") is not None and not by:
            self.problem((*path, "value"), "This says what the attribute 'by' must be: give 'by' too.")
        template = self._template((*path, "value"), table["value"]) if table.get("value") is not None else None
        default = self.text((*path, "default"), table["default"]) if table.get("default") is not None else ""
        return Users({email.casefold(): user for email, user in people.items()}, by, template, default)

    def _fields(self, path: YamlPath, value: object, kind: TicketKind) -> dict[str, FieldRule]:
        found = {}
        for target, given in self.mapping(path, value).items():
            at = (*path, target)
            self._refuse_reserved(at, target, kind)
            found[target] = self._field(at, target, given)
            self._refuse_undeclared(at, found[target])
        return found

    def _field(self, path: YamlPath, target: str, given: object) -> FieldRule:
        if not isinstance(given, dict):
            return FieldRule(target, self._template(path, given))
        table = self.mapping(path, given, allowed=FIELD_KEYS)
        direction = Direction(self._chosen((*path, "direction"), table.get("direction", "out"), tuple(Direction)))
        rule = FieldRule(
            target=target,
            expression=self._expression(path, table),
            direction=direction,
            owner=Owner(self._chosen((*path, "owner"), table.get("owner", "ours"), tuple(Owner))),
            fact=self._fact((*path, "fact"), table.get("fact")),
            values=self._texts((*path, "values"), table.get("values") or {}),
        )
        if rule.fact in TIME_FACTS:
            self._planned(path, table, rule)
        elif rule.fact == SEVERITY_FACT:
            self._severe(path, table, rule)
        elif rule.is_written and not {"value", "cel"} & set(table):
            self.problem(path, f"A field of direction '{direction}' needs its value.", accepted=("value", "cel"))
        if rule.is_read and not rule.fact:
            self.problem(
                path,
                f"A field of direction '{direction}' names the fact that it feeds, as 'fact'.",
                accepted=PLAIN_FACTS,
            )
        if not rule.is_read and table.get("fact") is not None:
            self.problem(
                (*path, "fact"), "Nothing comes from this field.", accepted=("direction: in", "direction: both")
            )
        if rule.is_read and len(set(rule.values.values())) < len(rule.values):
            self.problem((*path, "values"), "Two values of ours are one there, so it could not be read back.")
        return rule

    def _severe(self, path: YamlPath, table: abc.Mapping[str, object], rule: FieldRule) -> None:
        """What a severity needs: it travels both ways, in the words of the connector."""
        if rule.direction is not Direction.BOTH:
            self.problem(path, f"'{rule.fact}' travels both ways.", accepted=("direction: both",))
        if given := sorted({"value", "cel", "values"} & set(table)):
            self.problem((*path, given[0]), f"What it holds is said by '{rule.fact}'.")

    def _planned(self, path: YamlPath, table: abc.Mapping[str, object], rule: FieldRule) -> None:
        """What a change's time needs: it is ours on both sides, and no words stand for it."""
        if rule.direction is not Direction.BOTH or rule.owner is not Owner.OURS:
            message = f"'{rule.fact}' travels both ways, and is ours in doubt: the change's rules decide."
            self.problem(path, message, accepted=("direction: both, owner: ours",))
        if given := sorted({"value", "cel", "values"} & set(table)):
            self.problem((*path, given[0]), f"What it holds is said by '{rule.fact}'.")

    def _expression(self, path: YamlPath, table: abc.Mapping[str, object]) -> Expression | None:
        given = [name for name in ("value", "cel") if table.get(name) is not None]
        if len(given) > 1:
            self.problem(path, "Give either 'value' (a template) or 'cel' (an expression), not both.")
        if "cel" not in given:
            return self._template((*path, "value"), table["value"]) if given else None
        text = self.text((*path, "cel"), table["cel"])
        try:
            return compile_expression(text, FACTS, open_to=OPEN_SUBJECTS)
        except InvalidInput as exc:
            self.problem((*path, "cel"), exc.message, accepted=exc.accepted)
            return None

    def _template(self, path: YamlPath, value: object) -> Template:
        if not isinstance(value, str | int | float | bool):
            self.problem(path, "Here stands a text, with placeholders like {request.reference} where they are wanted.")
            return Template(())
        try:
            found = parse(value if isinstance(value, str) else _plain(value))
        except TemplateError as exc:
            self.problem(path, str(exc), accepted=PLACEHOLDERS)
            return Template(())
        for name in found.names:
            if name not in PLACEHOLDERS and not _RESOURCE_FACT.match(name):
                self.choice(path, name, PLACEHOLDERS)
        return found

    def _fact(self, path: YamlPath, value: object) -> str:
        if value is None:
            return ""
        text = self.text(path, value)
        if text not in ("justification", *TIME_FACTS, SEVERITY_FACT) and not _RESOURCE_FACT.match(text):
            self.problem(path, f"'{text}' is no fact that may be fed from outside.", accepted=PLAIN_FACTS)
        return text

    def _written(self, path: YamlPath, value: object, kind: TicketKind) -> dict[TicketState, str]:
        found = {}
        for state, given in self._texts(path, value).items():
            at = (*path, state)
            if kind in self._limits.fixed:
                self.problem(at, f"This cannot be mapped for {kind.value}: {self._limits.fixed[kind]}")
            elif self.choice(at, state, _STATES) in _STATES:
                found[TicketState(state)] = given
        return found

    def _read(self, path: YamlPath, value: object, kind: TicketKind) -> dict[str, TicketState]:
        found = {}
        for theirs, given in self._texts(path, value).items():
            at = (*path, theirs)
            if theirs in self._limits.fixed_read.get(kind, ()):
                self.problem(at, f"What '{theirs}' means is fixed by the system for {kind.value}.")
            elif self.choice(at, given, _STATES) in _STATES:
                found[theirs] = TicketState(given)
        return found

    def _priorities(self, path: YamlPath, value: object, kind: TicketKind) -> dict[str, abc.Mapping[str, str]]:
        found: dict[str, abc.Mapping[str, str]] = {}
        for level, given in self.mapping(path, value, allowed=LEVELS).items():
            at = (*path, level)
            fields = self._texts(at, given)
            for target in fields:
                self._refuse_reserved((*at, target), target, kind)
            found[level] = fields
        return found

    def _refuse_reserved(self, path: YamlPath, target: str, kind: TicketKind) -> None:
        if why := self._limits.reserved_for(kind).get(target):
            self.problem(path, f"'{target}' cannot be mapped for {kind.value}. {why.mapped}")

    def _refuse_undeclared(self, path: YamlPath, rule: FieldRule) -> None:
        declared = self._limits.declared
        if declared is None:
            return
        if rule.target not in declared:
            guess = did_you_mean(rule.target, tuple(declared))
            known = tuple(declared) or ("none: declare some under 'fields' of its file",)
            self.problem(path, f"The system's file declares no field '{rule.target}'.{guess}", accepted=known)
        elif rule.is_written and self._limits.cannot_write:
            self.problem(path, self._limits.cannot_write, accepted=("direction: in", "direction: none"))
        elif rule.is_written and (why := declared[rule.target]) is not None:
            self.problem(path, f"'{rule.target}' cannot be written. {why.mapped}", accepted=("direction: in",))

    def _texts(self, path: YamlPath, value: object) -> dict[str, str]:
        found = {}
        for name, given in self.mapping(path, value).items():
            number = isinstance(given, int | float) and not isinstance(given, bool)
            found[name] = str(given) if number else self.text((*path, name), given)
        return found

    def _chosen(self, path: YamlPath, value: object, accepted: abc.Sequence[str]) -> str:
        """One of the accepted texts; the first of them where something else is given."""
        text = self.choice(path, value, accepted)
        return text if text in accepted else accepted[0]


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
