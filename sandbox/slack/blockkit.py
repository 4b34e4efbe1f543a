"""Block Kit as Slack checks it: types, required parts and limits, reported with JSON pointers.

Limits are those of the official SDK's validators and of Slack's block reference.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

Json = dict[str, Any]

MESSAGE_BLOCKS_MAX = 50
VIEW_BLOCKS_MAX = 100
SECTION_TEXT_MAX = 3000  # characters
FIELD_TEXT_MAX = 2000
FIELDS_MAX = 10
HEADER_TEXT_MAX = 150
CONTEXT_ELEMENTS_MAX = 10
ACTIONS_ELEMENTS_MAX = 25
BUTTON_TEXT_MAX = 75
BUTTON_VALUE_MAX = 2000
URL_MAX = 3000
ID_MAX = 255
OPTION_TEXT_MAX = 75
OPTION_VALUE_MAX = 150
OPTIONS_MAX = 100
OVERFLOW_MAX = 5
CHOICES_MAX = 10  # checkboxes, radio buttons
PLACEHOLDER_MAX = 150
LABEL_MAX = 2000
ALT_TEXT_MAX = 2000
CONFIRM_TITLE_MAX = 100
CONFIRM_TEXT_MAX = 300
CONFIRM_BUTTON_MAX = 30
MODAL_TITLE_MAX = 24
METADATA_MAX = 3000
MARKDOWN_MAX = 12_000
FILE_ID = "^[F][A-Z0-9]{8,}$"

BLOCKS_IN_MESSAGES = frozenset(
    {"section", "divider", "header", "context", "actions", "image", "input", "rich_text", "markdown", "video", "file"}
)
BLOCKS_IN_VIEWS = BLOCKS_IN_MESSAGES - {"markdown", "file"}
SELECTS = frozenset(
    f"{many}{kind}_select"
    for many in ("", "multi_")
    for kind in ("static", "external", "users", "conversations", "channels")
)
INPUT_ELEMENTS = SELECTS | {
    "plain_text_input",
    "number_input",
    "email_text_input",
    "url_text_input",
    "rich_text_input",
    "checkboxes",
    "radio_buttons",
    "datepicker",
    "timepicker",
    "datetimepicker",
    "file_input",
}
ACTION_ELEMENTS = SELECTS | {
    "button",
    "overflow",
    "checkboxes",
    "radio_buttons",
    "datepicker",
    "timepicker",
    "datetimepicker",
    "workflow_button",
}
ACCESSORIES = ACTION_ELEMENTS | {"image"}

Report = Callable[[str, str], None]  # what is wrong, JSON pointer


def message_errors(blocks: Any) -> list[str]:
    """What Slack would refuse in a message's blocks, in its own words; empty when all is well."""
    return _collect(lambda report: _blocks(blocks, "/blocks", report, BLOCKS_IN_MESSAGES, MESSAGE_BLOCKS_MAX))


def view_errors(view: Mapping[str, Any]) -> list[str]:
    """What Slack would refuse in a view, in its own words; empty when all is well."""

    def check(report: Report) -> None:
        kind = view.get("type")
        if not _is_one_of(kind, {"modal", "home"}):
            report("unsupported type: must be modal or home", "/view/type")
            return
        if kind == "modal":
            for part, required in (("title", True), ("submit", False), ("close", False)):
                if required or view.get(part) is not None:
                    _text(view.get(part), f"/view/{part}", report, MODAL_TITLE_MAX, plain=True)
            if _has_inputs(view) and view.get("submit") is None:
                report("missing required field: submit, as there is an input block", "/view/submit")
        _length(view.get("callback_id"), "/view/callback_id", report, ID_MAX)
        _length(view.get("private_metadata"), "/view/private_metadata", report, METADATA_MAX)
        _blocks(view.get("blocks"), "/view/blocks", report, BLOCKS_IN_VIEWS, VIEW_BLOCKS_MAX)

    return _collect(check)


def with_ids(blocks: list[Json]) -> list[Json]:
    """The blocks with a block_id on each block and an action_id on each interactive element, as Slack returns them."""
    for block in blocks:
        block.setdefault("block_id", secrets.token_urlsafe(4))
        for element in elements(block):
            if element.get("type") in ACTION_ELEMENTS | INPUT_ELEMENTS:
                element.setdefault("action_id", secrets.token_urlsafe(4))
    return blocks


def elements(block: Mapping[str, Any]) -> Iterator[Json]:
    """The elements inside a block: of actions and context, the accessory, the input's own."""
    match block.get("type"):
        case "actions" | "context":
            yield from block.get("elements", [])
        case "section" if isinstance(block.get("accessory"), dict):
            yield block["accessory"]
        case "input" if isinstance(block.get("element"), dict):
            yield block["element"]
        case _:
            pass


def options_of(element: Mapping[str, Any]) -> list[Json]:
    """The options of a select, flat, groups opened."""
    groups = element.get("option_groups") or []
    return [*(element.get("options") or []), *(option for group in groups for option in group.get("options", []))]


def _has_inputs(view: Mapping[str, Any]) -> bool:
    blocks = view.get("blocks")
    return isinstance(blocks, list) and any(isinstance(b, dict) and b.get("type") == "input" for b in blocks)


def _is_one_of(value: Any, accepted: Collection[str]) -> bool:
    """Whether the value is one of these words; what cannot even be compared (a list, an object) is none of them."""
    return isinstance(value, str) and value in accepted


def _collect(check: Callable[[Report], None]) -> list[str]:
    found: list[str] = []
    check(lambda problem, pointer: found.append(f"[ERROR] {problem} [json-pointer:{pointer}]"))
    return found


def _length(value: Any, at: str, report: Report, most: int) -> None:
    if value is None:
        return
    if not isinstance(value, str):
        report("must be a string", at)
    elif len(value) > most:
        report(f"must be less than {most + 1} characters", at)


def _text(value: Any, at: str, report: Report, most: int, *, plain: bool) -> None:
    if not isinstance(value, dict):
        report("missing required field: a text object", at)
        return
    allowed = {"plain_text"} if plain else {"plain_text", "mrkdwn"}
    if not _is_one_of(value.get("type"), allowed):
        report(f"unsupported type: must be {' or '.join(sorted(allowed))}", f"{at}/type")
    if not isinstance(value.get("text"), str) or not value["text"]:
        report("must be more than 0 characters", f"{at}/text")
        return
    _length(value["text"], f"{at}/text", report, most)


def _list(value: Any, at: str, report: Report, most: int) -> list[Any]:
    if not isinstance(value, list) or not value:
        report("no fewer than 1 items required", at)
        return []
    if len(value) > most:
        report(f"no more than {most} items allowed", at)
    return value


def _blocks(blocks: Any, at: str, report: Report, allowed: frozenset[str], most: int) -> None:
    if not isinstance(blocks, list):
        report("must be an array", at)
        return
    if len(blocks) > most:
        report(f"no more than {most} items allowed", at)
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        here = f"{at}/{index}"
        if not isinstance(block, dict) or not _is_one_of(block.get("type"), allowed):
            report("unsupported type", f"{here}/type")
            continue
        _length(block.get("block_id"), f"{here}/block_id", report, ID_MAX)
        block_id = block.get("block_id")
        if isinstance(block_id, str):
            if block_id in seen:
                report(f"block_id {block_id!r} already exists", f"{here}/block_id")
            seen.add(block_id)
        _block(block, here, report)


def _block(block: Json, at: str, report: Report) -> None:
    match block["type"]:
        case "section":
            _section(block, at, report)
        case "header":
            _text(block.get("text"), f"{at}/text", report, HEADER_TEXT_MAX, plain=True)
        case "context":
            for n, item in enumerate(_list(block.get("elements"), f"{at}/elements", report, CONTEXT_ELEMENTS_MAX)):
                if isinstance(item, dict) and item.get("type") == "image":
                    _image(item, f"{at}/elements/{n}", report)
                else:
                    _text(item, f"{at}/elements/{n}", report, SECTION_TEXT_MAX, plain=False)
        case "actions":
            for n, item in enumerate(_list(block.get("elements"), f"{at}/elements", report, ACTIONS_ELEMENTS_MAX)):
                _element(item, f"{at}/elements/{n}", report, ACTION_ELEMENTS)
        case "image":
            _image(block, at, report)
        case "input":
            _text(block.get("label"), f"{at}/label", report, LABEL_MAX, plain=True)
            if block.get("hint") is not None:
                _text(block["hint"], f"{at}/hint", report, LABEL_MAX, plain=True)
            _element(block.get("element"), f"{at}/element", report, INPUT_ELEMENTS)
        case "markdown":
            _length(block.get("text") or None, f"{at}/text", report, MARKDOWN_MAX)
        case _:
            pass


def _section(block: Json, at: str, report: Report) -> None:
    fields = block.get("fields")
    if block.get("text") is None and not fields:
        report("must define either `text` or `fields`", at)
    if block.get("text") is not None:
        _text(block["text"], f"{at}/text", report, SECTION_TEXT_MAX, plain=False)
    if fields is not None:
        for n, item in enumerate(_list(fields, f"{at}/fields", report, FIELDS_MAX)):
            _text(item, f"{at}/fields/{n}", report, FIELD_TEXT_MAX, plain=False)
    if block.get("accessory") is not None:
        _element(block["accessory"], f"{at}/accessory", report, ACCESSORIES)


def _image(item: Json, at: str, report: Report) -> None:
    if not item.get("image_url") and not item.get("slack_file"):
        report("missing required field: image_url", at)
    if item.get("slack_file") is not None:
        _slack_file(item["slack_file"], f"{at}/slack_file", report)
    _length(item.get("image_url"), f"{at}/image_url", report, URL_MAX)
    if not isinstance(item.get("alt_text"), str):
        report("missing required field: alt_text", at)
    _length(item.get("alt_text"), f"{at}/alt_text", report, ALT_TEXT_MAX)


def _slack_file(value: Any, at: str, report: Report) -> None:
    """Slack, "Slack file object": the id or the address, and not both."""
    given = [key for key in ("id", "url") if isinstance(value, dict) and value.get(key)]
    if len(given) != 1 or not isinstance(value[given[0]], str):
        report("must provide either an id or a url", at)
    elif given == ["id"] and not re.fullmatch(FILE_ID, value["id"]):
        report(f"input must match regex pattern: {FILE_ID}", f"{at}/id")


def _element(item: Any, at: str, report: Report, allowed: frozenset[str]) -> None:
    if not isinstance(item, dict) or not _is_one_of(item.get("type"), allowed):
        report("unsupported type", f"{at}/type")
        return
    _length(item.get("action_id"), f"{at}/action_id", report, ID_MAX)
    if item.get("placeholder") is not None:
        _text(item["placeholder"], f"{at}/placeholder", report, PLACEHOLDER_MAX, plain=True)
    if item.get("confirm") is not None:
        _confirm(item["confirm"], f"{at}/confirm", report)
    match item["type"]:
        case "button":
            _text(item.get("text"), f"{at}/text", report, BUTTON_TEXT_MAX, plain=True)
            _length(item.get("value"), f"{at}/value", report, BUTTON_VALUE_MAX)
            _length(item.get("url"), f"{at}/url", report, URL_MAX)
            if item.get("style") is not None and not _is_one_of(item["style"], {"primary", "danger"}):
                report("must be primary or danger", f"{at}/style")
        case "overflow":
            _options(item.get("options"), f"{at}/options", report, OVERFLOW_MAX)
        case "checkboxes" | "radio_buttons":
            _options(item.get("options"), f"{at}/options", report, CHOICES_MAX)
        case "static_select" | "multi_static_select":
            if item.get("option_groups") is None:
                _options(item.get("options"), f"{at}/options", report, OPTIONS_MAX)
            else:
                for n, group in enumerate(_list(item["option_groups"], f"{at}/option_groups", report, OPTIONS_MAX)):
                    options = group.get("options") if isinstance(group, dict) else None
                    _options(options, f"{at}/option_groups/{n}/options", report, OPTIONS_MAX)
        case "image":
            _image(item, at, report)
        case _:
            pass


def _options(value: Any, at: str, report: Report, most: int) -> None:
    seen: set[str] = set()
    for n, option in enumerate(_list(value, at, report, most)):
        if not isinstance(option, dict):
            report("must be an object", f"{at}/{n}")
            continue
        _text(option.get("text"), f"{at}/{n}/text", report, OPTION_TEXT_MAX, plain=False)
        _length(option.get("value"), f"{at}/{n}/value", report, OPTION_VALUE_MAX)
        if not isinstance(option.get("value"), str):
            report("missing required field: value", f"{at}/{n}")
        elif option["value"] in seen:
            report(f"duplicate value {option['value']!r}", f"{at}/{n}/value")
        else:
            seen.add(option["value"])


def _confirm(item: Any, at: str, report: Report) -> None:
    if not isinstance(item, dict):
        report("must be an object", at)
        return
    _text(item.get("title"), f"{at}/title", report, CONFIRM_TITLE_MAX, plain=True)
    _text(item.get("text"), f"{at}/text", report, CONFIRM_TEXT_MAX, plain=False)
    for part in ("confirm", "deny"):
        _text(item.get(part), f"{at}/{part}", report, CONFIRM_BUTTON_MAX, plain=True)
