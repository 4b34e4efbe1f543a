"""Signing in, with a password or an API token, and out again; choosing the first password."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from core.access import SignedInWith, TokenView, close_session, open_session
from core.actor import Actor
from core.errors import CountersignError, ErrorKind, Unauthenticated
from core.signin import Claim, accept_invitation, finish_sign_in, half_signed_in, invited, sign_in
from core.signin.errors import CodeRefused, KeyRefused, LinkOver, SecondFactorWanted, TooManyAttempts
from web.auth import client_of
from web.console.forms import Form, proof_in, read_form
from web.console.front import SIGN_IN, House, Look, RequestHandler, html, problem, see_other
from web.console.session import (
    TRUSTED_PROXIES,
    Visitor,
    actor_behind,
    forget_tenant,
    keep_cookie,
    session_in,
    visitor_of,
)
from web.problems import status_of

ENROL: Final = "/console/enrol/{token}"
SECOND: Final = "/console/signin/second"
_HOME: Final = "/console"
_REFUSED: Final = "This token does not hold, or no longer."
_SAID: Final = {
    "chosen": "Your password is set. Sign in with it.",
    "late": "That took too long. Sign in again.",
}


def signin_routes(house: House) -> list[web.RouteDef]:
    """`GET` and `POST /console/signin`, `POST /console/signout`, `GET` and `POST /console/enrol/{token}`."""

    async def form(request: web.Request) -> web.Response:
        said = _SAID.get(request.query.get("done", ""), "")
        return _page(house, next_place=local(request.query.get("next", "")), said=said)

    async def enter(request: web.Request) -> web.Response:
        next_place, organisation, email, way = _HOME, "", "", "password"
        try:
            sent = await read_form(request, None)
            next_place, way = local(sent.text("next")), "token" if sent.text("token") else "password"
            organisation, email = sent.text("organisation"), sent.text("email")
            actor = await _claimed(house, request, sent)
            session, text = await open_session(house.database, actor, signed_in_with=SignedInWith(way))
        except SecondFactorWanted as error:
            return await _second_page(house, error.token, next_place=next_place)
        except Unauthenticated as error:
            message = _REFUSED if way == "token" else error.sentence()
            typed = {"organisation": organisation, "email": email}
            return _page(house, next_place=next_place, error=message, way=way, typed=typed, status=401)
        except CountersignError as error:
            return problem(request, house, error)
        answer = see_other(next_place)
        keep_session(house, request, answer, session, text)
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
        keep_cookie(request, answer, "", max_age_s=0)
        forget_tenant(request, answer)
        return answer

    choose, chosen = _enrolment(house)
    return [
        web.get(SIGN_IN, form),
        web.post(SIGN_IN, enter),
        web.post(SECOND, _second(house)),
        web.post("/console/signout", sign_out),
        web.get(ENROL, choose),
        web.post(ENROL, chosen),
    ]


def local(place: str) -> str:
    """The place if it is a page of the console, else its first page: nobody is led elsewhere by a link to sign in."""
    is_ours = place == _HOME or place.startswith((_HOME + "/", _HOME + "?"))
    return place if is_ours and place.isprintable() and "\\" not in place else _HOME


def keep_session(house: House, request: web.Request, answer: web.StreamResponse, session: TokenView, text: str) -> None:
    """The browser keeps this session in the place of any other, for as long as it may last."""
    lasts = session.expires_at - house.database.clock.now()
    keep_cookie(request, answer, text, max_age_s=int(lasts.total_seconds()))


async def renew_session(look: Look, answer: web.StreamResponse, actor: Actor, before: str) -> None:
    """The browser's session is a new one of the actor as they are now; the one before is over."""
    session, text = await open_session(look.database, actor, instead_of=before)
    await close_session(look.database, look.actor, before)
    keep_session(look.house, look.request, answer, session, text)


async def _claimed(house: House, request: web.Request, sent: Form) -> Actor:
    """Who signs in: by token, or by password and code. Raises Unauthenticated, LimitExceeded."""
    if sent.text("token"):
        actor = await actor_behind(request, sent.text("token").strip())
        if actor.is_session:
            raise Unauthenticated
        return actor
    client = client_of(request, trusted_proxies=request.app[TRUSTED_PROXIES])
    claim = Claim(sent.text("organisation"), sent.text("email"), sent.text("password"), sent.text("code"))
    return await sign_in(house.database, claim, ip_address=client.ip_address, user_agent=client.user_agent)


def _second(house: House) -> RequestHandler:
    """What the other half of a sign-in does: a second factor, by whoever has given the password."""

    async def finish(request: web.Request) -> web.Response:
        client = client_of(request, trusted_proxies=request.app[TRUSTED_PROXIES])
        try:
            sent = await read_form(request, None)
            half, next_place = sent.text("half"), local(sent.text("next"))
            try:
                actor = await finish_sign_in(
                    house.database,
                    half,
                    proof_in(sent),
                    ip_address=client.ip_address,
                    user_agent=client.user_agent,
                )
            except (CodeRefused, KeyRefused, TooManyAttempts) as error:
                return await _second_page(house, half, next_place=next_place, error=error)
            session, text = await open_session(house.database, actor, signed_in_with=SignedInWith.PASSWORD)
        except LinkOver:
            return see_other(f"{SIGN_IN}?done=late")
        except CountersignError as error:
            return problem(request, house, error)
        answer = see_other(next_place)
        keep_session(house, request, answer, session, text)
        return answer

    return finish


async def _second_page(
    house: House, half: str, *, next_place: str, error: CountersignError | None = None
) -> web.Response:
    person, options = await half_signed_in(house.database, half)
    text = house.templates.get_template("second.html").render(
        visitor=None,
        places=(),
        place="",
        email=person.email,
        half=half,
        next_place=next_place,
        options=options,
        error=error.sentence() if error else "",
    )
    return html(text, status=int(status_of(error.kind)) if error else 200)


def _enrolment(house: House) -> tuple[RequestHandler, RequestHandler]:
    """The page under an enrolment link, and what its form does."""

    async def choose(request: web.Request) -> web.StreamResponse:
        try:
            person = await invited(house.database, request.match_info["token"])
        except CountersignError as error:
            return problem(request, house, error)
        return _choice(house, person.email)

    async def chosen(request: web.Request) -> web.StreamResponse:
        token = request.match_info["token"]
        client = client_of(request, trusted_proxies=request.app[TRUSTED_PROXIES])
        try:
            sent = await read_form(request, None)
            person = await invited(house.database, token)
            try:
                await accept_invitation(
                    house.database,
                    token,
                    password=sent.text("password"),
                    ip_address=client.ip_address,
                    user_agent=client.user_agent,
                )
            except CountersignError as error:
                if error.kind is not ErrorKind.INVALID:
                    raise
                return _choice(house, person.email, error.sentence(), status=int(status_of(error.kind)))
        except CountersignError as error:
            return problem(request, house, error)
        return see_other(f"{SIGN_IN}?done=chosen")

    return choose, chosen


def _choice(house: House, email: str, error: str = "", *, status: int = 200) -> web.Response:
    template = house.templates.get_template("enrol.html")
    return html(template.render(visitor=None, places=(), place="", email=email, error=error), status=status)


def _page(
    house: House,
    *,
    next_place: str,
    error: str = "",
    said: str = "",
    way: str = "",
    typed: dict[str, str] | None = None,
    status: int = 200,
) -> web.Response:
    template = house.templates.get_template("signin.html")
    text = template.render(
        visitor=None, places=(), place="", next_place=next_place, error=error, said=said, way=way, typed=typed or {}
    )
    return html(text, status=status)
