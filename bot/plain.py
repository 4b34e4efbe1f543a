"""Card -> plain text, for e-mail, the command line and logs. Times are UTC and say so."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, assert_never

from bot.cards import (
    Actions,
    Block,
    Button,
    Card,
    Context,
    Divider,
    Fields,
    Heading,
    Instant,
    Link,
    LinkButton,
    Markup,
    Menu,
    Passage,
    Picture,
    Piece,
    Plain,
    Quote,
    Section,
    Steps,
    Strong,
    Text,
    one_line,
    steady,
)

RULE: Final = "----"
_CODE: Final = re.compile(r"(`[^`]*`)")
_ITALIC_MARK: Final = re.compile(r"(?<!\w)_(?=\S)|(?<=\S)_(?!\w)")


def text_of(card: Card) -> str:
    """The card's blocks, one below the other; its summary if it has none."""
    return blocks_text(card.blocks) or card.summary


def blocks_text(blocks: Iterable[Block]) -> str:
    """The blocks, one below the other."""
    return "\n".join(line for block in blocks for line in _lines(block))


def line_of(text: Text) -> str:
    """The pieces without their markup."""
    return "".join(_piece(piece) for piece in text)


def _piece(piece: Piece) -> str:
    match piece:
        case Plain(words):
            return steady(words)
        case Strong(words):
            return steady(one_line(words).text)
        case Markup(words):
            return _unmarked(words)
        case Instant(at, prefix):
            return f"{_unmarked(prefix)}{at:%Y-%m-%d %H:%M} UTC"
        case Link(label, url):
            return f"{steady(one_line(label).text)} ({url})"
        case _:
            assert_never(piece)


def _unmarked(words: str) -> str:
    """Our words without `*` and `_`; what is in backticks is typed by people and stays as it is."""
    parts = _CODE.split(words)
    return "".join(part if at % 2 else _ITALIC_MARK.sub("", part.replace("*", "")) for at, part in enumerate(parts))


def _lines(block: Block) -> list[str]:
    match block:
        case Heading(words):
            return [steady(one_line(words).text)]
        case Section(text, button):
            return [line_of(text), *(_labels((button,)) if button else ())]
        case Fields(entries):
            return [f"{name}: {line_of(value)}" for name, value in entries]
        case Quote(Plain(words)) | Passage(Plain(words)):
            return [f"> {line}" for line in steady(words).splitlines()]
        case Picture():
            return [f"[{steady(one_line(block.alt).text)}] {block.url}".rstrip()]
        case Steps(lines):
            return [line_of(line) for line in lines]
        case Actions(buttons):
            return _labels(buttons)
        case Context(text):
            return [line_of(text)]
        case Divider():
            return [RULE]
        case _:
            assert_never(block)


def _labels(elements: Iterable[Button | LinkButton | Menu]) -> list[str]:
    shown = " ".join(filter(None, map(_label, elements)))
    return [shown] if shown else []


def _label(element: Button | LinkButton | Menu) -> str:
    match element:
        case Button():
            return f"[{element.label}]"
        case LinkButton():
            return f"[{element.label}: {element.url}]"
        case Menu():
            return " ".join(f"[{choice.label}]" for choice in element.choices)
        case _:
            assert_never(element)
