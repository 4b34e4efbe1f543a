"""Approvals as the API reads and writes them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from core.actor import Door
from core.approvals.many import MANY_MAX
from web.api.shapes import PersonOut, RequestOut
from web.paging import PageQuery
from web.schema import Id, Input, Named, Output, Path


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
    """One request, by its reference or its id."""

    request_id: Annotated[UUID, Named("REQ")]
