"""Jira's answers, read into values of ours. Nothing of their shape leaves here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from connectors.itsm.answers import UnexpectedAnswerError, shortened
from connectors.itsm.base import Refused
from connectors.itsm.jira.text import read

PROPERTY: Final = "countersign"  # the entity property of our issues and comments
DESK_PROPERTY: Final = "sd.public.comment"
FIELDS: Final = ("summary", "status", "resolution", "issuetype", "project", "labels", "created", "updated", "creator",
                 "comment")  # fmt: skip
STATUS_FIELD: Final = "status"  # as the history names it
DESK_PROJECT: Final = "service_desk"
ISSUE: Final = re.compile(r"(?:[0-9]{1,18}|[A-Za-z][A-Za-z0-9_]*-[0-9]{1,18})\Z", re.ASCII)  # its id, or its key
LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody there. `id` is the account id on Cloud and the name on Data Center; `shown` is what people read."""

    id: str
    shown: str
    email: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """Where an issue is, in the site's words; `category` is new, indeterminate or done."""

    id: str
    name: str
    category: str


@dataclass(frozen=True, slots=True)
class CommentRecord:
    """A comment. `key` is ours, empty on those of people."""

    id: str
    author: Person
    editor: Person
    text: str
    created: datetime
    updated: datetime
    internal: bool
    key: str


@dataclass(frozen=True, slots=True)
class Hand:
    """Somebody who touched an issue, and when."""

    by: Person
    at: datetime


@dataclass(frozen=True, slots=True)
class IssueRecord:
    """An issue as it stands. `key` is our delivery key, `kind` our kind; both empty on an issue that is none of ours.

    `comments` may lack older ones: `comment_count` tells how many there are.
    """

    id: str
    number: str
    status: Status
    resolution: str
    issue_type: str
    is_desk: bool
    created: datetime
    updated: datetime
    key: str
    kind: str
    comments: tuple[CommentRecord, ...]
    comment_count: int
    hands: tuple[Hand, ...]
    moves: tuple[Hand, ...] = ()  # those of them that changed its status

    @property
    def version(self) -> int:
        """A number that grows with every change: Jira counts none, so it is the time of the last."""
        return int(self.updated.timestamp() * 1000)

    @property
    def last_hand(self) -> Person:
        """Who touched it last."""
        return max(self.hands, key=lambda hand: hand.at).by

    @property
    def last_mover(self) -> Person:
        """Who gave it the status that it has; whoever touched it last, where the history does not tell."""
        return max(self.moves or self.hands, key=lambda hand: hand.at).by


@dataclass(frozen=True, slots=True)
class ScreenField:
    """A field of a screen. `choices` are the names among which one must choose; empty where there is no choice."""

    id: str
    name: str
    required: bool
    has_default: bool
    type: str
    items: str
    custom: str
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Transition:
    """A move that is open to us now."""

    id: str
    name: str
    to: Status
    fields: tuple[ScreenField, ...]


@dataclass(frozen=True, slots=True)
class Approval:
    """A decision that Jira Service Management waits for."""

    id: str
    name: str
    may_answer: bool
    awaited: tuple[str, ...]


def issue(value: Any) -> IssueRecord:
    """The issue in this answer. Raises UnexpectedAnswerError if it has no identity or status."""
    row = mapping(value)
    fields = mapping(row.get("fields"))
    number, updated = text(row.get("key")), instant(fields.get("updated"))
    if not text(row.get("id")) or not number or updated is None or not text(mapping(fields.get("status")).get("name")):
        raise UnexpectedAnswerError("an issue without id, key, status or time")
    created = instant(fields.get("created")) or updated
    ours = mapping(mapping(row.get("properties")).get(PROPERTY))
    listed = mapping(fields.get("comment"))
    comments = tuple(comment(one) for one in items(listed.get("comments")))
    hands = [Hand(person(fields.get("creator")), created), *_hands(row.get("changelog"))]
    hands += [Hand(one.editor, one.updated) for one in comments]
    return IssueRecord(
        id=text(row.get("id")),
        number=number,
        status=status(fields.get("status")),
        resolution=text(mapping(fields.get("resolution")).get("name")),
        issue_type=text(mapping(fields.get("issuetype")).get("name")),
        is_desk=mapping(fields.get("project")).get("projectTypeKey") == DESK_PROJECT,
        created=created,
        updated=updated,
        key=text(ours.get("key")),
        kind=text(ours.get("kind")),
        comments=comments,
        comment_count=whole(listed.get("total"), len(comments)),
        hands=tuple(hands),
        moves=tuple(_hands(row.get("changelog"), field=STATUS_FIELD)),
    )


def issue_path(id_or_key: str, *parts: str) -> str:
    """Where this issue, or this part of it, is found. Raises Refused for what is neither an id nor a key of one."""
    if not ISSUE.match(id_or_key):
        reason = f"'{shortened(id_or_key)}' is neither the id nor the key of an issue in Jira, like 10042 or GOV-7."
        raise Refused(reason, field="ticket")
    return "/".join(("issue", id_or_key, *parts))


def comment(value: Any) -> CommentRecord:
    """The comment in this answer."""
    row = mapping(value)
    created = instant(row.get("created")) or LONG_AGO
    properties = {text(one.get("key")): one.get("value") for one in map(mapping, items(row.get("properties")))}
    author = person(row.get("author"))
    hidden = row.get("jsdPublic") is False or mapping(properties.get(DESK_PROPERTY)).get("internal") in {True, "true"}
    return CommentRecord(
        id=text(row.get("id")),
        author=author,
        editor=person(row.get("updateAuthor")) if row.get("updateAuthor") else author,
        text=read(row.get("body")),
        created=created,
        updated=instant(row.get("updated")) or created,
        internal=hidden or bool(row.get("visibility")),
        key=text(mapping(properties.get(PROPERTY)).get("key")),
    )


def status(value: Any) -> Status:
    """The status in this answer."""
    row = mapping(value)
    category = text(mapping(row.get("statusCategory")).get("key"))
    return Status(text(row.get("id")), text(row.get("name")), category)


def person(value: Any) -> Person:
    """Somebody, or a person without name where the site hides who it was."""
    row = mapping(value)
    id_, email = text(row.get("accountId")) or text(row.get("name")), text(row.get("emailAddress"))
    return Person(id_, email or text(row.get("displayName")) or id_, email)


def transition(value: Any) -> Transition:
    """The move in this answer, with the fields of its screen."""
    row = mapping(value)
    fields = tuple(screen_field(meta, id_=str(id_)) for id_, meta in mapping(row.get("fields")).items())
    return Transition(text(row.get("id")), text(row.get("name")), status(row.get("to")), fields)


def screen_field(value: Any, *, id_: str = "") -> ScreenField:
    """A field as the metadata of a screen describes it."""
    row = mapping(value)
    schema = mapping(row.get("schema"))
    choices = (text(one.get("name")) or text(one.get("value")) for one in map(mapping, items(row.get("allowedValues"))))
    return ScreenField(
        id=id_ or text(row.get("fieldId")) or text(row.get("key")),
        name=text(row.get("name")),
        required=row.get("required") is True,
        has_default=row.get("hasDefaultValue") is True,
        type=text(schema.get("type")),
        items=text(schema.get("items")),
        custom=text(schema.get("custom")),
        choices=tuple(one for one in choices if one),
    )


def approval(value: Any) -> Approval | None:
    """The approval in this answer, if it is still open."""
    row = mapping(value)
    if row.get("finalDecision") != "pending":
        return None
    waiting = (one for one in map(mapping, items(row.get("approvers"))) if one.get("approverDecision") == "pending")
    awaited = tuple(text(mapping(one.get("approver")).get("displayName")) for one in waiting)
    return Approval(text(row.get("id")), text(row.get("name")), row.get("canAnswerApproval") is True, awaited)


def mapping(value: Any) -> Mapping[str, Any]:
    """The value, or an empty mapping where it is none."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    """The value, or an empty list where it is none."""
    return value if isinstance(value, list) else []


def text(value: Any) -> str:
    """The value as text; of nothing the empty text."""
    return "" if value is None or isinstance(value, dict | list) else str(value)


def whole(value: Any, default: int) -> int:
    """The value if it is a count."""
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def instant(value: Any) -> datetime | None:
    """An aware UTC instant; None when there is none."""
    try:
        at = datetime.fromisoformat(text(value))
        return at.astimezone(UTC) if at.tzinfo is not None else None
    except (ValueError, OverflowError):  # before the year 1, or after 9999, by our clock
        return None


def _hands(changelog: Any, *, field: str = "") -> Iterator[Hand]:
    """Who changed the issue, and when; with `field`, who changed that."""
    # Newest first on Cloud, oldest first on Data Center: the order is not looked at.
    for row in map(mapping, items(mapping(changelog).get("histories"))):
        at = instant(row.get("created"))
        changed = {text(one.get("field")) for one in map(mapping, items(row.get("items")))}
        if at is not None and (not field or field in changed):
            yield Hand(person(row.get("author")), at)
