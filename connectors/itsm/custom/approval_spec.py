"""The approvals of a ticket as a connector file declares them."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.itsm.approvals import ApprovalAbilities
from connectors.itsm.custom.request_spec import Changes, JsonPath, Request, States
from core.tickets import Decision


@dataclass(frozen=True, slots=True)
class ApprovalPaths:
    """Where in an approval of theirs each fact stands; an empty path: it is not told.

    `by` is whose hand it was last, `asked_by` who asked for it.
    """

    id: JsonPath
    account: JsonPath
    state: JsonPath
    email: JsonPath = ()
    name: JsonPath = ()
    comment: JsonPath = ()
    at: JsonPath = ()
    version: JsonPath = ()
    by: JsonPath = ()
    asked_by: JsonPath = ()


@dataclass(frozen=True, slots=True)
class TouchedApprovals:
    """How approvals of any ticket that were touched are asked for; `ticket` is where in each its ticket's id stands."""

    changes: Changes
    ticket: JsonPath


@dataclass(frozen=True, slots=True)
class Approvals:
    """How a ticket's approvals are listed and, as far as they are declared, asked for, answered and taken back.

    Whoever is asked by `ask` can be withdrawn; `changes` is None where answering an approval touches its ticket.
    """

    request: Request
    paths: ApprovalPaths
    states: States[Decision]
    changes: TouchedApprovals | None = None
    ask: Request | None = None
    withdraw: Request | None = None
    mark: Request | None = None
    reopen: Request | None = None

    @property
    def abilities(self) -> ApprovalAbilities:
        """What can be done with approvals there."""
        return ApprovalAbilities(
            reads=True,
            asks=self.ask is not None,
            marks=self.mark is not None,
            reopens=self.reopen is not None,
        )
