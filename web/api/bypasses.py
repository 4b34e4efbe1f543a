"""/api/v1/bypasses: the emergency bypass, its extensions, its review and what follows from that."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from pydantic import Field

from core.db import Database
from core.durations import EXAMPLES, parse_duration
from core.emergency import (
    Circumstances,
    FollowUp,
    Wish,
    acknowledge,
    ask_extension,
    assess_wish,
    close_remediation,
    confirm_extension,
    decline_extension,
    end,
    get_bypass,
    grant,
    list_bypasses,
    list_remediations,
    review,
)
from core.errors import ErrorKind, InvalidInput
from web.api.bypass_shapes import (
    BypassIn,
    BypassOut,
    ClosingIn,
    ExtensionIn,
    RemediationOut,
    ReviewIn,
    RiskOut,
    WholeBypassOut,
    bypass_out,
    remediation_out,
    risk_out,
    whole_bypass_out,
)
from web.api.request_shapes import NoteIn
from web.endpoint import Call, Idempotency, Method, Reply, endpoint
from web.paging import Cursors, Page, PageQuery
from web.schema import Id, Named, Path

_CURSORS = Cursors("bypasses", UUID)
_REMEDIATIONS = Cursors("remediations", UUID)


class BypassesQuery(PageQuery):
    """Which bypasses."""

    state: Annotated[str | None, Field(max_length=20)] = None
    review_state: Annotated[str | None, Field(max_length=20)] = None


class RemediationsQuery(PageQuery):
    """Which remediations."""

    state: Annotated[str | None, Field(max_length=20, description="open, overdue, done or dropped")] = None
    mine: Annotated[bool, Field(description="those that the caller owns")] = False


class ByBypass(Path):
    """One bypass, by its reference or its id."""

    bypass_id: Annotated[UUID, Named("BYP")]


class ByRemediation(Path):
    """One remediation."""

    remediation_id: Id


_CHANGING = (ErrorKind.NOT_FOUND, ErrorKind.CONFLICT, ErrorKind.FORBIDDEN)


class Bypasses:
    """Emergency bypasses."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @endpoint(
        Method.POST,
        "/api/v1/bypasses",
        summary="Bypass approval",
        tags=("bypasses",),
        responses={201: WholeBypassOut},
        errors=(ErrorKind.FORBIDDEN,),
        permission="whom the tenant's policy allows",
    )
    async def grant(self, call: Call[BypassIn, None, None]) -> Reply:
        """Active at once; senior management is told; the review is open.

        Where the policy wants a second factor, 403 names the address at which the person confirms it, once and soon.
        """
        wish = _wish(call.body)
        view = await grant(
            self._database,
            call.actor,
            action=wish.action,
            resource=wish.resource,
            justification=wish.justification,
            duration=wish.duration,
            named=wish.named,
        )
        return Reply(201, whole_bypass_out(view))

    @endpoint(
        Method.POST,
        "/api/v1/bypasses/assess",
        summary="Assess the risk of a bypass",
        tags=("bypasses",),
        errors=(ErrorKind.FORBIDDEN,),
        permission="whom the tenant's policy allows",
        idempotency=Idempotency.IGNORED,
    )
    async def assess(self, call: Call[BypassIn, None, None]) -> RiskOut:
        """The risk that a grant would record, with its factors; nothing is granted."""
        return risk_out(await assess_wish(self._database, call.actor, _wish(call.body)))

    @endpoint(
        Method.GET,
        "/api/v1/bypasses/remediations",
        summary="List what reviews want done",
        tags=("bypasses",),
        errors=(ErrorKind.INVALID,),
    )
    async def remediations(self, call: Call[None, RemediationsQuery, None]) -> Page[RemediationOut]:
        """Newest first."""
        query = call.query
        found = await list_remediations(
            self._database,
            call.actor,
            states=(query.state,) if query.state else (),
            is_mine=query.mine,
            after=_REMEDIATIONS.decode(query.cursor),
            limit=query.limit + 1,
        )
        return _REMEDIATIONS.page(found, limit=query.limit, shown=remediation_out, position=lambda each: each.id)

    @endpoint(
        Method.POST,
        "/api/v1/bypasses/remediations/{remediation_id}/close",
        summary="Close a remediation",
        tags=("bypasses",),
        errors=_CHANGING,
        permission="its owner, or senior management, who alone may drop it",
    )
    async def close(self, call: Call[ClosingIn, None, ByRemediation]) -> RemediationOut:
        """Nobody is reminded of it any more."""
        body = call.body
        return remediation_out(
            await close_remediation(
                self._database, call.actor, call.path.remediation_id, state=body.state, note=body.note
            )
        )

    @endpoint(Method.GET, "/api/v1/bypasses", summary="List bypasses", tags=("bypasses",))
    async def list(self, call: Call[None, BypassesQuery, None]) -> Page[BypassOut]:
        """Newest first."""
        query = call.query
        found = await list_bypasses(
            self._database,
            call.actor,
            state=query.state,
            review_state=query.review_state,
            after=_CURSORS.decode(query.cursor),
            limit=query.limit + 1,
        )
        return _CURSORS.page(found, limit=query.limit, shown=bypass_out, position=lambda bypass: bypass.id)

    @endpoint(
        Method.GET,
        "/api/v1/bypasses/{bypass_id}",
        summary="Show a bypass",
        tags=("bypasses",),
        errors=(ErrorKind.NOT_FOUND,),
    )
    async def show(self, call: Call[None, None, ByBypass]) -> WholeBypassOut:
        """Its scope, its risk, what was done under it, its review."""
        return whole_bypass_out(await get_bypass(self._database, call.actor, call.path.bypass_id))

    @endpoint(
        Method.POST,
        "/api/v1/bypasses/{bypass_id}/end",
        summary="End a bypass",
        tags=("bypasses",),
        errors=_CHANGING,
        permission="its holder, or senior management",
    )
    async def end(self, call: Call[NoteIn, None, ByBypass]) -> WholeBypassOut:
        """It allows nothing any more."""
        return whole_bypass_out(await end(self._database, call.actor, call.path.bypass_id, reason=call.body.reason))

    @endpoint(
        Method.POST,
        "/api/v1/bypasses/{bypass_id}/acknowledge",
        summary="Acknowledge a bypass",
        tags=("bypasses",),
        errors=_CHANGING,
        permission="senior management, other than its holder",
    )
    async def acknowledge(self, call: Call[None, None, ByBypass]) -> WholeBypassOut:
        """Nobody is reminded any more."""
        return whole_bypass_out(await acknowledge(self._database, call.actor, call.path.bypass_id))

    @endpoint(
        Method.POST,
        "/api/v1/bypasses/{bypass_id}/review",
        summary="Review a bypass",
        tags=("bypasses",),
        errors=_CHANGING,
        permission="who answers for it, and did nothing under it",
    )
    async def review(self, call: Call[ReviewIn, None, ByBypass]) -> WholeBypassOut:
        """The post-deployment review is done; the bypass runs no more, and its follow-ups are open."""
        body = call.body
        return whole_bypass_out(
            await review(
                self._database,
                call.actor,
                call.path.bypass_id,
                verdict=body.verdict,
                notes=body.notes,
                findings=body.checklist,
                follow_ups=[FollowUp(each.title, each.owner, each.due_at) for each in body.follow_ups],
            )
        )

    @endpoint(
        Method.POST,
        "/api/v1/bypasses/{bypass_id}/extend",
        summary="Ask for more time",
        tags=("bypasses",),
        errors=(ErrorKind.INVALID, *_CHANGING),
        permission="its holder, or senior management",
    )
    async def extend(self, call: Call[ExtensionIn, None, ByBypass]) -> WholeBypassOut:
        """The extension waits for somebody else of senior management."""
        extra = _duration(call.body.duration)
        return whole_bypass_out(
            await ask_extension(self._database, call.actor, call.path.bypass_id, extra=extra, reason=call.body.reason)
        )

    @endpoint(
        Method.POST,
        "/api/v1/bypasses/{bypass_id}/extend/confirm",
        summary="Confirm an extension",
        tags=("bypasses",),
        errors=_CHANGING,
        permission="senior management, other than its holder and whoever asked",
    )
    async def confirm(self, call: Call[None, None, ByBypass]) -> WholeBypassOut:
        """The bypass lasts longer, from its old end on."""
        return whole_bypass_out(await confirm_extension(self._database, call.actor, call.path.bypass_id))

    @endpoint(
        Method.POST,
        "/api/v1/bypasses/{bypass_id}/extend/decline",
        summary="Decline an extension",
        tags=("bypasses",),
        errors=_CHANGING,
        permission="senior management, other than its holder and whoever asked",
    )
    async def decline(self, call: Call[None, None, ByBypass]) -> WholeBypassOut:
        """The bypass ends when it was to end."""
        return whole_bypass_out(await decline_extension(self._database, call.actor, call.path.bypass_id))


def _wish(body: BypassIn) -> Wish:
    named = Circumstances(body.environment, body.reason, body.incident)
    return Wish(body.action, body.resource, body.justification, _duration(body.duration), named)


def _duration(text: str) -> timedelta:
    duration = parse_duration(text)
    if duration is None:
        raise InvalidInput(f"'{text}' is not a duration.", where="duration", accepted=EXAMPLES)
    return duration
