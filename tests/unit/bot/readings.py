"""What a person can read and do on a rendered view, on either platform: payload -> the same plain values.

Written from the vendors' formats and independent of the renderers. Markup is taken away, so that words are compared.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote

Json = dict[str, Any]

SLACK_CONTROL = re.compile(r"<!date\^(\d+)\^[^|<>]+\|[^<>|]+>|<(https?://[^<>|\s]*)\|([^<>|]+)>")
TEAMS_MOMENT = re.compile(r"\{\{DATE\(([^)]+), SHORT\)\}\} \{\{TIME\(\1\)\}\}")
MARKDOWN_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
MARKS = str.maketrans(dict.fromkeys("*_`>~\u2060", "") | {"|": "/"})  # a label of a link in Slack may hold no "|"


@dataclass(frozen=True, slots=True)
class Act:
    """Something to press: what it says and does, and what it asks first."""

    label: str
    action_id: str = ""
    value: str = ""
    url: str = ""
    tone: str = ""
    asked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """Something to fill in or choose."""

    kind: str
    id: str
    label: str
    hint: str
    is_required: bool
    options: tuple[tuple[str, str], ...] = ()
    initial: tuple[str, ...] = ()
    is_multiline: bool = False
    max_chars: int = 0
    placeholder: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """A whole view."""

    title: str = ""
    summary: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    acts: tuple[Act, ...] = ()
    inputs: tuple[Asked, ...] = ()
    sent: tuple[str, ...] = ()  # what a form's button says, and what it sends besides the inputs


@dataclass(slots=True)
class _Notes:
    words: list[str] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    inputs: list[Asked] = field(default_factory=list)

    def read(self, text: str) -> None:
        self.words += words_of(text)


def words_of(text: str) -> list[str]:
    """The words without markup."""
    return text.translate(MARKS).split()


def slack_message(payload: Json) -> Reading:
    """A message as chat.postMessage takes it."""
    notes = _slack(payload["blocks"])
    summary = tuple(words_of(html.unescape(payload["text"])))
    return Reading("", summary, tuple(notes.words), tuple(notes.acts), tuple(notes.inputs))


def slack_view(view: Json) -> Reading:
    """A modal or the home tab."""
    notes = _slack(view["blocks"])
    title = view.get("title", {}).get("text", "")
    submit = view.get("submit", {}).get("text", "")
    sent = (submit, view["callback_id"], view["private_metadata"]) if submit else ()
    return Reading(title, (), tuple(notes.words), tuple(notes.acts), tuple(notes.inputs), sent)


def teams_message(activity: Json) -> Reading:
    """A message as the connector takes it."""
    (attachment,) = activity["attachments"]
    notes = _teams(attachment["content"]["body"])
    summary = tuple(words_of(activity["summary"]))
    return Reading("", summary, tuple(notes.words), tuple(notes.acts), tuple(notes.inputs))


def teams_dialog(value: Json) -> Reading:
    """A dialog as a task continues with it."""
    content = value["card"]["content"]
    notes = _teams(content["body"])
    sent = next(
        ((button["title"], button["data"]["form"], button["data"]["memo"]) for button in content.get("actions", ())), ()
    )
    return Reading(_legible(value["title"]), (), tuple(notes.words), tuple(notes.acts), tuple(notes.inputs), sent)


def _slack(blocks: list[Json]) -> _Notes:
    notes = _Notes()
    for block in blocks:
        match block["type"]:
            case "header":
                notes.read(block["text"]["text"])
            case "section":
                for text in ([block["text"]] if "text" in block else []) + block.get("fields", []):
                    notes.read(_of_mrkdwn(text["text"]))
                notes.acts += [_slack_button(block["accessory"])] if "accessory" in block else []
            case "context":
                for text in block["elements"]:
                    notes.read(_of_mrkdwn(text["text"]))
            case "actions":
                for element in block["elements"]:
                    notes.acts += _slack_menu(element) if element["type"] == "overflow" else [_slack_button(element)]
            case "image":
                notes.read(f"{block.get('title', {}).get('text', '')} {block['alt_text']} {block.get('image_url', '')}")
            case "input":
                _slack_input(block, notes.inputs)
    return notes


def _of_mrkdwn(text: str) -> str:
    def shown(control: re.Match[str]) -> str:
        epoch, url, label = control.groups()
        return f"@{epoch}" if epoch else f"{label} ({url})"

    return html.unescape(SLACK_CONTROL.sub(shown, text))


def _slack_button(element: Json) -> Act:
    label = element["text"]["text"]
    if "url" in element:
        return Act(label, url=element["url"])
    tone, confirm = element.get("style", ""), element.get("confirm")
    if not confirm:
        return Act(label, element["action_id"], element["value"], tone=tone)
    asked = (*(confirm[part]["text"] for part in ("title", "text", "confirm")), confirm.get("style", ""))
    return Act(label, element["action_id"], element["value"], tone=tone, asked=asked)


def _slack_menu(element: Json) -> Iterator[Act]:
    for option in element["options"]:
        action_id, _, value = option["value"].partition(" ")
        yield Act(option["text"]["text"], action_id, value)


_SLACK_KINDS = {
    "plain_text_input": "text",
    "static_select": "select",
    "checkboxes": "checks",
    "users_select": "person",
    "multi_users_select": "people",
}


def _slack_input(block: Json, inputs: list[Asked]) -> None:
    element = block["element"]
    options = tuple(map(_slack_option, element.get("options", ())))
    chosen = element.get("initial_options") or [each for each in [element.get("initial_option")] if each]
    if "+" in block["block_id"]:  # further boxes of the input before, as Slack takes ten in one block
        first = inputs.pop()
        inputs.append(
            Asked(
                **{name: getattr(first, name) for name in ("kind", "id", "label", "hint", "is_required")},
                options=first.options + options,
                initial=first.initial + tuple(option["value"] for option in chosen),
            )
        )
        return
    typed = [each for each in (element.get("initial_value"), element.get("initial_user")) if each]
    inputs.append(
        Asked(
            _SLACK_KINDS[element["type"]],
            block["block_id"],
            block["label"]["text"],
            block.get("hint", {}).get("text", ""),
            not block["optional"],
            options,
            (*typed, *(option["value"] for option in chosen)),
            element.get("multiline", False),
            element.get("max_length", 0),
            element.get("placeholder", {}).get("text", ""),
        )
    )


def _slack_option(option: Json) -> tuple[str, str]:
    more = f" · {option['description']['text']}" if "description" in option else ""
    return option["value"], " ".join(words_of(option["text"]["text"] + more))


def _teams(body: list[Json]) -> _Notes:
    notes = _Notes()
    for at, element in enumerate(body):
        match element["type"]:
            case "TextBlock":
                notes.read(_of_markdown(element["text"]))
            case "RichTextBlock":
                if not _is_hint(body, at):
                    notes.read("".join(map(_of_run, element["inlines"])))
            case "Container":
                _add(notes, _teams(element["items"]))
            case "ColumnSet":
                for column in element["columns"]:
                    _add(notes, _teams(column["items"]))
            case "Image":
                notes.read(f"{element['altText']} {element['url']}")
            case "ActionSet":
                notes.acts += [_teams_act(action) for action in element["actions"]]
            case _:
                hint = "".join(map(_of_run, body[at + 1]["inlines"])) if _is_hint(body, at + 1) else ""
                notes.inputs.append(_teams_input(element, hint))
    return notes


def _add(notes: _Notes, further: _Notes) -> None:
    notes.words += further.words
    notes.acts += further.acts
    notes.inputs += further.inputs


def _is_hint(body: list[Json], at: int) -> bool:
    """Small print right below an input explains it."""
    if not 0 < at < len(body) or not body[at - 1]["type"].startswith("Input."):
        return False
    return body[at]["type"] == "RichTextBlock" and body[at]["inlines"][0].get("isSubtle", False)


def _of_run(run: Json) -> str:
    text = TEAMS_MOMENT.sub(lambda moment: f"@{int(datetime.fromisoformat(moment[1]).timestamp())}", run["text"])
    return _legible(f"{text} ({run['selectAction']['url']})" if "selectAction" in run else text)


def _legible(text: str) -> str:
    """The text as people see it: what takes functions apart is invisible."""
    return text.replace("\u2060", "")


def _of_markdown(text: str) -> str:
    return MARKDOWN_ESCAPE.sub(r"\1", text)


_TONES = {"positive": "primary", "destructive": "danger"}


def _teams_act(action: Json) -> Act:
    title, tone = action["title"], _TONES.get(action.get("style", ""), "")
    match action["type"]:
        case "Action.OpenUrl":
            return Act(title, url=action["url"])
        case "Action.ShowCard":
            (real,) = action["card"]["actions"]
            asked = tuple("".join(map(_of_run, block["inlines"])) for block in action["card"]["body"])
            yes = (real["title"], _TONES.get(real.get("style", ""), ""))
            return Act(title, real["data"]["action"], real["data"]["value"], tone=tone, asked=(*asked, *yes))
        case _:
            return Act(title, action["data"]["action"], action["data"]["value"], tone=tone)


def _teams_input(element: Json, hint: str) -> Asked:
    is_many = element.get("isMultiSelect", False)
    if element["type"] == "Input.Text":
        kind, initial = "text", [element["value"]] if "value" in element else []
    else:
        kind = ("people" if is_many else "person") if "choices.data" in element else "checks" if is_many else "select"
        typed = element.get("value", "")
        initial = [unquote(each) for each in typed.split(",") if each] if is_many else [typed] if typed else []
    is_expanded = element.get("style") == "expanded"
    return Asked(
        kind,
        element["id"],
        element["label"],
        hint,
        element["isRequired"],
        tuple(
            (
                unquote(choice["value"]) if is_many else choice["value"],
                " ".join(words_of(_of_markdown(choice["title"]) if is_expanded else choice["title"])),
            )
            for choice in element.get("choices", ())
        ),
        tuple(initial),
        element.get("isMultiline", False),
        element.get("maxLength", 0),
        element.get("placeholder", "") if kind == "text" else "",
    )
