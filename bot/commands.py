"""The grammar of /approve and /bypass: a typed line -> an intent. Never raises; what it cannot read, it says."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

TEXT_MAX: Final = 3000  # characters; Slack cuts commands long before


class Verb(StrEnum):
    """What can be asked for. The value is the canonical word."""

    FORM = "form"
    HELP = "help"
    WAITING = "list"
    MINE = "mine"
    SHOW = "show"
    FIND = "find"
    APPROVE = "approve"
    REJECT = "reject"
    ASK = "ask"
    ANSWER = "answer"
    COMMENT = "comment"
    DELEGATE = "delegate"
    WITHDRAW = "withdraw"
    STATUS = "status"
    END = "end"
    ACKNOWLEDGE = "ack"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Intent:
    """What the person wants. `number` is REQ-12's or BYP-3's; `person` a chat id, name or address; `text` the rest."""

    verb: Verb
    number: int | None = None
    person: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Misread:
    """What could not be read, and what to type instead."""

    message: str
    suggestion: str = ""


class Needs(StrEnum):
    """What must follow a verb."""

    NOTHING = "nothing"
    REFERENCE = "reference"
    REFERENCE_AND_TEXT = "text"
    REFERENCE_AND_PERSON = "person"
    TEXT = "words"


_APPROVE: Final[Mapping[str, tuple[Verb, Needs]]] = {
    "help": (Verb.HELP, Needs.NOTHING),
    "list": (Verb.WAITING, Needs.NOTHING),
    "waiting": (Verb.WAITING, Needs.NOTHING),
    "mine": (Verb.MINE, Needs.NOTHING),
    "show": (Verb.SHOW, Needs.REFERENCE),
    "find": (Verb.FIND, Needs.TEXT),
    "approve": (Verb.APPROVE, Needs.REFERENCE),
    "yes": (Verb.APPROVE, Needs.REFERENCE),
    "reject": (Verb.REJECT, Needs.REFERENCE_AND_TEXT),
    "no": (Verb.REJECT, Needs.REFERENCE_AND_TEXT),
    "deny": (Verb.REJECT, Needs.REFERENCE_AND_TEXT),
    "ask": (Verb.ASK, Needs.REFERENCE_AND_TEXT),
    "answer": (Verb.ANSWER, Needs.REFERENCE_AND_TEXT),
    "comment": (Verb.COMMENT, Needs.REFERENCE_AND_TEXT),
    "delegate": (Verb.DELEGATE, Needs.REFERENCE_AND_PERSON),
    "withdraw": (Verb.WITHDRAW, Needs.REFERENCE),
    "create": (Verb.FORM, Needs.TEXT),
    "request": (Verb.FORM, Needs.NOTHING),
}
_BYPASS: Final[Mapping[str, tuple[Verb, Needs]]] = {
    "help": (Verb.HELP, Needs.NOTHING),
    "status": (Verb.STATUS, Needs.NOTHING),
    "list": (Verb.STATUS, Needs.NOTHING),
    "show": (Verb.SHOW, Needs.REFERENCE),
    "end": (Verb.END, Needs.REFERENCE),
    "ack": (Verb.ACKNOWLEDGE, Needs.REFERENCE),
    "acknowledge": (Verb.ACKNOWLEDGE, Needs.REFERENCE),
    "review": (Verb.REVIEW, Needs.REFERENCE),
}
GRAMMARS: Final = {"/approve": (_APPROVE, "REQ"), "/bypass": (_BYPASS, "BYP")}
_MENTION: Final = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>|@?([^\s<>]+)")


def parse(command: str, text: str) -> Intent | Misread:
    """The intent in `text` as typed after `command`."""
    grammar, prefix = GRAMMARS.get(command, (_APPROVE, "REQ"))
    line = text.strip()[:TEXT_MAX]
    if not line:
        return Intent(Verb.FORM)
    word, _, rest = line.partition(" ")
    word, rest = word.lower(), rest.strip()
    if word not in grammar:
        return _misread(command, word, grammar, prefix)
    verb, needs = grammar[word]
    if needs is Needs.NOTHING:
        return Intent(verb)
    if needs is Needs.TEXT:
        return Intent(verb, text=rest) if rest else Misread(f"`{command} {word}` needs some words after it.")
    return _with_reference(command, word, verb, needs, rest, prefix)


def _with_reference(command: str, word: str, verb: Verb, needs: Needs, rest: str, prefix: str) -> Intent | Misread:
    reference, _, text = rest.partition(" ")
    number = read_reference(reference, prefix)
    if number is None:
        return Misread(f"Which one? Write `{command} {word} {prefix}-1001`.", f"{command} list")
    text = text.strip()
    if needs is Needs.REFERENCE_AND_TEXT and not text:
        return Misread(f"Say it in words too: `{command} {word} {prefix}-{number} …`.")
    if needs is Needs.REFERENCE_AND_PERSON:
        mention = _MENTION.match(text)
        if mention is None:
            return Misread(f"Who? Write `{command} {word} {prefix}-{number} @person`.")
        return Intent(verb, number=number, person=mention[1] or mention[2], text=text[mention.end() :].strip())
    return Intent(verb, number=number, text=text)


def read_reference(word: str, prefix: str) -> int | None:
    """The number in REQ-12, req12, #12 or 12."""
    match = re.fullmatch(rf"(?:{prefix}-?|#)?(\d{{1,9}})", word.strip(), re.IGNORECASE | re.ASCII)
    return int(match[1]) if match else None


def _misread(command: str, word: str, grammar: Mapping[str, object], prefix: str) -> Misread | Intent:
    if read_reference(word, prefix) is not None:
        return Intent(Verb.SHOW, number=read_reference(word, prefix))
    close = difflib.get_close_matches(word, list(grammar), n=1, cutoff=0.6)
    guess = f" Did you mean `{command} {close[0]}`?" if close else ""
    shown = word[:40] + ("…" if len(word) > 40 else "")
    return Misread(
        f"I don't know `{command} {shown}`.{guess} Try `{command} help`.",
        f"{command} {close[0]}" if close else f"{command} help",
    )
