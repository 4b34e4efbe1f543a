"""view_submission's state.values -> {input id: value}. Our block id and action id are both the input's id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def read_inputs(view: Mapping[str, Any]) -> dict[str, Any]:
    """The submitted values: text, an option's value, a list of option values, or a chat user id; None if untouched."""
    values = view.get("state", {}).get("values", {})
    return {block_id: _value(element) for block_id, elements in values.items() for element in elements.values()}


def _value(element: Mapping[str, Any]) -> Any:
    match element.get("type"):
        case "static_select" | "radio_buttons":
            return (element.get("selected_option") or {}).get("value")
        case "checkboxes":
            return [option["value"] for option in element.get("selected_options") or ()]
        case "users_select":
            return element.get("selected_user")
        case _:
            return element.get("value")
