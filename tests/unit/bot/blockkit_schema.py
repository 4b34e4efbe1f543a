"""What Slack accepts, written from its Block Kit reference and independent of the renderer: payload -> problems.

Strict: an unknown key, type or style is a problem as well as a broken limit. Only what the product may send is known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

Problems = Iterator[str]

MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
# All blocks of a posted message: 13,172 characters were refused, "msg_blocks_too_long" (github.com/slackapi/bolt-js,
# issue 2509); counted here with their JSON. A view: Slack, views.open, "view_too_large", more than 250 kB.
MESSAGE_CHARACTERS, VIEW_BYTES = 13_000, 250_000
ENTITY = re.compile(r"&(?:amp|lt|gt);")
# What may stand between < and > in text of ours: a date with its fallback, or a link with its label.
CONTROL = re.compile(r"<(?:!date\^\d+\^[^|<>^]+\|[^<>|]+|https?://[^<>|\s]*\|[^<>|]+)>")


def message_problems(payload: dict[str, Any]) -> list[str]:
    """What chat.postMessage would refuse, or would show otherwise than meant; empty when all is well."""
    return list(_message(payload))


def reply_problems(payload: dict[str, Any]) -> list[str]:
    """What an answer through a response_url would be refused for: as a message, but not limited as a whole."""
    return list(_message(payload, is_posted=False))


def view_problems(view: dict[str, Any]) -> list[str]:
    """What views.open or views.publish would refuse; empty when all is well."""
    return list(_view(view))


def texts_of(payload: object) -> Iterator[dict[str, Any]]:
    """Every text object in a payload."""
    if isinstance(payload, dict):
        if payload.get("type") in {"plain_text", "mrkdwn"}:
            yield payload
        for part in payload.values():
            yield from texts_of(part)
    elif isinstance(payload, list):
        for part in payload:
            yield from texts_of(part)


def _message(payload: dict[str, Any], *, is_posted: bool = True) -> Problems:
    yield from _keys(payload, "message", required={"text", "blocks"})
    yield from _string(payload["text"], "text", 4000)
    yield from _powerless(payload["text"], "text")
    yield from _blocks(payload["blocks"], MESSAGE_BLOCKS, inputs=False)
    total = len(json.dumps(payload["blocks"], ensure_ascii=False))
    if is_posted and total > MESSAGE_CHARACTERS:
        yield f"message: {total} characters in all"


def _view(view: dict[str, Any]) -> Problems:
    if (total := len(json.dumps(view))) > VIEW_BYTES:
        yield f"view: {total} bytes in all"
    if view.get("type") == "home":
        yield from _keys(view, "home", required={"type", "blocks"})
        yield from _view_blocks(view["blocks"], inputs=False)
        return
    required = {"type", "callback_id", "title", "blocks", "private_metadata", "close"}
    yield from _keys(view, "modal", required=required, optional={"submit"})
    if view["type"] != "modal":
        yield f"view: type {view['type']}"
    for part in ("title", "submit", "close"):
        if part in view:
            yield from _plain(view[part], part, 24)
    yield from _string(view["callback_id"], "callback_id", 255)
    yield from _string(view["private_metadata"], "private_metadata", 3000, shortest=0)
    has_inputs = any(block.get("type") == "input" for block in view["blocks"])
    if has_inputs and "submit" not in view:
        yield "modal: inputs without submit"
    yield from _view_blocks(view["blocks"], inputs=True)


def _view_blocks(blocks: list[dict[str, Any]], *, inputs: bool) -> Problems:
    if not blocks:
        yield "view: no blocks"
    yield from _blocks(blocks, VIEW_BLOCKS, inputs=inputs)


def _blocks(blocks: list[dict[str, Any]], limit: int, *, inputs: bool) -> Problems:
    if len(blocks) > limit:
        yield f"blocks: {len(blocks)} > {limit}"
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(ids) != len(set(ids)):
        yield "blocks: block_id there twice"
    for at, block in enumerate(blocks):
        for problem in _block(block, inputs=inputs):
            yield f"/blocks/{at}: {problem}"


def _block(block: dict[str, Any], *, inputs: bool) -> Problems:
    kind = block.get("type")
    match kind:
        case "header":
            yield from _keys(block, kind, required={"type", "text"})
            yield from _plain(block["text"], "header", 150)
        case "section":
            yield from _section(block)
        case "context":
            yield from _keys(block, kind, required={"type", "elements"})
            if not 1 <= len(block["elements"]) <= 10:
                yield "context: number of elements"
            for element in block["elements"]:
                yield from _mrkdwn(element, "context", 3000)
        case "actions":
            yield from _keys(block, kind, required={"type", "elements"})
            if not 1 <= len(block["elements"]) <= 25:
                yield "actions: number of elements"
            ids = [element.get("action_id") for element in block["elements"]]
            if len(ids) != len(set(ids)):
                yield "actions: action_id there twice"
            for element in block["elements"]:
                yield from _overflow(element) if element["type"] == "overflow" else _button(element)
        case "image":
            source = "slack_file" if "slack_file" in block else "image_url"
            yield from _keys(block, kind, required={"type", source, "alt_text"}, optional={"title"})
            if source == "image_url":
                yield from _address(block["image_url"])
            elif not re.fullmatch(r"F[A-Z0-9]{8,}", block["slack_file"].get("id", "")):
                yield "image: slack_file"
            yield from _string(block["alt_text"], "alt_text", 2000)
            if "title" in block:
                yield from _plain(block["title"], "image title", 2000)
        case "divider":
            yield from _keys(block, kind, required={"type"})
        case "input" if inputs:
            yield from _input(block)
        case _:
            yield f"block type {kind}"


def _section(block: dict[str, Any]) -> Problems:
    yield from _keys(block, "section", required={"type"}, optional={"text", "fields", "accessory"})
    if "text" not in block and "fields" not in block:
        yield "section: neither text nor fields"
    if "text" in block:
        yield from _mrkdwn(block["text"], "section", 3000)
    if "fields" in block:
        if not 1 <= len(block["fields"]) <= 10:
            yield "section: number of fields"
        for entry in block["fields"]:
            yield from _mrkdwn(entry, "field", 2000)
    if "accessory" in block:
        yield from _button(block["accessory"])


def _button(element: dict[str, Any]) -> Problems:
    yield from _keys(
        element, "button", required={"type", "action_id", "text"}, optional={"value", "url", "style", "confirm"}
    )
    if element["type"] != "button":
        yield f"element type {element['type']}"
    yield from _plain(element["text"], "button", 75)
    yield from _string(element["action_id"], "action_id", 255)
    if element.get("style", "primary") not in {"primary", "danger"}:
        yield f"style {element['style']}"
    if "value" in element:
        yield from _string(element["value"], "value", 2000)
    if "url" in element:
        yield from _address(element["url"])
    if "confirm" in element:
        confirm = element["confirm"]
        yield from _keys(confirm, "confirm", required={"title", "text", "confirm", "deny"}, optional={"style"})
        if confirm.get("style") not in (None, "primary", "danger"):
            yield f"confirm: style {confirm['style']}"
        for part, limit in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
            yield from _plain(confirm[part], f"confirm {part}", limit)


def _overflow(element: dict[str, Any]) -> Problems:
    yield from _keys(element, "overflow", required={"type", "action_id", "options"}, optional=set())
    yield from _string(element["action_id"], "action_id", 255)
    yield from _options(element["options"], 5)


def _input(block: dict[str, Any]) -> Problems:
    required = {"type", "block_id", "label", "element", "optional"}
    yield from _keys(block, "input", required=required, optional={"hint", "dispatch_action"})
    yield from _string(block["block_id"], "block_id", 255)
    yield from _plain(block["label"], "label", 2000)
    if "hint" in block:
        yield from _plain(block["hint"], "hint", 2000)
    element = block["element"]
    yield from _string(element.get("action_id"), "action_id", 255)
    match element.get("type"):
        case "plain_text_input":
            known = {"type", "action_id", "multiline", "max_length"}
            yield from _keys(element, "text", required=known, optional={"initial_value", "placeholder"})
            if not 1 <= element["max_length"] <= 3000:
                yield "max_length"
            if len(element.get("initial_value", "")) > element["max_length"]:
                yield "initial_value longer than max_length"
            if "placeholder" in element:
                yield from _plain(element["placeholder"], "placeholder", 150)
        case "static_select":
            yield from _keys(element, "select", required={"type", "action_id", "options"}, optional={"initial_option"})
            yield from _options(element["options"], 100)
            if "initial_option" in element and element["initial_option"] not in element["options"]:
                yield "initial_option is not an option"
        case "checkboxes":
            yield from _keys(element, "checks", required={"type", "action_id", "options"}, optional={"initial_options"})
            yield from _options(element["options"], 10)
            chosen = element.get("initial_options")
            if chosen is not None and (not chosen or any(each not in element["options"] for each in chosen)):
                yield "initial_options are not options"
        case "users_select":
            yield from _keys(element, "person", required={"type", "action_id"}, optional={"initial_user"})
        case "multi_users_select":
            yield from _keys(element, "people", required={"type", "action_id", "max_selected_items"}, optional=set())
        case kind:
            yield f"input type {kind}"


def _options(options: list[dict[str, Any]], limit: int) -> Problems:
    if not 1 <= len(options) <= limit:
        yield f"options: {len(options)}, at most {limit}"
    for option in options:
        yield from _keys(option, "option", required={"text", "value"}, optional={"description"})
        yield from _plain(option["text"], "option", 75)
        yield from _string(option["value"], "option value", 150)
        if "description" in option:
            yield from _plain(option["description"], "option description", 75)


def _plain(text: dict[str, Any], where: str, limit: int) -> Problems:
    yield from _keys(text, where, required={"type", "text", "emoji"})
    if text["type"] != "plain_text":
        yield f"{where}: {text['type']}"
    yield from _string(text["text"], where, limit)


def _mrkdwn(text: dict[str, Any], where: str, limit: int) -> Problems:
    yield from _keys(text, where, required={"type", "text", "verbatim"})
    if text["type"] != "mrkdwn" or text["verbatim"] is not True:
        yield f"{where}: not verbatim mrkdwn"
    yield from _string(text["text"], where, limit)
    yield from _powerless(text["text"], where)


def _powerless(text: str, where: str) -> Problems:
    """No mention, no half entity, no half control sequence. A `>` may begin a line: a quotation."""
    rest = CONTROL.sub("", text)
    rest = re.sub(r"^>", "", rest, flags=re.MULTILINE)
    if "<" in rest or ">" in rest:
        yield f"{where}: an unescaped bracket"
    if "&" in ENTITY.sub("", rest):
        yield f"{where}: an unescaped or broken entity"


def _address(url: object) -> Problems:
    yield from _string(url, "url", 3000)
    if not str(url).startswith(("http://", "https://")):
        yield "url: neither http nor https"


def _string(value: object, where: str, limit: int, *, shortest: int = 1) -> Problems:
    if not isinstance(value, str):
        yield f"{where}: not a text"
    elif not shortest <= len(value) <= limit:
        yield f"{where}: {len(value)} characters, allowed {shortest} to {limit}"
    elif shortest and not value.strip():
        yield f"{where}: nothing but white space"


def _keys(value: dict[str, Any], where: str, *, required: set[str], optional: set[str] | None = None) -> Problems:
    if missing := required - set(value):
        yield f"{where}: lacks {sorted(missing)}"
    if unknown := set(value) - required - (optional or set()):
        yield f"{where}: unknown {sorted(unknown)}"
