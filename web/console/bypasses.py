"""Emergency bypasses: each with its time, what was done under it, and its review; what reviews want done (E1 to E5)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final
from urllib.parse import quote
from uuid import UUID

from aiohttp import web

from core.access import member_of
from core.durations import parse_duration
from core.emergency import (
    BypassView,
    Circumstances,
    FollowUp,
    acknowledge,
    ask_extension,
    close_remediation,
    confirm_bypass,
    confirm_extension,
    decline_extension,
    end,
    get_bypass,
    grant,
    list_bypasses,
    list_remediations,
    review,
    terms_offered,
    waiting_bypass,
)
from core.errors import CountersignError, InvalidInput, NotFound
from core.signin import StepUpRequired, key_question
from core.signin.errors import CodeRefused, KeyRefused, TooManyAttempts
from web.console.forms import Form, proof_in, read_form
from web.console.front import Look, see_other
from web.console.session import session_in
from web.console.signin import renew_session
from web.errors import DoorError
from web.paging import Cursors
from web.problems import status_of

PLACE: Final = "/console/bypasses"
PAGE_SIZE: Final = 30
REMEDIATIONS_SHOWN: Final = 50
FOLLOW_UPS: Final = 3  # lines for them in the form of a review
STEP_UP: Final = "/step-up/bypass/{token}"  # as it stands in chat: short, and free of where the pages are
FILTERS: Final = (("", "All"), ("active", "Active"), ("due", "To be reviewed"), ("overdue", "Overdue"))
_CURSORS: Final = Cursors("console-bypasses", UUID)
_ANSWERS: Final = {
    "granted": "The bypass is active, and senior management has been told.",
    "end": "The bypass is over.",
    "acknowledge": "You have acknowledged it; nobody is reminded any more.",
    "extend": "Somebody else of senior management is asked for more time.",
    "confirm": "The bypass lasts longer.",
    "decline": "The bypass ends when it was to end.",
    "review": "The review is done.",
    "close": "The remediation is closed.",
}


async def bypasses(look: Look) -> web.Response:
    """`GET /console/bypasses`: newest first, and what reviews want done."""
    return await _list(look)


async def ask(look: Look) -> web.Response:
    """`POST /console/bypasses`: a bypass, or where it waits for a second factor."""
    form = await read_form(look.request, look.visitor)
    try:
        view = await grant(
            look.database,
            look.actor,
            action=form.text("action"),
            resource=form.text("resource"),
            justification=form.text("justification"),
            duration=_duration(form),
            named=Circumstances(form.text("environment"), form.text("reason"), form.text("incident")),
        )
    except StepUpRequired as error:
        if not error.link:
            raise
        return see_other(error.link.removeprefix(look.database.address))
    except CountersignError as error:
        return await _list(look, error=error, typed=form)
    return see_other(f"{PLACE}/{view.reference}?done=granted")


async def bypass(look: Look) -> web.Response:
    """`GET /console/bypasses/{reference}`: everything about one."""
    return await _page(look)


async def act(look: Look) -> web.Response:
    """`POST /console/bypasses/{reference}/{what}`: end, acknowledge, more time, the review, a remediation."""
    form = await read_form(look.request, look.visitor)
    view, what = await _bypass(look), look.request.match_info["what"]
    try:
        await _act(look, view, what, form)
    except CountersignError as error:
        return await _page(look, error=error)
    return see_other(f"{PLACE}/{view.reference}?done={quote(what, safe='')}")


async def forward(request: web.Request) -> web.Response:
    """`GET /step-up/bypass/{token}`: the page; whoever has not signed in does so on the way."""
    return see_other(f"/console/step-up/bypass/{quote(request.match_info['token'], safe='')}")


async def step_up(look: Look) -> web.Response:
    """`GET /console/step-up/bypass/{token}`: what is to be confirmed, with its risk."""
    return await _step_up_page(look)


async def confirm(look: Look) -> web.Response:
    """`POST /console/step-up/bypass/{token}`: the bypass is active; the session is assured, under a new token."""
    form = await read_form(look.request, look.visitor)
    token = look.request.match_info["token"]
    try:
        view, actor = await confirm_bypass(look.database, look.actor, token, proof=proof_in(form))
    except (CodeRefused, KeyRefused, TooManyAttempts) as error:
        return await _step_up_page(look, error)
    answer = see_other(f"{PLACE}/{view.reference}?done=granted")
    before = session_in(look.request)
    if before and look.visitor.csrf and actor.assured_at != look.actor.assured_at:
        await renew_session(look, answer, actor, before)
    return answer


async def _act(look: Look, view: BypassView, what: str, form: Form) -> None:
    database, actor = look.database, look.actor
    match what:
        case "end":
            await end(database, actor, view.id, reason=form.text("reason"))
        case "acknowledge":
            await acknowledge(database, actor, view.id)
        case "extend":
            await ask_extension(database, actor, view.id, extra=_duration(form), reason=form.text("reason"))
        case "confirm":
            await confirm_extension(database, actor, view.id)
        case "decline":
            await decline_extension(database, actor, view.id)
        case "review":
            await review(
                database,
                actor,
                view.id,
                verdict=form.text("verdict"),
                notes=form.text("notes"),
                findings={item: str(number) in form.texts("holds") for number, item in enumerate(view.checklist)},
                follow_ups=_follow_ups(look, form),
            )
        case "close":
            remediation = next((each for each in view.remediations if str(each.id) == form.text("remediation")), None)
            if remediation is None:
                raise NotFound("There is no such remediation.")
            await close_remediation(database, actor, remediation.id, state=form.text("state"), note=form.text("note"))
        case _:
            raise NotFound("There is no such page.")


def _follow_ups(look: Look, form: Form) -> list[FollowUp]:
    """The lines that say what is to be done; each is due at the end of its day, where the reviewer lives."""
    found = []
    for title, owner, due in zip(form.texts("title"), form.texts("owner"), form.texts("due"), strict=False):
        if not title.strip():
            continue
        try:
            day = date.fromisoformat(due)
        except ValueError:
            raise InvalidInput("Say until when each follow-up is due.", where="follow_ups") from None
        found.append(FollowUp(title, owner, datetime.combine(day, time(23, 59), look.sight.place)))
    return found


def _duration(form: Form) -> timedelta:
    duration = parse_duration(form.text("duration"))
    if duration is None:
        raise InvalidInput("Say for how long, such as 30 minutes.", where="duration")
    return duration


async def _list(look: Look, *, error: CountersignError | None = None, typed: Form | None = None) -> web.Response:
    wanted = look.query("show")
    found = await list_bypasses(
        look.database,
        look.actor,
        state="active" if wanted == "active" else None,
        review_state=wanted if wanted in ("due", "overdue") else None,
        after=_CURSORS.decode(look.query("cursor") or None),
        limit=PAGE_SIZE + 1,
    )
    return look.page(
        "bypasses.html",
        place="bypasses",
        status=_status(error),
        bypasses=found[:PAGE_SIZE],
        filters=FILTERS,
        wanted=wanted,
        cursor=_CURSORS.encode(found[PAGE_SIZE - 1].id) if len(found) > PAGE_SIZE else None,
        remediations=await list_remediations(
            look.database, look.actor, states=("open", "overdue"), limit=REMEDIATIONS_SHOWN
        ),
        terms=await terms_offered(look.database, look.actor),
        typed=typed.typed() if typed else {},
        message=error.sentence() if error else "",
    )


async def _page(look: Look, *, error: CountersignError | None = None) -> web.Response:
    view = await _bypass(look)
    me = look.actor.user
    answers = me is not None and any(person.id == me for person in view.told)
    is_holder = me == view.requester.id
    asked = view.asked_extension
    return look.page(
        "bypass.html",
        place="bypasses",
        status=_status(error),
        bypass=view,
        is_running=view.status == "active" and view.expires_at > look.sight.now,
        may_end=is_holder or answers,
        may_acknowledge=answers and view.acknowledged_at is None and view.review_status != "done",
        may_decide=answers and asked is not None and asked.asked_by.id != me,
        may_review=view.review_status != "done" and any(person.id == me for person in view.reviewers),
        follow_ups=range(FOLLOW_UPS),
        me=me,
        answers=answers,
        message=error.sentence() if error else "",
        said=_ANSWERS.get(look.query("done"), "") if error is None else "",
    )


async def _bypass(look: Look) -> BypassView:
    number = look.request.match_info["reference"].upper().removeprefix("BYP-")
    if not number.isdecimal() or len(number) > 9:
        raise NotFound("There is no such bypass.")
    return await get_bypass(look.database, look.actor, int(number))


async def _step_up_page(look: Look, error: CountersignError | None = None) -> web.Response:
    waiting = await waiting_bypass(look.database, look.actor, look.request.match_info["token"])
    return look.page(
        "stepup_bypass.html",
        place="bypasses",
        status=_status(error),
        waiting=waiting,
        options=await key_question(look.database, look.actor, member_of(look.actor)) if waiting.needs_proof else "",
        message=error.sentence() if error else "",
    )


def _status(error: CountersignError | None) -> int:
    if error is None:
        return 200
    return int(error.status if isinstance(error, DoorError) else status_of(error.kind))
