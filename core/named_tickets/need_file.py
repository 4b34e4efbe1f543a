"""Reading the `ticket` block of a policy: every problem of it, each with its line."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final, TypeVar

from config.yamlfile import YamlPath
from core.conditions import compile_condition
from core.errors import InvalidInput
from core.located import Reader
from core.named_tickets.needs import EVERY_NAME, MustName, TicketNeed, Window
from core.named_tickets.words import OPEN_STATES, TicketKind, TicketState

KEYS: Final = ("required", "when", "systems", "kinds", "states", "names", "window")
_SLUG: Final = re.compile(r"[a-z][a-z0-9_-]{0,39}\Z")
_Word = TypeVar("_Word", bound=StrEnum)


def read_need(reader: Reader, path: YamlPath, value: object) -> TicketNeed:
    """The need that the block declares."""
    fields = reader.mapping(path, value, allowed=KEYS)
    if "required" in fields and "when" in fields:
        reader.problem((*path, "required"), "Say either `required: true` or `when`: a condition says when it is.")
    elif "when" not in fields and not reader.boolean((*path, "required"), fields.get("required", True)):
        reader.problem((*path, "required"), "Leave the whole block out where no ticket is asked for.")
    when = None
    if "when" in fields:
        try:
            when = compile_condition(reader.text((*path, "when"), fields["when"]))
        except InvalidInput as exc:
            reader.problem((*path, "when"), exc.message, accepted=exc.accepted)
    window = reader.choice((*path, "window"), fields.get("window", Window.BOUNDS_GRANT), tuple(Window))
    return TicketNeed(
        when=when,
        systems=_systems(reader, (*path, "systems"), fields.get("systems", ())),
        kinds=_words(reader, (*path, "kinds"), fields.get("kinds", ()), TicketKind),
        states=_states(reader, (*path, "states"), fields.get("states", OPEN_STATES)),
        names=_words(reader, (*path, "names"), fields.get("names", EVERY_NAME), MustName),
        window=Window(window) if window in tuple(Window) else Window.BOUNDS_GRANT,
    )


def _systems(reader: Reader, path: YamlPath, value: object) -> tuple[str, ...]:
    """Whether a tenant has connected them is known when it asks: one file serves many tenants."""
    slugs = [reader.text((*path, index), one) for index, one in enumerate(reader.sequence(path, value))]
    for index, slug in enumerate(slugs):
        if not _SLUG.match(slug):
            message = f"'{slug}' cannot be the name of a connected system."
            reader.problem((*path, index), message, accepted=("servicenow", "jira", "remedy", "the slug of your own"))
    return tuple(dict.fromkeys(slugs))


def _states(reader: Reader, path: YamlPath, value: object) -> tuple[TicketState, ...]:
    states = _words(reader, path, value, TicketState)
    if not states:
        reader.problem(path, "A ticket that may stand nowhere is none: name a state.", accepted=tuple(TicketState))
    return states


def _words(reader: Reader, path: YamlPath, value: object, words: type[_Word]) -> tuple[_Word, ...]:
    accepted = tuple(words)
    chosen = [reader.choice((*path, index), one, accepted) for index, one in enumerate(reader.sequence(path, value))]
    return tuple(dict.fromkeys(words(one) for one in chosen if one in accepted))
