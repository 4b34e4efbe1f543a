"""Asking JQL of the issues: which fields can be asked how, what their values are, what order they come in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, assert_never
from zoneinfo import ZoneInfo

from sandbox.jira import adf, jql
from sandbox.jira.catalogue import (
    FIELDS,
    PRIORITIES,
    PROJECTS,
    RESOLUTIONS,
    STATUS_NAMES,
    STATUSES,
    TYPE_NAMES,
    Field,
    Kind,
)
from sandbox.jira.jql import BadQuery, Clause, Function, Node, Operand
from sandbox.jira.operands import (
    PERIOD,
    category,
    field_named,
    id_reader,
    is_unresolved,
    key_parts,
    minutes,
    name_reader,
    number_reader,
    project_key,
    property_values,
    ranks,
    reader,
    several,
    single,
    text_matches,
)
from sandbox.jira.site import Site
from sandbox.jira.store import Issue, Person, instant

NO_FIELD: Final = "Field '{}' does not exist or you do not have permission to view it."
_ALIASES: Final = {
    "issuekey": "key", "issue": "key", "id": "key", "type": "issuetype", "createddate": "created",
    "updateddate": "updated", "resolved": "resolutiondate", "resolutiondate": "resolutiondate", "due": "duedate",
    "component": "components", "labels": "labels", "label": "labels", "comments": "comment", "created": "created",
}  # fmt: skip
_EQUALS: Final = frozenset({"=", "!=", "in", "not in"})
_EMPTY: Final = frozenset({"is", "is not"})
_ORDER: Final = frozenset({"<", "<=", ">", ">="})
_MATCHES: Final = frozenset({"~", "!~"})
_ABSOLUTE: Final = ("%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M", "%Y/%m/%d", "%Y-%m-%d")
_PROPERTY: Final = re.compile(r"issue\.property\[([^\]]+)\]\.?(.*)\Z", re.IGNORECASE)
_TIMES: Final = frozenset({"created", "updated", "resolutiondate", "statuscategorychangeddate"})


@dataclass(frozen=True, slots=True)
class Column:
    """One thing that can be asked about. `values` gives an issue's values, `read` turns an operand into one of them."""

    name: str
    operators: frozenset[str]
    values: Callable[[Issue], list[Any]]
    read: Callable[[str], Any] = str.casefold
    text: bool = False


@dataclass(slots=True)
class Search:
    """Answers queries of one person. `indexed` are the entity properties that an app declared an index for."""

    site: Site
    person: Person
    indexed: frozenset[str] = frozenset()
    is_strict: bool = True  # unknown values are errors; without validation they only match nothing
    warnings: list[str] = field(default_factory=list)

    def run(self, query: jql.Query, issues: Iterable[Issue]) -> list[Issue]:
        """The issues meant, in the order asked for; newest first without one. Raises BadQuery."""
        holds = self._test(query.where) if query.where is not None else _always
        found = [one for one in issues if holds(one)]
        found.sort(key=lambda one: int(one.id), reverse=True)
        for sort in reversed(query.order):
            key = self._sort_key(sort.field)
            filled = [one for one in found if key(one) is not None]
            filled.sort(key=key, reverse=sort.descending)
            empty = [one for one in found if key(one) is None]
            found = [*filled, *empty]
        return found

    def _test(self, node: Node) -> Callable[[Issue], bool]:
        match node:
            case Clause():
                return self._clause(node)
            case jql.Not(part):
                return self._test(jql.negated(part))
            case jql.All(parts):
                every = [self._test(part) for part in parts]
                return lambda issue: all(test(issue) for test in every)
            case jql.Any(parts):
                some = [self._test(part) for part in parts]
                return lambda issue: any(test(issue) for test in some)
            case _:
                assert_never(node)

    def _clause(self, clause: Clause) -> Callable[[Issue], bool]:
        column = self._column(clause.field)
        if column.name == "resolution" and is_unresolved(clause.operands):
            clause = Clause(clause.field, "is" if clause.operator == "=" else "is not")
        if clause.operator not in column.operators:
            raise BadQuery(f"The operator '{clause.operator}' is not supported by the '{clause.field}' field.")
        values = column.values
        if clause.operator in _EMPTY:
            wants_empty = clause.operator == "is"
            return lambda issue: (not values(issue)) is wants_empty
        wanted = [self._operand(column, one) for one in clause.operands]
        wanted = [one for one in wanted if one is not None]
        match clause.operator:
            case "=" | "in":
                return lambda issue: any(one in wanted for one in values(issue))
            case "!=" | "not in":  # an empty field is neither equal nor unequal
                return lambda issue: bool(values(issue)) and not any(one in wanted for one in values(issue))
            case "~":
                return lambda issue: bool(wanted) and any(text_matches(one, wanted[0]) for one in values(issue))
            case "!~":
                return lambda issue: (
                    bool(values(issue)) and not any(text_matches(one, wanted[0]) for one in values(issue))
                )
            case _:
                return _ordered(clause.operator, values, wanted)

    def _operand(self, column: Column, operand: Operand) -> Any:
        text = self._call(operand) if isinstance(operand, Function) else operand
        try:
            return column.read(text)
        except LookupError as exc:
            sentence = str(exc.args[0])
            if self.is_strict:
                raise BadQuery(sentence) from exc
            self.warnings.append(sentence)
            return None

    def _call(self, function: Function) -> str:
        now = self.site.clock().astimezone(self._zone)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        shift = minutes(function.arguments[0]) if function.arguments else 0
        moved = timedelta(minutes=shift)
        match function.name.lower():
            case "currentuser":
                return self.person.account_id
            case "now":
                return now.isoformat()
            case "startofday":
                return (midnight + moved).isoformat()
            case "endofday":
                return (midnight + timedelta(days=1, seconds=-1) + moved).isoformat()
            case "startofweek":
                return (midnight - timedelta(days=(midnight.weekday() + 1) % 7) + moved).isoformat()
            case "startofmonth":
                return (midnight.replace(day=1) + moved).isoformat()
            case _:
                raise BadQuery(f"Unable to find JQL function '{function.name}({', '.join(function.arguments)})'.")

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.person.time_zone)

    def _sort_key(self, name: str) -> Callable[[Issue], Any]:
        column = self._column(name)
        if column.name == "key":
            return lambda issue: (issue.project, int(issue.key.rpartition("-")[2]))
        if column.text:
            return lambda issue: next((one.casefold() for one in column.values(issue)), None)
        return lambda issue: next(iter(column.values(issue)), None)

    def _column(self, name: str) -> Column:
        if property_path := _PROPERTY.match(name):
            return self._property(name, property_path[1], property_path[2])
        plain = _ALIASES.get(name.casefold(), name.casefold())
        if system := self._system(plain):
            return system
        if held := field_named(name):
            return self._of_field(held)
        raise BadQuery(NO_FIELD.format(name))

    def _system(self, name: str) -> Column | None:
        choice = _EQUALS | _EMPTY
        match name:
            case "project":
                return Column(name, choice, lambda i: [i.project], reader(name, project_key))
            case "key":
                return Column(name, choice | _ORDER, lambda i: [key_parts(i.key)], self._read_key)
            case "parent":
                known = self.site.store.issues
                return Column(name, choice, lambda i: [key_parts(known[one].key) for one in single(i.parent)],
                              self._read_key)  # fmt: skip
            case "issuetype":
                return Column(name, choice, lambda i: [i.type], reader(name, id_reader(TYPE_NAMES)))
            case "status":
                return Column(name, choice, lambda i: [STATUS_NAMES[i.status].casefold()],
                              reader(name, name_reader(STATUS_NAMES)))  # fmt: skip
            case "statuscategory":
                return Column(name, choice, lambda i: [STATUSES[i.status].category], reader(name, category))
            case "created" | "updated":
                return self._time(name, lambda i: i.created if name == "created" else i.updated)
            case "resolutiondate":
                return self._time(name, lambda i: i.resolved)
            case "statuscategorychangeddate":
                return self._time(name, lambda i: i.status_changed)
            case "creator":
                return Column(name, choice, lambda i: [i.creator], self._read_person)
            case "comment":
                return Column(name, _MATCHES, lambda i: [adf.plain(one.body) for one in i.comments], str, text=True)
            case "text":
                return Column(name, _MATCHES, self._texts, str, text=True)
            case _:
                return None

    def _of_field(self, held: Field) -> Column:
        name, choice = held.id, _EQUALS | _EMPTY
        match held.kind:
            case Kind.STRING | Kind.TEXT:
                return Column(name, _MATCHES | _EMPTY, lambda i: single(adf.plain(i.values.get(name))), str, text=True)
            case Kind.URL:
                return Column(name, choice, lambda i: single(i.values.get(name)), str)
            case Kind.NUMBER:
                return Column(name, choice | _ORDER, lambda i: single(i.values.get(name)), number_reader(held.name))
            case Kind.LABELS:
                return Column(name, choice, lambda i: [one.casefold() for one in i.values.get(name) or ()])
            case Kind.USER | Kind.USERS:
                return Column(name, choice, lambda i: several(i.values.get(name)), self._read_person)
            case Kind.DATE | Kind.DATETIME:
                return self._time(name, lambda i: i.values.get(name))
            case Kind.PRIORITY:
                return Column(name, choice | _ORDER, lambda i: ranks(i.values.get(name)),
                              reader(name, lambda text: -int(id_reader(PRIORITIES)(text))))  # fmt: skip
            case Kind.RESOLUTION:
                return Column(name, choice, lambda i: several(i.values.get(name)),
                              reader(name, id_reader(RESOLUTIONS)))  # fmt: skip
            case Kind.COMPONENTS:
                every = {id_: text for one in PROJECTS.values() for id_, text in one.components.items()}
                return Column(name, choice, lambda i: several(i.values.get(name)), reader(name, id_reader(every)))
            case Kind.OPTION | Kind.OPTIONS:
                return Column(name, choice, lambda i: several(i.values.get(name)),
                              reader(held.name, id_reader(held.options)))  # fmt: skip
            case _:
                assert_never(held.kind)

    def _property(self, name: str, key: str, path: str) -> Column:
        if key not in self.indexed:  # as on a site where no app has declared an index
            raise BadQuery(NO_FIELD.format(name))
        return Column(name, _EQUALS | _EMPTY | _ORDER, lambda i: property_values(i.properties.get(key), path))

    def _time(self, name: str, value: Callable[[Issue], str | None]) -> Column:
        def values(issue: Issue) -> list[Any]:
            held = value(issue)
            if not held:
                return []
            return [instant(held) if "T" in held else datetime.fromisoformat(held).replace(tzinfo=self._zone)]

        return Column(name, _EQUALS | _EMPTY | _ORDER, values, lambda text: self._read_time(name, text))

    def _read_time(self, name: str, text: str) -> datetime:
        if PERIOD.match(text):
            return self.site.clock() + timedelta(minutes=minutes(text))
        for form in _ABSOLUTE:  # minutes are the finest that people can write
            try:
                return datetime.strptime(text, form).replace(tzinfo=self._zone)
            except ValueError:
                continue
        try:
            at = datetime.fromisoformat(text)  # what a function gave
            return at if at.tzinfo else at.replace(tzinfo=self._zone)
        except ValueError:
            raise LookupError(
                f"Date value '{text}' for field '{name}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', "
                "'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
            ) from None

    def _read_key(self, text: str) -> tuple[str, int]:
        issue = self.site.store.issue(text)
        if issue is None:
            raise LookupError(f"An issue with key '{text}' does not exist for field 'key'.")
        return key_parts(issue.key)

    def _read_person(self, text: str) -> str:
        person = self.site.store.person_by(text)
        if person is None:
            raise LookupError(f"The value '{text}' does not exist for the field 'user'.")
        return person.account_id

    def _texts(self, issue: Issue) -> list[str]:
        fields = [
            adf.plain(issue.values.get(one.id)) for one in FIELDS.values() if one.kind in {Kind.STRING, Kind.TEXT}
        ]
        return [*fields, *(adf.plain(one.body) for one in issue.comments)]


def _always(_issue: Issue) -> bool:
    return True


def _ordered(operator: str, values: Callable[[Issue], list[Any]], wanted: list[Any]) -> Callable[[Issue], bool]:
    def holds(issue: Issue) -> bool:
        for value in values(issue):
            for bound in wanted:
                if not isinstance(value, type(bound)):
                    continue
                smaller, equal = value < bound, value == bound
                if {"<": smaller, "<=": smaller or equal, ">": not smaller and not equal, ">=": not smaller}[operator]:
                    return True
        return False

    return holds
