"""A request as doors show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from core.access.people import PersonView
from core.approvals.assessment import Assessment
from core.approvals.undoing import GRACE
from core.ids import RequestId, UserId
from core.links.tickets import TicketLink
from core.named_tickets import Barrier, NamedTicket, Standing, barrier, suspension


@dataclass(frozen=True, slots=True)
class VoteView:
    """One vote."""

    voter: PersonView
    decision: str
    reason: str
    criteria: Mapping[str, bool]
    at: datetime
    on_behalf_of: PersonView | None = None  # whose place it filled, where that was another's
    assurance: str = "click"  # ticket | click | mfa: how sure we were of the voter (X2)


@dataclass(frozen=True, slots=True)
class StageView:
    """One stage: who is asked, until when, and what they said. `in_place_of` says for whom somebody was asked."""

    key: str
    title: str
    status: str  # waiting | open | approved | rejected | skipped
    criteria: tuple[str, ...]
    approver_roles: tuple[str, ...]
    approvers: tuple[PersonView, ...]
    opened_at: datetime | None
    due_at: datetime | None
    decided_at: datetime | None
    escalation_level: int
    votes: tuple[VoteView, ...]
    superseded: tuple[VoteView, ...] = ()  # cast on what the request asked before it was amended: they do not count
    in_place_of: Mapping[UUID, PersonView] = field(default_factory=dict)
    is_needed: bool = True  # False: its policy's conditions skip it for this request
    paused_at: datetime | None = None  # its time stands still since then, until the requester answers
    needs: tuple[str, ...] = ()  # stages that must be approved before this one opens
    suggested: tuple[PersonView, ...] = ()  # of those asked, whom the requester or the policy suggests
    told_first: frozenset[UUID] = frozenset()  # only they hear of it at once, the others with the reminder


@dataclass(frozen=True, slots=True)
class CommentView:
    """A comment, question or answer."""

    author: PersonView
    kind: str  # comment | question | answer
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RequestView:
    """One approval request with everything that a reader may see."""

    id: UUID
    reference: str
    tenant: str
    action: str
    resource: Mapping[str, str]
    justification: str
    requester: PersonView
    status: str  # pending | approved | rejected | withdrawn | expired
    policy: str
    digest: str
    created_at: datetime
    decided_at: datetime | None
    stages: tuple[StageView, ...]
    comments: tuple[CommentView, ...]
    tickets: tuple[TicketLink, ...]
    used: bool = False
    revision: int = 1
    amended_at: datetime | None = None
    reopens: str = ""  # the earlier request that is asked again: REQ-12
    assessment: Assessment | None = None  # None: asked before conditions existed
    ticket: NamedTicket | None = None  # that its policy asks for (X6); None: it asks for none

    @property
    def waits_for_ticket(self) -> bool:
        """Whether nobody is asked yet because no ticket stands for it."""
        return self.status == "pending" and self.ticket is not None and self.ticket.is_awaited

    @property
    def is_paused(self) -> bool:
        """Whether a question to the requester stops its clocks; nobody can be reminded then."""
        return any(stage.paused_at is not None for stage in self.stages)

    @property
    def open_question(self) -> CommentView | None:
        """The question to the requester that nobody has answered; None if there is none, or it is decided."""
        last = [each for each in self.comments if each.kind in ("question", "answer")][-1:]
        return last[0] if self.status == "pending" and last and last[0].kind == "question" else None

    @property
    def suspension(self) -> str:
        """Why its approval cannot be used until its ticket stands again, and what helps; empty if that is not so."""
        is_unused = self.status == "approved" and not self.used
        return suspension(self.ticket) if is_unused and self.ticket is not None else ""

    @property
    def status_shown(self) -> str:
        """Its status as people read it: an approval that is suspended is not called approved."""
        return "suspended" if self.suspension else self.status

    @property
    def needs_a_ticket_named(self) -> bool:
        """Whether to offer naming a ticket: none stands for it. Who may, and which, the rule has the last word on."""
        is_pending = self.status == "pending" and self.ticket is not None and self.ticket.standing is not Standing.HOLDS
        return is_pending or bool(self.suspension)

    def has_vote_to_undo(self, user: UserId | None, *, now: datetime) -> bool:
        """Whether a vote of theirs is fresh enough to offer taking it back; the rule has the last word."""
        mine = (vote for stage in self.stages for vote in stage.votes if vote.voter.id == user)
        return self.status == "pending" and any(now - vote.at <= GRACE for vote in mine)

    @property
    def is_automatic(self) -> bool:
        """Whether it was approved by its policy's criteria, and by nobody."""
        return self.assessment is not None and self.assessment.is_automatic


@dataclass(frozen=True, slots=True)
class Endorsement:
    """One vote that approved."""

    stage: str
    email: str
    at: datetime
    criteria: tuple[str, ...]  # those that the voter confirmed


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedRequest:
    """What was approved, by whom, under which version of which policy."""

    id: RequestId
    reference: str
    action: str
    resource: Mapping[str, str]
    requester: str  # e-mail
    digest: str
    policy_key: str
    policy_version: str
    endorsements: tuple[Endorsement, ...]
    is_used: bool  # a decision has consumed it
    ticket: NamedTicket | None = None  # that it rests on


@dataclass(frozen=True, slots=True)
class UsableApproval:
    """An approved request that no decision has consumed: it holds for exactly this."""

    id: RequestId
    action: str
    resource: Mapping[str, str]
    ticket: NamedTicket | None = None  # that it rests on

    def barrier(self, *, now: datetime) -> Barrier | None:
        """Why it cannot be used now; None if it can."""
        return None if self.ticket is None else barrier(self.ticket, now=now)

    def covers(self, action: str, resource: Mapping[str, str]) -> bool:
        """Whether exactly this was approved."""
        return self.action == action and self.resource == resource
