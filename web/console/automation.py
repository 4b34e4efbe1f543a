"""Automation: each rule with its state and counts, what it did, what it would do, and holding it up (N5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote
from uuid import UUID

from aiohttp import web

from core.access import Permission
from core.automation import (
    Rehearsal,
    Result,
    RuleView,
    list_rules,
    pause_rule,
    rehearse,
    resume_rule,
    rule_history,
)
from core.deliveries import references_of
from core.durations import parse_duration
from core.errors import CountersignError, InvalidInput, NotFound
from web.console.forms import read_form
from web.console.front import Look, see_other
from web.errors import DoorError
from web.paging import Cursors
from web.problems import status_of

PLACE: Final = "/console/automation"
PAGE_SIZE: Final = 30
SINCE: Final = (("1d", "The last day"), ("7d", "The last seven days"), ("30d", "The last thirty days"))
_CURSORS: Final = Cursors("console-automation", UUID)
_ANSWERS: Final = {
    "pause": "The rule is paused: it does nothing until it is resumed.",
    "resume": "The rule acts again, on what happens from now on.",
}
_RESULTS: Final[Mapping[Result, tuple[str, str]]] = {  # a class for its colour, and words
    Result.FIRED: ("active", "Acted"),
    Result.REHEARSED: ("", "Rehearsed"),
    Result.UNCLEAR: ("pending", "Could not be told"),
    Result.SUPPRESSED: ("pending", "Suppressed"),
    Result.STOPPED: ("failure", "Stopped"),
}
_STATES: Final = {
    "rehearsed": ("", "Not sent"),
    "pending": ("pending", "Waits"),
    "done": ("active", "Done"),
    "dead": ("failure", "Dead"),
    "dismissed": ("", "Dismissed"),
}
_ACTIONS: Final = {
    "create_ticket": "Create a ticket",
    "update_ticket": "Update the ticket",
    "transition": "Move the ticket",
    "comment": "Comment",
    "notify": "Notify",
    "open_approval": "Ask for an approval",
    "call_webhook": "Call a webhook",
}


async def rules(look: Look) -> web.Response:
    """`GET /console/automation`: every rule, whether it acts, when it did last and how often."""
    found = await list_rules(look.database, look.house.rulebook, look.actor)
    return look.page("automation.html", place="automation", rules=found, state_of=_state, results=_RESULTS)


async def rule(look: Look) -> web.Response:
    """`GET /console/automation/{name}`: what it says and what it did."""
    return await _page(look)


async def act(look: Look) -> web.Response:
    """`POST /console/automation/{name}/{what}`: pause, resume, or a dry run."""
    form = await read_form(look.request, look.visitor)
    name, what = look.request.match_info["name"], look.request.match_info["what"]
    book = look.house.rulebook
    try:
        match what:
            case "pause":
                await pause_rule(look.database, book, look.actor, name)
            case "resume":
                await resume_rule(look.database, book, look.actor, name)
            case "dry-run":
                since = parse_duration(form.text("since"))
                if since is None:
                    raise InvalidInput("Choose how far to look back.", accepted=tuple(each for each, _ in SINCE))
                rehearsed = await rehearse(look.database, look.actor, book.find(look.actor.tenant, name), since=since)
                return await _page(look, rehearsed=rehearsed, since=form.text("since"))
            case _:
                raise NotFound("There is no such page.")
    except CountersignError as error:
        return await _page(look, error=error)
    return see_other(f"{PLACE}/{quote(name, safe='')}?done={what}")


async def _page(
    look: Look,
    *,
    rehearsed: Sequence[Rehearsal] | None = None,
    since: str = "7d",
    error: CountersignError | None = None,
) -> web.Response:
    name = look.request.match_info["name"]
    known = await list_rules(look.database, look.house.rulebook, look.actor)
    view = next((each for each in known if each.rule.name == name), None)
    if view is None:
        raise NotFound("There is no such rule.", next_step="Look at all rules.")
    status = 200
    if error is not None:
        status = int(error.status if isinstance(error, DoorError) else status_of(error.kind))
    after = _CURSORS.decode(look.query("cursor") or None)
    found = await rule_history(look.database, look.actor, rule=name, after=after, limit=PAGE_SIZE + 1)
    shown = found[:PAGE_SIZE]
    subjects = {each.subject for each in shown} | {each.subject for each in rehearsed or ()}
    return look.page(
        "automation_rule.html",
        place="automation",
        status=status,
        view=view,
        state_of=_state,
        results=_RESULTS,
        states=_STATES,
        actions=_ACTIONS,
        runs=shown,
        references=await references_of(look.database, look.actor, subjects),
        cursor=_CURSORS.encode(found[PAGE_SIZE - 1].id) if len(found) > PAGE_SIZE else None,
        rehearsed=rehearsed,
        since=since,
        choices=SINCE,
        may_change=look.may(Permission.MODIFY_CONFIG),
        message=error.sentence() if error else "",
        said=_ANSWERS.get(look.query("done"), "") if error is None else "",
    )


def _state(view: RuleView) -> tuple[str, str]:
    """A class for its colour, and words."""
    if view.paused_at is not None:
        return "pending", "Paused"
    return ("active", "Acts") if view.rule.mode == "live" else ("", "Rehearses only")
