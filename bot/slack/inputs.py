"""What came back from Slack: view_submission's state.values -> {input id: value}, and what was clicked.

Our block id and action id are both the input's id.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

CONTINUED: Final = "+"  # between an input's id and the number of its further block; no id of ours contains it


def continued(input_id: str, number: int) -> str:
    """The block id of an input's part: choices beyond what one block takes stand in further ones."""
    return input_id if number == 0 else f"{input_id}{CONTINUED}{number}"


def read_inputs(view: Mapping[str, Any]) -> dict[str, Any]:
    """The submitted values: text, an option's value or several, a chat user id or several; None if untouched.

    Options are as `choice_value` gives them.
    """
    blocks = view.get("state", {}).get("values", {})
    values: dict[str, Any] = {}
    for block_id, elements in blocks.items():
        name = block_id.partition(CONTINUED)[0]
        for element in elements.values():
            value = _value(element)
            values[name] = [*values[name], *value] if isinstance(values.get(name), list) else value
    return values


def clicked(action: Mapping[str, Any]) -> tuple[str, str]:
    """(action id, value) of an element that was used; of a menu those of the line that was chosen."""
    if action.get("type") != "overflow":
        return action["action_id"], action.get("value", "")
    action_id, _, value = str((action.get("selected_option") or {}).get("value", "")).partition(" ")
    return action_id, value


def _value(element: Mapping[str, Any]) -> Any:
    match element.get("type"):
        case "static_select" | "radio_buttons":
            return (element.get("selected_option") or {}).get("value")
        case "checkboxes":
            return [option["value"] for option in element.get("selected_options") or ()]
        case "multi_users_select":
            return list(element.get("selected_users") or ())
        case "users_select":
            return element.get("selected_user")
        case _:
            return element.get("value")
