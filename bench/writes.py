"""Audited durable writes per second: each answer means that change, audit record and event are on disk together.

A comment is the least of them: one row, one audit record, one event. Asking is the most that one call writes: a request
with its four stages, deadlines, decision, events and audit records. 32 users at once; comments each on an own request.
"""

from __future__ import annotations

import itertools
from typing import Any, Final

import aiohttp

from bench.errors import WrongAnswer
from bench.gate import BARE, INSERT, answers_with, measure, yardsticks
from bench.load import HOST, json_request
from bench.report import Section
from bench.world import User, World

_COMMENT: Final = {"kind": "comment", "text": "The retrieval stack was reviewed last month; nothing has changed since."}


async def run(world: World, *, rounds: int, seconds: float) -> Section:
    """Raises WrongAnswer."""
    numbers = itertools.count()
    comments = [
        json_request(f"/api/v1/requests/{await _ask(world, user, next(numbers))}/comments", _COMMENT, token=user.token)
        for user in world.developers
    ]

    def ask(number: int) -> bytes:
        user = world.developers[number]
        return json_request("/api/v1/decisions", _question(user, next(numbers)), token=user.token)

    def is_created(status: int, body: bytes) -> bool:
        return status in {200, 201} and len(body) > 0

    cases = await measure(
        {
            **yardsticks(world),
            "comment": (world.product, comments.__getitem__, is_created),
            "ask for approval": (world.product, ask, answers_with(decision="pending")),
        },
        rounds=rounds,
        seconds=seconds,
    )
    return Section("Audited durable writes, 32 users at once", cases, baselines=(BARE, INSERT))


def _question(user: User, number: int) -> dict[str, Any]:
    return {
        "action": "agent.create",
        "resource": {
            "type": "agent",
            "name": f"asked-{number}",
            "sponsor": user.email,
            "owner": user.email,
            "business_service": "Customer support",
        },
        "context": {"justification": "Answers the first line of support at night."},
    }


async def _ask(world: World, user: User, number: int) -> str:
    async with (
        aiohttp.ClientSession(f"http://{HOST}:{world.product}") as session,
        session.post(
            "/api/v1/decisions", json=_question(user, number), headers={"Authorization": f"Bearer {user.token}"}
        ) as answer,
    ):
        found = await answer.json()
        if found.get("decision") != "pending":
            raise WrongAnswer(f"{answer.status} {found}")
        return str(found["request_id"])
