"""Card -> Block Kit, within Slack's limits. What does not fit is shortened by characters; it is never an error."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final, assert_never

from bot.cards import (
    Actions,
    Block,
    Button,
    Card,
    Context,
    Divider,
    Fields,
    Form,
    Heading,
    Input,
    LinkButton,
    Menu,
    Passage,
    Picture,
    Plain,
    Quote,
    Section,
    Steps,
    Strong,
    Tone,
    steady,
)
from bot.slack.folding import characters, folded, sent_bytes
from bot.slack.form_inputs import input_blocks
from bot.slack.limits import (
    ACTIONS_MAX,
    BUTTON_TEXT_MAX,
    CONFIRM_BUTTON_MAX,
    CONFIRM_TEXT_MAX,
    CONFIRM_TITLE_MAX,
    CONTEXT_TEXT_MAX,
    FIELD_TEXT_MAX,
    FIELDS_MAX,
    HEADER_MAX,
    IMAGE_ALT_MAX,
    IMAGE_TITLE_MAX,
    LABEL_MAX,
    MESSAGE_BLOCKS_MAX,
    MESSAGE_CHARACTERS_MAX,
    MESSAGE_TEXT_MAX,
    MODAL_TITLE_MAX,
    OPTION_TEXT_MAX,
    OPTION_VALUE_MAX,
    OVERFLOW_MAX,
    QUOTE_MIN,
    SECTION_TEXT_MAX,
    VALUE_MAX,
    VIEW_BLOCKS_MAX,
    VIEW_BYTES_MAX,
)
from bot.slack.mrkdwn import escaped, mrkdwn, portions, quoted, shortened
from bot.slack.texts import marked_text, plain_text
from bot.wording import clipped, is_web_address

__all__ = ["LABEL_MAX", "escaped", "home", "message", "modal", "reply"]

_LABEL_IN_FIELD: Final = 200  # characters of a field's name, so that its value is seen

Json = dict[str, Any]


def message(card: Card) -> Json:
    """`{text, blocks}` for chat.postMessage and chat.update.

    If it is too long as a whole, somebody's words are shortened first, so that stages and buttons stay in sight.
    """
    blocks = _blocks(card.blocks)
    if sum(map(characters, blocks)) > MESSAGE_CHARACTERS_MAX:
        blocks = _blocks(_brief(block) for block in card.blocks)
    return _said(card, blocks, MESSAGE_CHARACTERS_MAX)


def reply(card: Card) -> Json:
    """`{text, blocks}` for a response_url, where blocks may be as long together as each of them may be alone."""
    return _said(card, _blocks(card.blocks), None)


def modal(form: Form) -> Json:
    """The view for views.open and views.update."""
    view: Json = {
        "type": "modal",
        "callback_id": form.callback_id,
        "title": plain_text(form.title, MODAL_TITLE_MAX),
        "close": plain_text("Cancel" if form.submit else "Close", MODAL_TITLE_MAX),
        "private_metadata": form.memo,
        "blocks": [],
    }
    if form.submit:
        view["submit"] = plain_text(form.submit, MODAL_TITLE_MAX)
    return _filled(view, [block for part in form.blocks for block in _form_block(part)])


def home(blocks: Iterable[Block]) -> Json:
    """The view for views.publish."""
    return _filled({"type": "home", "blocks": []}, _blocks(blocks))


def _said(card: Card, blocks: list[Json], size: int | None) -> Json:
    return {
        "text": shortened(escaped(card.summary).strip() or "Countersign", MESSAGE_TEXT_MAX),
        "blocks": folded(blocks, count=MESSAGE_BLOCKS_MAX, size=size, measure=characters),
    }


def _filled(view: Json, blocks: list[Json]) -> Json:
    """The view with what it shows; Slack refuses an empty one."""
    room = VIEW_BYTES_MAX - len(json.dumps(view))
    shown = folded(blocks, count=VIEW_BLOCKS_MAX, size=room, measure=sent_bytes)
    return {**view, "blocks": shown or [_section("There is nothing to show.")]}


def _brief(block: Block) -> Block:
    """The block with little of what somebody wrote at length."""
    match block:
        case Quote(Plain(words)) | Passage(Plain(words)) if len(words) > QUOTE_MIN:
            return Quote(Plain(f"{clipped(words, QUOTE_MIN)} (show all)"))
        case _:
            return block


def _blocks(blocks: Iterable[Block]) -> list[Json]:
    return [rendered for block in blocks for rendered in _block(block)]


def _block(block: Block) -> list[Json]:
    match block:
        case Heading(words):
            return [{"type": "header", "text": plain_text(words, HEADER_MAX)}]
        case Section(text, button):
            section = _section(mrkdwn(text))
            if button:
                section["accessory"] = _button(button)
            return [section]
        case Fields(entries):
            rendered = [
                marked_text(f"{mrkdwn((Strong(clipped(name, _LABEL_IN_FIELD)),))}\n{mrkdwn(value)}", FIELD_TEXT_MAX)
                for name, value in entries
            ]
            return [
                {"type": "section", "fields": rendered[at : at + FIELDS_MAX]}
                for at in range(0, len(rendered), FIELDS_MAX)
            ]
        case Quote(Plain(words)):
            return [_section(quoted(words))]
        case Passage(Plain(words)):
            return [_section(quoted(portion)) for portion in portions(words, SECTION_TEXT_MAX)]
        case Picture():
            return [_picture(block)]
        case Steps(lines):
            return _steps([mrkdwn(line) for line in lines])
        case Actions(buttons):
            elements = [_element(button) for button in buttons if _works(button)][:ACTIONS_MAX]
            return [{"type": "actions", "elements": elements}] if elements else []
        case Context(text):
            return [{"type": "context", "elements": [marked_text(mrkdwn(text), CONTEXT_TEXT_MAX)]}]
        case Divider():
            return [{"type": "divider"}]
        case _:
            assert_never(block)


def _section(text: str) -> Json:
    return {"type": "section", "text": marked_text(text, SECTION_TEXT_MAX)}


def _picture(picture: Picture) -> Json:
    """The image; its words alone where Slack could not fetch it."""
    alt = clipped(steady(picture.alt).strip() or "Picture", IMAGE_ALT_MAX)
    if not picture.file and not is_web_address(picture.url):
        said = "\n".join(filter(None, (clipped(picture.title, IMAGE_TITLE_MAX), alt)))
        return {"type": "context", "elements": [marked_text(escaped(said), CONTEXT_TEXT_MAX)]}
    source: Json = {"slack_file": {"id": picture.file}} if picture.file else {"image_url": picture.url}
    rendered: Json = {"type": "image", **source, "alt_text": alt}
    if picture.title:
        rendered["title"] = plain_text(picture.title, IMAGE_TITLE_MAX)
    return rendered


def _steps(lines: list[str]) -> list[Json]:
    """Whole lines to a section, as many as fit; a list of 60 stages takes a few sections, not 60."""
    sections: list[str] = []
    for line in (shortened(each, SECTION_TEXT_MAX) for each in lines):
        if sections and len(sections[-1]) + 1 + len(line) <= SECTION_TEXT_MAX:
            sections[-1] += "\n" + line
        else:
            sections.append(line)
    return [_section(text) for text in sections]


def _form_block(part: Block | Input) -> list[Json]:
    return input_blocks(part) if isinstance(part, Input) else _block(part)


def _works(element: Button | LinkButton | Menu) -> bool:
    match element:
        case Button():
            return True
        case LinkButton():
            return is_web_address(element.url)
        case Menu():
            return bool(element.choices)  # Slack refuses an empty one
        case _:
            assert_never(element)


def _element(element: Button | LinkButton | Menu) -> Json:
    return _overflow(element) if isinstance(element, Menu) else _button(element)


def _overflow(menu: Menu) -> Json:
    """An element has one action id, so each option says its own before its value; inputs.py takes them apart."""
    options = [
        {
            "text": plain_text(choice.label, OPTION_TEXT_MAX),
            "value": f"{choice.action_id} {choice.value}"[:OPTION_VALUE_MAX],
        }
        for choice in menu.choices[:OVERFLOW_MAX]
    ]
    return {"type": "overflow", "action_id": menu.action_id, "options": options}


def _button(button: Button | LinkButton) -> Json:
    rendered: Json = {
        "type": "button",
        "action_id": button.action_id,
        "text": plain_text(button.label, BUTTON_TEXT_MAX),
    }
    if isinstance(button, LinkButton):
        return {**rendered, "url": button.url}
    rendered["value"] = button.value[:VALUE_MAX]
    if button.tone is not Tone.PLAIN:
        rendered["style"] = button.tone.value
    if button.confirm:
        rendered["confirm"] = {
            "title": plain_text(button.confirm.title, CONFIRM_TITLE_MAX),
            "text": plain_text(button.confirm.text, CONFIRM_TEXT_MAX),
            "confirm": plain_text(button.confirm.yes, CONFIRM_BUTTON_MAX),
            "deny": plain_text(button.confirm.no, CONFIRM_BUTTON_MAX),
        }
        if button.confirm.tone is not Tone.PLAIN:
            rendered["confirm"]["style"] = button.confirm.tone.value
    return rendered
