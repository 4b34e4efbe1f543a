"""Core views -> answers."""

from __future__ import annotations

from core.access import PersonView
from core.approvals import Assessment, Judged, RequestView, StageView, VoteView
from core.links import TicketLink
from core.named_tickets import NamedTicket
from web.api.shapes import (
    AssessmentOut,
    CommentOut,
    FactorOut,
    JudgedOut,
    NamedTicketOut,
    PersonOut,
    RequestOut,
    RiskOut,
    StageOut,
    StandInOut,
    TicketOut,
    VoteOut,
)


def person_out(person: PersonView) -> PersonOut:
    """A person as the API shows them to everybody."""
    return PersonOut(id=person.id, email=person.email, name=person.name)


def ticket_out(ticket: TicketLink) -> TicketOut:
    """A ticket."""
    return TicketOut(system=ticket.system, number=ticket.number, url=ticket.url, state=ticket.state)


def named_ticket_out(ticket: NamedTicket) -> NamedTicketOut:
    """The ticket that a request must name."""
    return NamedTicketOut(
        system=ticket.system,
        number=ticket.number,
        url=ticket.url,
        standing=ticket.standing,
        state=ticket.facts.label if ticket.facts else "",
        reasons=list(ticket.reasons),
        holds_from=ticket.holds_from,
        holds_until=ticket.holds_until,
        checked_at=ticket.checked_at,
    )


def request_out(request: RequestView) -> RequestOut:
    """A request with everything that a reader may see."""
    return RequestOut(
        id=request.id,
        reference=request.reference,
        tenant=request.tenant,
        action=request.action,
        resource=dict(request.resource),
        justification=request.justification,
        requester=person_out(request.requester),
        state=request.status,
        policy=request.policy,
        digest=request.digest,
        revision=request.revision,
        reopens=request.reopens or None,
        created_at=request.created_at,
        decided_at=request.decided_at,
        used=request.used,
        suspension=request.suspension or None,
        stages=[_stage(stage) for stage in request.stages],
        comments=[
            CommentOut(author=person_out(each.author), kind=each.kind, text=each.text, at=each.at)
            for each in request.comments
        ],
        tickets=[ticket_out(ticket) for ticket in request.tickets],
        ticket=named_ticket_out(request.ticket) if request.ticket else None,
        assessment=assessment_out(request.assessment) if request.assessment else None,
    )


def assessment_out(found: Assessment) -> AssessmentOut:
    """What a request's circumstances mean, with the values that decided."""
    return AssessmentOut(
        risk=RiskOut(
            score=found.risk.score,
            level=found.risk.level,
            factors=[
                FactorOut(name=each.name, weight=each.weight, values=dict(each.values), error=each.error)
                for each in found.risk.counted
            ],
        ),
        stages=[judged_out(each) for each in found.stages],
        automatic=[judged_out(each) for each in found.automatic],
        approved_automatically=found.is_automatic,
    )


def judged_out(judged: Judged) -> JudgedOut:
    """A condition and what it said."""
    return JudgedOut(
        name=judged.name,
        condition=judged.condition,
        holds=judged.holds,
        values=dict(judged.values),
        error=judged.error,
    )


def _stage(stage: StageView) -> StageOut:
    return StageOut(
        key=stage.key,
        title=stage.title,
        status=stage.status,
        criteria=list(stage.criteria),
        approver_roles=list(stage.approver_roles),
        approvers=[person_out(person) for person in stage.approvers],
        stand_ins=[
            StandInOut(person=person_out(person), on_behalf_of=person_out(stage.in_place_of[person.id]))
            for person in stage.approvers
            if person.id in stage.in_place_of
        ],
        suggested=[person_out(person) for person in stage.suggested],
        opened_at=stage.opened_at,
        due_at=stage.due_at,
        paused_at=stage.paused_at,
        decided_at=stage.decided_at,
        escalation_level=stage.escalation_level,
        votes=[_vote(vote) for vote in stage.votes],
        superseded=[_vote(vote) for vote in stage.superseded],
    )


def _vote(vote: VoteView) -> VoteOut:
    return VoteOut(
        voter=person_out(vote.voter),
        decision=vote.decision,
        reason=vote.reason,
        criteria=dict(vote.criteria),
        at=vote.at,
        on_behalf_of=person_out(vote.on_behalf_of) if vote.on_behalf_of else None,
        assurance=vote.assurance,
    )
