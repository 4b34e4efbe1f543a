"""The platform-neutral message.

`Plain` and `Strong` are a person's words and are escaped by the renderer; `Markup` is ours. They are different types,
so that nobody can smuggle in `<!channel>` or a link.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final


@dataclass(frozen=True, slots=True)
class Plain:
    """Somebody's words: never a mention, a link or a command, whatever stands in them."""

    text: str


@dataclass(frozen=True, slots=True)
class Strong:
    """Somebody's words, on one line and emphasised."""

    text: str


@dataclass(frozen=True, slots=True)
class Markup:
    """Our own words; `*bold*`, `_italic_` and `code` have their usual meaning."""

    text: str


@dataclass(frozen=True, slots=True)
class Instant:
    """A moment, shown in the reader's own time zone."""

    at: datetime
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead somewhere."""

    label: str
    url: str


Piece = Plain | Strong | Markup | Instant | Link
Text = tuple[Piece, ...]

# Explicit bidirectional embeddings, overrides and isolates: they would turn the words of ours that follow them as well.
# Right-to-left writing needs none of them.
_DIRECTIONS: Final = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))


def steady(words: str) -> str:
    """Somebody's words without characters that turn the direction of whatever follows; every renderer applies it."""
    return words.translate(_DIRECTIONS)


def one_line(words: str) -> Plain:
    """Somebody's words within a line of ours: without line breaks, with which they could imitate our next line."""
    return Plain(" ".join(words.split()))


class Tone(StrEnum):
    """How a button looks."""

    PLAIN = "plain"
    PRIMARY = "primary"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class Confirm:
    """What is asked before a button does anything."""

    title: str
    text: str
    yes: str
    no: str = "Cancel"
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Button:
    """Something to press. `value` travels back with the click."""

    action_id: str
    label: str
    value: str
    tone: Tone = Tone.PLAIN
    confirm: Confirm | None = None


@dataclass(frozen=True, slots=True)
class LinkButton:
    """A button that opens an address."""

    action_id: str
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of a menu: what it is called, what it does, and what travels back."""

    action_id: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Menu:
    """The rarer acts, folded away behind one small button; at most five, the platform with the least room."""

    action_id: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """The card's title line."""

    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """A paragraph, with at most one button beside it."""

    text: Text
    button: Button | None = None


@dataclass(frozen=True, slots=True)
class Fields:
    """Names and values in two columns."""

    entries: tuple[tuple[str, Text], ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """Somebody's words, set off; shortened if they are long."""

    text: Plain


@dataclass(frozen=True, slots=True)
class Passage:
    """Somebody's words, set off; all of them, however long."""

    text: Plain


@dataclass(frozen=True, slots=True)
class Picture:
    """An image; `alt` says in words what it shows.

    It stands at an address that the platform can fetch, or was uploaded to the platform, which calls it `file`.
    """

    url: str
    alt: str
    title: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class Steps:
    """The stages of a request, a line each."""

    lines: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Actions:
    """A row of buttons, and the menu of what is wanted more rarely."""

    buttons: tuple[Button | LinkButton | Menu, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """Small print."""

    text: Text


@dataclass(frozen=True, slots=True)
class Divider:
    """A line across."""


Block = Heading | Section | Fields | Quote | Passage | Picture | Steps | Actions | Context | Divider


@dataclass(frozen=True, slots=True)
class Card:
    """A message. `summary` is what notifications and screen readers say."""

    summary: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class TextInput:
    """A line or a field of text. `max_chars` None: as much as the platform takes."""

    id: str
    label: str
    is_multiline: bool = False
    is_optional: bool = False
    initial: str = ""
    placeholder: str = ""
    hint: str = ""
    max_chars: int | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """One choice."""

    value: str
    label: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class SelectInput:
    """One of several. With `redraws`, the form is drawn anew when another is chosen, where the platform can do that."""

    id: str
    label: str
    options: tuple[Option, ...]
    initial: str | None = None
    hint: str = ""
    is_optional: bool = False
    redraws: bool = False


@dataclass(frozen=True, slots=True)
class ChecksInput:
    """Any of several."""

    id: str
    label: str
    options: tuple[Option, ...]
    initial: tuple[str, ...] = ()
    hint: str = ""
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class PersonInput:
    """A person of the workspace. `initial` is a chat user id."""

    id: str
    label: str
    initial: str | None = None
    hint: str = ""
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class PeopleInput:
    """Any people of the workspace, `most` at most."""

    id: str
    label: str
    most: int
    hint: str = ""
    is_optional: bool = True


Input = TextInput | SelectInput | ChecksInput | PersonInput | PeopleInput


@dataclass(frozen=True, slots=True)
class Form:
    """A modal. `memo` travels back with the submission; without `submit` it only shows something."""

    callback_id: str
    title: str
    blocks: tuple[Block | Input, ...] = field(default_factory=tuple)
    submit: str | None = None
    memo: str = ""

    def with_words(self, words: str) -> Form:
        """With what somebody has typed already in its first empty field for a text, or else in its first line."""
        fields = [each for each in self.blocks if isinstance(each, TextInput)]
        empty = (each for each in fields if each.is_multiline and not each.initial)
        chosen = next(empty, fields[0] if fields else None)
        if chosen is None:
            return self
        filled = replace(chosen, initial=words[: chosen.max_chars])
        return replace(self, blocks=tuple(filled if each is chosen else each for each in self.blocks))
