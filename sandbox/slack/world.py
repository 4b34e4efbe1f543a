"""The simulated workspace: people, channels, messages, private answers, views. State only, no HTTP.

Messages and views are kept in Slack's own JSON, because that is what every reader wants.
"""

from __future__ import annotations

import copy
import itertools
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.changes import Changes, Kind
from sandbox.slack.files import Files

Json = dict[str, Any]

SLACKBOT = "USLACKBOT"
EPHEMERALS_KEPT = 200  # per person; the real client forgets them on reload


@dataclass(slots=True)
class Person:
    """A member of the workspace. `tz` is an IANA name."""

    id: str
    name: str
    real_name: str
    email: str
    tz: str = "UTC"
    title: str = ""
    deleted: bool = False


@dataclass(slots=True)
class Channel:
    """A channel, or a direct message between the app and the person `im_user`."""

    id: str
    name: str
    members: list[str]
    created: int
    im_user: str | None = None
    private: bool = False
    archived: bool = False
    messages: list[Json] = field(default_factory=list)

    def find(self, ts: str) -> Json | None:
        """The message with this ts, replies included."""
        return next((message for message in self.messages if message["ts"] == ts), None)

    def thread(self, ts: str) -> list[Json]:
        """The replies under the message with this ts, oldest first."""
        return [m for m in self.messages if m.get("thread_ts") == ts and m["ts"] != ts]


@dataclass(slots=True)
class Ephemeral:
    """An answer that one person alone sees."""

    user: str
    channel: str
    message: Json


@dataclass(frozen=True, slots=True)
class App:
    """The one app that is installed: the product."""

    id: str
    name: str
    bot_id: str
    bot_user: str
    commands: tuple[Mapping[str, str], ...]
    open_commands: bool  # whether commands that are not listed reach the app all the same
    client_id: str
    client_secret: str


@dataclass(frozen=True, slots=True)
class Team:
    """The workspace's own name and address."""

    id: str
    name: str
    domain: str


class Workspace:
    """Everything that people and the app can see. Each change is published on `changes`."""

    def __init__(self, team: Team, app: App) -> None:
        self.team = team
        self.app = app
        self.people: dict[str, Person] = {}
        self.channels: dict[str, Channel] = {}
        self.groups: dict[str, Json] = {}
        self.ephemerals: list[Ephemeral] = []
        self.views: dict[str, Json] = {}  # open modals, by view id
        self.replaced: set[str] = set()  # open modals that say something else than when they were opened
        self.stacks: dict[str, list[str]] = {}  # per person, root first
        self.homes: dict[str, Json] = {}
        self.read: dict[str, dict[str, str]] = {}  # person -> channel -> ts
        self.edits: dict[str, Json] = {}  # person -> what an administrator changed since the people file
        self.files = Files()
        self.changes = Changes()
        self._last_us = 0
        self._im_ids = itertools.count(1)

    def new_ts(self) -> str:
        """A ts that no message has had; later calls sort after earlier ones."""
        self._last_us = max(self._last_us + 1, time.time_ns() // 1000)
        return f"{self._last_us // 1_000_000}.{self._last_us % 1_000_000:06d}"

    def post(self, channel: Channel, message: Json) -> Json:
        """The message stands in the channel, with its ts."""
        message = {"type": "message", **message, "ts": self.new_ts()}
        channel.messages.append(message)
        parent = channel.find(message["thread_ts"]) if message.get("thread_ts") else None
        if parent is not None:
            parent.setdefault("thread_ts", parent["ts"])
            replies = channel.thread(parent["ts"])
            parent.update(
                reply_count=len(replies),
                reply_users=sorted({str(reply.get("user")) for reply in replies}),
                latest_reply=message["ts"],
            )
        self.changes.publish(Kind.POSTED, channel=channel.id, ts=message["ts"])
        return message

    def update(self, channel: Channel, message: Json, fields: Mapping[str, Any]) -> None:
        """The message says `fields` instead and is marked as edited."""
        message.update(copy.deepcopy(dict(fields)))
        message["edited"] = {"user": message.get("user", self.app.bot_user), "ts": self.new_ts()}
        self.changes.publish(Kind.UPDATED, channel=channel.id, ts=message["ts"])

    def delete(self, channel: Channel, message: Json) -> None:
        """The message is gone."""
        channel.messages.remove(message)
        parent_ts = message.get("thread_ts")
        parent = channel.find(parent_ts) if parent_ts else None
        if parent is not None and parent is not message:
            parent["reply_count"] = len(channel.thread(parent["ts"]))
        self.changes.publish(Kind.DELETED, channel=channel.id, ts=message["ts"])

    def tell(self, user: str, channel: str, message: Json) -> Ephemeral:
        """The person sees the message in that channel; nobody else does."""
        told = Ephemeral(user, channel, {"type": "message", **message, "ts": self.new_ts()})
        self.ephemerals.append(told)
        mine = [item for item in self.ephemerals if item.user == user]
        for old in mine[:-EPHEMERALS_KEPT]:
            self.ephemerals.remove(old)
        self.changes.publish(Kind.EPHEMERAL, channel=channel, ts=told.message["ts"], user=user)
        return told

    def retell(self, told: Ephemeral, fields: Mapping[str, Any]) -> None:
        """The private message says `fields` instead."""
        told.message.update(copy.deepcopy(dict(fields)))
        self.changes.publish(Kind.EPHEMERAL, channel=told.channel, ts=told.message["ts"], user=told.user)

    def untell(self, told: Ephemeral) -> None:
        """The private message is gone."""
        if told in self.ephemerals:
            self.ephemerals.remove(told)
        self.changes.publish(Kind.EPHEMERAL_GONE, channel=told.channel, ts=told.message["ts"], user=told.user)

    def find_told(self, user: str, ts: str) -> Ephemeral | None:
        """The private message of this person with this ts."""
        return next((item for item in self.ephemerals if item.user == user and item.message["ts"] == ts), None)

    def direct(self, user: str) -> Channel:
        """The conversation between this person and the app; opened if there was none."""
        for channel in self.channels.values():
            if channel.im_user == user:
                return channel
        ids = (f"D{number:03d}{user[-6:].upper()}" for number in self._im_ids)
        new_id = next(candidate for candidate in ids if candidate not in self.channels)
        channel = Channel(new_id, f"dm-{user}", [user, self.app.bot_user], int(time.time()), im_user=user)
        self.channels[new_id] = channel
        self.changes.publish(Kind.CHANNEL, channel=new_id, user=user)
        return channel

    def publish_home(self, user: str, view: Json) -> None:
        """This person's App Home shows the view."""
        self.homes[user] = view
        self.changes.publish(Kind.HOME, user=user, view=view["id"])

    def show(self, user: str, view: Json) -> None:
        """The view lies on top of this person's modals."""
        self.views[view["id"]] = view
        self.stacks.setdefault(user, []).append(view["id"])
        self.changes.publish(Kind.MODAL, user=user, view=view["id"])

    def reshow(self, user: str, view: Json) -> None:
        """The open view with this id looks like this now."""
        self.views[view["id"]] = view
        self.replaced.add(view["id"])
        self.changes.publish(Kind.MODAL, user=user, view=view["id"])

    def close(self, user: str, view_id: str) -> None:
        """The view and those above it are closed."""
        stack = self.stacks.get(user, [])
        if view_id in stack:
            for gone in stack[stack.index(view_id) :]:
                self.views.pop(gone, None)
                self.replaced.discard(gone)
            del stack[stack.index(view_id) :]
        self.changes.publish(Kind.MODAL_CLOSED, user=user, view=view_id)

    def top_modal(self, user: str) -> Json | None:
        """The modal that this person sees, if any."""
        stack = self.stacks.get(user)
        return self.views[stack[-1]] if stack else None

    def holder(self, view_id: str) -> str | None:
        """The person in front of whom this modal is open, or whose App Home it is."""
        for user, stack in self.stacks.items():
            if view_id in stack:
                return user
        return next((user for user, view in self.homes.items() if view["id"] == view_id), None)

    def begin_again(self, fresh: Workspace) -> None:
        """The workspace is as `fresh` is; those who watch it go on watching this one."""
        self.people, self.channels, self.groups = fresh.people, fresh.channels, fresh.groups
        self.views, self.stacks, self.homes, self.read, self.edits = {}, {}, {}, {}, {}
        self.ephemerals, self.replaced = [], set()
        self.files.restore([])
        self.changes.publish(Kind.RESET)

    def edit_person(self, person: Person, fields: Mapping[str, Any]) -> None:
        """The person's fields are as given, also after a restart."""
        for name, value in fields.items():
            setattr(person, name, value)
        self.edits.setdefault(person.id, {}).update(fields)
        self.changes.publish(Kind.PERSON, user=person.id)

    def mark_read(self, user: str, channel: str, ts: str) -> None:
        """This person has read the channel up to ts."""
        if ts > self.read.setdefault(user, {}).get(channel, ""):
            self.read[user][channel] = ts
            self.changes.publish(Kind.READ, channel=channel, user=user)

    def visible_to(self, user: str) -> Iterator[Channel]:
        """The channels this person is in, and the conversation with the app."""
        return (channel for channel in self.channels.values() if user in channel.members)

    def snapshot(self) -> Json:
        """All of it as JSON values; open modals are left out, as a restart closes them."""
        return {
            "people": [asdict(person) for person in self.people.values()],
            "channels": [asdict(channel) for channel in self.channels.values()],
            "edits": self.edits,
            "groups": self.groups,
            "ephemerals": [asdict(item) for item in self.ephemerals],
            "homes": self.homes,
            "read": self.read,
            "files": self.files.snapshot(),
        }

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """The workspace is as it was when the snapshot was taken; people and channels named since are kept."""
        snapshot = copy.deepcopy(dict(snapshot))
        self.people |= {row["id"]: Person(**row) for row in snapshot["people"] if row["id"] not in self.people}
        for id_, fields in snapshot.get("edits", {}).items():
            if id_ in self.people:
                self.edit_person(self.people[id_], fields)
        for row in snapshot["channels"]:
            known = self.channels.get(row["id"])
            if known is None:
                self.channels[row["id"]] = Channel(**row)
            else:
                known.messages = row["messages"]
                known.members.extend(member for member in row["members"] if member not in known.members)
        self.groups |= snapshot["groups"]
        self.ephemerals = [Ephemeral(**row) for row in snapshot["ephemerals"]]
        self.homes = snapshot["homes"]
        self.read = snapshot["read"]
        self.files.restore(snapshot.get("files", []))
        latest = [m["ts"] for c in self.channels.values() for m in c.messages]
        if latest:
            self._last_us = max(self._last_us, int(max(latest).replace(".", "")))


def new_id(prefix: str) -> str:
    """An id in Slack's fashion that has not been used."""
    return prefix + secrets.token_hex(5).upper()
