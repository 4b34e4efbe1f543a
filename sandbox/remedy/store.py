"""The entries of the server, their history, and what survives a restart. Knows forms, no business rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from sandbox.remedy.schema import FORMS, Form

FIRST_ID: Final = 101


@dataclass(slots=True)
class Change:
    """One write: who, when (epoch milliseconds), what, and each field before and after, in stored form."""

    operation: str
    at: int
    by: str
    fields: dict[str, tuple[Any, Any]]


@dataclass(slots=True)
class Entry:
    """One entry of a base form; `values` by field name: texts, numbers of selections, epoch seconds, files."""

    form: str
    id: str
    values: dict[str, Any]
    history: list[Change] = field(default_factory=list)
    statuses: dict[str, dict[str, Any]] = field(default_factory=dict)  # status history: label -> user, timestamp
    visible_from: float = 0.0  # seconds; a target of a staging form may appear a little later

    def __getitem__(self, name: str) -> Any:
        return self.values.get(name)


class Store:
    """All entries by base form, in order of creation."""

    def __init__(self) -> None:
        self._entries: dict[str, dict[str, Entry]] = {one.name: {} for one in FORMS.values() if one.base == one.name}
        self._numbers: dict[str, int] = {}

    def entries(self, form: str) -> dict[str, Entry]:
        """The entries of a base form by id."""
        return self._entries[form]

    def find_by(self, form: str, name: str, value: Any) -> Entry | None:
        """The oldest entry with exactly this value."""
        return next((one for one in self._entries[form].values() if one[name] == value), None)

    def where(self, form: str, **wanted: Any) -> list[Entry]:
        """The entries with exactly these values; underscores in the names stand for spaces."""
        names = {name.replace("_", " "): value for name, value in wanted.items()}
        return [one for one in self._entries[form].values() if all(one[name] == v for name, v in names.items())]

    def add(self, entry: Entry) -> None:
        """The entry is held."""
        self._entries[entry.form][entry.id] = entry

    def remove(self, entry: Entry) -> None:
        """The entry is gone."""
        del self._entries[entry.form][entry.id]

    def next_id(self, form: Form) -> str:
        """A request id of this form: fifteen characters, with the form's prefix."""
        return self.next_number(form.prefix or form.name, form.prefix, first=FIRST_ID)

    def next_number(self, counter: str, prefix: str, *, first: int) -> str:
        """The next number of this counter, filled up with zeros to fifteen characters."""
        number = self._numbers.get(counter, first - 1) + 1
        self._numbers[counter] = number
        return f"{prefix}{number:0{15 - len(prefix)}d}"

    def snapshot(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return {
            "numbers": dict(self._numbers),
            "entries": [asdict(one) for entries in self._entries.values() for one in entries.values()],
        }

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """The store is as it was when the snapshot was taken."""
        self._numbers = dict(snapshot["numbers"])
        for entries in self._entries.values():
            entries.clear()
        for saved in snapshot["entries"]:
            history = [
                Change(one["operation"], one["at"], one["by"], {n: (v[0], v[1]) for n, v in one["fields"].items()})
                for one in saved["history"]
            ]
            self.add(Entry(**{**saved, "history": history}))


def now() -> datetime:
    """The present instant; a simulated vendor has its own clock."""
    return datetime.now(UTC)
