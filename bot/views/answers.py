"""Private answers: errors and confirmations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from bot import actions
from bot.cards import Actions, Block, Card, Context, LinkButton, Markup, Passage, Plain, Section, Text
from bot.plain import line_of
from bot.views.pieces import names as first_of
from bot.views.pieces import spoken
from core.approvals import Nudged
from core.errors import CountersignError, ErrorKind
from core.roles.hierarchy import ROLES
from core.roles.hierarchy import title as role_title
from core.signin import StepUpRequired

_LEADS: Final[Mapping[ErrorKind, str]] = {
    ErrorKind.INVALID: "✏️",
    ErrorKind.UNAUTHENTICATED: "🔑",
    ErrorKind.FORBIDDEN: "🚫",
    ErrorKind.NOT_FOUND: "🔎",
    ErrorKind.CONFLICT: "⚠️",
    ErrorKind.LIMITED: "⏳",
    ErrorKind.UNAVAILABLE: "🔌",
}


def error_card(error: CountersignError) -> Card:
    """What is wrong, what would be accepted, what to do next. Seen by the asker alone."""
    if isinstance(error, StepUpRequired):
        return _step_up_card(error)
    text: Text = (Markup(f"{_LEADS[error.kind]} "), Plain(error.message))
    blocks: list[Block] = [Section(text)]
    more = _more(error)
    if more:
        blocks.append(Context((Plain(more),)))
    return Card(sentence_of(error), tuple(blocks))


def _step_up_card(error: StepUpRequired) -> Card:
    """Where the person confirms what they have just decided, or gets what they need for it."""
    label = "Confirm it's you" if "/step-up/" in error.link else "Set up a second factor"
    button = LinkButton(actions.STEP_UP, label, error.link)
    return Card(f"{error.message} {error.link}", (Section((Markup("🔐 "), Plain(error.message))), Actions((button,))))


def lost_card(error: CountersignError, words: str) -> Card:
    """The error of a form that is closed already, with what had been written into it."""
    card = error_card(error)
    lost: tuple[Block, ...] = (Context((Markup("You had written:"),)), Passage(Plain(words))) if words else ()
    return Card(card.summary, (*card.blocks, *lost))


def sentence_of(error: CountersignError) -> str:
    """The error as one line, in words that people use."""
    return f"{error.message} {_more(error)}".strip()


def _more(error: CountersignError) -> str:
    words = ", ".join(_accepted(error))
    lead = "Open to" if error.where == "role" else "Accepted"
    return " ".join(filter(None, (f"{lead}: {words}." if words else "", error.next_step)))


def _accepted(error: CountersignError) -> Iterator[str]:
    for key in () if error.names_accepted else error.accepted:
        if key in ROLES:
            yield role_title(key)
        else:
            yield spoken(key) if error.where == "stage" else key


def said(words: str, further: Text = ()) -> Card:
    """One sentence, which begins with words of ours."""
    line: Text = (Markup(words), *further)
    return Card(line_of(line), (Section(line),))


def nudged_card(done: Nudged) -> Card:
    """Whom the requester has reminded."""
    reference = done.request.reference
    line: Text = (
        Markup(f"👋 Reminded of *{reference}*: "),
        first_of(person.name for person in done.people),
        Markup("."),
    )
    return Card(line_of(line), (Section(line),))
