"""Values of fields: what callers may send, what is kept of it, and how it is shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from sandbox.remedy import errors
from sandbox.remedy.errors import Refused
from sandbox.remedy.schema import Field, Form, Kind
from sandbox.remedy.store import Entry

_AMERICAN: Final = ("%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y")
EPOCH_MAX: Final = 4_102_444_800  # the year 2100


def read(form: Form, field: Field, value: Any) -> Any:
    """What is kept of this value; None when it is emptied. Raises Refused."""
    if value is None or value == "":
        return None
    place = f"{form.name} : <{field.name}>"
    match field.kind:
        case Kind.CHAR:
            if not isinstance(value, str | int | float) or isinstance(value, bool):
                raise Refused(errors.OUT_OF_LIMITS, place)
            text = str(value)
            if field.max_length and len(text) > field.max_length:
                raise Refused(errors.TOO_LONG, f"{place} (Maximum length is {field.max_length})")
            return text
        case Kind.ENUM:
            number = selection(field, value)
            if number is None:
                raise Refused(errors.OUT_OF_LIMITS, f"{place} : {value}")
            return number
        case Kind.TIME:
            seconds = epoch(value)
            if seconds is None:
                raise Refused(errors.OUT_OF_LIMITS, f"{place} : {value}")
            return seconds
        case Kind.INTEGER:
            if isinstance(value, bool) or not str(value).lstrip("-").isdecimal():
                raise Refused(errors.OUT_OF_LIMITS, f"{place} : {value}")
            return int(value)
        case Kind.ATTACHMENT:
            if not isinstance(value, dict) or "data" not in value:
                raise Refused(errors.OUT_OF_LIMITS, f"{place} : the file must come as a part of the request")
            return value


def selection(field: Field, value: Any) -> int | None:
    """The number of a selection, given by label or number; None for what is not on offer."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if value in field.options else None
    wanted = str(value)
    for number, label in field.options.items():
        if label == wanted:
            return number
    return int(wanted) if wanted.isdecimal() and int(wanted) in field.options else None


def epoch(value: Any) -> int | None:
    """Epoch seconds of a time as callers write it: seconds, ISO 8601, or the server's American form (UTC)."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if 0 <= value <= EPOCH_MAX else None
    text = str(value).strip()
    if text.isdecimal() and len(text) <= 10:
        return int(text)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return _american(text)
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())


def _american(text: str) -> int | None:
    for form in _AMERICAN:
        try:
            return int(datetime.strptime(text, form).replace(tzinfo=UTC).timestamp())
        except ValueError:
            continue
    return None


def shown(field: Field, value: Any) -> Any:
    """The value as the wire and people's pages have it."""
    if value is None:
        return None
    match field.kind:
        case Kind.ENUM:
            return field.options.get(value, value)
        case Kind.TIME:
            return stamp(value)
        case Kind.ATTACHMENT:
            return {"name": value["name"], "sizeBytes": value["sizeBytes"]}
        case _:
            return value


def stamp(seconds: float) -> str:
    """A time as the server writes it: without a colon in the offset."""
    at = datetime.fromtimestamp(seconds, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.000+0000"


def entry_id(form: Form, entry: Entry) -> str:
    """The id under which the form shows the entry."""
    return f"{entry.id}|{entry.id}" if form.joined else entry.id


def values_of(form: Form, entry: Entry, names: tuple[str, ...] | None, *, base_url: str) -> dict[str, Any]:
    """The fields asked for (all that are stored, when none are), as the wire has them."""
    every = [one.name for one in form.fields.values() if not one.on_display_only]
    found: dict[str, Any] = {}
    for name in names if names is not None else every:
        field = form.find(name)
        assert field is not None  # the door has checked the names
        if field.id == 1:
            found[name] = entry_id(form, entry)
        elif field.on_display_only:
            found[name] = None
        else:
            found[name] = shown(field, entry[field.name])
            if field.kind is Kind.ATTACHMENT and found[name]:
                found[name]["href"] = f"{href(form, entry, base_url)}/attach/{quote(field.name)}"
    if names is None and entry.statuses:
        found["Status-History"] = entry.statuses
    return found


def href(form: Form, entry: Entry, base_url: str) -> str:
    """The address of the entry on this form."""
    return f"{base_url}/api/arsys/v1/entry/{quote(form.name, safe='')}/{quote(entry_id(form, entry), safe='')}"
