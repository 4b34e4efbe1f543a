"""Where a vote waits for its voter's second factor: shown exactly as it was cast, and cast once they confirm (X2)."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from aiohttp import web

from core.access import member_of
from core.approvals import confirm_vote, waiting_vote
from core.errors import CountersignError
from core.signin import Assurance, assurance_of, key_question
from core.signin.errors import CodeRefused, KeyRefused, TooManyAttempts
from web.console.forms import proof_in, read_form
from web.console.front import Look, see_other
from web.console.session import session_in
from web.console.signin import renew_session
from web.problems import status_of

PUBLIC: Final = "/step-up/{token}"  # as it stands in chat: short, and free of where the pages are


async def forward(request: web.Request) -> web.Response:
    """`GET /step-up/{token}`: the page; whoever has not signed in does so on the way."""
    return see_other(f"/console/step-up/{quote(request.match_info['token'], safe='')}")


async def show(look: Look) -> web.Response:
    """`GET /console/step-up/{token}`."""
    return await _page(look)


async def confirm(look: Look) -> web.Response:
    """`POST /console/step-up/{token}`: the vote counts; the session is assured, under a new token."""
    form = await read_form(look.request, look.visitor)
    try:
        request, actor = await confirm_vote(
            look.database, look.actor, look.request.match_info["token"], proof=proof_in(form)
        )
    except (CodeRefused, KeyRefused, TooManyAttempts) as error:
        return await _page(look, error)
    answer = see_other(f"/console/requests/{request.reference}?done=voted")
    before = session_in(look.request)
    if before and look.visitor.csrf and actor.assured_at != look.actor.assured_at:
        await renew_session(look, answer, actor, before)
    return answer


async def _page(look: Look, error: CountersignError | None = None) -> web.Response:
    vote, request = await waiting_vote(look.database, look.actor, look.request.match_info["token"])
    needs_proof = assurance_of(look.actor, now=look.sight.now) is Assurance.CLICK
    return look.page(
        "stepup.html",
        place="inbox",
        status=int(status_of(error.kind)) if error else 200,
        vote=vote,
        request=request,
        stage=next(each.title for each in request.stages if each.key == vote.stage),
        needs_code=needs_proof,
        options=await key_question(look.database, look.actor, member_of(look.actor)) if needs_proof else "",
        message=error.sentence() if error else "",
    )
