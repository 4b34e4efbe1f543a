"""The grammar of /approve, /bypass, /change, /sla and /budget: a typed line -> an intent.

Never raises; what it cannot read, it says.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, assert_never

TEXT_MAX: Final = 3000  # characters of a line; whoever has more to say gets a form for it
SHOWN_MAX: Final = 40  # characters of an unknown word that are repeated


class Verb(StrEnum):
    """What can be asked for. The value is the canonical word."""

    FORM = "form"
    HELP = "help"
    WAITING = "list"
    MINE = "mine"
    SHOW = "show"
    WHY = "why"
    FIND = "find"
    DRAFTS = "drafts"
    APPROVE = "approve"
    MANY = "many"
    UNDO = "undo"
    REOPEN = "reopen"
    REJECT = "reject"
    ASK = "ask"
    ANSWER = "answer"
    COMMENT = "comment"
    DELEGATE = "delegate"
    NUDGE = "nudge"
    WITHDRAW = "withdraw"
    AMEND = "amend"
    STATUS = "status"
    END = "end"
    ACKNOWLEDGE = "ack"
    REVIEW = "review"
    EXTEND = "extend"
    CONFIRM = "confirm"
    DECLINE = "decline"
    AWAY = "away"
    BACK = "back"
    DIGEST = "digest"
    NOTIFICATIONS = "notifications"
    LINK = "link"
    SUBMIT = "submit"
    EVIDENCE = "evidence"
    SCHEDULE = "schedule"
    START = "start"
    DONE = "done"
    ROLLBACK = "rollback"
    ROLL_OUT = "rollout"
    RECOVERY = "recovery"
    AGENDA = "agenda"
    CANCEL = "cancel"
    NEW = "new"
    INCIDENTS = "incidents"
    ASSIGN = "assign"
    ROLE = "role"
    SEVERITY = "severity"
    UPDATE = "update"
    NOTE = "note"
    TIMELINE = "timeline"
    RELATE = "relate"
    CHANNEL = "channel"
    RELEASE = "release"
    RESOLVE = "resolve"
    FOLLOW_UP = "followup"
    SERVICES = "services"
    ERROR_BUDGET = "budget"
    CREDITS = "credits"
    FORECAST = "forecast"
    RAISE = "raise"
    RESET = "reset"
    THROTTLE = "throttle"
    LIFT = "lift"


@dataclass(frozen=True, slots=True)
class Intent:
    """What the person wants.

    `number` is REQ-12's, BYP-3's, CHG-7's, INC-9's or BUD-4's; `person` a chat id, name or address; `text` the rest: a
    reason, words to search for, or the name of the agent to fill into the form. `since` and `until` are dates as
    typed; the core reads them, as a day begins when it begins where the person lives. `absent` is who is away, if
    another says it.
    """

    verb: Verb
    number: int | None = None
    person: str = ""
    text: str = ""
    since: str = ""
    until: str = ""
    absent: str = ""


@dataclass(frozen=True, slots=True)
class Misread:
    """What could not be read, and what to type instead."""

    message: str
    suggestion: str = ""


class Needs(StrEnum):
    """What must follow a verb."""

    NOTHING = "nothing"
    REFERENCE = "reference"
    REFERENCE_OR_WORDS = "reference_or_words"
    REFERENCE_AND_TEXT = "text"
    REFERENCE_AND_PERSON = "person"
    TEXT = "words"
    MAYBE_AGENT = "agent"
    MAYBE_ABSENCE = "absence"
    MAYBE_WORDS = "maybe_words"
    MAYBE_CODE = "code"


_APPROVE: Final[Mapping[str, tuple[Verb, Needs]]] = {
    "help": (Verb.HELP, Needs.NOTHING),
    "list": (Verb.WAITING, Needs.NOTHING),
    "waiting": (Verb.WAITING, Needs.NOTHING),
    "mine": (Verb.MINE, Needs.NOTHING),
    "show": (Verb.SHOW, Needs.REFERENCE),
    "why": (Verb.WHY, Needs.REFERENCE),
    "drafts": (Verb.DRAFTS, Needs.NOTHING),
    "find": (Verb.FIND, Needs.TEXT),
    "approve": (Verb.APPROVE, Needs.REFERENCE),
    "yes": (Verb.APPROVE, Needs.REFERENCE),
    "many": (Verb.MANY, Needs.NOTHING),
    "undo": (Verb.UNDO, Needs.REFERENCE),
    "reopen": (Verb.REOPEN, Needs.REFERENCE_AND_TEXT),
    "reject": (Verb.REJECT, Needs.REFERENCE_AND_TEXT),
    "no": (Verb.REJECT, Needs.REFERENCE_AND_TEXT),
    "deny": (Verb.REJECT, Needs.REFERENCE_AND_TEXT),
    "ask": (Verb.ASK, Needs.REFERENCE_AND_TEXT),
    "answer": (Verb.ANSWER, Needs.REFERENCE_AND_TEXT),
    "comment": (Verb.COMMENT, Needs.REFERENCE_AND_TEXT),
    "delegate": (Verb.DELEGATE, Needs.REFERENCE_AND_PERSON),
    "away": (Verb.AWAY, Needs.MAYBE_ABSENCE),
    "back": (Verb.BACK, Needs.NOTHING),
    "digest": (Verb.DIGEST, Needs.MAYBE_WORDS),
    "notifications": (Verb.NOTIFICATIONS, Needs.NOTHING),
    "preferences": (Verb.NOTIFICATIONS, Needs.NOTHING),
    "link": (Verb.LINK, Needs.MAYBE_CODE),
    "nudge": (Verb.NUDGE, Needs.REFERENCE),
    "withdraw": (Verb.WITHDRAW, Needs.REFERENCE),
    "amend": (Verb.AMEND, Needs.REFERENCE),
    "change": (Verb.AMEND, Needs.REFERENCE),
    "create": (Verb.FORM, Needs.MAYBE_AGENT),
    "request": (Verb.FORM, Needs.MAYBE_AGENT),
}
_BYPASS: Final[Mapping[str, tuple[Verb, Needs]]] = {
    "help": (Verb.HELP, Needs.NOTHING),
    "status": (Verb.STATUS, Needs.NOTHING),
    "list": (Verb.STATUS, Needs.NOTHING),
    "show": (Verb.SHOW, Needs.REFERENCE),
    "end": (Verb.END, Needs.REFERENCE),
    "ack": (Verb.ACKNOWLEDGE, Needs.REFERENCE),
    "acknowledge": (Verb.ACKNOWLEDGE, Needs.REFERENCE),
    "extend": (Verb.EXTEND, Needs.REFERENCE),
    "confirm": (Verb.CONFIRM, Needs.REFERENCE),
    "decline": (Verb.DECLINE, Needs.REFERENCE),
    "review": (Verb.REVIEW, Needs.REFERENCE),
}
_CHANGE: Final[Mapping[str, tuple[Verb, Needs]]] = {
    "help": (Verb.HELP, Needs.NOTHING),
    "new": (Verb.FORM, Needs.NOTHING),
    "create": (Verb.FORM, Needs.NOTHING),
    "list": (Verb.WAITING, Needs.NOTHING),
    "mine": (Verb.MINE, Needs.NOTHING),
    "agenda": (Verb.AGENDA, Needs.NOTHING),
    "find": (Verb.FIND, Needs.TEXT),
    "show": (Verb.SHOW, Needs.REFERENCE),
    "evidence": (Verb.EVIDENCE, Needs.REFERENCE),
    "submit": (Verb.SUBMIT, Needs.REFERENCE),
    "schedule": (Verb.SCHEDULE, Needs.REFERENCE),
    "start": (Verb.START, Needs.REFERENCE),
    "rollout": (Verb.ROLL_OUT, Needs.REFERENCE),
    "done": (Verb.DONE, Needs.REFERENCE),
    "recovery": (Verb.RECOVERY, Needs.REFERENCE),
    "ack": (Verb.ACKNOWLEDGE, Needs.REFERENCE),
    "rollback": (Verb.ROLLBACK, Needs.REFERENCE_AND_TEXT),
    "review": (Verb.REVIEW, Needs.REFERENCE),
    "cancel": (Verb.CANCEL, Needs.REFERENCE_AND_TEXT),
}
_SLA: Final[Mapping[str, tuple[Verb, Needs]]] = {
    "help": (Verb.HELP, Needs.NOTHING),
    "services": (Verb.SERVICES, Needs.NOTHING),
    "status": (Verb.SERVICES, Needs.MAYBE_WORDS),
    "budget": (Verb.ERROR_BUDGET, Needs.MAYBE_WORDS),
    "credits": (Verb.CREDITS, Needs.NOTHING),
    "reports": (Verb.CREDITS, Needs.NOTHING),
    "incidents": (Verb.INCIDENTS, Needs.NOTHING),
    "list": (Verb.INCIDENTS, Needs.NOTHING),
    "mine": (Verb.MINE, Needs.NOTHING),
    "find": (Verb.FIND, Needs.TEXT),
    "new": (Verb.NEW, Needs.NOTHING),
    "report": (Verb.NEW, Needs.NOTHING),
    "show": (Verb.SHOW, Needs.REFERENCE_OR_WORDS),
    "timeline": (Verb.TIMELINE, Needs.REFERENCE),
    "ack": (Verb.ACKNOWLEDGE, Needs.REFERENCE),
    "acknowledge": (Verb.ACKNOWLEDGE, Needs.REFERENCE),
    "release": (Verb.RELEASE, Needs.REFERENCE),
    "assign": (Verb.ASSIGN, Needs.REFERENCE_AND_PERSON),
    "role": (Verb.ROLE, Needs.REFERENCE),
    "severity": (Verb.SEVERITY, Needs.REFERENCE),
    "update": (Verb.UPDATE, Needs.REFERENCE_AND_TEXT),
    "note": (Verb.NOTE, Needs.REFERENCE_AND_TEXT),
    "link": (Verb.RELATE, Needs.REFERENCE_AND_TEXT),
    "channel": (Verb.CHANNEL, Needs.REFERENCE),
    "resolve": (Verb.RESOLVE, Needs.REFERENCE_AND_TEXT),
    "reopen": (Verb.REOPEN, Needs.REFERENCE_AND_TEXT),
    "review": (Verb.REVIEW, Needs.REFERENCE),
    "followup": (Verb.FOLLOW_UP, Needs.REFERENCE),
}
_BUDGET: Final[Mapping[str, tuple[Verb, Needs]]] = {
    "help": (Verb.HELP, Needs.NOTHING),
    "list": (Verb.WAITING, Needs.NOTHING),
    "mine": (Verb.MINE, Needs.NOTHING),
    "find": (Verb.FIND, Needs.TEXT),
    "show": (Verb.SHOW, Needs.REFERENCE),
    "forecast": (Verb.FORECAST, Needs.REFERENCE),
    "raise": (Verb.RAISE, Needs.REFERENCE),
    "reset": (Verb.RESET, Needs.REFERENCE_AND_TEXT),
    "throttle": (Verb.THROTTLE, Needs.REFERENCE),
    "slow": (Verb.THROTTLE, Needs.REFERENCE),
    "lift": (Verb.LIFT, Needs.REFERENCE),
    "ack": (Verb.ACKNOWLEDGE, Needs.REFERENCE),
    "acknowledge": (Verb.ACKNOWLEDGE, Needs.REFERENCE),
}
GRAMMARS: Final = {
    "/approve": (_APPROVE, "REQ"),
    "/bypass": (_BYPASS, "BYP"),
    "/change": (_CHANGE, "CHG"),
    "/sla": (_SLA, "INC"),
    "/budget": (_BUDGET, "BUD"),
}
_KINDS: Final = {
    "/approve": "a request",
    "/bypass": "a bypass",
    "/change": "a change",
    "/sla": "an incident",
    "/budget": "a budget",
}
# what a command means alone; the others open their form
_BARE: Final = {"/sla": Verb.INCIDENTS, "/budget": Verb.WAITING}
_ALIKE: Final = 0.6  # of 1, between what was typed and a word of the command
_ALIKE_ELSEWHERE: Final = 0.75  # and a word of another one
_PERSON: Final = re.compile(
    r"<@(?P<id>[UW][A-Z0-9]+)(?:\|[^>]*)?>"  # as Slack sends it with escaping on
    r"|<mailto:(?P<mail>[^|>\s]+)(?:\|[^>]*)?>"
    r"|@?[\"“„](?P<quoted>[^\"“”„<>]+)[\"”]"
    r"|@?(?P<word>[^\s<>\"“”„]+)"
)
_QUOTES: Final = "\"'“”„\u2018\u2019"
_AFTER_REFERENCE: Final = ",;:."  # "REQ-12: looks good"
_AFTER_PERSON: Final = ",;:.…"  # "@lee, on leave"
_DATE: Final = r"\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})?)?"
_WINDOW: Final = re.compile(
    rf"(?:from\s+)?(?P<since>{_DATE})\s*(?:to|until|till|[-\u2010-\u2015])\s*(?P<until>{_DATE})(?![^\s,;:.…])"
    rf"|(?:until|till|to)\s+(?P<last>{_DATE})(?![^\s,;:.…])",
    re.IGNORECASE | re.ASCII,
)
_FOR: Final = re.compile(r"for\s+", re.IGNORECASE)  # "away for @boss @lee until 2027-01-03"
_TO: Final = re.compile(r"to(?:\s+|$)", re.IGNORECASE)  # "delegate REQ-12 to @lee"
_DASHES: Final = "-\u2010-\u2015"  # telephones replace the plain one
_POWERLESS: Final = str.maketrans("", "", "<>&`\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def parse(command: str, text: str) -> Intent | Misread:
    """The intent in `text` as typed after `command`."""
    grammar, prefix = GRAMMARS.get(command, (_APPROVE, "REQ"))
    line = text.strip()
    if not line:
        return Intent(_BARE.get(command, Verb.FORM))
    if len(line) > TEXT_MAX:
        return Misread(
            f"That has {len(line)} characters; a line takes {TEXT_MAX}. The buttons open forms with more room.",
            f"{command} list",
        )
    word, rest = _first_word(line)
    word = word.lower()
    if word not in grammar:
        return _misread(command, line, grammar, prefix)
    verb, needs = grammar[word]
    match needs:
        case Needs.NOTHING:
            return Intent(verb)
        case Needs.MAYBE_WORDS | Needs.MAYBE_CODE:
            return Intent(verb, text=rest)
        case Needs.MAYBE_AGENT:
            return Intent(verb, text=_agent(rest))
        case Needs.MAYBE_ABSENCE:
            return _absence(command, word, rest) if rest else Intent(verb)
        case Needs.TEXT:
            return Intent(verb, text=rest) if rest else Misread(f"`{command} {word}` needs some words after it.")
        case Needs.REFERENCE_OR_WORDS if rest and _reference(rest, prefix)[0] is None:
            return Intent(verb, text=rest)
        case Needs.REFERENCE_OR_WORDS | Needs.REFERENCE | Needs.REFERENCE_AND_TEXT | Needs.REFERENCE_AND_PERSON:
            return _with_reference(command, word, verb, needs, rest, prefix)
        case _:
            assert_never(needs)


def read_reference(word: str, prefix: str) -> int | None:
    """The number in REQ-12, req12, #12 or 12."""
    match = re.fullmatch(
        rf"(?:{prefix}[{_DASHES}]?|#)?([0-9]{{1,9}})[{_AFTER_REFERENCE}]*", word.strip(), re.IGNORECASE
    )
    return int(match[1]) if match else None


def command_about(words: str) -> str | None:
    """The command that the subject belongs to which the words name: "INC-12", "show INC-12"; None if they name none."""
    first, rest = _first_word(words)
    for word in (first, _first_word(rest)[0]):
        for command, (_grammar, prefix) in GRAMMARS.items():
            if word[: len(prefix)].upper() == prefix and read_reference(word, prefix) is not None:
                return command
    return None


def _with_reference(command: str, word: str, verb: Verb, needs: Needs, rest: str, prefix: str) -> Intent | Misread:
    number, text = _reference(rest, prefix)
    if number is None:
        return _another(command, word, rest) or Misread(
            f"Which one? Write `{command} {word} {prefix}-1001`.", f"{command} list"
        )
    if needs is Needs.REFERENCE_AND_TEXT and not text:
        return Misread(f"Say it in words too: `{command} {word} {prefix}-{number} …`.")
    if needs is Needs.REFERENCE_AND_PERSON:
        text = text[said_to.end() :] if (said_to := _TO.match(text)) else text
        person, reason = _person(text)
        if not person:
            return Misread(f"Who? Write `{command} {word} {prefix}-{number} @person`.")
        return Intent(verb, number=number, person=person, text=reason)
    return Intent(verb, number=number, text=text)


def _absence(command: str, word: str, rest: str) -> Intent | Misread:
    """Who stands in, from when to when, and why: "@lee 2026-12-20 to 2027-01-03 holidays", "@lee until 2027-01-03".

    An administrator says for whom first: "for @boss @lee until 2027-01-03".
    """
    absent = ""
    if said_for := _FOR.match(rest):
        absent, rest = _person(rest[said_for.end() :])
    person, after = _person(rest[said_to.end() :] if (said_to := _TO.match(rest)) else rest)
    example = f"`{command} {word} @person 2026-12-20 to 2027-01-03 holidays`"
    if not person or _WINDOW.match(rest):
        return Misread(f"Who decides for you? Write {example}.")
    found = _WINDOW.match(after)
    if found is None and _WINDOW.search(after):
        return Misread(f'A name of several words stands in quotes: `{command} {word} "Lee Okafor" until 2027-01-03`.')
    if found is None:
        return Misread(f"From when to when? Write {example}, or `until` and the last day.")
    reason = after[found.end() :].lstrip(_AFTER_PERSON).strip()
    until = (found["until"] or found["last"]).upper()
    return Intent(
        Verb.AWAY, person=person, since=(found["since"] or "").upper(), until=until, text=reason, absent=absent
    )


def _person(text: str) -> tuple[str, str]:
    """The person that the words begin with, and what follows them; nobody is an empty text."""
    found = _PERSON.match(text)
    if found is None:
        return "", text
    person = str(found[found.lastgroup or 0]).rstrip(_AFTER_PERSON)
    return person, text[found.end() :].lstrip(_AFTER_PERSON).strip()


def _reference(rest: str, prefix: str) -> tuple[int | None, str]:
    """The reference that the words begin with, and what follows it; "REQ 12" is one as well."""
    word, text = _first_word(rest)
    if word.lower() == prefix.lower():
        word, text = _first_word(text)
    return read_reference(word, prefix), text


def _agent(rest: str) -> str:
    """The agent's name in `support-bot`, `"support-bot"` or `agent.create name=support-bot`.

    Nothing for another action than agent.create: the form starts with that one, and the wrong one must not be sent.
    """
    word, after = _first_word(rest)
    if word.lower().startswith("agent."):
        rest = after if word.lower() == "agent.create" else ""
    return rest.removeprefix("name=").strip().strip(_QUOTES).strip()


def _first_word(line: str) -> tuple[str, str]:
    """The line's first word and the rest, whatever white space stands between them."""
    parts = line.split(maxsplit=1)
    return (parts[0] if parts else "", parts[1].strip() if len(parts) > 1 else "")


def _misread(command: str, line: str, grammar: Mapping[str, tuple[Verb, Needs]], prefix: str) -> Misread | Intent:
    number, _rest = _reference(line, prefix)
    if number is not None:
        return Intent(Verb.SHOW, number=number)
    word, rest = _first_word(line)
    word = word.lower().translate(_POWERLESS)  # it is repeated among our own words
    shown = word[:SHOWN_MAX] + ("…" if len(word) > SHOWN_MAX else "")
    unknown = f"I don't know `{command} {shown}`." if shown else "I can't read that."
    meant = _meant(command, word[:SHOWN_MAX], rest, grammar)
    guess = f" Did you mean `{meant}`?" if meant else ""
    more = "" if meant == f"{command} help" else f" Try `{command} help`."
    return Misread(f"{unknown}{guess}{more}", meant or f"{command} help")


def _another(command: str, word: str, rest: str) -> Misread | None:
    """What to type where the words name a subject of another command: `/approve show INC-12`; None if they do not."""
    other = command_about(rest)
    if other is None or other == command:
        return None
    named = _first_word(rest)[0].upper().rstrip(_AFTER_REFERENCE)
    verb = word if word in GRAMMARS[other][0] else "show"
    line = _example(other, verb, rest)
    return Misread(f"{named} is {_KINDS[other]}. Did you mean `{line}`?", line)


def _meant(command: str, word: str, rest: str, grammar: Mapping[str, tuple[Verb, Needs]]) -> str:
    """The line that was probably meant, as far as it is not the user's own words; nothing if none is like it."""
    if (about := command_about(word)) is not None:
        return _example(about, "show", word)
    elsewhere = sorted(GRAMMARS, key=lambda each: each != command_about(rest))  # what the words name comes first
    known = next((each for each in elsewhere if word in GRAMMARS[each][0]), None)
    if known is not None:
        return _example(known, word, rest)
    others = {each.removeprefix("/"): each for each in GRAMMARS}  # in Teams any of them may be the first word
    close = difflib.get_close_matches(word, [*others, *grammar], n=1, cutoff=_ALIKE)
    if close and close[0] in others and close[0] != command.removeprefix("/"):
        first = _first_word(rest)[0].lower()
        return f"{others[close[0]]} {first}" if first in GRAMMARS[others[close[0]]][0] else others[close[0]]
    if close:
        return _example(command, close[0], rest)
    for each in elsewhere:
        near = difflib.get_close_matches(word, list(GRAMMARS[each][0]), n=1, cutoff=_ALIKE_ELSEWHERE)
        if near:
            return _example(each, near[0], rest)
    return ""


def _example(command: str, word: str, rest: str) -> str:
    """How the line is written, with the reference that was given."""
    grammar, prefix = GRAMMARS[command]
    verb, needs = grammar.get(word, (None, Needs.NOTHING))
    if word == command.removeprefix("/"):  # "approve yes" reads better than "approve approve"
        word = next((each for each, (other, _needs) in grammar.items() if other is verb and each != word), word)
    number = _reference(rest, prefix)[0]
    reference = f"{prefix}-{number or '…'}"
    match needs:
        case Needs.REFERENCE | Needs.REFERENCE_OR_WORDS:
            return f"{command} {word} {reference}"
        case Needs.REFERENCE_AND_TEXT:
            return f"{command} {word} {reference} …"
        case Needs.REFERENCE_AND_PERSON:
            return f"{command} {word} {reference} @person"
        case Needs.TEXT:
            return f"{command} {word} …"
        case Needs.NOTHING | Needs.MAYBE_AGENT | Needs.MAYBE_ABSENCE | Needs.MAYBE_WORDS | Needs.MAYBE_CODE:
            return f"{command} {word}"
        case _:
            assert_never(needs)
