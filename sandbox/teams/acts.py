"""What people do in Teams: write to the bot, open its tab, add the app to a chat or take it out.

Each act returns what the person saw. Input that no real client could send raises ControlError (4xx).
"""

from __future__ import annotations

from typing import Any

from sandbox.system import ControlError
from sandbox.teams import activities
from sandbox.teams.cards import check_card
from sandbox.teams.delivery import Delivery
from sandbox.teams.hub import Hub
from sandbox.teams.reaction import Watch
from sandbox.teams.schema import CARD
from sandbox.teams.walk import card_of
from sandbox.teams.world import Conversation, Json, Message, Person, Place


class Acts:
    """A person's part, played through the bot's one door."""

    def __init__(self, hub: Hub, delivery: Delivery) -> None:
        self._hub = hub
        self._delivery = delivery

    async def command(self, person: Person, conversation: Conversation, typed: str, thread_ts: str | None) -> Json:
        """What the person saw after writing to the bot; elsewhere than in their own chat the bot is mentioned.

        There are no slash commands in Teams: a slash in front is what somebody used to Slack would type, and dropped.
        """
        text = typed.strip().removeprefix("/").strip()
        if not text:
            raise ControlError("There is nothing to send: `text` is empty.")
        mentioned = conversation.kind is not Place.PERSONAL
        if mentioned and not conversation.installed:
            raise ControlError(f"{self._hub.world.app.name} cannot be mentioned in {conversation.name}.", status=403)
        return await self._say(person, conversation, text, thread_ts, mentioned=mentioned)

    async def message(self, person: Person, conversation: Conversation, text: str, thread_ts: str | None) -> Json:
        """What the person saw after writing something, as it stands, to whoever is there.

        Where there are others, the bot hears it only if it says @ and the bot's name.
        """
        if not text.strip():
            raise ControlError("There is nothing to send: `text` is empty.")
        name = f"@{self._hub.world.app.name}"
        found = text.casefold().find(name.casefold())
        mentioned = found >= 0 and conversation.kind is not Place.PERSONAL and conversation.installed
        if mentioned:
            text = (text[:found] + text[found + len(name) :]).strip()
        return await self._say(person, conversation, text, thread_ts, mentioned=mentioned)

    async def open_home(self, person: Person) -> list[Json]:
        """The cards of the app's personal tab after opening it; if it has none, the last card the bot sent here."""
        world = self._hub.world
        conversation = world.open_personal(person.id)
        if person.installed:
            value = {"tabContext": {"tabEntityId": "home"}, "context": {"theme": "default"}}
            activity = activities.invoke(self._hub, person, conversation, "tab/fetch", value)
            answer = await self._delivery.invoke(activity)
            cards = tab_cards(answer.body) if answer.error is None else []
            if cards:
                world.publish_home(person.id, cards)
        return self.home(person)

    def home(self, person: Person) -> list[Json]:
        """The cards of the personal tab as last sent; if there were none, the last card in the chat with the bot."""
        world = self._hub.world
        if person.id in world.homes:
            return world.homes[person.id]
        conversation = world.personal(person.id)
        said = conversation.messages if conversation is not None else []
        cards = [card for card in (card_of(m.activity) for m in said if m.by == world.app.bot) if card is not None]
        return cards[-1:]

    async def install(self, person: Person, conversation: Conversation) -> Json:
        """The app is in the conversation, and the bot has heard of it as from Teams: added, and its members."""
        bot = {"id": self._hub.world.app.bot}
        self._put(person, conversation, installed=True)
        watch = Watch(self._hub.world, person.id)
        added = activities.installation(self._hub, person, conversation, added=True)
        heard = await self._delivery.event(added)
        joined = activities.roster(self._hub, person, conversation, [bot], added=True)
        answer = await watch.over(self._delivery.event(joined), answer_tells_all=True)
        return watch.report(answer if heard.error is None else heard) | {"channel": conversation.id}

    async def uninstall(self, person: Person, conversation: Conversation) -> Json:
        """The app is out of the conversation: the bot has heard of it and may not write there any more."""
        watch = Watch(self._hub.world, person.id)
        gone = activities.installation(self._hub, person, conversation, added=False)
        self._put(person, conversation, installed=False)
        answer = await watch.over(self._delivery.event(gone), answer_tells_all=True)
        return watch.report(answer) | {"channel": conversation.id}

    def enter(self, person: Person, conversation: Conversation) -> None:
        """The person may act in the conversation. Raises ControlError 403 otherwise."""
        if person.deleted:
            raise ControlError(f"{person.name} can no longer sign in.", status=403)
        if person.id not in conversation.members:
            raise ControlError(f"{person.name} cannot see {conversation.name}.", status=403)
        if conversation.kind is Place.PERSONAL and not person.installed:
            name = self._hub.world.app.name
            raise ControlError(f"{person.name} has not added {name}; POST /control/teams/install adds it.", status=403)

    async def _say(
        self, person: Person, conversation: Conversation, text: str, thread_ts: str | None, *, mentioned: bool
    ) -> Json:
        self.enter(person, conversation)
        world = self._hub.world
        said = world.post(
            conversation, person.id, self._written(text, mentioned=mentioned), root=self._root(conversation, thread_ts)
        )
        world.mark_read(person.id, conversation.id, said.id)
        root = (said.root or said.id) if conversation.kind is Place.CHANNEL else None
        watch = Watch(world, person.id, root=root)
        where = {"ts": said.id, "channel": conversation.id, "thread_ts": said.root or said.id}
        if conversation.kind is not Place.PERSONAL and not mentioned:
            nothing: Json = {"ephemeral": [], "messages": [], "cards": [], "toasts": [], "latency_ms": 0}
            return nothing | where | {"heard": False}
        activity = activities.message(self._hub, person, conversation, said, mentioned=mentioned)
        answer = await watch.over(self._delivery.event(activity))
        return watch.report(answer) | where | {"heard": True}

    def _written(self, text: str, *, mentioned: bool) -> Json:
        """What a person wrote, as it stands in the conversation."""
        written: Json = {"type": "message", "text": text}
        return written | ({"mentions": self._hub.world.app.name} if mentioned else {})

    def _root(self, conversation: Conversation, thread_ts: str | None) -> str | None:
        if thread_ts is None:
            return None
        parent: Message | None = conversation.find(thread_ts)
        if parent is None:
            raise ControlError(f"There is no message {thread_ts} in {conversation.name}.", status=404)
        return (parent.root or parent.id) if conversation.kind is Place.CHANNEL else None

    def _put(self, person: Person, conversation: Conversation, *, installed: bool) -> None:
        if conversation.kind is Place.PERSONAL:
            self._hub.world.edit_person(person, {"installed": installed})
        elif conversation.kind is Place.CHANNEL:  # an app is added to the team, not to one of its channels
            for channel in self._hub.world.conversations.values():
                if channel.kind is Place.CHANNEL:
                    channel.installed = installed
        else:
            conversation.installed = installed


def tab_cards(body: Any) -> list[Json]:
    """The sound cards in the answer to `tab/fetch` or `tab/submit`."""
    match body:
        case {"tab": {"type": "continue", "value": {"cards": list(entries)}}}:
            cards = [_content(entry) for entry in entries]
            return [card for card in cards if isinstance(card, dict) and not check_card(card).errors]
        case _:
            return []


def _content(entry: Any) -> Any:
    """The card in an entry: bare, or as an attachment."""
    card = entry.get("card") if isinstance(entry, dict) else None
    if isinstance(card, dict) and card.get("contentType") == CARD:
        return card.get("content")
    return card
