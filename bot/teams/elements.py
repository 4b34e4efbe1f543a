"""Blocks -> elements of an Adaptive Card's body."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, assert_never

from bot.cards import (
    Actions,
    Block,
    Button,
    Context,
    Divider,
    Fields,
    Heading,
    Markup,
    Passage,
    Picture,
    Plain,
    Quote,
    Section,
    Steps,
    Strong,
    Text,
)
from bot.teams.buttons import Pressed, action_rows
from bot.teams.limits import BRIEF_MAX, FIELD_NAME_MAX, HEADING_MAX, IMAGE_ALT_MAX, TEXT_MAX
from bot.teams.markdown import escaped
from bot.teams.runs import powerless, rich_text
from bot.wording import clipped, is_web_address

Json = dict[str, Any]

_SMALL: Final = {"spacing": "Small"}
_BESIDE_MAX: Final = 12  # characters of a button's label that stand beside text on a phone
_FEW: Final = {"size": "Small", "isSubtle": True}  # how small print looks


@dataclass(frozen=True, slots=True)
class Manner:
    """How much of everything is shown, in characters, and how buttons come back. `passage_max` None: all of it."""

    text_max: int = TEXT_MAX
    passage_max: int | None = None
    pressed: Pressed = field(default_factory=Pressed)

    def brief(self) -> Manner:
        """Little of what somebody wrote at length."""
        return Manner(BRIEF_MAX, BRIEF_MAX, self.pressed)


def elements(blocks: Iterable[Block], manner: Manner) -> list[Json]:
    """The blocks one below the other; a divider is a line above what follows it."""
    rendered: list[Json] = []
    is_divided = False
    for block in blocks:
        if isinstance(block, Divider):
            is_divided = True
            continue
        further = _block(block, manner)
        if further and is_divided:
            further[0] |= {"separator": True, "spacing": "Large"}
            is_divided = False
        rendered += further
    return rendered


def small_print(text: Text, *, most: int = TEXT_MAX) -> Json:
    """What explains, below what it explains."""
    return {**rich_text(text, most=most, **_FEW), **_SMALL}


def _block(block: Block, manner: Manner) -> list[Json]:
    match block:
        case Heading(words):
            return [_heading(words)]
        case Section(text, button):
            return _section(rich_text(text, most=manner.text_max), button, manner.pressed)
        case Fields(entries):
            return [_field(name, value, manner) for name, value in entries]
        case Quote(Plain(words)):
            return [_set_off(words, manner.text_max)]
        case Passage(Plain(words)):
            return [_set_off(words, manner.passage_max)]
        case Picture():
            return _picture(block)
        case Steps(lines):
            return [{**rich_text(line, most=manner.text_max), **_SMALL} for line in lines]
        case Actions(buttons):
            return action_rows(buttons, manner.pressed)
        case Context(text):
            return [small_print(text, most=manner.text_max)]
        case Divider():
            return []
        case _:
            assert_never(block)


def _heading(words: str) -> Json:
    """The style tells screen readers; size and weight are said as well, as not every client knows the style."""
    text = escaped(clipped(powerless(words).strip() or "–", HEADING_MAX))
    return {"type": "TextBlock", "text": text, "style": "heading", "size": "Large", "weight": "Bolder", "wrap": True}


def _section(text: Json, button: Button | None, pressed: Pressed) -> list[Json]:
    """The text, with a short button beside it; one with many words, or a question, needs the width below."""
    row = action_rows((button,) if button else (), pressed)
    if not row or not button:
        return [text]
    if button.confirm or len(button.label) > _BESIDE_MAX:
        return [text, *row]
    columns = [
        {"type": "Column", "width": "stretch", "items": [text]},
        {"type": "Column", "width": "auto", "verticalContentAlignment": "Center", "items": row},
    ]
    return [{"type": "ColumnSet", "columns": columns}]


def _field(name: str, value: Text, manner: Manner) -> Json:
    """A line of its own, not a FactSet: that reads Markdown, and its two columns leave a phone little for the value."""
    named = (Strong(clipped(name, FIELD_NAME_MAX)), Markup("  "), *value)
    return {**rich_text(named, most=manner.text_max), **_SMALL}


def _set_off(words: str, most: int | None) -> Json:
    """Somebody's words on a ground of their own."""
    return {"type": "Container", "style": "emphasis", "items": [rich_text((Plain(words),), most=most)]}


def _picture(picture: Picture) -> list[Json]:
    """The image; its words alone where Teams could not fetch it."""
    alt = clipped(powerless(picture.alt).strip() or "Picture", IMAGE_ALT_MAX)
    title = [small_print((Plain(picture.title),))] if picture.title else []
    if not is_web_address(picture.url):
        return [*title, small_print((Plain(alt),))]
    return [*title, {"type": "Image", "url": picture.url, "altText": alt, "size": "Stretch"}]
