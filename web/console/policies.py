"""Policies in force, drawn; and what a changed one would have made of past requests (P10)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from aiohttp import web

from config.errors import YamlSyntaxError
from config.yamlfile import parse_yaml
from core.approvals import ApprovalPolicy, PolicyCatalogue, Simulation, holders, policies_in_force, simulate
from core.durations import format_duration
from core.errors import CountersignError, InvalidInput
from web.console.forms import read_form
from web.console.front import Look
from web.console.graph import Node, Way, drawing
from web.errors import DoorError
from web.problems import status_of

TICKET: Final = "ticket:"  # the key of the box before all stages; no stage has a colon in its own
DAYS: Final = (7, 30, 90, 365)
_DAYS_USUAL: Final = 90
DIFFERENCES_SHOWN: Final = 50


async def policies(look: Look) -> web.Response:
    """`GET /console/policies`: each with its stages, who decides them and within what time."""
    return await _page(look)


async def trial(look: Look) -> web.Response:
    """`POST /console/policies/trial`: the text is checked and replayed on history; nothing is changed."""
    form = await read_form(look.request, look.visitor)
    text = form.text("policies")
    days = int(form.text("days")) if form.text("days") in map(str, DAYS) else _DAYS_USUAL
    try:
        if not text.strip():
            raise InvalidInput("Write or paste a policy first.")
        changed = PolicyCatalogue([parse_yaml(text, file="your text")])
        since = look.sight.now - timedelta(days=days)
        found = await simulate(look.database, look.house.catalogue, look.actor, changed, since=since)
    except YamlSyntaxError as error:
        return await _page(look, text=text, days=days, problem=str(error), status=400)
    except CountersignError as error:
        status = error.status if isinstance(error, DoorError) else status_of(error.kind)
        return await _page(look, text=text, days=days, problem=error.sentence(), status=int(status))
    return await _page(look, text=text, days=days, found=found)


def nodes_of(policy: ApprovalPolicy) -> tuple[Node, ...]:
    """The policy's stages for the drawing."""
    first = (Node(TICKET, "Ticket", policy.ticket.window.replace("_", " "), ()),) if policy.ticket else ()
    stages = tuple(
        Node(
            key=stage.key,
            title=stage.title,
            detail=f"within {format_duration(stage.timeout)}",
            needs=stage.needs or tuple(node.key for node in first),
        )
        for stage in policy.stages
    )
    return (*first, *stages)


async def _page(
    look: Look,
    *,
    text: str = "",
    days: int = _DAYS_USUAL,
    problem: str = "",
    found: Simulation | None = None,
    status: int = 200,
) -> web.Response:
    in_force = await policies_in_force(look.database, look.house.catalogue, look.actor)
    held = await holders(look.database, look.house.catalogue, look.actor)
    drawn = [
        (policy, [drawing(nodes_of(policy), name=f"policy-{index}", title=policy.title, way=way) for way in Way])
        for index, policy in enumerate(in_force)
    ]
    return look.page(
        "policies.html",
        place="policies",
        status=status,
        policies=drawn,
        held={(policy.key, stage.key): stage for policy in held for stage in policy.stages},
        duration=format_duration,
        text=text,
        days=days,
        choices=DAYS,
        problem=problem,
        found=found,
        shown=found.differences[:DIFFERENCES_SHOWN] if found else (),
    )
