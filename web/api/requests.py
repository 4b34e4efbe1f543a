"""/api/v1/requests: approvals."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from core.access import member_of
from core.actor import Door
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
from core.approvals.many import MANY_MAX
from core.db import Database
from core.errors import ErrorKind, InvalidInput
from core.named_tickets import Desks
from web.api.convert import person_out, request_out
from web.api.shapes import NudgedOut, PersonOut, RequestOut
from web.endpoint import Call, Method, endpoint
from web.paging import Cursors, Page, PageQuery
from web.schema import Id, Input, Output, Path

_CURSORS = Cursors("requests", int)


class RequestsQuery(PageQuery):
    """Which requests."""

    state: Annotated[str | None, Field(max_length=20)] = None
    action: Annotated[str | None, Field(max_length=100)] = None
    q: Annotated[str | None, Field(max_length=200, description="words in the agent's name or the justification")] = None
    mine: Annotated[bool, Field(description="only those that I asked for")] = False
    waiting_for_me: Annotated[bool, Field(description="only those that I am asked to decide")] = False


class VoteIn(Input):
    """A vote on the open stage."""

    decision: Annotated[str, Field(max_length=20, description="approve or reject")]
    reason: Annotated[str, Field(max_length=20_000)] = ""
    criteria: dict[str, bool] = Field(default_factory=dict)
    stage: Annotated[str | None, Field(max_length=100)] = None
    digest: Annotated[str | None, Field(max_length=64, description="of the request as it was seen")] = None


class NoteIn(Input):
    """A word on it."""

    reason: Annotated[str, Field(max_length=20_000)] = ""


class CommentIn(Input):
    """A comment, question or answer."""

    text: Annotated[str, Field(max_length=20_000)]
    kind: Annotated[str, Field(max_length=20)] = "comment"


class AmendIn(Input):
    """What changes; what is not named stays."""

    resource: Annotated[
        dict[str, str], Field(max_length=30, description="attributes that change; a blank one is taken away")
    ] = Field(default_factory=dict)
    justification: Annotated[str | None, Field(max_length=4000)] = None
    reason: Annotated[str, Field(max_length=500, description="why, for those who are asked again")] = ""


class TicketIn(Input):
    """The ticket that the request rests on."""

    ticket: Annotated[
        str | dict[str, str], Field(max_length=300, description="its number, system:number, or {system, number}")
    ]


class ReassignIn(Input):
    """Who takes my place."""

    to: Annotated[str, Field(max_length=300, description="the person's e-mail")]
    stage: Annotated[str | None, Field(max_length=100)] = None
    reason: Annotated[str, Field(max_length=20_000)] = ""


class SeenIn(Input):
    """A request as it was seen."""

    id: Id
    digest: Annotated[str, Field(max_length=64, description="of the request as it was seen")]


class ManyIn(Input):
    """Many similar requests of low risk, one reason."""

    requests: Annotated[list[SeenIn], Field(min_length=1, max_length=MANY_MAX)]
    reason: Annotated[str, Field(max_length=2000)]
    confirm: Annotated[bool, Field(description="false: only say what would be approved")] = False


class OutcomeOut(Output):
    """One of them: the request as it is now, and why it was not approved, if so."""

    request: RequestOut
    problem: str | None


class ManyOut(Output):
    """What became of each, or would."""

    confirmed: bool
    items: list[OutcomeOut]


class SightingOut(Output):
    """One person has looked at one revision of the request; `door` is where they did so last."""

    person: PersonOut
    revision: int
    door: Door
    first_at: datetime
    last_at: datetime


class SightingsOut(Output):
    """Who has looked, in the order of their first look."""

    items: list[SightingOut]


class TicketEventOut(Output):
    """One thing that happened to a ticket of the request. `by` is whoever did it there, or named it here."""

    at: datetime
    event: str
    system: str
    number: str
    by: str
    text: str
    state: str
    reasons: list[str]


class TicketEventsOut(Output):
    """What happened to the request's tickets, oldest first."""

    items: list[TicketEventOut]


class ByRequest(Path):
    """One request."""

    request_id: Id


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
