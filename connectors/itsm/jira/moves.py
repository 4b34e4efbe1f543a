"""Taking an issue to where it shall stand: one step at a time, looking again after each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from connectors.itsm.base import CloseCode, Refused, TicketKind, TicketPatch, TicketState
from connectors.itsm.jira.client import JiraClient
from connectors.itsm.jira.mapping import state_of, ticket_state
from connectors.itsm.jira.notes import write_once
from connectors.itsm.jira.screens import answers
from connectors.itsm.jira.settings import JiraSettings
from connectors.itsm.jira.walk import Answer, Arrived, Goal, Held, Offer, Position, Stuck, Take, is_arrived, next_step
from connectors.itsm.jira.wire import (
    Approval,
    IssueRecord,
    Status,
    Transition,
    approval,
    issue_path,
    items,
    mapping,
    text,
)
from connectors.itsm.jira.wire import status as read_status
from connectors.itsm.jira.wire import transition as read_transition

STEPS_MAX: Final = 16  # seven states of ours, and a few of a site's own between
MOVED_MAX: Final = 3  # how often somebody else may be faster
APPROVALS_MAX: Final = 50
_DECISIONS: Final = frozenset({TicketState.APPROVED, TicketState.REJECTED})


@dataclass(slots=True)
class _Walk:
    """One issue under way."""

    kind: TicketKind
    patch: TicketPatch
    record: IssueRecord
    existing: frozenset[TicketState]
    visited: set[str]
    overtaken: int = 0


class Moves:
    """Makes transitions and answers approvals. Notes nothing but a decision that people there must take themselves."""

    def __init__(self, client: JiraClient, settings: JiraSettings) -> None:
        self._client = client
        self._settings = settings
        self._workflows: dict[str, tuple[Status, ...]] = {}

    async def read(self, issue_id: str) -> IssueRecord:
        """The issue as it stands. Raises Refused if it is gone."""
        record = await self._client.issue(issue_id)
        if record is None:
            raise Refused("The ticket no longer exists in Jira, or is hidden from us.", field="issue")
        return record

    async def move(self, kind: TicketKind, issue_id: str, patch: TicketPatch) -> IssueRecord:
        """The issue stands at the target or beyond. Raises Refused where the site does not let it get there.

        A decision that people there must take themselves is noted, once, and leaves the issue where it is.
        """
        record = await self.read(issue_id)
        existing = await self._existing(kind, record)
        walk = _Walk(kind, patch, record, existing, {record.status.id})
        for _ in range(STEPS_MAX):
            held = await self._approval(walk.record)
            position = self._position(walk, held)
            if is_arrived(position, patch.target) or await self._step(walk, position):
                return walk.record
        raise Refused(f"{record.number} did not reach {patch.target.value} in {STEPS_MAX} steps.", field="status")

    def state(self, kind: TicketKind, record: IssueRecord) -> TicketState:
        """Where the issue stands in our words."""
        own = self._settings
        return ticket_state(kind, record.status, record.resolution, own.states_of(kind), own.resolutions)

    async def statuses(self, issue_type: str) -> tuple[Status, ...]:
        """The statuses of the issue type's workflow."""
        if issue_type not in self._workflows:
            rows = items(await self._client.read(f"project/{self._settings.project}/statuses"))
            for row in map(mapping, rows):
                found = tuple(read_status(one) for one in items(row.get("statuses")))
                self._workflows[text(row.get("name"))] = found
        return self._workflows.get(issue_type, ())

    async def _existing(self, kind: TicketKind, record: IssueRecord) -> frozenset[TicketState]:
        known = await self.statuses(record.issue_type)
        own = self._settings.states_of(kind)
        return frozenset(state_of(kind, one, own) for one in known)

    def _position(self, walk: _Walk, held: Approval | None) -> Position:
        record = walk.record
        return Position(record.number, record.status, self.state(walk.kind, record), held, walk.existing)

    async def _step(self, walk: _Walk, position: Position) -> bool:
        """One step is taken and the issue read again; whether that ends the walk."""
        patch, record = walk.patch, walk.record
        goal = Goal(
            patch.target,
            is_direct=walk.kind is not TicketKind.CHANGE,
            is_success=patch.close_code is not CloseCode.UNSUCCESSFUL,
        )
        offers = [] if position.approval is not None else await self._offers(walk)
        match next_step(position, goal, offers, walk.visited):
            case Arrived():
                return True
            case Take(offer=offer):
                await self._take(walk, offer)
                return False
            case Answer(approval=asked, decision=decision):
                await self._client.write_desk(f"request/{record.id}/approval/{asked.id}", {"decision": decision.value})
                walk.record = await self.read(record.id)
                return False
            case Held(reason=reason):
                if patch.target not in _DECISIONS:
                    raise Refused(reason, field="approval")
                await write_once(
                    self._client, record.id, f"The decision was taken in Countersign. {reason}", key=f"{patch.key}/held"
                )
                return True
            case Stuck(reason=reason):
                walk.record = await self.read(record.id)
                if walk.record.status.id == record.status.id:
                    self._workflows.clear()  # an administrator may be changing this one
                    raise Refused(reason, field="status")
                walk.visited.add(walk.record.status.id)  # somebody moved it between our two questions
                return False
            case step:
                assert_never(step)

    async def _take(self, walk: _Walk, offer: Offer) -> None:
        """The move is made. One that somebody else made first, or made impossible, is looked at again."""
        move, before = offer.transition, walk.record
        body = {"transition": {"id": move.id}, "fields": answers(before.number, move, walk.patch, self._settings)}
        refusal: Refused | None = None
        try:
            await self._client.write(issue_path(before.id, "transitions"), body)
        except Refused as exc:
            refusal = exc
        walk.record = await self.read(before.id)
        walk.visited.add(walk.record.status.id)
        if walk.record.status.id != before.status.id:
            return
        if refusal is None:
            raise Refused(f"Jira left {before.number} in {before.status.name} after '{move.name}'.", field="status")
        if refusal.field is not None or walk.overtaken >= MOVED_MAX or move in await self._transitions(before.id):
            raise refusal
        walk.overtaken += 1

    async def _offers(self, walk: _Walk) -> Sequence[Offer]:
        own = self._settings.states_of(walk.kind)
        wanted = {name.casefold() for name in self._settings.mapping.of(walk.kind).written.values()}
        moves = await self._transitions(walk.record.id)
        return [Offer(one, state_of(walk.kind, one.to, own), one.to.name.casefold() in wanted) for one in moves]

    async def _transitions(self, issue_id: str) -> tuple[Transition, ...]:
        """The moves that are open to our account now, with the fields of their screens."""
        answer = await self._client.read(issue_path(issue_id, "transitions"), {"expand": "transitions.fields"})
        return tuple(read_transition(one) for one in items(mapping(answer).get("transitions")))

    async def _approval(self, record: IssueRecord) -> Approval | None:
        """What a service desk's issue waits for; None elsewhere, and where it is not a request that we may see."""
        if not record.is_desk:
            return None
        try:
            answer = await self._client.read_desk(f"request/{record.id}/approval", {"limit": APPROVALS_MAX})
        except Refused:
            return None
        open_now = (approval(one) for one in items(mapping(answer).get("values")))
        return next((one for one in open_now if one is not None), None)


def decision_line(patch: TicketPatch) -> str:
    """Who decided here, for the readers there; empty for what is no decision."""
    if patch.target not in _DECISIONS or not patch.by:
        return ""
    return f"{patch.target.value.capitalize()} in Countersign by {patch.by}."
