"""Which fields of a ticket rules of automation may write: those that nobody else does. Pure.

What carries a ticket's state, its notes or our key is left to the actions that know how; what a mapping keeps in step
is left to the mapping, which would put a rule's value back, or take it for what people there have decided.
"""

from __future__ import annotations

from collections import abc
from dataclasses import dataclass, field
from typing import Self

from connectors.itsm.base import Connector, TicketKind
from connectors.itsm.mapping import FieldRule, Mapping
from connectors.itsm.mapping.limits import KEY, NONE, USES, Limits, Why, cannot_write, limits_of
from core.tickets import Direction


@dataclass(frozen=True, slots=True)
class RuleFields:
    """The fields of one connection. `own` are further fields that are nobody's to write there, by kind of ticket.

    `known` are the names of all that can be written; None: the system alone knows them.
    """

    mapping: Mapping = field(default_factory=Mapping)
    limits: Limits = NONE
    own: abc.Mapping[TicketKind, abc.Mapping[str, Why]] = field(default_factory=dict)
    known: tuple[str, ...] | None = None
    is_verbatim: bool = False  # a field reads there as it was written
    cannot: str = ""  # why no field can be written there at all

    @classmethod
    def of(cls, connector: Connector, mapping: Mapping, *, keys: abc.Mapping[TicketKind, str]) -> Self:
        """Those of a connection with this mapping, which keeps our key in these fields where it may choose them."""
        declared = connector.fields
        uses = {name: USES[use] for name, use in (declared or {}).items() if use in USES}
        return cls(
            mapping=mapping,
            limits=limits_of(connector.slug),
            own={kind: {**uses, **({keys[kind]: KEY} if kind in keys else {})} for kind in TicketKind},
            known=None if declared is None else tuple(name for name in declared if name not in uses),
            is_verbatim=connector.capabilities.verbatim_fields,
            cannot="" if connector.capabilities.fields else cannot_write(connector.title),
        )

    def closed(self, kind: TicketKind) -> dict[str, str]:
        """The fields that no rule may write in tickets of this kind, and why."""
        kept = {rule.target: why for rule in self.mapping.fields(kind) if (why := _kept(rule, self.mapping.file))}
        reserved = {**self.own.get(kind, {}), **self.limits.reserved_for(kind)}
        return {**kept, **{name: f"No rule writes '{name}'. {why.by_rule}" for name, why in reserved.items()}}

    def why_not(self, kind: TicketKind, name: str) -> str:
        """Why no rule may write the field of this name in tickets of this kind; empty if one may."""
        if self.cannot:
            return self.cannot
        return next((why for closed, why in self.closed(kind).items() if _bare(closed) == _bare(name)), "")


def _kept(rule: FieldRule, file: str) -> str:
    """Why the mapping's field is not a rule's as well; empty where the mapping leaves it alone."""
    match rule.direction:
        case Direction.NONE:
            return ""
        case Direction.OUT:
            return (
                f"The mapping {file} keeps '{rule.target}' as it says, and would put a rule's value back. "
                "Change its value there, or give it 'direction: none'."
            )
        case Direction.IN | Direction.BOTH:
            return (
                f"By the mapping {file} what stands in '{rule.target}' becomes {rule.fact} here, which people decide "
                "about. Give it 'direction: none' if it is a rule's to write."
            )


def _bare(name: str) -> str:
    """The name without what people see it with: Jira takes `Issue Type` for issuetype."""
    return "".join(name.split()).casefold()
