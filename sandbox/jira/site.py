"""The site: what every write has in common. The history is kept, and whoever listens is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.jira.catalogue import FIELDS, PROJECTS, Project
from sandbox.jira.store import Change, Comment, Issue, Person, Store, now, stamp
from sandbox.jira.values import words


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, in the vendor's words; `kind` refines an update."""

    name: str
    issue: Issue
    by: Person
    kind: str = ""
    change: Change | None = None
    comment: Comment | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Site:
    """Records with their history. `listeners` are told of every event after it happened."""

    store: Store = field(default_factory=Store)
    clock: Callable[[], datetime] = now
    listeners: list[Callable[[Event], None]] = field(default_factory=list)

    def stamp(self) -> str:
        """The present instant as it is kept."""
        return stamp(self.clock())

    def project_of(self, issue: Issue) -> Project:
        """The project that the issue belongs to."""
        return PROJECTS[issue.project]

    def touch(self, issue: Issue) -> None:
        """The issue counts as updated now; never earlier than it was before."""
        issue.updated = max(self.stamp(), issue.updated)

    def keep(self, issue: Issue, items: list[dict[str, Any]], by: Person) -> Change | None:
        """The history has these items; None when there are none."""
        if not items:
            return None
        self.touch(issue)
        change = Change(self.store.next_id("change"), issue.updated, by.account_id, items)
        issue.history.append(change)
        return change

    def set_values(self, issue: Issue, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The issue has these values; the changelog items of those that differ."""
        items = []
        for name, new in values.items():
            old = issue.values.get(name)
            if _filled(old) == _filled(new):
                continue
            issue.values[name] = new
            items.append(self._item(issue, name, old, new))
        return items

    def set_status(self, issue: Issue, status: str) -> None:
        """The issue is in this status from now on."""
        issue.status = status
        issue.status_changed = self.stamp()

    def tell(self, event: Event) -> None:
        """Every listener knows."""
        for listener in self.listeners:
            listener(event)

    def _item(self, issue: Issue, name: str, old: Any, new: Any) -> dict[str, Any]:
        one, project = FIELDS[name], self.project_of(issue)
        shown = tuple(words(one, value, self.store, project) for value in (old, new))
        bare = tuple(_bare(value) for value in (old, new))
        custom = one.custom_id is not None
        return {
            "field": one.name if custom else name,
            "fieldtype": "custom" if custom else "jira",
            "fieldId": name,
            "from": bare[0],
            "fromString": shown[0] or None,
            "to": bare[1],
            "toString": shown[1] or ("" if name == "labels" else None),
        }


def status_item(old: tuple[str, str], new: tuple[str, str]) -> dict[str, Any]:
    """The changelog item of a move; each side is id and name."""
    return {
        "field": "status",
        "fieldtype": "jira",
        "fieldId": "status",
        "from": old[0],
        "fromString": old[1],
        "to": new[0],
        "toString": new[1],
    }


def _filled(value: Any) -> Any:
    return None if value in ("", []) else value


def _bare(value: Any) -> str | None:
    """What `from` and `to` hold: the id of what was chosen, nothing for words."""
    if isinstance(value, str) and value.isalnum() and len(value) <= 64:
        return value
    if isinstance(value, list) and value:
        return f"[{', '.join(str(one) for one in value)}]"
    return None
