"""What people write to the bot in Teams -> a command, and our own answers in words that Teams' people type.

Teams has no slash commands: people write words, and the app's manifest lists some. A slash in front, as somebody used
to Slack would type it, does no harm.
"""

from __future__ import annotations

import re
from dataclasses import replace
from enum import Enum, auto
from typing import Final

from bot.cards import Block, Card, Context, Form, Heading, Input, Markup, Section, Text
from bot.commands import command_about
from bot.conversation.commands import Typed
from bot.views.help import QUOTES, help_card

_COMMANDS: Final = {
    "approve": "/approve",
    "bypass": "/bypass",
    "change": "/change",
    "sla": "/sla",
    "budget": "/budget",
}
_HOME: Final = frozenset({"home", "hi", "hello", "hey", "start"})
_SLASHED: Final = re.compile(r"(?<![\w/])/(?=(?:approve|bypass|change|sla|budget)\b)")


class Wish(Enum):
    """What somebody wants who did not write a command."""

    HOME = auto()
    HELP = auto()


def read_words(words: str, interaction: str) -> Typed | Wish:
    """What the words ask for. Without a command it is what the subject belongs to that they name; else approvals."""
    first, rest = [*words.split(maxsplit=1), "", ""][:2]
    first = first.lower().removeprefix("/").rstrip("!.,")
    if not first or (first in _HOME and not rest):
        return Wish.HOME
    if first == "help" and not rest:
        return Wish.HELP
    if first in _COMMANDS:
        return Typed(_COMMANDS[first], rest.strip(), interaction)
    line = words.strip().removeprefix("/")
    return Typed(command_about(line) or "/approve", line, interaction)


def teams_help() -> Card:
    """Everything that can be written, on one card."""
    parts = [help_card(command) for command in _COMMANDS.values()]
    blocks: list[Block] = [block for part in parts for block in part.blocks if not isinstance(block, Context)]
    also = (
        "`home` shows what waits for you. `approve` may be left out: `list`, `yes REQ-1001 reason`."
        f" So may the others before what they are about: `show INC-1001`. {QUOTES}"
    )
    return in_teams_words(Card("How to use Countersign", (*blocks, Context((Markup(also),)))))


def in_teams_words(card: Card) -> Card:
    """The card with our commands as they are written in Teams: without the slash. What people wrote stays."""
    return Card(_SLASHED.sub("", card.summary), tuple(map(_block, card.blocks)))


def form_in_teams_words(form: Form) -> Form:
    """The same of a form: of what it says, not of what is filled in."""
    said = (part if isinstance(part, Input) else _block(part) for part in form.blocks)
    return replace(form, title=_SLASHED.sub("", form.title), blocks=tuple(said))


def _block(block: Block) -> Block:
    match block:
        case Section(text):
            return replace(block, text=_text(text))
        case Context(text):
            return Context(_text(text))
        case Heading(text):
            return Heading(_SLASHED.sub("", text))
        case _:
            return block


def _text(text: Text) -> Text:
    return tuple(Markup(_SLASHED.sub("", each.text)) if isinstance(each, Markup) else each for each in text)
