"""What happened to a request, from what is known of it and of its tickets: oldest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from core.approvals import RequestEvent, RequestView, StageView, TicketMoment, VoteView


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened to a request. `kind` chooses its sign; `text` is what a person wrote."""

    at: datetime
    kind: str
    who: str
    what: str
    text: str = ""
    details: tuple[str, ...] = ()


_OF_TICKETS: Final = {
    RequestEvent.TICKET_NAMED: "named {ticket}",
    RequestEvent.TICKET_ACCEPTED: "{ticket} was found to stand for it",
    RequestEvent.TICKET_REFUSED: "{ticket} does not stand for it",
    RequestEvent.TICKET_RESTORED: "{ticket} stands for it again",
    RequestEvent.TICKET_CHANGED: "{ticket} was changed there",
    RequestEvent.TICKET_NOTED: "wrote on {ticket}",
    RequestEvent.TICKET_CLOSED: "closed {ticket}, with nothing decided here",
    RequestEvent.TICKET_ENDED: "ended {ticket}, and nothing is reported done here",
}


def closed_undecided(request: RequestView, tickets: Sequence[TicketMoment]) -> TicketMoment | None:
    """What was closed there although nothing is decided here: the people who are asked have to say what was meant."""
    closed = [each for each in tickets if each.event is RequestEvent.TICKET_CLOSED]
    return closed[-1] if closed and request.status == "pending" else None


def timeline(request: RequestView, tickets: Sequence[TicketMoment] = ()) -> tuple[Moment, ...]:
    """What a reader may know of its life, oldest first."""
    asked = Moment(request.created_at, "asked", request.requester.name, "asked for this", request.justification)
    moments = [asked]
    for stage in request.stages:
        if stage.opened_at:
            names = ", ".join(person.name for person in stage.approvers)
            level = f" Escalated to level {stage.escalation_level}." if stage.escalation_level else ""
            text = f"{stage.title} was opened"
            moments.append(Moment(stage.opened_at, "opened", "", text, details=(f"Asked: {names}.{level}",)))
        moments += [_vote_moment(stage, each, counts=True) for each in stage.votes]
        moments += [_vote_moment(stage, each, counts=False) for each in stage.superseded]
    moments += [
        Moment(each.at, each.kind, each.author.name, _SAID.get(each.kind, "wrote"), each.text)
        for each in request.comments
    ]
    moments += map(_ticket_moment, tickets)
    if request.decided_at:
        moments.append(Moment(request.decided_at, request.status, "", f"The request was {request.status}"))
    return tuple(sorted(moments, key=lambda each: each.at))


_SAID: Final = {"comment": "commented", "question": "asked a question", "answer": "answered"}


def _ticket_moment(each: TicketMoment) -> Moment:
    said = _OF_TICKETS[each.event].format(ticket=f"{each.number} in {each.title}")
    state = (f"State there: {each.state}.",) if each.state else ()
    suspends = ("The approval is suspended.",) if each.suspends else ()
    return Moment(each.at, "ticket", each.by, said, each.text, (*each.reasons, *state, *suspends))


def _vote_moment(stage: StageView, cast: VoteView, *, counts: bool) -> Moment:
    verb = "approved" if cast.decision == "approve" else "rejected"
    place = f" for {cast.on_behalf_of.name}" if cast.on_behalf_of else ""
    kind = verb if counts else "superseded"
    void = () if counts else ("Cast before the request was changed; it does not count.",)
    confirmed = [name.replace("_", " ") for name, met in cast.criteria.items() if met]
    details = (*((f"Confirmed: {', '.join(confirmed)}.",) if confirmed else ()), *void)
    return Moment(cast.at, kind, cast.voter.name, f"{verb} {stage.title}{place}", cast.reason, details)
