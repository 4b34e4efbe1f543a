"""The simulated tenant: people, chats, channels, messages, dialogs. State only, no HTTP.

A message is the vendor's activity as the bot or the person sent it, with what the service adds (`id`, `timestamp`).
"""

from __future__ import annotations

import copy
import itertools
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sandbox.changes import Changes, Kind

Json = dict[str, Any]

TOASTS_KEPT = 100  # per person


class Place(StrEnum):
    """The three kinds of conversation (`conversationType`)."""

    PERSONAL = "personal"
    GROUP = "groupChat"
    CHANNEL = "channel"


@dataclass(slots=True)
class Person:
    """A person. `id` is the `29:` id that this bot sees, `aad` the directory's own; `tz` an IANA name."""

    id: str
    aad: str
    name: str
    email: str
    upn: str
    tz: str = "UTC"
    locale: str = "en-US"
    title: str = ""
    guest: bool = False
    installed: bool = True  # the app, in the personal scope
    blocked: bool = False  # the person blocked the bot
    deleted: bool = False


@dataclass(slots=True)
class Message:
    """What was said. `by`: a person's or the bot's id; `root`: its thread's first message; `only`: its one reader."""

    id: str
    by: str
    activity: Json
    root: str | None = None
    only: str | None = None
    edited: bool = False
    version: int = 1
    notes: list[str] = field(default_factory=list)  # what a strict reader would hold against the card


@dataclass(slots=True)
class Conversation:
    """A chat or channel. `members` are people's ids; `installed`: the bot is in the roster."""

    id: str
    name: str
    kind: Place
    members: list[str]
    installed: bool = True
    messages: list[Message] = field(default_factory=list)

    def find(self, id_: str) -> Message | None:
        """The message with this id, replies included."""
        return next((message for message in self.messages if message.id == id_), None)

    def thread(self, root: str) -> list[Message]:
        """The replies under this message, oldest first."""
        return [message for message in self.messages if message.root == root]


@dataclass(slots=True)
class View:
    """A card as one person sees it instead of the message's own; good while the message has this version."""

    card: Json
    version: int
    at: float


@dataclass(slots=True)
class Dialog:
    """A dialog (task module) open before one person."""

    id: str
    user: str
    conversation: str
    message: str | None
    title: str
    card: Json
    values: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class App:
    """The one app: the product's bot."""

    id: str
    name: str
    secret: str

    @property
    def bot(self) -> str:
        """The bot's id in conversations."""
        return f"28:{self.id}"


class Tenant:
    """Everything that people and the bot can see. Each change is published on `changes`."""

    def __init__(self, id_: str, name: str, app: App, team: Mapping[str, str]) -> None:
        self.id = id_
        self.name = name
        self.app = app
        self.team = dict(team)  # id (of its General channel), name, aadGroupId
        self.app_disabled = False  # by the tenant's administrator
        self.people: dict[str, Person] = {}
        self.conversations: dict[str, Conversation] = {}
        self.views: dict[tuple[str, str], View] = {}  # message, person
        self.hidden: dict[tuple[str, str], dict[str, bool]] = {}  # message, person -> element id -> is visible
        self.dialogs: dict[str, Dialog] = {}  # by person
        self.toasts: list[Json] = []
        self.homes: dict[str, list[Json]] = {}
        self.read: dict[str, dict[str, str]] = {}  # person -> conversation -> message
        self.edits: dict[str, Json] = {}
        self.changes = Changes()
        self._last_ms = 0
        self._dialog_ids = itertools.count(1)

    def new_id(self) -> str:
        """A message id that none has had: milliseconds; later ones sort after earlier ones."""
        self._last_ms = max(self._last_ms + 1, time.time_ns() // 1_000_000)
        return str(self._last_ms)

    def new_dialog_id(self) -> str:
        """An id for a dialog."""
        return f"dialog-{next(self._dialog_ids)}-{self.new_id()}"

    def post(
        self,
        conversation: Conversation,
        by: str,
        activity: Mapping[str, Any],
        *,
        root: str | None = None,
        only: str | None = None,
    ) -> Message:
        """The message stands in the conversation."""
        id_ = self.new_id()
        message = Message(id_, by, {**copy.deepcopy(dict(activity)), "id": id_, "timestamp": now()}, root, only)
        conversation.messages.append(message)
        kind = Kind.POSTED if only is None else Kind.EPHEMERAL
        self.changes.publish(kind, channel=conversation.id, ts=id_, user=only)
        return message

    def update(self, conversation: Conversation, message: Message, activity: Mapping[str, Any]) -> None:
        """The message says `activity` instead, for everybody, and is marked as edited."""
        kept = {key: message.activity[key] for key in ("id", "timestamp")}
        message.activity = {**copy.deepcopy(dict(activity)), **kept}
        message.edited = True
        message.version += 1
        self.forget_views(message.id)
        kind = Kind.UPDATED if message.only is None else Kind.EPHEMERAL
        self.changes.publish(kind, channel=conversation.id, ts=message.id, user=message.only)

    def delete(self, conversation: Conversation, message: Message) -> None:
        """The message is gone, and so is what was answered under it if it began a thread."""
        conversation.messages = [m for m in conversation.messages if m is not message and m.root != message.id]
        self.forget_views(message.id)
        self.changes.publish(Kind.DELETED, channel=conversation.id, ts=message.id, user=message.only)

    def show(self, user: str, conversation: Conversation, message: Message, card: Json) -> None:
        """This person sees the card in place of the message's own."""
        self.views[message.id, user] = View(card, message.version, time.monotonic())
        self.hidden.pop((message.id, user), None)
        self.changes.publish(Kind.VIEW, channel=conversation.id, ts=message.id, user=user)

    def toggle(self, user: str, conversation: Conversation, message: Message, shown: dict[str, bool]) -> None:
        """For this person these elements of the card are visible or not."""
        self.hidden[message.id, user] = shown
        self.changes.publish(Kind.VIEW, channel=conversation.id, ts=message.id, user=user)

    def forget_views(self, message_id: str) -> None:
        """Everybody sees the message's own card again."""
        self.views = {key: view for key, view in self.views.items() if key[0] != message_id}
        self.hidden = {key: shown for key, shown in self.hidden.items() if key[0] != message_id}

    def view_of(self, user: str | None, message: Message) -> View | None:
        """What this person sees instead of the message's own card, if anything."""
        found = self.views.get((message.id, user)) if user is not None else None
        return found if found is not None and found.version == message.version else None

    def toast(self, user: str, text: str, *, kind: str = "message") -> None:
        """The person has seen this sentence pass by (`kind`: message, error)."""
        self.toasts.append({"user": user, "text": text, "kind": kind, "at": now()})
        mine = [toast for toast in self.toasts if toast["user"] == user]
        for old in mine[:-TOASTS_KEPT]:
            self.toasts.remove(old)
        self.changes.publish(Kind.TOAST, user=user)

    def open_dialog(self, dialog: Dialog) -> None:
        """The dialog is before its person, in place of any other."""
        self.dialogs[dialog.user] = dialog
        self.changes.publish(Kind.MODAL, user=dialog.user, view=dialog.id)

    def close_dialog(self, user: str) -> None:
        """No dialog is before this person."""
        gone = self.dialogs.pop(user, None)
        if gone is not None:
            self.changes.publish(Kind.MODAL_CLOSED, user=user, view=gone.id)

    def personal(self, user: str) -> Conversation | None:
        """The chat between this person and the bot, if there is one."""
        found = (c for c in self.conversations.values() if c.kind is Place.PERSONAL and c.members == [user])
        return next(found, None)

    def open_personal(self, user: str) -> Conversation:
        """The chat between this person and the bot; opened if there was none."""
        found = self.personal(user)
        if found is None:
            found = Conversation(f"a:1{user.removeprefix('29:')}", f"chat-{user}", Place.PERSONAL, [user])
            self.conversations[found.id] = found
            self.changes.publish(Kind.CHANNEL, channel=found.id, user=user)
        return found

    def publish_home(self, user: str, cards: list[Json]) -> None:
        """This person's tab shows the cards."""
        self.homes[user] = cards
        self.changes.publish(Kind.HOME, user=user)

    def edit_person(self, person: Person, fields: Mapping[str, Any]) -> None:
        """The person's fields are as given, also after a restart."""
        for name, value in fields.items():
            setattr(person, name, value)
        self.edits.setdefault(person.id, {}).update(fields)
        self.changes.publish(Kind.PERSON, user=person.id)

    def mark_read(self, user: str, conversation: str, id_: str) -> None:
        """This person has read the conversation up to this message."""
        if id_ > self.read.setdefault(user, {}).get(conversation, ""):
            self.read[user][conversation] = id_
            self.changes.publish(Kind.READ, channel=conversation, user=user)

    def visible_to(self, user: str) -> Iterator[Conversation]:
        """The conversations this person is in."""
        return (c for c in self.conversations.values() if user in c.members)

    def begin_again(self, fresh: Tenant) -> None:
        """The tenant is as `fresh` is; those who watch it go on watching this one."""
        self.people, self.conversations, self.app_disabled = fresh.people, fresh.conversations, False
        self.views, self.hidden, self.dialogs, self.homes, self.read, self.edits = {}, {}, {}, {}, {}, {}
        self.toasts = []
        self.changes.publish(Kind.RESET)

    def snapshot(self) -> Json:
        """All of it as JSON values; dialogs and personal views of cards are left out, as a restart closes them."""
        return {
            "conversations": [asdict(conversation) for conversation in self.conversations.values()],
            "edits": self.edits,
            "toasts": self.toasts,
            "homes": self.homes,
            "read": self.read,
            "app_disabled": self.app_disabled,
        }

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """The tenant is as it was when the snapshot was taken; people and channels named since are kept."""
        kept = copy.deepcopy(dict(snapshot))
        for id_, fields in kept["edits"].items():
            if id_ in self.people:
                self.edit_person(self.people[id_], fields)
        for row in kept["conversations"]:
            messages = [Message(**message) for message in row.pop("messages")]
            known = self.conversations.get(row["id"])
            if known is None:
                known = Conversation(**{**row, "kind": Place(row["kind"])})
                self.conversations[known.id] = known
            known.messages, known.installed = messages, row["installed"]
        self.toasts, self.homes, self.read = kept["toasts"], kept["homes"], kept["read"]
        self.app_disabled = kept["app_disabled"]
        latest = [int(m.id) for c in self.conversations.values() for m in c.messages]
        self._last_ms = max([self._last_ms, *latest])


def now() -> str:
    """The instant as the vendor writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
