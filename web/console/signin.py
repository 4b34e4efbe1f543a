"""Signing in with an API token, and out again."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from core.access import SESSION_LIFETIME, close_session, open_session
from core.errors import CountersignError, Unauthenticated
from web.console.forms import read_form
from web.console.front import SIGN_IN, House, html, problem, see_other
from web.console.session import Visitor, actor_behind, cookie_name, session_in, visitor_of

_HOME: Final = "/console"
_REFUSED: Final = "This token does not hold, or no longer."


def signin_routes(house: House) -> list[web.RouteDef]:
    """`GET` and `POST /console/signin`, `POST /console/signout`."""

    async def form(request: web.Request) -> web.Response:
        return _page(house, next_place=local(request.query.get("next", "")))

    async def sign_in(request: web.Request) -> web.Response:
        next_place = _HOME
        try:
            sent = await read_form(request, None)
            next_place = local(sent.text("next"))
            actor = await actor_behind(request, sent.text("token").strip())
            _session, text = await open_session(house.database, actor)
        except Unauthenticated:
            return _page(house, next_place=next_place, error=_REFUSED, status=401)
        except CountersignError as error:
            return problem(request, house, error)
        answer = see_other(next_place)
        _keep(request, answer, text, max_age_s=int(SESSION_LIFETIME.total_seconds()))
        return answer

    async def sign_out(request: web.Request) -> web.Response:
        try:
            visitor: Visitor | None = await visitor_of(request)
            if visitor is not None:
                await read_form(request, visitor)
                await close_session(house.database, visitor.actor, session_in(request))
        except CountersignError as error:
            return problem(request, house, error)
        answer = see_other(SIGN_IN)
        _keep(request, answer, "", max_age_s=0)
        return answer

    return [
        web.get(SIGN_IN, form),
        web.post(SIGN_IN, sign_in),
        web.post("/console/signout", sign_out),
    ]


def local(place: str) -> str:
    """The place if it is a page of the console, else its first page: nobody is led elsewhere by a link to sign in."""
    is_ours = place == _HOME or place.startswith((_HOME + "/", _HOME + "?"))
    return place if is_ours and place.isprintable() and "\\" not in place else _HOME


def _page(house: House, *, next_place: str, error: str = "", status: int = 200) -> web.Response:
    template = house.templates.get_template("signin.html")
    text = template.render(visitor=None, places=(), place="", next_place=next_place, error=error)
    return html(text, status=status)


def _keep(request: web.Request, answer: web.Response, value: str, *, max_age_s: int) -> None:
    answer.set_cookie(
        cookie_name(request),
        value,
        max_age=max_age_s,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=cookie_name(request).startswith("__Host-"),
    )
