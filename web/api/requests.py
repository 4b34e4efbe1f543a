"""/api/v1/requests: approvals."""

from __future__ import annotations

from core.access import member_of
from core.approvals import (
    Choice,
    PolicyCatalogue,
    RequestFilter,
    RequestView,
    Seen,
    amend,
    approve_many,
    cast_vote,
    comment,
    get_request,
    list_requests,
    name_ticket,
    nudge,
    preview_many,
    reassign,
    see_request,
    sightings_of,
    ticket_life,
    undo_vote,
    withdraw,
)
from core.db import Database
from core.errors import ErrorKind, InvalidInput
from core.named_tickets import Desks
from web.api.convert import person_out, request_out
from web.api.request_shapes import (
    AmendIn,
    ByRequest,
    CommentIn,
    ManyIn,
    ManyOut,
    NoteIn,
    OutcomeOut,
    ReassignIn,
    RequestsQuery,
    SightingOut,
    SightingsOut,
    TicketEventOut,
    TicketEventsOut,
    TicketIn,
    VoteIn,
)
from web.api.shapes import NudgedOut, RequestOut
from web.endpoint import Call, Method, endpoint
from web.paging import Cursors, Page

_CURSORS = Cursors("requests", int)
_CHANGING = (ErrorKind.NOT_FOUND, ErrorKind.CONFLICT, ErrorKind.FORBIDDEN)


class Requests:
    """Approval requests."""

    def __init__(self, database: Database, catalogue: PolicyCatalogue, desks: Desks) -> None:
        self._database = database
        self._catalogue = catalogue
        self._desks = desks

    @endpoint(Method.GET, "/api/v1/requests", summary="List requests", tags=("requests",))
    async def list(self, call: Call[None, RequestsQuery, None]) -> Page[RequestOut]:
        """Newest first."""
        query = call.query
        wanted = RequestFilter(
            state=query.state,
            action=query.action,
            contains=query.q,
            requester=member_of(call.actor) if query.mine else None,
            waiting_for=member_of(call.actor) if query.waiting_for_me else None,
        )
        found = await list_requests(
            self._database, call.actor, wanted, after=_CURSORS.decode(query.cursor), limit=query.limit + 1
        )
        return _CURSORS.page(found, limit=query.limit, shown=request_out, position=_number)

    @endpoint(
        Method.GET,
        "/api/v1/requests/{request_id}",
        summary="Show a request",
        tags=("requests",),
        errors=(ErrorKind.NOT_FOUND,),
    )
    async def show(self, call: Call[None, None, ByRequest]) -> RequestOut:
        """Everything that a reader may see."""
        return request_out(await see_request(self._database, call.actor, call.path.request_id))

    @endpoint(
        Method.GET,
        "/api/v1/requests/{request_id}/ticket-events",
        summary="Show what happened to a request's tickets",
        tags=("requests",),
        errors=(ErrorKind.NOT_FOUND,),
    )
    async def ticket_events(self, call: Call[None, None, ByRequest]) -> TicketEventsOut:
        """What was written, changed and closed there as it was heard, and which tickets were named and stood for it."""
        request = await get_request(self._database, call.actor, call.path.request_id)
        return TicketEventsOut(
            items=[
                TicketEventOut(
                    at=each.at,
                    event=str(each.event),
                    system=each.system,
                    number=each.number,
                    by=each.by,
                    text=each.text,
                    state=each.state,
                    reasons=list(each.reasons),
                )
                for each in await ticket_life(self._database, call.actor, request.id)
            ]
        )

    @endpoint(
        Method.GET,
        "/api/v1/requests/{request_id}/sightings",
        summary="Show who has looked at a request",
        tags=("requests",),
        errors=(ErrorKind.NOT_FOUND,),
    )
    async def sightings(self, call: Call[None, None, ByRequest]) -> SightingsOut:
        """Who has had which revision before them."""
        found = await sightings_of(self._database, call.actor, call.path.request_id)
        return SightingsOut(
            items=[
                SightingOut(
                    person=person_out(each.person),
                    revision=each.revision,
                    door=each.door,
                    first_at=each.first_at,
                    last_at=each.last_at,
                )
                for each in found
            ]
        )

    @endpoint(
        Method.POST,
        "/api/v1/requests/{request_id}/votes",
        summary="Vote",
        tags=("requests",),
        errors=_CHANGING,
        permission="somebody who is asked on the open stage, and not the requester",
    )
    async def vote(self, call: Call[VoteIn, None, ByRequest]) -> RequestOut:
        """The vote counts once, and what follows from it has happened."""
        body = call.body
        if body.decision not in set(Choice):
            raise InvalidInput(f"'{body.decision}' is not a decision.", where="decision", accepted=tuple(Choice))
        return request_out(
            await cast_vote(
                self._database,
                call.actor,
                call.path.request_id,
                choice=Choice(body.decision),
                reason=body.reason,
                criteria=body.criteria,
                stage=body.stage,
                seen_digest=body.digest,
            )
        )

    @endpoint(
        Method.POST,
        "/api/v1/requests/{request_id}/undo",
        summary="Take my vote back",
        tags=("requests",),
        errors=_CHANGING,
        permission="whoever voted, within five minutes, while nobody has voted on what followed",
    )
    async def undo(self, call: Call[None, None, ByRequest]) -> RequestOut:
        """The vote does not count; a stage that it closed is open again."""
        return request_out(await undo_vote(self._database, call.actor, call.path.request_id))

    @endpoint(
        Method.POST,
        "/api/v1/requests/votes",
        summary="Approve many",
        tags=("requests",),
        errors=_CHANGING,
        permission="somebody who is asked on each of them",
    )
    async def approve_many(self, call: Call[ManyIn, None, None]) -> ManyOut:
        """Similar requests of low risk, each with its own vote under one reason. First without `confirm`, to look."""
        body = call.body
        seen = [Seen(each.id, each.digest) for each in body.requests]
        act = approve_many if body.confirm else preview_many
        outcomes = await act(self._database, call.actor, seen, reason=body.reason)
        return ManyOut(
            confirmed=body.confirm,
            items=[OutcomeOut(request=request_out(each.request), problem=each.problem or None) for each in outcomes],
        )

    @endpoint(
        Method.POST,
        "/api/v1/requests/{request_id}/withdraw",
        summary="Withdraw",
        tags=("requests",),
        errors=_CHANGING,
        permission="the requester",
    )
    async def withdraw(self, call: Call[NoteIn, None, ByRequest]) -> RequestOut:
        """Nobody can approve it any more."""
        return request_out(await withdraw(self._database, call.actor, call.path.request_id, reason=call.body.reason))

    @endpoint(
        Method.POST,
        "/api/v1/requests/{request_id}/nudge",
        summary="Remind those who have not decided",
        tags=("requests",),
        errors=(*_CHANGING, ErrorKind.LIMITED),
        permission="the requester, once an hour",
    )
    async def nudge(self, call: Call[None, None, ByRequest]) -> NudgedOut:
        """They are reminded in chat; the answer names them."""
        done = await nudge(self._database, call.actor, call.path.request_id)
        return NudgedOut(request=done.request.id, people=[person_out(person) for person in done.people])

    @endpoint(
        Method.POST,
        "/api/v1/requests/{request_id}/comments",
        summary="Comment, ask or answer",
        tags=("requests",),
        errors=_CHANGING,
    )
    async def comment(self, call: Call[CommentIn, None, ByRequest]) -> RequestOut:
        """It stands under the request, and the thread in chat shows it."""
        return request_out(
            await comment(self._database, call.actor, call.path.request_id, kind=call.body.kind, text=call.body.text)
        )

    @endpoint(
        Method.POST,
        "/api/v1/requests/{request_id}/amend",
        summary="Change what is asked",
        tags=("requests",),
        errors=_CHANGING,
        permission="the requester",
        example={"resource": {"business_service": "Accounts payable"}, "reason": "It moved to another team."},
    )
    async def amend(self, call: Call[AmendIn, None, ByRequest]) -> RequestOut:
        """Every stage begins anew; votes cast on what was asked before stay visible and do not count."""
        body = call.body
        return request_out(
            await amend(
                self._database,
                self._catalogue,
                call.actor,
                call.path.request_id,
                changes=body.resource,
                justification=body.justification,
                reason=body.reason,
            )
        )

    @endpoint(
        Method.POST,
        "/api/v1/requests/{request_id}/ticket",
        summary="Name its ticket",
        tags=("requests",),
        errors=_CHANGING,
        permission="the requester",
        example={"ticket": "CHG0030001"},
    )
    async def name_ticket(self, call: Call[TicketIn, None, ByRequest]) -> RequestOut:
        """Its system is asked whether it stands for the request; the same again asks anew."""
        return request_out(
            await name_ticket(self._database, self._desks, call.actor, call.path.request_id, ticket=call.body.ticket)
        )

    @endpoint(
        Method.POST,
        "/api/v1/requests/{request_id}/reassign",
        summary="Delegate my place",
        tags=("requests",),
        errors=_CHANGING,
        permission="somebody who is asked on the stage",
    )
    async def reassign(self, call: Call[ReassignIn, None, ByRequest]) -> RequestOut:
        """The other person is asked in my place."""
        body = call.body
        return request_out(
            await reassign(
                self._database, call.actor, call.path.request_id, to_email=body.to, stage=body.stage, reason=body.reason
            )
        )


def _number(request: RequestView) -> int:
    return int(request.reference.partition("-")[2])
