"""Pure: which rules an event concerns, what keeps them from going round in circles, and what they would do.

No set of rules goes on for ever: what a rule does carries the rules that led to it (`Origin`), a rule acts once in such
a chain, a chain has DEPTH_MAX rules at most, and whatever a rule has made keeps its chain for as long as it lives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID, uuid5

from core.automation.values import EVENT_TICKET, Action, ActionKind, Mode, Rule
from core.conditions import Facts, Finding, Variables
from core.origin import Origin

DEPTH_MAX: Final = 5  # rules in a chain
WINDOW: Final = timedelta(hours=1)  # over which `limits` count


class Result(StrEnum):
    """What became of a rule that an event concerned."""

    FIRED = "fired"
    REHEARSED = "rehearsed"  # its mode is dry_run: it did nothing, and shows what it would have done
    UNCLEAR = "unclear"  # whether its condition holds could not be told, so it does not
    SUPPRESSED = "suppressed"  # it had done enough within the hour
    STOPPED = "stopped"  # it would have gone round in a circle


@dataclass(frozen=True, slots=True)
class Happening:
    """What happened, as rules see it."""

    type: str
    subject: str
    origin: Origin
    is_ours: bool  # our own account did it, in a ticket system
    facts: Facts


@dataclass(frozen=True, slots=True)
class Counts:
    """How often the rule has acted within the last hour: at all, and on this subject."""

    in_all: int = 0
    on_subject: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of the rule, and why where it does nothing."""

    result: Result
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Filled:
    """An action with everything filled in: exactly what is done."""

    kind: ActionKind
    system: str
    values: Mapping[str, str]

    def group(self, name: str) -> dict[str, str]:
        """The values that belong to `name`: of `fields.priority` the priority."""
        start = f"{name}."
        return {key.removeprefix(start): value for key, value in self.values.items() if key.startswith(start)}


def concerns(rule: Rule, happening: Happening) -> Finding | None:
    """What the rule's condition says of what happened; None if the rule does not listen to it."""
    if happening.type not in rule.on or (happening.is_ours and not rule.react_to_own):
        return None
    if rule.when is None:
        return Finding(holds=True, values={})
    return rule.when.find(happening.facts, in_doubt=False)


def judge(rule: Rule, finding: Finding, origin: Origin, counts: Counts) -> Verdict | None:
    """What becomes of a rule that is concerned; None if its condition does not hold."""
    if finding.error:
        return Verdict(Result.UNCLEAR, f"Whether its condition holds cannot be told: {finding.error}.")
    if not finding.holds:
        return None
    if rule.name in origin.rules:
        return Verdict(Result.STOPPED, f"It has led to this itself: {_chain(origin)}.")
    if len(origin.rules) >= DEPTH_MAX:
        return Verdict(Result.STOPPED, f"{DEPTH_MAX} rules have led to this one after the other: {_chain(origin)}.")
    if counts.on_subject >= rule.limits.per_subject:
        return Verdict(Result.SUPPRESSED, f"It has acted {counts.on_subject} times on this within an hour.")
    if counts.in_all >= rule.limits.per_hour:
        return Verdict(Result.SUPPRESSED, f"It has acted {counts.in_all} times within an hour.")
    return Verdict(Result.REHEARSED if rule.mode is Mode.DRY_RUN else Result.FIRED)


def plan(rule: Rule, happening: Happening) -> tuple[Filled, ...]:
    """What the rule does about it, in its order."""
    return tuple(_filled(action, happening) for action in rule.then)


def effect_id(event_id: UUID, rule: str, position: int) -> UUID:
    """Names one action of one rule about one event, the same at every attempt."""
    return uuid5(event_id, f"{rule}:{position}")


def _filled(action: Action, happening: Happening) -> Filled:
    variables = happening.facts.variables
    values = {**action.fixed, **_texts(action, variables)}
    system = action.system
    if system == EVENT_TICKET:
        system = str(variables.get("ticket", {}).get("system", ""))
    if action.kind is ActionKind.CREATE_TICKET:
        values["requester"] = str(variables.get("requester", {}).get("email", ""))
    return Filled(action.kind, system, values)


def _texts(action: Action, variables: Variables) -> dict[str, str]:
    """The texts, filled in. A field of which nothing is known is left as it is; a rule that says so empties one."""
    filled = {key: text.fill(variables) for key, text in action.texts.items()}
    if action.kind is not ActionKind.UPDATE_TICKET:
        return filled
    return {key: value for key, value in filled.items() if value.strip() or not action.texts[key].text}


def _chain(origin: Origin) -> str:
    return " → ".join(origin.rules)
