"""Card -> Block Kit, within Slack's limits. What does not fit is shortened by characters; it is never an error."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, assert_never

from bot.cards import (
    Actions,
    Block,
    Button,
    Card,
    ChecksInput,
    Context,
    Divider,
    Fields,
    Form,
    Heading,
    Input,
    LinkButton,
    Option,
    Passage,
    PersonInput,
    Picture,
    Plain,
    Quote,
    Section,
    SelectInput,
    Steps,
    Strong,
    TextInput,
    Tone,
    steady,
)
from bot.slack.limits import (
    ACTIONS_MAX,
    BUTTON_TEXT_MAX,
    CHECKS_MAX,
    CONFIRM_BUTTON_MAX,
    CONFIRM_TEXT_MAX,
    CONFIRM_TITLE_MAX,
    CONTEXT_TEXT_MAX,
    FIELD_TEXT_MAX,
    FIELDS_MAX,
    HEADER_MAX,
    IMAGE_ALT_MAX,
    IMAGE_TITLE_MAX,
    INPUT_TEXT_MAX,
    LABEL_MAX,
    MESSAGE_BLOCKS_MAX,
    MESSAGE_TEXT_MAX,
    MODAL_TITLE_MAX,
    OPTION_TEXT_MAX,
    OPTION_VALUE_MAX,
    OPTIONS_MAX,
    PLACEHOLDER_MAX,
    SECTION_TEXT_MAX,
    VALUE_MAX,
    VIEW_BLOCKS_MAX,
)
from bot.slack.mrkdwn import clipped, escaped, is_web_address, mrkdwn, portions, quoted, shortened

__all__ = ["LABEL_MAX", "escaped", "home", "message", "modal"]

LAST_SHOWN: Final = 3  # blocks at the end of a card that folding leaves: the buttons stand there
_LABEL_IN_FIELD: Final = 200  # characters of a field's name, so that its value is seen

Json = dict[str, Any]


def message(card: Card) -> Json:
    """`{text, blocks}` for chat.postMessage and chat.update."""
    return {
        "text": shortened(escaped(card.summary).strip() or "Countersign", MESSAGE_TEXT_MAX),
        "blocks": _folded(_blocks(card.blocks), MESSAGE_BLOCKS_MAX),
    }


def modal(form: Form) -> Json:
    """The view for views.open and views.update."""
    view: Json = {
        "type": "modal",
        "callback_id": form.callback_id,
        "title": _plain(form.title, MODAL_TITLE_MAX),
        "close": _plain("Cancel" if form.submit else "Close", MODAL_TITLE_MAX),
        "private_metadata": form.memo,
        "blocks": _view_blocks([block for part in form.blocks for block in _form_block(part)]),
    }
    if form.submit:
        view["submit"] = _plain(form.submit, MODAL_TITLE_MAX)
    return view


def home(blocks: Iterable[Block]) -> Json:
    """The view for views.publish."""
    return {"type": "home", "blocks": _view_blocks(_blocks(blocks))}


def _view_blocks(blocks: list[Json]) -> list[Json]:
    """What a view shows; Slack refuses an empty one."""
    return _folded(blocks, VIEW_BLOCKS_MAX) or [_section("There is nothing to show.")]


def _blocks(blocks: Iterable[Block]) -> list[Json]:
    return [rendered for block in blocks for rendered in _block(block)]


def _block(block: Block) -> list[Json]:
    match block:
        case Heading(words):
            return [{"type": "header", "text": _plain(words, HEADER_MAX)}]
        case Section(text, button):
            section = _section(mrkdwn(text))
            if button:
                section["accessory"] = _button(button)
            return [section]
        case Fields(entries):
            rendered = [
                _mrkdwn(f"{mrkdwn((Strong(clipped(name, _LABEL_IN_FIELD)),))}\n{mrkdwn(value)}", FIELD_TEXT_MAX)
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
            elements = [_button(button) for button in buttons if _works(button)][:ACTIONS_MAX]
            return [{"type": "actions", "elements": elements}] if elements else []
        case Context(text):
            return [{"type": "context", "elements": [_mrkdwn(mrkdwn(text), CONTEXT_TEXT_MAX)]}]
        case Divider():
            return [{"type": "divider"}]
        case _:
            assert_never(block)


def _section(text: str) -> Json:
    return {"type": "section", "text": _mrkdwn(text, SECTION_TEXT_MAX)}


def _picture(picture: Picture) -> Json:
    """The image; its words alone where Slack could not fetch it."""
    alt = clipped(steady(picture.alt).strip() or "Picture", IMAGE_ALT_MAX)
    if not is_web_address(picture.url):
        return {"type": "context", "elements": [_mrkdwn(escaped(alt), CONTEXT_TEXT_MAX)]}
    rendered: Json = {"type": "image", "image_url": picture.url, "alt_text": alt}
    if picture.title:
        rendered["title"] = _plain(picture.title, IMAGE_TITLE_MAX)
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
    match part:
        case TextInput():
            longest = min(part.max_chars or INPUT_TEXT_MAX, INPUT_TEXT_MAX)
            element: Json = {
                "type": "plain_text_input",
                "action_id": part.id,
                "multiline": part.is_multiline,
                "max_length": longest,
            }
            if part.initial:
                element["initial_value"] = part.initial[:longest]
            if part.placeholder:
                element["placeholder"] = _plain(part.placeholder, PLACEHOLDER_MAX)
            return [_input(part, element)]
        case SelectInput():
            options = [_option(option) for option in part.options[:OPTIONS_MAX]]
            element = {"type": "static_select", "action_id": part.id, "options": options}
            chosen = [option for option in options if option["value"] == part.initial]
            if chosen:
                element["initial_option"] = chosen[0]
            return [_input(part, element)] if options else [_nothing_to_choose(part)]
        case ChecksInput():
            options = [_option(option) for option in part.options[:CHECKS_MAX]]
            element = {"type": "checkboxes", "action_id": part.id, "options": options}
            ticked = [option for option in options if option["value"] in part.initial]
            if ticked:
                element["initial_options"] = ticked
            return [_input(part, element)] if options else [_nothing_to_choose(part)]
        case PersonInput():
            element = {"type": "users_select", "action_id": part.id}
            if part.initial:
                element["initial_user"] = part.initial
            return [_input(part, element)]
        case _:
            return _block(part)


def _input(part: Input, element: Json) -> Json:
    block: Json = {
        "type": "input",
        "block_id": part.id,
        "label": _plain(part.label, LABEL_MAX),
        "element": element,
        "optional": part.is_optional,
    }
    if part.hint:
        block["hint"] = _plain(part.hint, LABEL_MAX)
    return block


def _nothing_to_choose(part: Input) -> Json:
    return {
        "type": "context",
        "elements": [_mrkdwn(f"{escaped(part.label)}: there is nothing to choose from.", CONTEXT_TEXT_MAX)],
    }


def _option(option: Option) -> Json:
    rendered: Json = {"text": _plain(option.label, OPTION_TEXT_MAX), "value": option.value[:OPTION_VALUE_MAX]}
    if option.description:
        rendered["description"] = _plain(option.description, OPTION_TEXT_MAX)
    return rendered


def _works(button: Button | LinkButton) -> bool:
    return isinstance(button, Button) or is_web_address(button.url)


def _button(button: Button | LinkButton) -> Json:
    rendered: Json = {"type": "button", "action_id": button.action_id, "text": _plain(button.label, BUTTON_TEXT_MAX)}
    if isinstance(button, LinkButton):
        return {**rendered, "url": button.url}
    rendered["value"] = button.value[:VALUE_MAX]
    if button.tone is not Tone.PLAIN:
        rendered["style"] = button.tone.value
    if button.confirm:
        rendered["confirm"] = {
            "title": _plain(button.confirm.title, CONFIRM_TITLE_MAX),
            "text": _plain(button.confirm.text, CONFIRM_TEXT_MAX),
            "confirm": _plain(button.confirm.yes, CONFIRM_BUTTON_MAX),
            "deny": _plain(button.confirm.no, CONFIRM_BUTTON_MAX),
        }
    return rendered


def _folded(blocks: list[Json], limit: int) -> list[Json]:
    """At most `limit` blocks: the middle is folded, the end stays, because the buttons stand there."""
    if len(blocks) <= limit:
        return blocks
    first = limit - LAST_SHOWN - 1
    hidden = len(blocks) - first - LAST_SHOWN
    note = {"type": "context", "elements": [_mrkdwn(f"… {hidden} parts are not shown here.", CONTEXT_TEXT_MAX)]}
    return [*blocks[:first], note, *blocks[-LAST_SHOWN:]]


def _plain(text: str, limit: int) -> Json:
    return {"type": "plain_text", "text": clipped(steady(text).strip() or "–", limit), "emoji": True}


def _mrkdwn(text: str, limit: int) -> Json:
    """Verbatim: addresses and @names that stand in somebody's words are not turned into links and mentions."""
    return {"type": "mrkdwn", "text": shortened(text.strip() or "–", limit), "verbatim": True}
