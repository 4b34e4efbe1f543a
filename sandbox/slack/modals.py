"""A modal in a person's hands: filling it in, the client's own checks, and what the product's answer does to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.slack import inputs
from sandbox.slack.delivery import Ack
from sandbox.slack.directory import word_to_person
from sandbox.slack.hub import ApiError, Hub
from sandbox.slack.methods_views import build_view, push_view
from sandbox.slack.reaction import modal_json
from sandbox.slack.world import Json, Person
from sandbox.system import ControlError


class Modals:
    """The modals of the workspace, as people use them."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def top(self, person: Person, view_id: str) -> Json:
        """The modal with this id, which must be the one that the person sees. Raises ControlError 404."""
        shown = self._hub.world.top_modal(person.id)
        if shown is None:
            raise ControlError(f"{person.real_name} has no modal open.", status=404)
        if shown["id"] != view_id:
            raise ControlError(
                f"{person.real_name} does not see the modal {view_id!r}.", status=404, accepted=(shown["id"],)
            )
        return shown

    def fill(self, view: Json, values: Mapping[str, Any]) -> None:
        """The values are in the fields named by label, block id or action id. Raises ControlError for a misfit."""
        new: list[tuple[Json, Json, Json]] = []
        for name, given in values.items():
            block, element = _field(view, name)
            try:
                entry = inputs.filled(element, given, lambda word: word_to_person(self._hub.world, word))
            except inputs.FieldError as exc:
                raise ControlError(f"{name}: {exc}") from exc
            new.append((block, element, entry))
        for block, element, entry in new:
            view["state"]["values"].setdefault(block["block_id"], {})[element["action_id"]] = entry

    def refused(self, view: Json) -> dict[str, str]:
        """What the client itself holds against the values, by block id; nothing is sent then."""
        problems: dict[str, str] = {}
        for block, element in inputs.stateful(view["blocks"]):
            if block["type"] != "input":
                continue
            entry = view["state"]["values"][block["block_id"]][element["action_id"]]
            problem = inputs.check(element, entry, optional=bool(block.get("optional")))
            if problem:
                problems[block["block_id"]] = problem
        return problems

    def answered(self, person: Person, view: Json, ack: Ack, errors: dict[str, str]) -> Ack:
        """The product's answer to a submission has taken effect; field errors are put into `errors`.

        An answer that Slack would not understand comes back as an error, and the modal stays.
        """
        if ack.error is not None:
            return ack
        world = self._hub.world
        body = ack.body or {}
        if not isinstance(body, dict):
            return Ack(error="invalid_response")
        try:
            match body.get("response_action"):
                case None if not body:
                    world.close(person.id, view["id"])
                case "clear":
                    for root in world.stacks.get(person.id, [])[:1]:
                        world.close(person.id, root)
                case "update":
                    world.reshow(person.id, build_view(self._hub, body.get("view"), "modal", base=view))
                case "push":
                    push_view(self._hub, person.id, build_view(self._hub, body.get("view"), "modal"))
                case "errors" if _are_field_errors(view, body.get("errors")):
                    errors.update(body["errors"])
                case _:
                    return Ack(error="invalid_response")
        except ApiError as exc:
            messages = exc.extra.get("response_metadata", {}).get("messages", [])
            return Ack(error=" ".join([exc.code, *messages]))
        return ack

    def outcome(self, person: Person, view: Json, errors: Mapping[str, str], report: Json) -> Json:
        """What is left before the person: whether this view closed, its errors, the modal now on top."""
        stack = self._hub.world.stacks.get(person.id, [])
        outcome: Json = {**report, "closed": view["id"] not in stack}
        if errors:
            labels = {block["block_id"]: inputs.label_of(block) for block in view["blocks"]}
            outcome["errors"] = dict(errors)
            outcome["labelled_errors"] = {labels[block_id]: text for block_id, text in errors.items()}
        outcome.pop("modal", None)
        shown = self._hub.world.top_modal(person.id)
        if shown is not None:
            outcome["modal"] = modal_json(shown)
        return outcome


def _are_field_errors(view: Json, errors: Any) -> bool:
    """Slack accepts errors only for input blocks of this view."""
    if not isinstance(errors, dict) or not errors:
        return False
    known = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
    return set(errors) <= known and all(isinstance(text, str) and text for text in errors.values())


def _field(view: Json, name: str) -> tuple[Json, Json]:
    """The block and element meant by a label, block id or action id (labels: case and surrounding space aside)."""
    pairs = list(inputs.stateful(view["blocks"]))
    for block, element in pairs:
        if name == block["block_id"]:
            return block, element
    by_action = [pair for pair in pairs if pair[1]["action_id"] == name]
    wanted = name.strip().casefold()
    found = by_action or [pair for pair in pairs if inputs.label_of(pair[0]).strip().casefold() == wanted]
    if len(found) == 1:
        return found[0]
    if found:
        ids = tuple(block["block_id"] for block, _ in found)
        raise ControlError(f"{len(found)} fields are called {name!r}; use the block id.", accepted=ids)
    known = tuple(f"{inputs.label_of(block)} ({block['block_id']})" for block, _ in pairs)
    raise ControlError(f"This modal has no field {name!r}.", accepted=known)
