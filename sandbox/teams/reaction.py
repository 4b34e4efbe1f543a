"""What a person saw after doing something, and how messages and dialogs are reported."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

from sandbox.changes import Change, Kind
from sandbox.teams import inputs
from sandbox.teams.delivery import Answer
from sandbox.teams.walk import Hidden, action_json, actions_in, card_of, inputs_in, words_in
from sandbox.teams.world import Conversation, Dialog, Json, Message, Place, Tenant

VISIBLE_S: Final = 3.5  # longest wait for a reaction to something written
SETTLE_S: Final = 0.15  # of quiet, before what is seen counts as the reaction
OTHERS_S: Final = 1.5  # of quiet after messages that everybody sees, when nothing came for the person alone
_UNSEEN: Final = {Kind.READ, Kind.CHANNEL, Kind.PERSON, Kind.RESET}
_PRIVATE: Final = {Kind.EPHEMERAL, Kind.VIEW, Kind.TOAST, Kind.MODAL, Kind.MODAL_CLOSED, Kind.HOME}


class Watch:
    """Looks over one person's shoulder from now on. `root`: the thread in which an answer is surely one to this act."""

    def __init__(self, world: Tenant, user: str, *, root: str | None = None) -> None:
        self._world = world
        self._user = user
        self._root = root
        self._from = world.changes.seq
        self._toasts = len(world.toasts)
        self._start = asyncio.get_running_loop().time()
        self._answered = self._start

    async def over(self, delivery: Coroutine[Any, Any, Answer], *, answer_tells_all: bool = False) -> Answer:
        """The bot's answer, once its visible effect has settled or cannot be waited for any longer.

        After an invoke the answer tells all there is to see, so that only what came with it is waited for.
        """
        loop = asyncio.get_running_loop()
        answer = await delivery
        self._answered = loop.time()
        while answer.error is None:
            until = self._answered + SETTLE_S if answer_tells_all else self._wanted_until()
            if loop.time() >= until:
                break
            await self._world.changes.wait(self._world.changes.seq, until - loop.time())
        return answer

    def report(self, answer: Answer) -> Json:
        """What the person saw.

        `ephemeral`: what nobody else sees (their chat with the bot counts); `messages`: what everybody in the place
        sees; `cards`: what a card of theirs turned into; `toasts`; `modal`: the dialog before them.
        """
        report: Json = {"ephemeral": [], "messages": [], "cards": [], "latency_ms": self._latency_ms()}
        for change in self._latest():
            conversation = self._world.conversations.get(str(change.channel))
            message = conversation.find(str(change.ts)) if conversation is not None else None
            if conversation is None or message is None or message.by != self._world.app.bot:
                continue
            mine = conversation.kind is Place.PERSONAL or message.only is not None
            where = "cards" if change.kind is Kind.VIEW else "ephemeral" if mine else "messages"
            report[where].append({"channel": conversation.id, **message_json(self._world, message, self._user)})
        toasts = [toast for toast in self._world.toasts[self._toasts :] if toast["user"] == self._user]
        report["toasts"] = [toast["text"] for toast in toasts]
        dialog = self._world.dialogs.get(self._user)
        if dialog is not None:
            report["modal"] = dialog_json(dialog)
        if answer.status:
            report["status"] = answer.status
        if answer.error is not None:
            report["error"] = answer.error
        return report

    def _latency_ms(self) -> int:
        """Milliseconds from the act to the first thing seen (else to the answer)."""
        seen = self._seen()
        return max(0, round(((seen[0].at if seen else self._answered) - self._start) * 1000))

    def _seen(self) -> list[Change]:
        return [change for change in self._world.changes.since(self._from) if self._sees(change)]

    def _latest(self) -> list[Change]:
        """The last change of each message seen, in the order in which they appeared."""
        return list({(change.channel, change.ts): change for change in self._seen() if change.ts}.values())

    def _sees(self, change: Change) -> bool:
        if change.kind in _UNSEEN:
            return False
        if change.user is not None:
            return change.user == self._user
        conversation = self._world.conversations.get(str(change.channel))
        return conversation is not None and self._user in conversation.members

    def _is_answer(self, change: Change) -> bool:
        """Whether this can be nothing but a reaction to the act."""
        if change.kind in _PRIVATE:
            return True
        conversation = self._world.conversations.get(str(change.channel))
        if conversation is None or change.kind is Kind.DELETED:
            return False
        message = conversation.find(str(change.ts))
        here = self._root is not None and message is not None and message.root == self._root
        return here or conversation.kind is Place.PERSONAL

    def _wanted_until(self) -> float:
        """The loop time until which waiting is worth while."""
        limit = self._start + VISIBLE_S
        seen = self._seen()
        if not seen:
            return limit
        own = [change for change in seen if self._is_answer(change)]
        return min(limit, own[-1].at + SETTLE_S if own else seen[-1].at + OTHERS_S)


def content(card: Json | None, text: str, shown: Hidden) -> Json:
    """What can be read and clicked: the text, the card, its words and actions."""
    if card is None:
        return {"text": text, "card": None, "words": text, "actions": [], "fields": []}
    items = inputs_in(card, shown=shown)
    return {
        "text": text,
        "card": card,
        "words": words_in(card, shown=shown),
        "actions": [action_json(action) for action in actions_in(card, shown=shown)],
        "fields": inputs.fields_of(items, inputs.initial(items)),
    }


def message_json(world: Tenant, message: Message, user: str | None = None) -> Json:
    """A message as the control surface lists it; for `user` as this person sees it."""
    person = world.people.get(message.by)
    view = world.view_of(user, message)
    card = view.card if view is not None else card_of(message.activity)
    shown = world.hidden.get((message.id, user), {}) if user is not None else {}
    text = str(message.activity.get("text") or message.activity.get("summary") or "")
    entry: Json = {
        "ts": message.id,
        "user": message.by,
        "user_name": person.name if person is not None else world.app.name,
        "is_app": person is None,
        **content(card, text, shown),
        "edited": message.edited,
        "personal_view": view is not None,
        "thread_ts": message.root,
        "notes": message.notes,
    }
    if message.activity.get("summary"):
        entry["summary"] = message.activity["summary"]
    if message.only is not None:
        entry["only"] = message.only
    return entry


def thread_json(world: Tenant, conversation: Conversation, user: str | None = None) -> list[Json]:
    """The messages of a conversation that this person sees, newest last, replies inside `thread`."""

    def sees(message: Message) -> bool:
        return message.only is None or message.only == user

    return [
        message_json(world, root, user)
        | {"thread": [message_json(world, m, user) for m in conversation.thread(root.id) if sees(m)]}
        for root in conversation.messages
        if root.root is None and sees(root)
    ]


def dialog_json(dialog: Dialog) -> Json:
    """A dialog as the control surface shows it."""
    items = inputs_in(dialog.card)
    actions = [action_json(action) for action in actions_in(dialog.card)]
    submit = next((action["text"] for action in actions if action["type"] == "Action.Submit"), None)
    return {
        "view_id": dialog.id,
        "title": dialog.title,
        "card": dialog.card,
        "words": words_in(dialog.card),
        "fields": inputs.fields_of(items, dialog.values),
        "actions": actions,
        "submit": submit,
    }
