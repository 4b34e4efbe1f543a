"""What Teams accepts, written from the Adaptive Cards 1.5 schema and Microsoft's pages on Teams: payload -> problems.

Strict, and independent of the renderer: an unknown key, type or style is a problem as well as a broken limit. Only what
the product may send is known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

Problems = Iterator[str]
Json = dict[str, Any]

MESSAGE_BYTES = 28 * 1024
WRAPPED_IN_BYTES = 2_000  # ids, names and addresses that the activity has on its way
# A moment: the only functions that may stand in a text of ours. Elsewhere "{{DATE(" and "{{TIME(" would be called.
MOMENT = re.compile(r"\{\{DATE\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ), SHORT\)\}\} \{\{TIME\(\1\)\}\}")
ADDRESS = re.compile(r"https?://\S+\Z")
SPACINGS = {"None", "Small", "Default", "Medium", "Large"}
CHOICE_STYLES = {"compact", "expanded"}


def message_problems(activity: Json) -> list[str]:
    """What Teams would refuse of a message, or would show otherwise than meant; empty when all is well."""
    return list(_message(activity))


def card_problems(content: Json) -> list[str]:
    """The same of a card alone."""
    return list(_card(content))


def dialog_problems(value: Json) -> list[str]:
    """The same of a dialog, as `task/fetch` is answered with."""
    return list(_dialog(value))


def size_of(payload: Json) -> int:
    """Bytes on the wire."""
    return len(json.dumps(payload, ensure_ascii=False).encode())


def parts_of(payload: object) -> Iterator[Json]:
    """Every typed part in a payload."""
    if isinstance(payload, dict):
        if "type" in payload:
            yield payload
        for part in payload.values():
            yield from parts_of(part)
    elif isinstance(payload, list):
        for part in payload:
            yield from parts_of(part)


def _message(activity: Json) -> Problems:
    yield from _keys(activity, "message", {"type", "summary", "attachments"}, set())
    yield from _string(activity["summary"], "summary", 400)
    if len(activity["attachments"]) != 1:
        yield "message: number of attachments"
    for attachment in activity["attachments"]:
        yield from _attachment(attachment)
    if (total := size_of(activity)) > MESSAGE_BYTES - WRAPPED_IN_BYTES:
        yield f"message: {total} bytes in all"


def _dialog(value: Json) -> Problems:
    yield from _keys(value, "dialog", {"title", "width", "height", "card"}, set())
    yield from _string(value["title"], "title", 75)
    for side in ("width", "height"):
        if value[side] not in {"small", "medium", "large"}:
            yield f"dialog: {side} {value[side]}"
    yield from _attachment(value["card"])
    content = value["card"]["content"]
    if (total := size_of(content)) > MESSAGE_BYTES:
        yield f"dialog: {total} bytes in all"
    parts = list(parts_of(content))
    if any(part["type"] == "Action.Execute" for part in parts):
        yield "dialog: Action.Execute, which a dialog does not know"
    inputs = [part["id"] for part in parts if part["type"].startswith("Input.")]
    if len(inputs) != len(set(inputs)):
        yield "dialog: an id is there twice"
    if {"form", "memo", "inputs"} & set(inputs):
        yield "dialog: an input would overwrite what the button says"
    if inputs and not content.get("actions"):
        yield "dialog: inputs without a button"
    for action in content.get("actions", ()):
        data = action["data"]
        if set(data) != {"form", "memo", "inputs"} or {*_named(data)} - set(inputs):
            yield f"dialog: data {data}"


def _named(data: Json) -> list[str]:
    return [*data["inputs"]["text"], *data["inputs"]["one"], *data["inputs"]["many"]]


def _attachment(attachment: Json) -> Problems:
    yield from _keys(attachment, "attachment", {"contentType", "content"}, set())
    if attachment["contentType"] != "application/vnd.microsoft.card.adaptive":
        yield f"attachment: {attachment['contentType']}"
    yield from _card(attachment["content"])


def _card(content: Json) -> Problems:
    required = {"type", "$schema", "version", "body", "msteams"}
    yield from _keys(content, "card", required, {"fallbackText", "speak", "refresh", "actions"})
    if (content["type"], content["version"], content["msteams"]) != ("AdaptiveCard", "1.5", {"width": "Full"}):
        yield "card: type, version or width"
    if not content["body"]:
        yield "card: no body"
    for part in ("fallbackText", "speak"):
        if part in content:
            yield from _string(content[part], part, 400)
    if "refresh" in content:
        yield from _keys(content["refresh"], "refresh", {"action", "userIds"}, set())
        yield from _action(content["refresh"]["action"])
        if len(content["refresh"]["userIds"]) > 60:
            yield "refresh: more than 60 users"
    for at, element in enumerate(content["body"]):
        for problem in _element(element):
            yield f"/body/{at}: {problem}"
    yield from _actions(content.get("actions", []))


def _element(element: Json) -> Problems:
    kind = element.get("type")
    placed = {"spacing", "separator"}
    if element.get("spacing", "Default") not in SPACINGS or element.get("separator", True) is not True:
        yield f"{kind}: spacing or separator"
    match kind:
        case "TextBlock":
            yield from _keys(element, kind, {"type", "text", "style", "size", "weight", "wrap"}, placed)
            yield from _string(element["text"], "heading", 310)
            yield from _uncalled(element["text"])
            if (element["style"], element["size"], element["weight"], element["wrap"]) != (
                ("heading", "Large", "Bolder", True)
            ):
                yield "TextBlock: look"
        case "RichTextBlock":
            yield from _keys(element, kind, {"type", "inlines"}, placed)
            if not element["inlines"]:
                yield "RichTextBlock: empty"
            for inline in element["inlines"]:
                yield from _run(inline)
        case "Container":
            yield from _keys(element, kind, {"type", "style", "items"}, placed)
            if element["style"] != "emphasis":
                yield f"Container: style {element['style']}"
            yield from _items(element["items"])
        case "ColumnSet":
            yield from _keys(element, kind, {"type", "columns"}, placed)
            for column in element["columns"]:
                yield from _column(column)
        case "ActionSet":
            yield from _keys(element, kind, {"type", "actions"}, placed)
            if not element["actions"]:
                yield "ActionSet: empty"
            yield from _actions(element["actions"])
        case "Image":
            yield from _keys(element, kind, {"type", "url", "altText", "size"}, placed)
            yield from _address(element["url"])
            yield from _string(element["altText"], "altText", 2000)
            if element["size"] not in {"Auto", "Stretch"}:
                yield "Image: size"
        case "Input.Text" | "Input.ChoiceSet":
            yield from _input(element)
        case _:
            yield f"element type {kind}"


def _column(column: Json) -> Problems:
    yield from _keys(column, "Column", {"type", "width", "items"}, {"verticalContentAlignment"})
    if column["type"] != "Column" or column["width"] not in {"auto", "stretch"}:
        yield "Column: type or width"
    yield from _items(column["items"])


def _items(items: list[Json]) -> Problems:
    if not items:
        yield "items: empty"
    for item in items:
        yield from _element(item)


def _run(run: Json) -> Problems:
    looks = {"weight", "italic", "fontType", "size", "isSubtle", "color", "selectAction"}
    yield from _keys(run, "TextRun", {"type", "text"}, looks)
    if run["type"] != "TextRun":
        yield f"inline type {run['type']}"
    yield from _string(run["text"], "run", 100_000)
    yield from _uncalled(MOMENT.sub("", run["text"]) if MOMENT.fullmatch(run["text"]) else run["text"])
    for key, known in (("weight", "Bolder"), ("fontType", "Monospace"), ("size", "Small"), ("color", "Attention")):
        if run.get(key, known) != known:
            yield f"run: {key} {run[key]}"
    if "selectAction" in run:
        yield from _action(run["selectAction"])
        if run["selectAction"]["type"] != "Action.OpenUrl":
            yield "run: what it does"


def _actions(actions: list[Json]) -> Problems:
    if len(actions) > 6:
        yield "actions: more than Teams shows"
    for action in actions:
        yield from _action(action)


def _action(action: Json) -> Problems:
    kind = action.get("type")
    if (
        action.get("style", "positive") not in {"positive", "destructive"}
        or action.get("mode", "secondary") != "secondary"
    ):
        yield f"{kind}: style or mode"
    looks = {"style", "mode"}
    if "title" in action:
        yield from _string(action["title"], "title", 75)
    match kind:
        case "Action.OpenUrl":
            yield from _keys(action, kind, {"type", "url"}, {"title"} | looks)
            yield from _address(action["url"])
        case "Action.Execute":
            yield from _keys(action, kind, {"type", "title", "verb", "data"}, {"fallback"} | looks)
            if action["data"].get("action") != action["verb"]:
                yield "Action.Execute: verb and data disagree"
            yield from _value(action["data"])
            if "fallback" in action:
                fallback = action["fallback"]
                yield from _action(fallback)
                if (fallback["type"], fallback["data"]) != ("Action.Submit", action["data"]):
                    yield "Action.Execute: fallback does something else"
        case "Action.Submit":
            yield from _keys(action, kind, {"type", "title", "data"}, looks)
            if "form" not in action["data"]:
                yield from _value(action["data"])
        case "Action.ShowCard":
            yield from _keys(action, kind, {"type", "title", "card"}, looks)
            card = action["card"]
            yield from _keys(card, "shown card", {"type", "body", "actions"}, set())
            yield from _items(card["body"])
            yield from _actions(card["actions"])
        case _:
            yield f"action type {kind}"


def _value(data: Json) -> Problems:
    yield from _keys(data, "data", {"action", "value"}, {"msteams"})
    yield from _string(data["action"], "action", 255)
    yield from _string(data["value"], "value", 2000, shortest=0)
    if data.get("msteams", {"type": "task/fetch"}) != {"type": "task/fetch"}:
        yield "data: msteams"


def _input(element: Json) -> Problems:
    common = {"type", "id", "label", "isRequired"}
    optional = {"errorMessage", "value", "placeholder", "spacing", "separator"}
    yield from _string(element.get("id"), "id", 255)
    yield from _string(element.get("label"), "label", 2000)
    if element["isRequired"] and not element.get("errorMessage"):
        yield "input: required without saying so"
    if element["type"] == "Input.Text":
        yield from _keys(element, "text", common | {"isMultiline", "maxLength"}, optional)
        if not 1 <= element["maxLength"] <= 3000 or len(element.get("value", "")) > element["maxLength"]:
            yield "text: maxLength"
        return
    choosing = {"style", "wrap", "isMultiSelect", "choices.data"}
    yield from _keys(element, "choices", common | {"choices"}, optional | choosing)
    if element["style"] not in CHOICE_STYLES:
        yield f"choices: style {element['style']}"
    values = element.get("value", "").split(",") if element.get("isMultiSelect") else [element.get("value", "")]
    if "choices.data" in element:
        if element["choices.data"] != {"type": "Data.Query", "dataset": "graph.microsoft.com/users"}:
            yield "choices: data"
        return
    if not element["choices"]:
        yield "choices: none"
    known = [choice["value"] for choice in element["choices"]]
    for choice in element["choices"]:
        yield from _keys(choice, "choice", {"title", "value"}, set())
        yield from _string(choice["title"], "choice", 900)
        if element.get("isMultiSelect") and "," in choice["value"]:
            yield "choice: a comma divides values"
    if not {*values} - {""} <= {*known}:
        yield "choices: an initial choice that is not offered"


def _uncalled(text: str) -> Problems:
    if "{{" in text:
        yield f"a function in {text[:60]}"


def _address(url: str) -> Problems:
    if not ADDRESS.match(url) or len(url) > 3000:
        yield f"address {url[:60]}"


def _keys(part: Json, what: str, required: set[str], optional: set[str]) -> Problems:
    if missing := required - set(part):
        yield f"{what}: without {sorted(missing)}"
    if unknown := set(part) - required - optional:
        yield f"{what}: unknown {sorted(unknown)}"


def _string(text: Any, what: str, longest: int, *, shortest: int = 1) -> Problems:
    if not isinstance(text, str) or not shortest <= len(text) <= longest:
        yield f"{what}: {len(text) if isinstance(text, str) else text} characters"
