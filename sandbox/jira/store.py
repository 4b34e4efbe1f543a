"""What the site holds: people, issues with all that hangs on them, links, webhooks; and what survives a restart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

Text = str | dict[str, Any]  # rich text as it was written: markup or a document
FIRST_ID: Final = 10_000
_TIME: Final = "%Y-%m-%dT%H:%M:%S.%f"


@dataclass(slots=True)
class Person:
    """Somebody with an account; Cloud knows them by account id, Data Center by name."""

    account_id: str
    name: str
    display_name: str
    email: str
    groups: list[str] = field(default_factory=list)
    time_zone: str = "Etc/UTC"
    active: bool = True
    kind: str = "atlassian"

    def is_in(self, group: str) -> bool:
        """Whether the person may act for this group."""
        return not group or group in self.groups


@dataclass(slots=True)
class Change:
    """One write that the history keeps; the items are as the changelog has them."""

    id: str
    at: str
    by: str
    items: list[dict[str, Any]]


@dataclass(slots=True)
class Comment:
    """A comment. `internal` is what a service desk's customers do not see."""

    id: str
    author: str
    body: Text
    created: str
    updated: str
    update_author: str
    visibility: dict[str, str] | None = None
    properties: dict[str, Any] = field(default_factory=dict)

    @property
    def internal(self) -> bool:
        """Whether only agents see it."""
        value = self.properties.get("sd.public.comment")
        return isinstance(value, dict) and value.get("internal") in {True, "true"}


@dataclass(slots=True)
class Attachment:
    """A file; its bytes as base64."""

    id: str
    filename: str
    author: str
    created: str
    mime_type: str
    size: int
    data: str


@dataclass(slots=True)
class Approval:
    """What a service desk asks of people: their decisions by account id (pending, approved, declined)."""

    id: str
    name: str
    status: str
    approve: str
    decline: str
    needed: int
    created: str
    decisions: dict[str, str]
    final: str = "pending"
    completed: str | None = None


@dataclass(slots=True)
class RemoteLink:
    """A link to something outside; the same global id means the same link."""

    id: str
    data: dict[str, Any]


@dataclass(slots=True)
class Issue:
    """One issue; `values` by field id, in stored form."""

    id: str
    key: str
    project: str
    type: str
    status: str
    creator: str
    created: str
    updated: str
    values: dict[str, Any] = field(default_factory=dict)
    resolved: str | None = None
    status_changed: str = ""
    request_type: str = ""
    parent: str = ""  # the id of the issue that it is a part of
    comments: list[Comment] = field(default_factory=list)
    history: list[Change] = field(default_factory=list)
    properties: dict[str, Any] = field(default_factory=dict)
    attachments: list[Attachment] = field(default_factory=list)
    approvals: list[Approval] = field(default_factory=list)
    remote_links: list[RemoteLink] = field(default_factory=list)

    @property
    def pending(self) -> Approval | None:
        """The approval that the issue waits for."""
        return next((one for one in self.approvals if one.final == "pending"), None)


@dataclass(slots=True)
class Link:
    """Two issues that have to do with each other, by key."""

    id: str
    type: str
    inward: str
    outward: str


@dataclass(slots=True)
class Hook:
    """Whom to tell of what. `jql` empty means every issue."""

    id: str
    name: str
    url: str
    events: list[str]
    jql: str = ""
    secret: str = ""
    exclude_body: bool = False
    enabled: bool = True
    by: str = ""


class Store:
    """Everything by id, in order of creation."""

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self.issues: dict[str, Issue] = {}
        self.links: dict[str, Link] = {}
        self.hooks: dict[str, Hook] = {}
        self._counters: dict[str, int] = {}

    def next_id(self, kind: str, first: int = FIRST_ID) -> str:
        """An id of this kind that was never given before."""
        number = self._counters.get(kind, first - 1) + 1
        self._counters[kind] = number
        return str(number)

    def issue(self, id_or_key: str) -> Issue | None:
        """The issue, if there is one."""
        if id_or_key in self.issues:
            return self.issues[id_or_key]
        wanted = id_or_key.upper()
        return next((one for one in self.issues.values() if one.key == wanted), None)

    def person_by(self, text: str) -> Person | None:
        """Who has this account id, name or e-mail address (names and addresses without regard to case)."""
        if text in self.people:
            return self.people[text]
        wanted = text.casefold()
        return next((p for p in self.people.values() if wanted in {p.name.casefold(), p.email.casefold()}), None)

    def search_people(self, text: str) -> list[Person]:
        """Whose name, shown name or address begins with this text, word by word."""
        wanted = text.casefold()
        return [
            one
            for one in self.people.values()
            if wanted in {"", ".", "%"}
            or one.account_id == text
            or any(
                word.startswith(wanted)
                for word in (one.email.casefold(), one.name.casefold(), *_words(one.display_name.casefold()))
            )
        ]

    def members(self, group: str) -> list[Person]:
        """The active people of a group."""
        return [one for one in self.people.values() if one.active and group in one.groups]

    def parts_of(self, issue: Issue) -> list[Issue]:
        """The sub-tasks of this issue."""
        return [one for one in self.issues.values() if one.parent == issue.id]

    def links_of(self, key: str) -> list[Link]:
        """The links of an issue."""
        return [one for one in self.links.values() if key in {one.inward, one.outward}]

    def snapshot(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return {
            "counters": dict(self._counters),
            "people": [asdict(one) for one in self.people.values()],
            "issues": [asdict(one) for one in self.issues.values()],
            "links": [asdict(one) for one in self.links.values()],
            "hooks": [asdict(one) for one in self.hooks.values()],
        }

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """The store is as it was when the snapshot was taken."""
        self._counters = dict(snapshot["counters"])
        self.people = {one["account_id"]: Person(**one) for one in snapshot["people"]}
        self.issues = {one["id"]: _issue(one) for one in snapshot["issues"]}
        self.links = {one["id"]: Link(**one) for one in snapshot["links"]}
        self.hooks = {one["id"]: Hook(**one) for one in snapshot["hooks"]}


def now() -> datetime:
    """The present instant; a simulated vendor has its own clock."""
    return datetime.now(UTC)


def stamp(at: datetime) -> str:
    """An instant as it is kept: UTC, to the millisecond, sortable as text."""
    return f"{at.astimezone(UTC).strftime(_TIME)[:-3]}+0000"


def instant(text: str) -> datetime:
    """The instant that `stamp` wrote."""
    return datetime.strptime(text, f"{_TIME}%z")


def _words(text: str) -> Iterable[str]:
    return (text, *text.split())


def _issue(saved: Mapping[str, Any]) -> Issue:
    parts: dict[str, Any] = {
        "comments": [Comment(**one) for one in saved["comments"]],
        "history": [Change(**one) for one in saved["history"]],
        "attachments": [Attachment(**one) for one in saved["attachments"]],
        "approvals": [Approval(**one) for one in saved["approvals"]],
        "remote_links": [RemoteLink(**one) for one in saved["remote_links"]],
    }
    return Issue(**{**saved, **parts})
