"""Fields that rules of automation write, held against what their system says of them, for `countersign doctor`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from connectors.itsm.base import ConnectorError, Finding, Health, Target, TicketKind, TicketSystem
from connectors.itsm.mapping import distinct
from connectors.itsm.mapping.checking import Mapped, examine_field
from core.automation import AskedField


async def examine_rules(
    system: TicketSystem, asked: Sequence[AskedField], offered: Sequence[TicketKind]
) -> tuple[Finding, ...]:
    """How each field that a rule writes stands in the tickets that it may be about; `offered` are the system's kinds.

    A field that some of these kinds lack is a warning: the rule writes it where it is.
    """
    kinds = tuple(dict.fromkeys(kind for one in asked for kind in one.kinds if kind in offered))
    targets: dict[TicketKind, dict[str, Target]] = {}
    for kind in kinds:
        names = tuple(dict.fromkeys(one.name for one in asked if kind in one.kinds))
        try:
            targets[kind] = dict(await system.targets(kind, names))
        except ConnectorError as exc:
            return (Finding("Fields of rules", Health.FAILED, exc.reason, "Try again later."),)
    return distinct(_judged(one, [(kind, targets[kind]) for kind in one.kinds if kind in targets]) for one in asked)


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
