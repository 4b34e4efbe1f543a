"""Policies in force, drawn."""

from __future__ import annotations

from aiohttp import web

from core.approvals import ApprovalPolicy, policies_in_force
from core.durations import format_duration
from web.console.front import Look
from web.console.graph import Node, Way, drawing


async def policies(look: Look) -> web.Response:
    """`GET /console/policies`: each with its stages, who decides them and within what time."""
    found = await policies_in_force(look.database, look.house.catalogue, look.actor)
    drawn = [
        (policy, [drawing(nodes_of(policy), name=f"policy-{index}", title=policy.title, way=way) for way in Way])
        for index, policy in enumerate(found)
    ]
    return look.page("policies.html", place="policies", policies=drawn, duration=format_duration)


def nodes_of(policy: ApprovalPolicy) -> tuple[Node, ...]:
    """The policy's stages for the drawing."""
    return tuple(
        Node(key=stage.key, title=stage.title, detail=f"within {format_duration(stage.timeout)}", needs=stage.needs)
        for stage in policy.stages
    )
