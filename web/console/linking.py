"""Where somebody makes a chat account theirs: shown as its platform knows it, and confirmed."""

from __future__ import annotations

from aiohttp import web

from core.access import member_of
from core.accounts import confirm_link, find_link
from core.errors import CountersignError
from core.signin import Assurance, assurance_of, key_question, my_security
from core.signin.errors import CodeRefused, KeyRefused, NoPassword, PasswordRefused, TooManyAttempts
from web.console.forms import proof_in, read_form
from web.console.front import Look
from web.console.session import session_in
from web.console.signin import renew_session
from web.problems import status_of


async def show(look: Look) -> web.Response:
    """`GET /console/link/{token}`."""
    return await _page(look)


async def confirm(look: Look) -> web.Response:
    """`POST /console/link/{token}`: the page shows the code, this once."""
    form = await read_form(look.request, look.visitor)
    token = look.request.match_info["token"]
    try:
        pending = await find_link(look.database, look.actor, token)
        code, actor = await confirm_link(
            look.database, look.actor, token, proof=proof_in(form), password=form.text("present")
        )
    except (CodeRefused, KeyRefused, NoPassword, PasswordRefused, TooManyAttempts) as error:
        return await _page(look, error)
    answer = look.page("link_code.html", place="security", code=code, pending=pending)
    before = session_in(look.request)
    if before and look.visitor.csrf and actor.assured_at != look.actor.assured_at:
        await renew_session(look, answer, actor, before)
    return answer


async def _page(look: Look, error: CountersignError | None = None) -> web.Response:
    pending = await find_link(look.database, look.actor, look.request.match_info["token"])
    mine = await my_security(look.database, look.actor)
    needs_factor = mine.has_factor and assurance_of(look.actor, now=look.sight.now) is Assurance.CLICK
    return look.page(
        "link.html",
        place="security",
        status=int(status_of(error.kind)) if error else 200,
        pending=pending,
        is_other_address=pending.is_of_another_address(look.actor.email),
        needs_factor=needs_factor,
        needs_password=not mine.has_factor,
        options=await key_question(look.database, look.actor, member_of(look.actor)) if needs_factor else "",
        message=error.sentence() if error else "",
    )
