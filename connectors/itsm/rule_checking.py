"""Fields that rules of automation write, held against what their system says of them, for `countersign doctor`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from connectors.itsm.base import ConnectorError, Finding, Health, Target, TicketKind, TicketSystem
from connectors.itsm.mapping import distinct
from connectors.itsm.mapping.checking import Mapped, examine_field
from connectors.itsm.tickets import OUR_NAMES
from core.automation import AskedField


async def examine_rules(
    system: TicketSystem, asked: Sequence[AskedField], offered: Sequence[TicketKind]
) -> tuple[Finding, ...]:
    """How each field that a rule writes stands in the tickets that it may be about; `offered` are the system's kinds.

    A field that some of these kinds lack is a warning: the rule writes it where it is.
    """
    # Our own names are taken everywhere: what has no field of a new ticket is told in its description.
    made = [one for one in asked if one.is_new and one.name not in OUR_NAMES]
    touched = [one for one in asked if not one.is_new]
    try:
        new = await _targets(made, offered, system.new_targets)
        there = await _targets(touched, offered, system.targets)
    except ConnectorError as exc:
        return (Finding("Fields of rules", Health.FAILED, exc.reason, "Try again later."),)
    told = [one for one in made if any(kind in new for kind in one.kinds)]
    return distinct(
        _judged(one, [(kind, targets[kind]) for kind in one.kinds if kind in targets])
        for several, targets in ((told, new), (touched, there))
        for one in several
    )


async def _targets(
    asked: Sequence[AskedField],
    offered: Sequence[TicketKind],
    ask: Callable[[TicketKind, Sequence[str]], Awaitable[Mapping[str, Target] | None]],
) -> dict[TicketKind, dict[str, Target]]:
    """What the system says of these fields, of each kind of ticket for which it can tell."""
    found = {}
    for kind in dict.fromkeys(kind for one in asked for kind in one.kinds if kind in offered):
        names = tuple(dict.fromkeys(one.name for one in asked if kind in one.kinds))
        targets = await ask(kind, names)
        if targets is not None:
            found[kind] = dict(targets)
    return found


def _judged(one: AskedField, where: Sequence[tuple[TicketKind, dict[str, Target]]]) -> Finding:
    """The worst that is found where the field is; where it is nowhere, that."""
    subject = f"Field {one.name} of rule {one.rule}"
    wanted = Mapped(one.name, is_written=True, choices=(one.value,) if one.value else ())
    has = [(kind, targets) for kind, targets in where if one.name in targets]
    judged = [examine_field(wanted, targets, subject=subject, file=one.source) for _kind, targets in has or where[:1]]
    worst = _worst(judged, subject)
    lacking = [str(kind) for kind, targets in where if one.name not in targets]
    if worst.health is not Health.OK or not has or not lacking:
        return worst
    message = f"Tickets of kind {', '.join(lacking)} have no such field; the rule cannot write it there."
    return Finding(subject, Health.WARNING, message, f"Let {one.source} listen to events of the others alone.")


def _worst(judged: Iterable[Finding], subject: str) -> Finding:
    found = list(judged)
    for health in (Health.FAILED, Health.WARNING, Health.OK):
        for one in found:
            if one.health is health:
                return one
    return Finding(subject, Health.WARNING, "The system has no tickets that it is about.", "Correct the rule.")
