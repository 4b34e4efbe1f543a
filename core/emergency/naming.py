"""What a bypass is asked for: an agent by its name, a change by its reference, or any.

A bypass that names nothing which is there covers nothing, and nobody has time to find that out in an emergency.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Final, NamedTuple

from core.agents import agents_named, services_of_agents
from core.db import Transaction, is_numbered
from core.emergency.errors import InvalidBypass
from core.emergency.rules import Wish
from core.tenants import UNNAMED

_NEARLY: Final = 0.9  # of letters that are the same, as difflib counts: one slip in a name of ten
# What is done to an agent that is there; `agent.create` and any action may name one that is not there yet.
_OF_AN_AGENT: Final = ("agent.deploy", "agent.modify", "agent.retire", "change.implement")


async def check_named(tx: Transaction, wish: Wish) -> None:
    """Returns if what is named is there, as far as it must be, and where the bypass is to hold. Raises InvalidBypass.

    An agent that is not registered may be on its way; one whose name is nearly that of another was mistyped.
    """
    if wish.resource == "*":
        return
    if wish.action == "change.implement" and (change := re.fullmatch(r"CHG-([0-9]{1,9})", wish.resource)):
        if not await is_numbered(tx, "CHG", int(change[1])):
            raise InvalidBypass(f"There is no {wish.resource} here.", where="resource")
        return
    agent = (await agents_named(tx, {wish.resource})).get(wish.resource)
    if agent is None:
        if wish.action in _OF_AN_AGENT:
            await _check_spelling(tx, wish.resource)
        return
    place = agent.attributes.get("environment") or UNNAMED
    if wish.named.environment and place != wish.named.environment:
        raise InvalidBypass(
            f"'{wish.resource}' is in '{place}', not in '{wish.named.environment}'.",
            where="environment",
            accepted=(place,),
        )


async def _check_spelling(tx: Transaction, name: str) -> None:
    known = [agent for agent, _service in await services_of_agents(tx)]
    if (guess := mistyped(name, known)) is not None:
        raise InvalidBypass(
            f"There is no agent '{name}' in the registry. Did you mean '{guess}'?", where="resource", accepted=(guess,)
        )


def mistyped(name: str, known: Iterable[str]) -> str | None:
    """Pure: the registered name that somebody slipped in, if that is nearly sure.

    Whoever is refused in an emergency wrongly loses more than whoever is not helped: agent-9 stands beside agent-4, and
    names that end in letters and digits of chance are alike. So what has a digit in it has to be the same.
    """
    said = _parts(name)
    for each in known:
        meant = _parts(each)
        if said.numbered == meant.numbered and SequenceMatcher(None, said.letters, meant.letters).ratio() >= _NEARLY:
            return each
    return None


class _Parts(NamedTuple):
    letters: str
    numbered: tuple[str, ...]


def _parts(name: str) -> _Parts:
    words = re.split(r"[-_ .]", name.casefold())
    has_digit = [any(map(str.isdigit, word)) for word in words]
    return _Parts(
        "".join(word for word, numbered in zip(words, has_digit, strict=True) if not numbered),
        tuple(word for word, numbered in zip(words, has_digit, strict=True) if numbered),
    )
