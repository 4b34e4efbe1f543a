"""Values of fields: what callers may send, what is kept of it, and the words that people read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from sandbox.jira import adf
from sandbox.jira.catalogue import PRIORITIES, RESOLUTIONS, Field, Kind, Project, by_name
from sandbox.jira.store import Store, stamp

SUMMARY_MAX: Final = 255  # characters
LABEL_MAX: Final = 255
STRING_MAX: Final = 255
OPTIONS_MAX: Final = 1000  # values of one field
NOT_A_DOCUMENT: Final = "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
NOT_A_STRING: Final = "Operation value must be a string"


@dataclass(frozen=True, slots=True)
class Dialect:
    """Which product answers, and in which version of its interface."""

    cloud: bool
    version: int

    @property
    def documents(self) -> bool:
        """Whether rich text travels as documents."""
        return self.version == 3


class BadValue(Exception):
    """The field does not take this value; the message is the vendor's."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads what was sent to one project."""

    store: Store
    project: Project
    dialect: Dialect

    def read(self, field: Field, value: Any) -> Any:
        """What is kept of this value; None when the field is emptied. Raises BadValue."""
        if value is None:
            return [] if field.kind in _LISTS else None
        match field.kind:
            case Kind.STRING:
                return self._string(field, value)
            case Kind.TEXT:
                return rich_text(value, self.dialect)
            case Kind.NUMBER:
                if isinstance(value, bool) or not isinstance(value, int | float):
                    raise BadValue("Operation value must be a number")
                return float(value)
            case Kind.DATE:
                return _date(value)
            case Kind.DATETIME:
                return _datetime(value)
            case Kind.URL:
                return _url(value)
            case Kind.USER:
                return self.user(field, value)
            case Kind.USERS | Kind.OPTIONS | Kind.COMPONENTS | Kind.LABELS:
                return self._many(field, value)
            case Kind.OPTION | Kind.PRIORITY | Kind.RESOLUTION:
                return self._one_of(field, value)

    def user(self, field: Field, value: Any) -> str | None:
        """The account id of the person meant; None for nobody. Raises BadValue."""
        name = "accountId" if self.dialect.cloud else "name"
        if not isinstance(value, dict):
            raise BadValue("data was not an object")
        given = value.get(name, value.get("id") if self.dialect.cloud else value.get("key"))
        if given is None and name in value:
            return None
        if given == "-1":  # automatic: this site assigns nobody
            return None
        if not isinstance(given, str) or not given:
            raise BadValue(f"Specify a valid value for {field.id}" if self.dialect.cloud else "expected 'name'")
        known = given if given in self.store.people else None
        found = known if self.dialect.cloud else self._named(given)
        if found is None:
            words = f"Specify a valid value for {field.id}" if self.dialect.cloud else f"User '{given}' does not exist."
            raise BadValue(words)
        return found

    def _named(self, name: str) -> str | None:
        person = next((one for one in self.store.people.values() if one.name.casefold() == name.casefold()), None)
        return person.account_id if person else None

    def _string(self, field: Field, value: Any) -> str:
        if not isinstance(value, str):
            raise BadValue(NOT_A_STRING)
        if field.id == "summary":
            if "\n" in value or "\r" in value:
                raise BadValue("The summary is invalid because it contains newline characters.")
            if len(value) > SUMMARY_MAX:
                raise BadValue("Summary must be less than 255 characters.")
            return value.strip()
        if len(value) > STRING_MAX:
            raise BadValue("The entered text is too long. It exceeds the allowed limit of 255 characters.")
        return value

    def _many(self, field: Field, value: Any) -> list[Any]:
        if not isinstance(value, list) or len(value) > OPTIONS_MAX:
            raise BadValue("data was not an array")
        return list(dict.fromkeys(self.one(field, one) for one in value))

    def one(self, field: Field, value: Any) -> Any:
        """One element of a field that holds several. Raises BadValue."""
        match field.kind:
            case Kind.LABELS:
                return _label(value)
            case Kind.USERS:
                return self.user(field, value)
            case _:
                return self._one_of(field, value)

    def _one_of(self, field: Field, value: Any) -> str:
        choices = choices_of(field, self.project)
        if not isinstance(value, dict):
            raise BadValue(f"Specify a valid value for {field.id}" if self.dialect.cloud else "data was not an object")
        word = "value" if field.custom_id else "name"
        if (id_ := value.get("id")) is not None:
            if str(id_) not in choices:
                raise BadValue(f"Option id '{id_}' is not valid")
            return str(id_)
        found = by_name(choices, str(value.get(word, "")))
        if found is None:
            label = field.name if field.custom_id is None else "Option"
            raise BadValue(f"{label} {word} '{value.get(word, '')}' is not valid")
        return found


_LISTS: Final = frozenset({Kind.USERS, Kind.OPTIONS, Kind.COMPONENTS, Kind.LABELS})


def is_list(field: Field) -> bool:
    """Whether the field holds several values."""
    return field.kind in _LISTS


def choices_of(field: Field, project: Project) -> Mapping[str, str]:
    """The values to choose from, by id."""
    match field.kind:
        case Kind.PRIORITY:
            return PRIORITIES
        case Kind.RESOLUTION:
            return RESOLUTIONS
        case Kind.COMPONENTS:
            return project.components
        case _:
            return field.options


def rich_text(value: Any, dialect: Dialect) -> str | dict[str, Any]:
    """The text as it is kept: a checked document on v3, a string on v2. Raises BadValue."""
    if dialect.documents:
        if not isinstance(value, dict):
            raise BadValue(NOT_A_DOCUMENT)
        if wrong := adf.flaw(value):
            raise BadValue(f"{NOT_A_DOCUMENT}: {wrong}")
        length = len(adf.plain(value))
    elif not isinstance(value, str):
        raise BadValue(NOT_A_STRING)
    else:
        length = len(value)
    if length > adf.LIMIT_CHARS:
        raise BadValue(f"The entered text is too long. It exceeds the allowed limit of {adf.LIMIT_CHARS:,} characters.")
    return value  # type: ignore[no-any-return] # a str or dict, as checked above


def words(field: Field, value: Any, store: Store, project: Project) -> str:
    """The value as the history and people's pages show it."""
    if value in (None, [], ""):
        return ""
    match field.kind:
        case Kind.TEXT:
            return adf.plain(value)
        case Kind.USER:
            return _shown_name(store, value)
        case Kind.USERS:
            return ", ".join(_shown_name(store, one) for one in value)
        case Kind.LABELS:
            return " ".join(value)
        case Kind.OPTIONS | Kind.COMPONENTS:
            choices = choices_of(field, project)
            return ", ".join(choices.get(one, one) for one in value)
        case Kind.OPTION | Kind.PRIORITY | Kind.RESOLUTION:
            return choices_of(field, project).get(value, str(value))
        case Kind.NUMBER:
            return f"{value:g}"
        case _:
            return str(value)


def _shown_name(store: Store, account_id: str) -> str:
    person = store.people.get(account_id)
    return person.display_name if person else account_id


def _label(value: Any) -> str:
    if not isinstance(value, str):
        raise BadValue("string expected at index 0")
    if any(char.isspace() for char in value):
        raise BadValue(f"The label '{value}' contains spaces which is invalid.")
    if not value or len(value) > LABEL_MAX:
        raise BadValue(f"The label '{value}' exceeds the maximum length for a label, which is {LABEL_MAX}.")
    return value


def _date(value: Any) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError) as exc:
        raise BadValue("Error parsing date string: use yyyy-MM-dd") from exc


def _datetime(value: Any) -> str:
    try:
        parsed = datetime.fromisoformat(value)
    except (TypeError, ValueError) as exc:
        raise BadValue(f"Error parsing time: {value}") from exc
    return stamp(parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC))


def _url(value: Any) -> str:
    if not isinstance(value, str):
        raise BadValue(NOT_A_STRING)
    parts = urlsplit(value)
    if not parts.scheme or not parts.netloc or len(value) > STRING_MAX:
        raise BadValue("The URL is not valid. It must contain a protocol such as http or https.")
    return value
