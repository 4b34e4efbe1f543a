"""/api/v1/costs/recommendations: what could cost less, and what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import Field

from core.changes import ChangeCatalogue
from core.costs import RateCatalogue
from core.db import Database
from core.errors import ErrorKind
from core.finance import (
    Effect,
    RecommendationView,
    accept_recommendation,
    dismiss_recommendation,
    find_recommendations,
    list_recommendations,
)
from web.api.convert import person_out
from web.api.cost_shapes import exact
from web.api.shapes import PersonOut
from web.endpoint import Call, Method, endpoint
from web.paging import Page, whole
from web.schema import Id, Input, MoneyOut, Output, Path, Prose, Query

_TAGS: Final = ("costs",)
_SETTLING: Final = (ErrorKind.FORBIDDEN, ErrorKind.NOT_FOUND, ErrorKind.CONFLICT)


class RecommendationsQuery(Query):
    """In which state."""

    state: Annotated[
        Literal["open", "accepted", "dismissed", "gone"] | None, Field(description="all but gone ones by default")
    ] = None


class ByRecommendation(Path):
    """Which recommendation."""

    recommendation_id: Id


class DismissIn(Input):
    """Why it is not done."""

    reason: Prose


class EvidenceOut(Output):
    """A figure that shows it."""

    label: str
    figure: str


class EffectOut(Output):
    """What came of it: costs by the day before and after, and the saving by the month that follows from them."""

    days: Annotated[int, Field(description="after the change was done")]
    before: float
    after: float
    control: Annotated[float, Field(description="the other agents' cost after over before; taken out of the saving")]
    saving: float
    sure: Annotated[bool, Field(description="more than twice its standard error")]


class RecommendationOut(Output):
    """What could cost less."""

    id: UUID
    kind: str  # idle, over_provision, expensive_meter, duplicate, schedule
    agent: str
    state: str  # open, accepted, dismissed, gone (not found any more)
    title: str
    action: str
    saving: Annotated[MoneyOut, Field(description="a month, as expected")]
    evidence: list[EvidenceOut]
    found_at: datetime
    seen_at: datetime
    decided_by: PersonOut | None
    decided_at: datetime | None
    reason: str
    change_id: UUID | None
    change: str
    change_state: str
    effect: Annotated[EffectOut | None, Field(description="a week after its change is closed")]


class Recommendations:
    """Recommendations."""

    def __init__(self, database: Database, rates: RateCatalogue, changes: ChangeCatalogue) -> None:
        self._database = database
        self._rates = rates
        self._changes = changes

    @endpoint(
        Method.GET,
        "/api/v1/costs/recommendations",
        summary="List what could cost less",
        tags=_TAGS,
        errors=(ErrorKind.FORBIDDEN,),
        permission="view_audit",
    )
    async def recommendations(self, call: Call[None, RecommendationsQuery, None]) -> Page[RecommendationOut]:
        """The greatest saving first, each with what shows it; accepted ones with what came of them."""
        found = await list_recommendations(self._database, call.actor, state=call.query.state)
        return whole([recommendation_out(each) for each in found])

    @endpoint(
        Method.POST,
        "/api/v1/costs/recommendations/find",
        summary="Look for what could cost less now",
        tags=_TAGS,
        errors=(ErrorKind.FORBIDDEN,),
        permission="view_audit",
    )
    async def find(self, call: Call[None, None, None]) -> Page[RecommendationOut]:
        """The ledger of four weeks is looked through at once, as it is each night; what is open then."""
        found = await find_recommendations(self._database, self._rates, call.actor)
        return whole([recommendation_out(each) for each in found])

    @endpoint(
        Method.POST,
        "/api/v1/costs/recommendations/{recommendation_id}/accept",
        summary="Accept a recommendation",
        tags=_TAGS,
        errors=(*_SETTLING, ErrorKind.INVALID),
        permission="as for the change that it drafts",
    )
    async def accept(self, call: Call[None, None, ByRecommendation]) -> RecommendationOut:
        """A change that does it is drafted; from there on it goes as every change does."""
        found = await accept_recommendation(self._database, self._changes, call.actor, call.path.recommendation_id)
        return recommendation_out(found)

    @endpoint(
        Method.POST,
        "/api/v1/costs/recommendations/{recommendation_id}/dismiss",
        summary="Dismiss a recommendation",
        tags=_TAGS,
        errors=_SETTLING,
        permission="view_audit",
    )
    async def dismiss(self, call: Call[DismissIn, None, ByRecommendation]) -> RecommendationOut:
        """It is not made again."""
        found = await dismiss_recommendation(self._database, call.actor, call.path.recommendation_id, call.body.reason)
        return recommendation_out(found)


def recommendation_out(view: RecommendationView) -> RecommendationOut:
    """A recommendation as it travels."""
    return RecommendationOut(
        id=view.id,
        kind=view.kind,
        agent=view.agent,
        state=view.state,
        title=view.title,
        action=view.action,
        saving=exact(view.saving, view.currency),
        evidence=[EvidenceOut(label=label, figure=figure) for label, figure in view.evidence],
        found_at=view.found_at,
        seen_at=view.seen_at,
        decided_by=person_out(view.decided_by) if view.decided_by else None,
        decided_at=view.decided_at,
        reason=view.reason,
        change_id=view.change_id,
        change=view.change,
        change_state=view.change_state,
        effect=_effect_out(view.effect) if view.effect else None,
    )


def _effect_out(found: Effect) -> EffectOut:
    return EffectOut(
        days=found.days,
        before=found.before,
        after=found.after,
        control=found.control,
        saving=found.saving,
        sure=found.is_sure,
    )
