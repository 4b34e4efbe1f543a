"""Finding what a person clicks: the message or view, the element in it, and the action Slack makes of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.slack import inputs
from sandbox.slack.blockkit import ACTION_ELEMENTS, elements, options_of
from sandbox.slack.directory import find_place, word_to_person
from sandbox.slack.hub import Hub
from sandbox.slack.reaction import actions_of
from sandbox.slack.world import Channel, Json, Person
from sandbox.system import ControlError


@dataclass(frozen=True, slots=True)
class Target:
    """Where the click happens: in a message (perhaps a private one), or in a view."""

    blocks: list[Json]
    channel: Channel | None = None
    message: Json | None = None
    ephemeral: bool = False
    view: Json | None = None


def find_target(hub: Hub, person: Person, place: Mapping[str, Any]) -> Target:
    """The thing named by `view_id`, by `home`, or by `channel` and `ts`. Raises ControlError if it is not there."""
    world = hub.world
    if place.get("view_id"):
        view_id = str(place["view_id"])
        shown = world.top_modal(person.id)
        home = world.homes.get(person.id)
        for view in (shown, home):
            if view is not None and view["id"] == view_id:
                return Target(view["blocks"], view=view)
        raise ControlError(f"{person.real_name} does not see a view {view_id}.", status=404)
    if place.get("home"):
        home = world.homes.get(person.id)
        if home is None:
            raise ControlError(f"The App Home of {person.real_name} is empty.", status=404)
        return Target(home["blocks"], view=home)
    ts = str(place.get("ts") or "")
    if not ts:
        raise ControlError("Say where: `channel` and `ts` of a message, `view_id` of a view, or `home`: true.")
    told = world.find_told(person.id, ts)
    if told is not None:
        return Target(told.message.get("blocks", []), world.channels[told.channel], told.message, ephemeral=True)
    channel = find_place(world, place.get("channel"), person)
    message = channel.find(ts)
    if message is None:
        raise ControlError(f"There is no message {ts} in {channel.name}.", status=404)
    return Target(message.get("blocks", []), channel, message)


def find_element(blocks: list[Json], place: Mapping[str, Any]) -> tuple[Json, Json]:
    """The block and element with this `action_id` (and `block_id`, and for buttons and menus `value`, where given).

    A block that the app gave no id has a new one after each edit, so a click on what was shown a moment ago is found by
    its `action_id` alone.
    """
    action_id, block_id = place.get("action_id"), place.get("block_id")
    named = [
        (block, element)
        for block in blocks
        for element in elements(block)
        if element.get("type") in ACTION_ELEMENTS and element.get("action_id") == action_id
    ]
    matches = [(block, element) for block, element in named if block_id == block["block_id"]] or named
    if not matches:
        known = tuple(dict.fromkeys(str(action["action_id"]) for action in actions_of(blocks)))
        raise ControlError(f"Nothing here has the action_id {action_id!r}.", accepted=known, status=404)
    value = place.get("value")
    for block, element in matches:
        if element["type"] == "overflow" and any(option["value"] == value for option in options_of(element)):
            return block, element
    if value is None or matches[0][1]["type"] != "button":
        return matches[0]
    for block, element in matches:
        if element.get("value") == value:
            return block, element
    values = tuple(str(element.get("value")) for _, element in matches)
    raise ControlError(f"No button {action_id!r} has the value {value!r}.", accepted=values, status=404)


def action_of(hub: Hub, block: Json, element: Json, value: Any) -> Json:
    """The entry of `actions` for using this element; `value` is the choice, where there is one to make."""
    kind = element["type"]
    action: Json = {
        "type": kind,
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "action_ts": f"{time.time():.6f}",
    }
    if kind in {"button", "workflow_button"}:
        return action | {key: element[key] for key in ("text", "value", "style", "url") if key in element}
    if kind == "overflow":
        chosen = [o for o in options_of(element) if value in (o["value"], o["text"]["text"])]
        if not chosen:
            known = tuple(o["value"] for o in options_of(element))
            raise ControlError(f"{value!r} is no choice here.", accepted=known)
        return action | {"selected_option": chosen[0]}
    try:
        entry = inputs.filled(element, value, lambda word: word_to_person(hub.world, word))
    except inputs.FieldError as exc:
        raise ControlError(f"{element['action_id']}: {exc}") from exc
    return action | entry
