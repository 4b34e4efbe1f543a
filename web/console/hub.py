"""Connectors: how deliveries to each go, what is on its way, and acting on it (N6)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from json import dumps
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from aiohttp import web

from core.access import Permission
from core.charts import throughput_chart
from core.deliveries import (
    REASON_MAX,
    Finding,
    destinations,
    dismiss_dead,
    dismiss_one,
    inboxes,
    last_reconciliations,
    list_all,
    reconcile,
    references_of,
    replay_dead,
    replay_one,
    resume_now,
    run_test,
    throughput,
)
from core.errors import CountersignError, NotFound
from core.outbox import DELIVERY_STATES, DestinationView, Flow
from web.console.forms import read_form
from web.console.front import Look, see_other
from web.errors import DoorError
from web.paging import Cursors
from web.problems import status_of

PLACE: Final = "/console/connectors"
PAGE_SIZE: Final = 50
_TABS: Final = (*DELIVERY_STATES, "all")
_CURSORS: Final = Cursors("console-deliveries", UUID)
_PLATFORMS: Final = {"slack": "Slack", "teams": "Microsoft Teams"}
_TOLD: Final = {
    "absences": "absences",
    "accounts": "chat accounts",
    "automation": "automation",
    "budget_owners": "owners of budgets",
    "budgets": "budgets",
    "cost_checks": "comparisons of costs",
    "drills": "drills",
    "reconciliations": "comparisons of tickets",
    "schedules": "digests and reports",
    "service_actions": "what improves services",
}
_TITLES: Final = {
    **_PLATFORMS,
    **{f"{slug}_{key}": f"{title}: {what}" for slug, title in _PLATFORMS.items() for key, what in _TOLD.items()},
    "access_tasks": "Access requests",
    "automation": "Automation: rules",
    "automation_here": "Automation: actions here",
    "automation_webhooks": "Automation: webhooks",
    "budgets": "Budgets: raises that were decided",
    "budgets_shown": "Budgets: what is shown of them",
    "callbacks": "Callbacks",
    "changes": "Changes: approvals that were decided",
    "changes_drills": "Changes: drills",
    "changes_rollouts": "Changes: rollouts",
    "executor": "Agent platform: orders",
    "executor_looks": "Agent platform: looks",
    "mail": "Mail",
}
_ANSWERS: Final = {
    "resume": "What waits is tried now.",
    "replay": "It is tried again from the start.",
    "replay-all": "The dead deliveries are tried again.",
    "dismiss": "It is dismissed, and kept here with your reason.",
    "dismiss-all": "The dead deliveries are dismissed, and kept with your reason.",
    "reconcile": "The tickets are compared with what should be; the result appears here.",
}


async def connectors(look: Look) -> web.Response:
    """`GET /console/connectors`: each with its state, what waits, what failed and the way back."""
    return await _overview(look)


async def act(look: Look) -> web.Response:
    """`POST /console/connectors/{name}/{what}`: try at once, send dead ones again or dismiss them, or test."""
    form = await read_form(look.request, look.visitor)
    name, what = look.request.match_info["name"], look.request.match_info["what"]
    try:
        match what:
            case "resume":
                await resume_now(look.database, look.actor, subscriber=name)
            case "replay-all":
                await replay_dead(look.database, look.actor, subscriber=name)
            case "replay":
                await replay_one(look.database, look.actor, delivery_id(form.text("delivery")), subscriber=name)
                return see_other(f"{PLACE}/{quote(name, safe='')}?done=replay")
            case "dismiss-all":
                await dismiss_dead(look.database, look.actor, subscriber=name, reason=form.text("reason"))
            case "dismiss":
                id_ = delivery_id(form.text("delivery"))
                await dismiss_one(look.database, look.actor, id_, subscriber=name, reason=form.text("reason"))
                return see_other(f"{PLACE}/{quote(name, safe='')}?done=dismiss")
            case "reconcile":
                await reconcile(look.database, look.actor, look.house.connected, name=name)
            case "test":
                found = await run_test(look.database, look.actor, look.house.connected, name=name)
                return await _overview(look, tested=name, findings=found)
            case _:
                raise NotFound("There is no such page.")
    except CountersignError as error:
        return await _overview(look, tested=name, error=error)
    return see_other(f"{PLACE}?done={what}")


async def connector(look: Look) -> web.Response:
    """`GET /console/connectors/{name}`: its deliveries, those that are dead if there are any, else all."""
    name = look.request.match_info["name"]
    known = {each.subscriber: each for each in await destinations(look.database, look.actor)}
    there = known.get(name)
    connection = look.house.connected.find(look.actor.tenant, name)
    if there is None and connection is None:
        raise NotFound("There is no such connector.", next_step="Look at all connectors.")
    given = look.query("state")
    state = given if given in _TABS else ("dead" if there and there.dead else "all")
    found = await list_all(
        look.database,
        look.actor,
        subscriber=name,
        state=None if state == "all" else state,
        after=_CURSORS.decode(look.query("cursor") or None),
        limit=PAGE_SIZE + 1,
    )
    shown = found[:PAGE_SIZE]
    return look.page(
        "connector.html",
        place="connectors",
        name=name,
        title=title_of(look, name),
        there=there,
        state=state,
        states=_TABS,
        reason_max=REASON_MAX,
        deliveries=shown,
        references=await references_of(look.database, look.actor, {each.subject for each in shown}),
        pretty=_pretty,
        may_change=may_change(look),
        hours=throughput_chart(title_of(look, name), await throughput(look.database, look.actor, subscriber=name)),
        can_try=may_change(look) and connection is not None and connection.tries is not None,
        limits=connection.limits if connection else "",
        credentials=connection.credentials if connection else (),
        cursor=_CURSORS.encode(found[PAGE_SIZE - 1].event_id) if len(found) > PAGE_SIZE else None,
        said=_ANSWERS.get(look.query("done"), ""),
    )


async def _overview(
    look: Look, *, tested: str = "", findings: Sequence[Finding] = (), error: CountersignError | None = None
) -> web.Response:
    status = 200
    if error is not None:
        status = int(error.status if isinstance(error, DoorError) else status_of(error.kind))
    found = {each.subscriber: each for each in await destinations(look.database, look.actor) if _concerns(each, look)}
    connections = {each.name: each for each in look.house.connected.of(look.actor.tenant)}
    ways_back = {each.system: each for each in await inboxes(look.database, look.actor)}
    names = sorted({*found, *connections}, key=lambda each: (each not in connections, title_of(look, each)))
    return look.page(
        "connectors.html",
        place="connectors",
        status=status,
        connectors=[
            (name, title_of(look, name), found.get(name), ways_back.get(name), connections.get(name))
            for name in names
            if name in connections or _needs_a_look(found[name])
        ],
        inner=[
            (name, title_of(look, name), found[name])
            for name in names
            if name not in connections and not _needs_a_look(found[name])
        ],
        state_of=lambda there: _state(there, look),
        may_change=may_change(look),
        reason_max=REASON_MAX,
        walks=await last_reconciliations(look.database, look.actor),
        tested=tested,
        tested_title=title_of(look, tested) if tested else "",
        findings=findings,
        message=error.sentence() if error else "",
        said=_ANSWERS.get(look.query("done"), "") if error is None and not findings else "",
    )


def _concerns(there: DestinationView, look: Look) -> bool:
    """A system of another tenant's is passed over here, unless something of ours got stuck on its way."""
    is_passed = look.house.connected.is_only_elsewhere(look.actor.tenant, there.subscriber)
    return not is_passed or bool(there.pending or there.dead or there.failures)


def _needs_a_look(there: DestinationView) -> bool:
    """Whether something may have to be done about it, or is under way."""
    return bool(there.pending or there.dead or there.failures or there.flow is not Flow.CLOSED)


def _state(there: DestinationView | None, look: Look) -> tuple[str, str, datetime | None]:
    """How it is: a class for its colour, words, and until when."""
    if there is None:
        return "", "Nothing delivered yet", None
    match there.flow:
        case Flow.CLOSED if there.failures:
            return "pending", "Takes deliveries, though the last one failed", None
        case Flow.CLOSED:
            return "active", "Takes deliveries", None
        case Flow.OPEN:
            until = there.paused_until
            return "failure", "Left alone until", None if look.sight.is_past(until) else until
        case Flow.HALF_OPEN:
            return "pending", "One delivery is tried", None


def title_of(look: Look, name: str) -> str:
    """The connector as people call it."""
    connection = look.house.connected.find(look.actor.tenant, name)
    return connection.title if connection else _TITLES.get(name, name.replace("_", " ").capitalize())


def _pretty(data: Any) -> str:
    return dumps(data, indent=2, ensure_ascii=False, sort_keys=True)


def may_change(look: Look) -> bool:
    """Whether to offer what changes something; the use cases decide for themselves."""
    return look.may(Permission.MODIFY_CONFIG)


def delivery_id(text: str) -> UUID:
    """The id of a delivery. Raises NotFound for a text that is none."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("There is no such delivery.") from None
