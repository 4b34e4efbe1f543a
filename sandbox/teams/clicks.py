"""Cards in a person's hands: the click on an action, what the client does by itself, and the automatic refresh."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sandbox.system import ControlError
from sandbox.teams import activities, inputs
from sandbox.teams.acts import Acts, tab_cards
from sandbox.teams.cards import check_card
from sandbox.teams.delivery import WENT_WRONG, Answer, Delivery
from sandbox.teams.dialogs import Dialogs
from sandbox.teams.directory import find_place
from sandbox.teams.hub import Hub
from sandbox.teams.reaction import Watch, content, message_json
from sandbox.teams.schema import CARD, REFRESH_USERS_MAX
from sandbox.teams.walk import (
    action_json,
    actions_in,
    card_of,
    cards_around,
    inputs_in,
    names_of,
    same_value,
    toggled,
)
from sandbox.teams.world import Conversation, Json, Message, Person

REFRESH_S: Final = 60.0  # a view that is younger than this is not asked for again
REFRESHED_MAX: Final = 20  # of the last messages, when somebody looks at a conversation
_MESSAGE: Final = "application/vnd.microsoft.activity.message"
_ERROR: Final = "application/vnd.microsoft.error"


@dataclass(frozen=True, slots=True)
class _Clicked:
    """An action with the card it lies in and what was filled in there. `message` None: a card of the tab."""

    conversation: Conversation
    message: Message | None
    card: Json
    action: Json
    data: Json

    @property
    def msteams(self) -> Json:
        """What the action says to Teams itself."""
        given = self.data.get("msteams")
        return given if isinstance(given, dict) else {}


class Clicks:
    """A person's clicks in cards."""

    def __init__(self, hub: Hub, delivery: Delivery, acts: Acts, dialogs: Dialogs) -> None:
        self._hub = hub
        self._delivery = delivery
        self._acts = acts
        self._dialogs = dialogs
        self._refreshing: dict[tuple[str, str], int] = {}

    async def click(self, person: Person, place: Mapping[str, Any]) -> Json:
        """What the person saw after using an action of a card: in a message, or with `home` in the personal tab."""
        conversation, message, card = await self._seen(person, place)
        self._acts.enter(person, conversation)
        action = self._find(person, message, card, place)
        items = [item for around in cards_around(card, action) for item in inputs_in(around, unfold=False)]
        values = inputs.initial(items)
        for name, value in inputs.filled(items, place.get("inputs") or {}).items():
            values.pop(name, None)
            values |= {} if value is None else {name: value}
        collects = action["type"] in {"Action.Execute", "Action.Submit"} and action.get("associatedInputs") != "none"
        wrong = inputs.problems(items, values) if collects else {}
        if wrong:
            return _nothing() | {"errors": wrong}
        data = action.get("data")
        carried = dict(data) if isinstance(data, dict) else {}
        clicked = _Clicked(conversation, message, card, action, carried | (values if collects else {}))
        return await self._used(person, clicked)

    async def refresh(self, person: Person, conversation: Conversation, *, force: bool = False) -> None:
        """The cards in the conversation that want to be refreshed for this person have been, as the client does it."""
        shown = [m for m in conversation.messages if m.only in {None, person.id}][-REFRESHED_MAX:]
        due = [(m, action) for m in shown if (action := self._due(person, conversation, m, force=force)) is not None]
        await asyncio.gather(*(self._refresh(person, conversation, message, action) for message, action in due))

    def wants_refresh(self, person: Person, conversation: Conversation) -> bool:
        """Whether a look at the conversation would ask the bot for anything."""
        return any(self._due(person, conversation, m, force=False) for m in conversation.messages[-REFRESHED_MAX:])

    async def _seen(self, person: Person, place: Mapping[str, Any]) -> tuple[Conversation, Message | None, Json]:
        """The card of which they use an action. Raises ControlError.

        A client has refreshed an edited card for its person before they can click what is theirs alone.
        """
        conversation, message, card = self._target(person, place)
        if message is None or any(place.get("action_id") in names_of(action) for action in actions_in(card)):
            return conversation, message, card
        due = self._due(person, conversation, message, force=False)
        if due is not None:
            await self._refresh(person, conversation, message, due)
        return self._target(person, place)

    def _target(self, person: Person, place: Mapping[str, Any]) -> tuple[Conversation, Message | None, Json]:
        """The card that the person sees there. Raises ControlError."""
        world = self._hub.world
        if place.get("home"):
            for card in self._acts.home(person):
                if any(place.get("action_id") in names_of(action) for action in actions_in(card)):
                    return world.open_personal(person.id), None, card
            raise ControlError(f"The tab of {person.name} has no such action.", status=404)
        ts = place.get("ts")
        if not isinstance(ts, str) or not ts:
            raise ControlError("`ts` is missing: the id of the message that was clicked.")
        conversation = find_place(world, place.get("channel"), person)
        message = conversation.find(ts)
        if message is None or message.only not in {None, person.id}:
            raise ControlError(f"There is no message {ts} in {conversation.name}.", status=404)
        view = world.view_of(person.id, message)
        found = view.card if view is not None else card_of(message.activity)
        if found is None:
            raise ControlError(f"The message {ts} has no card.")
        return conversation, message, found

    def _find(self, person: Person, message: Message | None, card: Json, place: Mapping[str, Any]) -> Json:
        shown = self._hub.world.hidden.get((message.id, person.id), {}) if message is not None else {}
        actions = actions_in(card, shown=shown)
        named = [action for action in actions if place.get("action_id") in names_of(action)]
        if not named:
            known = tuple(dict.fromkeys(str(action_json(action)["action_id"]) for action in actions))
            raise ControlError(f"Nothing here is called {place.get('action_id')!r}.", accepted=known, status=404)
        value = place.get("value")
        found = named if value is None else [action for action in named if same_value(action, value)]
        if not found:
            carried = tuple(str(action_json(action)["value"]) for action in named)
            raise ControlError(f"No such action has the value {value!r}.", accepted=carried, status=404)
        if found[0].get("isEnabled") is False:
            raise ControlError(f"{found[0].get('title')!r} cannot be clicked: it is not enabled.", status=409)
        return found[0]

    async def _used(self, person: Person, clicked: _Clicked) -> Json:
        """What this kind of action does."""
        action = clicked.action
        match action["type"]:
            case "Action.OpenUrl":
                return _nothing() | {"url": action["url"]}
            case "Action.ShowCard":
                return _nothing() | {"shown": content(action["card"], "", {})}
            case "Action.ToggleVisibility":
                return self._toggle(person, clicked)
            case "Action.Execute":
                return await self._execute(person, clicked)
            case _:
                return await self._submit(person, clicked)

    def _toggle(self, person: Person, clicked: _Clicked) -> Json:
        if clicked.message is None:
            raise ControlError("In the tab nothing can be toggled here.")
        key = (clicked.message.id, person.id)
        world = self._hub.world
        shown = toggled(clicked.card, clicked.action, world.hidden.get(key, {}))
        world.toggle(person.id, clicked.conversation, clicked.message, shown)
        return _nothing() | {"cards": [message_json(world, clicked.message, person.id)]}

    async def _execute(self, person: Person, clicked: _Clicked) -> Json:
        message = clicked.message
        if message is None:
            raise ControlError("Action.Execute has no place in a tab; Action.Submit has.")
        activity = activities.executed(
            self._hub,
            person,
            clicked.conversation,
            message,
            action=clicked.action,
            data=clicked.data,
            automatic=False,
        )

        async def deliver() -> Answer:
            answer = await self._delivery.invoke(activity)
            return self._answered(person, clicked.conversation, message, answer)

        watch = Watch(self._hub.world, person.id)
        return watch.report(await watch.over(deliver(), answer_tells_all=True))

    async def _submit(self, person: Person, clicked: _Clicked) -> Json:
        """Action.Submit: what `msteams` in its data says, else a message to the bot."""
        conversation, message, given = clicked.conversation, clicked.message, clicked.msteams
        root = (message.root or message.id) if message is not None else None
        watch = Watch(self._hub.world, person.id, root=root)
        match given.get("type"):
            case "task/fetch":
                fetched = self._dialogs.fetch(person, conversation, message, clicked.data)
                return watch.report(await watch.over(fetched, answer_tells_all=True))
            case "imBack":
                return await self._acts.command(person, conversation, str(given.get("value", "")), None)
            case "messageBack":
                said = self._hub.world.post(
                    conversation, person.id, {"type": "message", "text": str(given.get("displayText", ""))}
                )
                activity = activities.message(
                    self._hub, person, conversation, said, mentioned=False, value=given.get("value", {})
                )
                activity["text"] = str(given.get("text", ""))
            case _ if message is None:
                return watch.report(await watch.over(self._in_tab(person, clicked), answer_tells_all=True))
            case _:
                activity = activities.submitted(self._hub, person, conversation, message, clicked.data)
        return watch.report(await watch.over(self._delivery.event(activity)))

    async def _in_tab(self, person: Person, clicked: _Clicked) -> Answer:
        value = {"data": {"type": "tab/submit", **clicked.data}, "tabContext": {"tabEntityId": "home"}}
        activity = activities.invoke(
            self._hub, person, clicked.conversation, "tab/submit", value | {"context": {"theme": "default"}}
        )
        answer = await self._delivery.invoke(activity)
        cards = tab_cards(answer.body) if answer.error is None else []
        if cards:
            self._hub.world.publish_home(person.id, cards)
        return answer

    def _answered(self, person: Person, conversation: Conversation, message: Message, answer: Answer) -> Answer:
        """The answer to Action.Execute has taken effect: a card for this person alone, a sentence, or an error."""
        if answer.error is not None:
            return answer
        world = self._hub.world
        match answer.body:
            case {"statusCode": 200, "type": str(kind), "value": dict(card)} if kind == CARD:
                errors = check_card(card).errors
                if errors:
                    return Answer(answer.status, answer.body, f"{WENT_WRONG} ({' '.join(errors)})", answer.took_ms)
                world.show(person.id, conversation, message, card)
                return answer
            case {"statusCode": 200, "type": str(kind), "value": str(text)} if kind == _MESSAGE:
                world.toast(person.id, text)
                return answer
            case {"statusCode": int(), "type": str(kind), "value": {"message": str(text)}} if kind.startswith(_ERROR):
                world.toast(person.id, text, kind="error")
                return Answer(answer.status, answer.body, text, answer.took_ms)
            case {"statusCode": 401}:
                return Answer(answer.status, answer.body, "Sign in is needed.", answer.took_ms)
            case _:
                return Answer(answer.status, answer.body, f"{WENT_WRONG} (no invoke response)", answer.took_ms)

    def _due(self, person: Person, conversation: Conversation, message: Message, *, force: bool) -> Json | None:
        """The refresh action that the client would send now for this message; None when it would not."""
        view = self._hub.world.view_of(person.id, message)
        base = card_of(message.activity)
        if base is None or message.by != self._hub.world.app.bot:
            return None
        refresh = (view.card if view is not None else base).get("refresh") or base.get("refresh")
        if not isinstance(refresh, dict):
            return None
        action: Json = refresh["action"]
        if force:
            return action
        users = refresh.get("userIds")
        wanted = person.id in users if users is not None else len(conversation.members) <= REFRESH_USERS_MAX
        fresh = view is not None and time.monotonic() - view.at < REFRESH_S
        under_way = self._refreshing.get((message.id, person.id)) == message.version
        return action if wanted and not fresh and not under_way else None

    async def _refresh(self, person: Person, conversation: Conversation, message: Message, action: Json) -> None:
        key = (message.id, person.id)
        version = self._refreshing[key] = message.version
        activity = activities.executed(
            self._hub,
            person,
            conversation,
            message,
            action=action,
            data=action.get("data") or {},
            automatic=True,
        )
        try:
            answer = await self._delivery.invoke(activity)
        finally:
            if self._refreshing.get(key) == version:
                del self._refreshing[key]
        match answer.body:
            case {"statusCode": 200, "type": str(kind), "value": dict(card)} if kind == CARD:
                # A card that was edited meanwhile is refreshed anew: this answer speaks of the former one.
                if message.version == version and not check_card(card).errors:
                    self._hub.world.show(person.id, conversation, message, card)
            case _:
                pass  # the message's own card stays before the person, as in the real client


def _nothing() -> Json:
    return {"ephemeral": [], "messages": [], "cards": [], "toasts": [], "latency_ms": 0}
