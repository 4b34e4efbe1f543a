"""What a person saw after doing something: the control surface waits for it and reports it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from sandbox.changes import Change, Kind
from sandbox.slack import inputs
from sandbox.slack.blockkit import ACTION_ELEMENTS, elements, options_of
from sandbox.slack.delivery import Ack
from sandbox.slack.files import File, slack_files
from sandbox.slack.world import Json, Workspace

VISIBLE_S = 3.5  # longest wait for a reaction
SETTLE_S = 0.15  # of quiet, before what is seen counts as the reaction
AFTER_CLOSE_S = 1.0  # a closed modal is often followed by a message: how long to wait for it
OTHERS_S = 1.5  # of quiet after messages that everybody sees, when nothing came for the person alone
LOADING_S = 6.0  # longest wait for a modal that offers nothing to do, and is probably still loading, to be replaced
ANSWERS = frozenset({Kind.EPHEMERAL, Kind.EPHEMERAL_GONE, Kind.MODAL, Kind.MODAL_CLOSED})
_UNSEEN = {Kind.READ, Kind.CHANNEL, Kind.PERSON, Kind.RESET}


class Watch:
    """Looks over one person's shoulder from now on."""

    def __init__(self, world: Workspace, user: str, *, answers: frozenset[Kind] = ANSWERS) -> None:
        self._world = world
        self._answers = answers  # what can be nothing but a reaction to this act
        self._user = user
        self._from = world.changes.seq
        self._start = asyncio.get_running_loop().time()
        self._answered: float | None = None

    def forget(self) -> None:
        """What this person has just done is no reaction: the watch begins here."""
        self._from = self._world.changes.seq

    async def until_seen(self, delivery: asyncio.Task[Ack], *, enough: Callable[[], bool]) -> Ack:
        """The product's answer, once its visible effect has settled or cannot be waited for any longer.

        `enough()` says, after the answer, that what it carried is all there is to see.
        """
        loop = asyncio.get_running_loop()
        ack = await delivery
        self._answered = loop.time()
        while ack.error is None and not enough():
            now = loop.time()
            seen = self._seen()
            wanted_until = self._wanted_until(seen)
            if now >= wanted_until:
                break
            await self._world.changes.wait(self._world.changes.seq, wanted_until - now)
        return ack

    def latency_ms(self) -> int:
        """Milliseconds from the act to the first thing seen (else to the answer)."""
        seen = self._seen()
        first = seen[0].at if seen else (self._answered or asyncio.get_running_loop().time())
        return max(0, round((first - self._start) * 1000))

    def report(self, ack: Ack) -> Json:
        """What the person saw: private answers, messages, the open modal, how long it took."""
        told, posted = [], []
        for change in self._latest():
            if change.kind is Kind.EPHEMERAL:
                found = self._world.find_told(self._user, str(change.ts))
                if found is not None:
                    told.append({"ts": found.message["ts"], "channel": found.channel, **content(found.message)})
            elif change.kind in {Kind.POSTED, Kind.UPDATED}:
                channel = self._world.channels.get(str(change.channel))  # gone if everything began again meanwhile
                message = channel.find(str(change.ts)) if channel is not None else None
                if message is not None:
                    posted.append({"channel": change.channel, "ts": message["ts"], **content(message)})
        report: Json = {"ephemeral": told, "messages": posted, "latency_ms": self.latency_ms()}
        modal = self._world.top_modal(self._user)
        if modal is not None:
            report["modal"] = modal_json(modal)
        if ack.error is not None:
            report["error"] = ack.error
        return report

    def _seen(self) -> list[Change]:
        return [change for change in self._world.changes.since(self._from) if self._sees(change)]

    def _latest(self) -> list[Change]:
        """The last change of each thing seen, in the order in which the things appeared."""
        latest = {(change.kind is Kind.EPHEMERAL, change.channel, change.ts): change for change in self._seen()}
        return list(latest.values())

    def _sees(self, change: Change) -> bool:
        if change.kind in _UNSEEN:
            return False
        if change.user is not None:
            return change.user == self._user
        channel = self._world.channels.get(str(change.channel))
        return channel is not None and self._user in channel.members

    def _wanted_until(self, seen: list[Change]) -> float:
        """The loop time until which waiting is worth while."""
        limit = self._start + VISIBLE_S
        if not seen:
            return limit
        own = [change for change in seen if change.kind in self._answers]
        if not own:  # what everybody sees may be about something else: an answer to this person may still come
            return min(limit, seen[-1].at + OTHERS_S)
        seen, settled = own, own[-1].at + SETTLE_S
        if all(change.kind is Kind.MODAL_CLOSED for change in seen):
            return min(limit, max(settled, seen[0].at + AFTER_CLOSE_S))
        modal = self._world.top_modal(self._user)
        if modal is not None and is_loading(self._world, modal):
            return max(settled, seen[-1].at + LOADING_S)
        return min(limit, settled)


def content(message: Json) -> Json:
    """What can be read and clicked in a message."""
    blocks = message.get("blocks", [])
    return {"text": message.get("text", ""), "blocks": blocks, "actions": actions_of(blocks)}


def actions_of(blocks: list[Json]) -> list[Json]:
    """Every element that can be clicked or chosen from, in order."""
    found = []
    for block in blocks:
        if block.get("type") == "input" and not block.get("dispatch_action"):
            continue
        for element in elements(block):
            if element.get("type") not in ACTION_ELEMENTS:
                continue
            words = element.get("text") or element.get("placeholder") or {}
            entry: Json = {
                "action_id": element.get("action_id"),
                "block_id": block.get("block_id"),
                "type": element["type"],
                "text": words.get("text", ""),
                "value": element.get("value"),
            }
            chances = [{"text": o["text"]["text"], "value": o["value"]} for o in options_of(element)]
            if chances:
                entry["options"] = chances
            entry |= {key: element[key] for key in ("style", "url") if key in element}
            found.append(entry)
            if element["type"] == "overflow":  # each line of a menu does something by itself, as a button does
                found += [{key: entry[key] for key in ("action_id", "block_id", "type")} | line for line in chances]
    return found


def modal_json(view: Json) -> Json:
    """A modal as the control surface shows it."""
    return {
        "view_id": view["id"],
        "title": view["title"]["text"],
        "callback_id": view["callback_id"],
        "private_metadata": view["private_metadata"],
        "blocks": view["blocks"],
        "fields": inputs.fields_of(view),
        "actions": actions_of(view["blocks"]),
        "submit": view["submit"]["text"] if view.get("submit") else None,
    }


def is_loading(world: Workspace, view: Json) -> bool:
    """Whether the modal is a placeholder: it offers nothing to do and was not replaced yet."""
    if view["id"] in world.replaced:
        return False
    return not view.get("submit") and not inputs.fields_of(view) and not actions_of(view["blocks"])


def _file_json(file: File) -> Json:
    return {
        "id": file.id,
        "name": file.name,
        "title": file.title,
        "mimetype": file.mimetype,
        "size": file.length,
        "alt_txt": file.alt_txt,
        "path": f"/page/file/{file.id}",  # below the sandbox's own address
    }


def message_json(world: Workspace, message: Json, replies: list[Json]) -> Json:
    """A message as the control surface lists it."""
    user = str(message.get("user", ""))
    person = world.people.get(user)
    entry: dict[str, Any] = {
        "ts": message["ts"],
        "user": user,
        "user_name": person.real_name if person else world.app.name,
        "is_app": "bot_id" in message,
        **content(message),
        "edited": "edited" in message,
        "thread_ts": message.get("thread_ts"),
        "thread": [message_json(world, reply, []) for reply in replies],
    }
    pictures = [
        world.files.by_id.get(str(reference.get("id"))) for _, reference in slack_files(message.get("blocks", []))
    ]
    shown = [*pictures, *(world.files.by_id.get(file["id"]) for file in message.get("files", []))]
    if files := [_file_json(file) for file in shown if file is not None]:
        entry["files"] = files
    if "metadata" in message:
        entry["metadata"] = message["metadata"]
    return entry
