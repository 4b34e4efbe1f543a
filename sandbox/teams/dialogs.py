"""Dialogs (task modules): opened by `task/fetch`, filled in by a person, sent by `task/submit`, answered by the bot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.system import ControlError
from sandbox.teams import activities, inputs
from sandbox.teams.cards import check_card
from sandbox.teams.delivery import WENT_WRONG, Answer, Delivery
from sandbox.teams.hub import Hub
from sandbox.teams.reaction import Watch, dialog_json
from sandbox.teams.schema import CARD
from sandbox.teams.walk import actions_in, inputs_in, names_of
from sandbox.teams.world import Conversation, Dialog, Json, Message, Person


class Dialogs:
    """The dialogs of the tenant, as people use them."""

    def __init__(self, hub: Hub, delivery: Delivery) -> None:
        self._hub = hub
        self._delivery = delivery

    def open(self, person: Person, view_id: str) -> Dialog:
        """The dialog with this id, which must be the one before this person. Raises ControlError 404."""
        dialog = self._hub.world.dialogs.get(person.id)
        if dialog is None:
            raise ControlError(f"{person.name} has no dialog open.", status=404)
        if dialog.id != view_id:
            raise ControlError(f"{person.name} does not see the dialog {view_id!r}.", status=404, accepted=(dialog.id,))
        return dialog

    async def fetch(self, person: Person, conversation: Conversation, message: Message | None, data: Json) -> Answer:
        """The bot's answer to a button that asks for a dialog; the dialog is open if it gave one."""
        value = {"data": data, "context": {"theme": "default"}}
        activity = activities.invoke(self._hub, person, conversation, "task/fetch", value, card=message)
        answer = await self._delivery.invoke(activity)
        origin = message.id if message is not None else None
        blank = Dialog(self._hub.world.new_dialog_id(), person.id, conversation.id, origin, "", {})
        return self._applied(blank, answer)

    async def submit(
        self, person: Person, view_id: str, values: Mapping[str, Any], action_id: str | None = None
    ) -> Json:
        """What became of the dialog: `closed`, `errors` by input id, and what else was seen."""
        dialog = self.open(person, view_id)
        action = _submit_of(dialog, action_id)
        items = inputs_in(dialog.card)
        for name, value in inputs.filled(items, values).items():
            if value is None:
                dialog.values.pop(name, None)
            else:
                dialog.values[name] = value
        wrong = {} if action.get("associatedInputs") == "none" else inputs.problems(items, dialog.values)
        if wrong:
            labels = {item["id"]: inputs.label_of(item) for item in items}
            labelled = {labels[id_]: text for id_, text in wrong.items()}
            nothing: Json = {"ephemeral": [], "messages": [], "cards": [], "toasts": [], "latency_ms": 0}
            outcome = {"closed": False, "errors": wrong, "labelled_errors": labelled, "modal": dialog_json(dialog)}
            return nothing | outcome
        watch = Watch(self._hub.world, person.id)
        answer = await watch.over(self._sent(person, dialog, action), answer_tells_all=True)
        open_now = self._hub.world.dialogs.get(person.id)
        return watch.report(answer) | {"closed": open_now is None or open_now.id != dialog.id}

    def close(self, person: Person, view_id: str) -> Json:
        """The dialog is closed; Teams does not tell the bot."""
        self.open(person, view_id)
        self._hub.world.close_dialog(person.id)
        return {"closed": True}

    async def _sent(self, person: Person, dialog: Dialog, action: Json) -> Answer:
        world = self._hub.world
        conversation = world.conversations.get(dialog.conversation) or world.open_personal(person.id)
        message = conversation.find(dialog.message) if dialog.message is not None else None
        data = action.get("data")
        merged = {**data, **dialog.values} if isinstance(data, dict) else {"data": data, **dialog.values}
        if data is None:
            merged = dict(dialog.values)
        value = {"data": merged, "context": {"theme": "default"}}
        activity = activities.invoke(self._hub, person, conversation, "task/submit", value, card=message)
        return self._applied(dialog, await self._delivery.invoke(activity))

    def _applied(self, dialog: Dialog, answer: Answer) -> Answer:
        """The answer has taken effect: another card, a sentence, or the end. A senseless answer changes nothing."""
        if answer.error is not None:
            return answer
        world = self._hub.world
        if answer.body is not None and not isinstance(answer.body, dict):
            return Answer(answer.status, answer.body, WENT_WRONG, answer.took_ms)
        task = (answer.body or {}).get("task")
        match task:
            case None:
                world.close_dialog(dialog.user)
            case {"type": "message", "value": str(text)}:
                world.close_dialog(dialog.user)
                world.toast(dialog.user, text)
            case {"type": "continue", "value": {"card": {"contentType": str(kind), "content": card}} as value} if (
                kind == CARD and not check_card(card).errors
            ):
                title = str(value.get("title") or "")
                values = inputs.initial(inputs_in(card))
                world.open_dialog(
                    Dialog(dialog.id, dialog.user, dialog.conversation, dialog.message, title, card, values)
                )
            case _:
                return Answer(answer.status, answer.body, f"{WENT_WRONG} {_reason(task)}".strip(), answer.took_ms)
        return answer


def _submit_of(dialog: Dialog, action_id: str | None) -> Json:
    actions = [action for action in actions_in(dialog.card) if action["type"] == "Action.Submit"]
    if not actions:
        raise ControlError("This dialog has no submit button.")
    if action_id is None:
        return actions[0]
    for action in actions:
        if action_id in names_of(action):
            return action
    known = tuple(name for action in actions for name in sorted(names_of(action)))
    raise ControlError(f"This dialog has no button {action_id!r}.", accepted=known, status=404)


def _reason(task: Any) -> str:
    """What is wrong with a dialog's answer, for who wrote the bot."""
    value = task.get("value") if isinstance(task, dict) else None
    card = value.get("card") if isinstance(value, dict) else None
    errors = check_card(card["content"]).errors if isinstance(card, dict) and "content" in card else []
    return f"({' '.join(errors)})" if errors else "(neither a card nor a message)"
