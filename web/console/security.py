"""My security: the reader's own password, second factors, sessions and chat accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

import segno
from aiohttp import web
from markupsafe import Markup

from core.access import end_other_sessions, end_session, list_sessions, member_of, session_id_of
from core.accounts import chat_id, my_accounts, unlink_mine
from core.deliveries import Connection
from core.errors import CountersignError, NotFound
from core.signin import (
    Assurance,
    address_of,
    assurance_of,
    begin_key,
    begin_totp,
    change_password,
    confirm_key,
    confirm_totp,
    give_proof,
    key_question,
    my_security,
    pending_key,
    pending_totp,
    remove_key,
    remove_totp,
    renew_recovery_codes,
)
from core.ticket_accounts import begin_ticket_link, my_ticket_accounts, unlink_ticket_account
from web.console.forms import Form, proof_in, read_form
from web.console.front import SECURITY, Look, see_other
from web.console.session import session_in
from web.console.signin import renew_session
from web.errors import DoorError
from web.problems import status_of

PLACE: Final = SECURITY
_ANSWERS: Final[Mapping[str, str]] = {
    "password": "Your password is changed. Other browsers are signed out.",
    "begin": "Scan the picture, then give a code of the app.",
    "others": "Other browsers are signed out.",
    "session": "That session is over.",
    "remove": "The app is removed.",
    "key": "Now let your browser make the key.",
    "unlink": "That chat account is unlinked. What is done with it is refused until it is linked again.",
    "unlink-ticket": "That account is unlinked. What it approves there counts no more.",
    "unkey": "That key is removed.",
    "assure": "It is you. You can add a factor for the next ten minutes.",
}


async def security(look: Look) -> web.Response:
    """`GET /console/security`."""
    return await _page(look)


async def change(look: Look) -> web.Response:
    """`POST /console/security/{what}`: one change of what the reader proves themselves with."""
    form = await read_form(look.request, look.visitor)
    what = look.request.match_info["what"]
    try:
        if what == "assure":
            return await _assured(look, form)
        if what == "link-ticket":
            return await _linking(look, form)
        codes = await _change(look, form, what)
    except CountersignError as error:
        return await _page(look, error=error, form=what)
    return await _page(look, codes=codes) if codes else see_other(f"{PLACE}?done={what}")


async def _assured(look: Look, form: Form) -> web.Response:
    """The session is assured, under a new token."""
    actor = await give_proof(look.database, look.actor, proof_in(form))
    answer, before = see_other(f"{PLACE}?done=assure"), session_in(look.request)
    if before and look.visitor.csrf:
        await renew_session(look, answer, actor, before)
    return answer


async def _linking(look: Look, form: Form) -> web.Response:
    """The code that links an account over there, shown this once."""
    system = next((each for each in _ticket_systems(look) if each.name == form.text("system")), None)
    if system is None:
        raise NotFound("No such ticket system is connected.")
    code, actor = await begin_ticket_link(
        look.database, look.actor, system.name, proof=proof_in(form), password=form.text("present")
    )
    answer = look.page("ticket_code.html", place="security", code=code, system=system.title)
    before = session_in(look.request)
    if before and look.visitor.csrf and actor.assured_at != look.actor.assured_at:
        await renew_session(look, answer, actor, before)
    return answer


def _ticket_systems(look: Look) -> tuple[Connection, ...]:
    """Those of the tenant in which what linked people approve is their vote."""
    return tuple(each for each in look.house.connected.of(look.actor.tenant) if each.counts_approvals)


async def _change(look: Look, form: Form, what: str) -> tuple[str, ...]:
    """New recovery codes, where there are any."""
    database, actor, code = look.database, look.actor, form.text("code")
    presented = session_in(look.request)
    match what:
        case "password":
            present, new = form.text("present"), form.text("password")
            await change_password(database, actor, present=present, new=new, session=presented)
        case "begin":
            await begin_totp(database, actor, password=form.text("present"))
        case "confirm":
            return await confirm_totp(database, actor, code=code)
        case "codes":
            return await renew_recovery_codes(database, actor, proof=proof_in(form))
        case "remove":
            await remove_totp(database, actor, proof=proof_in(form))
        case "key":
            await begin_key(database, actor, password=form.text("present"))
        case "key-made":
            return await confirm_key(database, actor, response=form.text("key"), name=form.text("name"))
        case "unkey":
            await remove_key(database, actor, key=form.text("which"), proof=proof_in(form))
        case "unlink":
            account = chat_id(form.text("platform"), form.text("workspace"), form.text("chat_user"))
            await unlink_mine(database, actor, account)
        case "unlink-ticket":
            system, there = form.text("system"), form.text("account")
            await unlink_ticket_account(database, actor, member_of(actor), system, there)
        case "others":
            await end_other_sessions(database, actor, presented)
        case "session":
            await end_session(database, actor, _id(form.text("session")))
        case _:
            raise NotFound("There is no such page.")
    return ()


async def _page(
    look: Look, *, error: CountersignError | None = None, form: str = "", codes: tuple[str, ...] = ()
) -> web.Response:
    status = 200
    if error is not None:
        status = int(error.status if isinstance(error, DoorError) else status_of(error.kind))
    mine = await my_security(look.database, look.actor)
    secret = await pending_totp(look.database, look.actor)
    return look.page(
        "security.html",
        place="security",
        status=status,
        mine=mine,
        is_assured=assurance_of(look.actor, now=look.sight.now) is not Assurance.CLICK,
        options=await key_question(look.database, look.actor, member_of(look.actor)) if mine.keys else "",
        making=await pending_key(look.database, look.actor),
        secret=secret or "",
        picture=_picture(address_of(secret, email=look.actor.email)) if secret else "",
        codes=codes,
        accounts=await my_accounts(look.database, look.actor),
        ticket_accounts=await my_ticket_accounts(look.database, look.actor),
        ticket_systems=_ticket_systems(look),
        sessions=await list_sessions(look.database, look.actor),
        this=session_id_of(session_in(look.request)),
        message=error.sentence() if error else "",
        failed=form,
        said=_ANSWERS.get(look.query("done"), "") if error is None and not codes else "",
    )


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("You have no such session.") from None


def _picture(address: str) -> Markup:
    """The QR code as SVG: black on white in every scheme, as cameras want it."""
    drawn = segno.make(address, error="m").svg_inline(scale=5, border=4, dark="#000", light="#fff", svgclass="qr")
    return Markup(drawn)  # noqa: S704  drawn by us out of rectangles; no word of anybody is in it
