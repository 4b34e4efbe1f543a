"""Card -> Block Kit, within Slack's limits. What does not fit is shortened by characters; it is never an error."""

from __future__ import annotations

import re
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
    Instant,
    Link,
    LinkButton,
    Markup,
    Option,
    PersonInput,
    Plain,
    Quote,
    Section,
    SelectInput,
    Steps,
    Text,
    TextInput,
    Tone,
)

# Characters and counts; Slack, Block Kit reference.
SECTION_TEXT_MAX: Final = 3000
FIELD_TEXT_MAX: Final = 2000
FIELDS_MAX: Final = 10
HEADER_MAX: Final = 150
BUTTON_TEXT_MAX: Final = 75
CONFIRM_TEXT_MAX: Final = 300
CONFIRM_TITLE_MAX: Final = 100
CONFIRM_BUTTON_MAX: Final = 30
VALUE_MAX: Final = 2000
OPTION_TEXT_MAX: Final = 75
OPTION_VALUE_MAX: Final = 150
OPTIONS_MAX: Final = 100
CHECKS_MAX: Final = 10
PLACEHOLDER_MAX: Final = 150
LABEL_MAX: Final = 2000
MESSAGE_BLOCKS_MAX: Final = 50
VIEW_BLOCKS_MAX: Final = 100
MODAL_TITLE_MAX: Final = 24
MESSAGE_TEXT_MAX: Final = 4000
INPUT_TEXT_MAX: Final = 3000
ACTIONS_MAX: Final = 25
MORE: Final = " … (show all)"

Json = dict[str, Any]


def message(card: Card) -> Json:
    """`{text, blocks}` for chat.postMessage and chat.update."""
    return {
        "text": shortened(escaped(card.summary), MESSAGE_TEXT_MAX),
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
        "blocks": _folded([block for part in form.blocks for block in _form_block(part)], VIEW_BLOCKS_MAX),
    }
    if form.submit:
        view["submit"] = _plain(form.submit, MODAL_TITLE_MAX)
    return view


def home(blocks: Iterable[Block]) -> Json:
    """The view for views.publish."""
    return {"type": "home", "blocks": _folded(_blocks(blocks), VIEW_BLOCKS_MAX)}


def escaped(text: str) -> str:
    """A person's words as Slack shows them literally: only these three characters are special (Slack, formatting)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def shortened(text: str, limit: int) -> str:
    """At most `limit` characters, and never half an entity or half a link at the cut."""
    if len(text) <= limit:
        return text
    cut = text[: limit - len(MORE)]
    cut = re.sub(r"&[a-z]{0,3}$", "", cut)
    opened = cut.rfind("<")
    if opened > cut.rfind(">"):
        cut = cut[:opened]
    return cut + MORE


def mrkdwn(text: Text) -> str:
    """The pieces as Slack's own markup."""
    return "".join(_piece(piece) for piece in text)


def _piece(piece: Plain | Markup | Instant | Link) -> str:
    match piece:
        case Plain(words):
            return escaped(words)
        case Markup(words):
            return words
        case Instant(at, prefix):
            fallback = at.strftime("%Y-%m-%d %H:%M UTC")
            return f"{prefix}<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{fallback}>"
        case Link(label, url):
            return f"<{escaped(url).replace('|', '%7C')}|{escaped(label).replace('|', '/')}>"
        case _:
            assert_never(piece)


def _blocks(blocks: Iterable[Block]) -> list[Json]:
    return [rendered for block in blocks for rendered in _block(block)]


def _block(block: Block) -> list[Json]:
    match block:
        case Heading(words):
            return [{"type": "header", "text": _plain(words, HEADER_MAX)}]
        case Section(text, button):
            section: Json = {"type": "section", "text": _mrkdwn(mrkdwn(text), SECTION_TEXT_MAX)}
            if button:
                section["accessory"] = _button(button)
            return [section]
        case Fields(entries):
            rendered = [_mrkdwn(f"*{escaped(name)}*\n{mrkdwn(value)}", FIELD_TEXT_MAX) for name, value in entries]
            return [
                {"type": "section", "fields": rendered[at : at + FIELDS_MAX]}
                for at in range(0, len(rendered), FIELDS_MAX)
            ]
        case Quote(Plain(words)):
            quoted = "\n".join(f">{line}" for line in escaped(words).splitlines()) or ">"
            return [{"type": "section", "text": _mrkdwn(quoted, SECTION_TEXT_MAX)}]
        case Steps(lines):
            return _steps([mrkdwn(line) for line in lines])
        case Actions(buttons):
            elements = [_button(button) for button in buttons[:ACTIONS_MAX]]
            return [{"type": "actions", "elements": elements}] if elements else []
        case Context(text):
            return [{"type": "context", "elements": [_mrkdwn(mrkdwn(text), SECTION_TEXT_MAX)]}]
        case Divider():
            return [{"type": "divider"}]
        case _:
            assert_never(block)


def _steps(lines: list[str]) -> list[Json]:
    """Whole lines to a section, as many as fit; a list of 60 stages takes a few sections, not 60."""
    sections: list[str] = []
    for line in (shortened(each, SECTION_TEXT_MAX) for each in lines):
        if sections and len(sections[-1]) + 1 + len(line) <= SECTION_TEXT_MAX:
            sections[-1] += "\n" + line
        else:
            sections.append(line)
    return [{"type": "section", "text": _mrkdwn(text, SECTION_TEXT_MAX)} for text in sections]


def _form_block(part: Block | Input) -> list[Json]:
    match part:
        case TextInput():
            element: Json = {
                "type": "plain_text_input",
                "action_id": part.id,
                "multiline": part.is_multiline,
                "max_length": min(part.max_chars or INPUT_TEXT_MAX, INPUT_TEXT_MAX),
            }
            if part.initial:
                element["initial_value"] = part.initial[:INPUT_TEXT_MAX]
            if part.placeholder:
                element["placeholder"] = _plain(part.placeholder, PLACEHOLDER_MAX)
            return [_input(part, element)]
        case SelectInput():
            options = [_option(option) for option in part.options[:OPTIONS_MAX]]
            element = {"type": "static_select", "action_id": part.id, "options": options}
            chosen = [option for option in options if option["value"] == part.initial]
            if chosen:
                element["initial_option"] = chosen[0]
            return [_input(part, element)]
        case ChecksInput():
            options = [_option(option) for option in part.options[:CHECKS_MAX]]
            element = {"type": "checkboxes", "action_id": part.id, "options": options}
            ticked = [option for option in options if option["value"] in part.initial]
            if ticked:
                element["initial_options"] = ticked
            return [_input(part, element)]
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


def _option(option: Option) -> Json:
    rendered: Json = {"text": _plain(option.label, OPTION_TEXT_MAX), "value": option.value[:OPTION_VALUE_MAX]}
    if option.description:
        rendered["description"] = _plain(option.description, OPTION_TEXT_MAX)
    return rendered


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
    hidden = len(blocks) - limit + 1
    note = {"type": "context", "elements": [_mrkdwn(f"… {hidden} parts are not shown here.", SECTION_TEXT_MAX)]}
    return [*blocks[: limit - 4], note, *blocks[-3:]]


def _plain(text: str, limit: int) -> Json:
    words = text.strip() or " "
    return {"type": "plain_text", "text": words if len(words) <= limit else words[: limit - 1] + "…", "emoji": True}


def _mrkdwn(text: str, limit: int) -> Json:
    return {"type": "mrkdwn", "text": shortened(text.strip() or " ", limit)}
