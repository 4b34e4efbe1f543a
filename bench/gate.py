"""Decisions per second at the gate: over HTTP, authenticated, decided, and stored with an audit record.

Allowed: `agent.deploy` by an operator, with all that an allowed action does. Refused: the same by a developer.
Evaluated: the AuthZEN question, which has no effect but its audit record. 32 users ask at once, each for an own agent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import aiohttp

from bench.errors import WrongAnswer
from bench.load import HOST, Ask, Check, drive, json_request
from bench.report import Case, Round, Section
from bench.world import User, World

BARE: Final = "bare handler"
INSERT: Final = "bare handler + INSERT"
_RESOURCE: Final = {"name": "agent-0", "business_service": "Customer support"}
_BARE_BODY: Final = {"action": "agent.deploy", "resource": _RESOURCE, "context": {"justification": "For the bench."}}


def agent(number: int) -> str:
    """Each user's own."""
    return f"agent-{number}"


def answers_with(**expected: Any) -> Check:
    """200 and these members."""

    def check(status: int, body: bytes) -> bool:
        found = json.loads(body)
        return status == 200 and all(found.get(key) == value for key, value in expected.items())

    return check


def yardsticks(world: World) -> Mapping[str, tuple[int, Ask, Check]]:
    """The two bare handlers."""
    bare, insert = json_request("/bare", _BARE_BODY), json_request("/insert", _BARE_BODY)
    return {
        BARE: (world.yardstick, lambda _: bare, answers_with(decision="allow")),
        INSERT: (world.yardstick, lambda _: insert, answers_with(decision="allow")),
    }


async def measure(
    cases: Mapping[str, tuple[int, Ask, Check]], *, rounds: int, seconds: float, every_s: float | None = None
) -> tuple[Case, ...]:
    """Each case in each round, after one short pass of all that warms up and is not counted."""
    taken: dict[str, list[Round]] = {name: [] for name in cases}
    for port, ask, check in cases.values():
        await drive(port, ask, check, seconds=min(1.0, seconds))
    for _ in range(rounds):
        for name, (port, ask, check) in cases.items():
            taken[name].append(await drive(port, ask, check, seconds=seconds, every_s=every_s))
    return tuple(Case(name, tuple(each)) for name, each in taken.items())


async def run(world: World, *, rounds: int, seconds: float) -> Section:
    """Raises WrongAnswer."""
    await _register(world)

    def question(users: tuple[User, ...]) -> Ask:
        ready = [
            json_request(
                "/api/v1/decisions",
                {**_BARE_BODY, "resource": {**_RESOURCE, "name": agent(number)}},
                token=user.token,
            )
            for number, user in enumerate(users)
        ]
        return ready.__getitem__

    evaluations = [
        json_request(
            "/access/v1/evaluation",
            {
                "subject": {"type": "user", "id": user.email},
                "action": {"name": "agent.deploy"},
                "resource": {"type": "agent", "id": agent(number)},
            },
            token=user.token,
        )
        for number, user in enumerate(world.operators)
    ]
    cases = await measure(
        {
            **yardsticks(world),
            "gate: allow": (world.product, question(world.operators), answers_with(decision="allow")),
            "gate: deny": (world.product, question(world.developers), answers_with(decision="deny")),
            "gate: AuthZEN": (world.product, evaluations.__getitem__, answers_with(decision=True)),
        },
        rounds=rounds,
        seconds=seconds,
    )
    return Section("Decisions at the gate, 32 users at once", cases, baselines=(BARE, INSERT))


async def _register(world: World) -> None:
    """Every user's agent exists: created under a bypass, as its outcome says."""
    async with aiohttp.ClientSession(f"http://{HOST}:{world.product}") as session:

        async def post(path: str, body: Mapping[str, Any]) -> dict[str, Any]:
            async with session.post(
                path, json=body, headers={"Authorization": f"Bearer {world.manager.token}"}
            ) as answer:
                found: dict[str, Any] = await answer.json()
                if answer.status >= 400:
                    raise WrongAnswer(f"{path}: {found}")
                return found

        await post(
            "/api/v1/bypasses",
            {"action": "agent.create", "resource": "*", "justification": "The bench needs agents that exist."},
        )
        for number, user in enumerate(world.operators):
            facts = {"sponsor": user.email, "owner": user.email, **_RESOURCE, "name": agent(number)}
            decision = await post("/api/v1/decisions", {"action": "agent.create", "resource": facts})
            if decision["decision"] != "allow":
                raise WrongAnswer(f"agent.create: {decision['reasons']}")
            await post(f"/api/v1/decisions/{decision['id']}/outcome", {"status": "succeeded"})
