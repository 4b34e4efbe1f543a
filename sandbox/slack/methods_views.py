"""Web API: views.*. Modals are stacked at most three high; App Home has one view for each person."""

from __future__ import annotations

import copy
import secrets
import time
from typing import Any

from sandbox.slack import blockkit
from sandbox.slack.files import files_errors
from sandbox.slack.hub import ApiError, Hub
from sandbox.slack.inputs import initial_state
from sandbox.slack.world import Json, new_id

STACK_MAX = 3  # modals; Slack, "Modals: view stack"
VIEW_BYTES_MAX = 250_000  # Slack answers view_too_large


def build_view(hub: Hub, given: Any, kind: str, *, base: Json | None = None) -> Json:
    """The view as Slack keeps it, with ids and hash; `base` is the view it replaces. Raises ApiError."""
    if not isinstance(given, dict):
        raise ApiError("invalid_arguments", response_metadata={"messages": ["[ERROR] missing required field: view"]})
    view = copy.deepcopy(given)
    if len(str(view)) > VIEW_BYTES_MAX:
        raise ApiError("view_too_large")
    errors = blockkit.view_errors(view)
    if view.get("type") != kind and not errors:
        errors = [f"[ERROR] must be {kind} [json-pointer:/view/type]"]
    errors = errors or files_errors(hub.world.files, view["blocks"], "/view/blocks", hub.settings.base_url)
    if errors:
        raise ApiError("invalid_arguments", response_metadata={"messages": errors})
    blocks = blockkit.with_ids(view["blocks"])
    world = hub.world
    view_id = base["id"] if base else new_id("V")
    return {
        "id": view_id,
        "team_id": world.team.id,
        "type": kind,
        "blocks": blocks,
        "private_metadata": view.get("private_metadata", ""),
        "callback_id": view.get("callback_id", ""),
        "state": {"values": initial_state(blocks, base["state"]["values"] if base else {})},
        "hash": f"{int(time.time())}.{secrets.token_hex(4)}",
        "title": view.get("title", {"type": "plain_text", "text": "View Title", "emoji": True}),
        "clear_on_close": bool(view.get("clear_on_close", False)),
        "notify_on_close": bool(view.get("notify_on_close", False)),
        "close": view.get("close"),
        "submit": view.get("submit"),
        "previous_view_id": base["previous_view_id"] if base else None,
        "root_view_id": base["root_view_id"] if base else view_id,
        "app_id": world.app.id,
        "external_id": view.get("external_id", ""),
        "app_installed_team_id": world.team.id,
        "bot_id": world.app.bot_id,
    }


def open_(hub: Hub, args: Json) -> Json:
    """views.open: the modal stands alone before the person who clicked."""
    user = _trigger(hub, args)
    view = build_view(hub, args.get("view"), "modal")
    _unique(hub, view)
    for view_id in hub.world.stacks.get(user, [])[:1]:
        hub.world.close(user, view_id)
    hub.world.show(user, view)
    return {"view": view}


def push(hub: Hub, args: Json) -> Json:
    """views.push: the modal lies on those that are open."""
    user = _trigger(hub, args)
    view = build_view(hub, args.get("view"), "modal")
    push_view(hub, user, view)
    return {"view": view}


def push_view(hub: Hub, user: str, view: Json) -> None:
    """The view is the top of this person's stack. Raises ApiError push_limit_reached or not_found."""
    stack = hub.world.stacks.get(user, [])
    if not stack:
        raise ApiError("not_found")
    if len(stack) >= STACK_MAX:
        raise ApiError("push_limit_reached")
    _unique(hub, view)
    view["previous_view_id"] = stack[-1]
    view["root_view_id"] = stack[0]
    hub.world.show(user, view)


def update(hub: Hub, args: Json) -> Json:
    """views.update: the open modal (or home) with this id says something else; typed values stay."""
    old = _find(hub, args)
    if args.get("hash") and args["hash"] != old["hash"]:
        raise ApiError("hash_conflict")
    view = build_view(hub, args.get("view"), old["type"], base=old)
    user = hub.world.holder(old["id"])
    if user is None:
        raise ApiError("not_found")
    if view["type"] == "home":
        hub.world.publish_home(user, view)
    else:
        hub.world.reshow(user, view)
    return {"view": view}


def publish(hub: Hub, args: Json) -> Json:
    """views.publish: this person's App Home."""
    user = str(args.get("user_id"))
    if user not in hub.world.people:
        raise ApiError("user_not_found")
    old = hub.world.homes.get(user)
    if args.get("hash") and old is not None and args["hash"] != old["hash"]:
        raise ApiError("hash_conflict")
    view = build_view(hub, args.get("view"), "home", base=old)
    hub.world.publish_home(user, view)
    return {"view": view}


def _trigger(hub: Hub, args: Json) -> str:
    trigger_id = args.get("trigger_id")
    if not trigger_id:
        raise ApiError(
            "invalid_arguments", response_metadata={"messages": ["[ERROR] missing required field: trigger_id"]}
        )
    try:
        return hub.capabilities.use_trigger(str(trigger_id))
    except LookupError as exc:
        raise ApiError(str(exc.args[0])) from exc


def _find(hub: Hub, args: Json) -> Json:
    views = [*hub.world.views.values(), *hub.world.homes.values()]
    for view in views:
        if args.get("view_id") == view["id"] or (args.get("external_id") or None) == view["external_id"]:
            return view
    raise ApiError("not_found")


def _unique(hub: Hub, view: Json) -> None:
    external = view["external_id"]
    if external and any(other["external_id"] == external for other in hub.world.views.values()):
        raise ApiError("duplicate_external_id")
