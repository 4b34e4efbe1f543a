"""My security: the reader's own password, authenticator app and recovery codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

import segno
from aiohttp import web
from markupsafe import Markup

from core.access import end_other_sessions, end_session, list_sessions, session_id_of
from core.errors import CountersignError, NotFound
from core.signin import (
    address_of,
    begin_totp,
    change_password,
    confirm_totp,
    my_security,
    pending_totp,
    remove_totp,
    renew_recovery_codes,
)
from web.console.forms import Form, read_form
from web.console.front import Look, see_other
from web.console.session import session_in
from web.errors import DoorError
from web.problems import status_of

PLACE: Final = "/console/security"
_ANSWERS: Final[Mapping[str, str]] = {
    "password": "Your password is changed. Other browsers are signed out.",
    "begin": "Scan the picture, then give a code of the app.",
    "others": "Other browsers are signed out.",
    "session": "That session is over.",
    "remove": "You have no second factor any more.",
}


async def security(look: Look) -> web.Response:
    """`GET /console/security`."""
    return await _page(look)


async def change(look: Look) -> web.Response:
    """`POST /console/security/{what}`: one change of what the reader proves themselves with."""
    form = await read_form(look.request, look.visitor)
    what = look.request.match_info["what"]
    try:
        codes = await _change(look, form, what)
    except CountersignError as error:
        return await _page(look, error=error, form=what)
    return await _page(look, codes=codes) if codes else see_other(f"{PLACE}?done={what}")


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
            return await renew_recovery_codes(database, actor, code=code)
        case "remove":
            await remove_totp(database, actor, code=code)
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
    secret = await pending_totp(look.database, look.actor)
    return look.page(
        "security.html",
        place="security",
        status=status,
        mine=await my_security(look.database, look.actor),
        secret=secret or "",
        picture=_picture(address_of(secret, email=look.actor.email)) if secret else "",
        codes=codes,
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
