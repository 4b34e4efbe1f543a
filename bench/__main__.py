"""`python -m bench [PART]`: measures on this machine, in some three minutes by default."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import secrets
import sys
from typing import Final

from rich.console import Console

from bench import ack, authz, budgets, deadlines, exact, gate, outbox, policies, sla, soak, usage, votes, writes
from bench.errors import WrongAnswer
from bench.installation import installation
from bench.report import Section, as_data, show
from bench.world import running
from core.ids import TenantId

WRITERS: Final = 8  # exact: processes that tell usage
PARTS: Final = ("authz", "gate", "writes", "ack", "policies", "votes", "deadlines", "outbox", "usage", "budgets", "sla")


async def measure(parts: tuple[str, ...], *, rounds: int, seconds: float) -> tuple[list[Section], dict[str, str]]:
    """The sections, in order, and the settings of the database that took the writes."""
    sections: list[Section] = []
    database: dict[str, str] = {}
    if "authz" in parts:
        sections.append(authz.run(rounds=rounds))
    if "gate" in parts or "writes" in parts:
        async with running(slack=False) as world:
            database = dict(world.database)
            if "gate" in parts:
                sections.append(await gate.run(world, rounds=rounds, seconds=seconds))
            if "writes" in parts:
                sections.append(await writes.run(world, rounds=rounds, seconds=seconds))
    if "ack" in parts:
        async with running(slack=True) as world:
            sections += await ack.run(world, rounds=rounds, seconds=seconds)
    if "policies" in parts:
        sections.append(policies.run(rounds=rounds, seconds=seconds))
    if "votes" in parts:
        sections += await votes.run(rounds=rounds)
    if "deadlines" in parts:
        sections.append(await deadlines.run(rounds=rounds))
    if "outbox" in parts:
        sections += await outbox.run(rounds=rounds)
    if "usage" in parts:
        sections.append(await usage.run(rounds=rounds))
    if "budgets" in parts:
        sections += await budgets.run(rounds=rounds, seconds=seconds)
    if "sla" in parts:
        sections += await sla.run(rounds=rounds)
    return sections, database


def _soak(given: argparse.Namespace) -> int:
    """0 if every ticket is what it should be; 1 otherwise."""
    seed = secrets.randbelow(10**6) if given.seed is None else given.seed
    kills = given.changes // soak.CHANGES_PER_KILL if given.kills is None else given.kills
    try:
        found = asyncio.run(soak.soak(changes=given.changes, kills=kills, seed=seed))
    except WrongAnswer as exc:
        sys.stderr.write(f"bench: a wrong answer: {exc}; seed {seed}\n")
        return 1
    sys.stdout.write(f"{json.dumps(found.as_data(), indent=2) if given.json else found}\n")
    return 0 if found.is_sound else 1


def _exact(given: argparse.Namespace) -> int:
    """0 if the ledger is exact; 1 otherwise."""
    seed = secrets.randbelow(10**6) if given.seed is None else given.seed
    plan = exact.Plan(TenantId("bench"), given.events, WRITERS, seed)

    async def work() -> dict[str, object]:
        async with installation() as (_owner, database):
            return await exact.prove(database.url, plan, kills=3 if given.kills is None else given.kills)

    try:
        found = asyncio.run(work())
    except WrongAnswer as exc:
        sys.stderr.write(f"bench: a wrong answer: {exc}; seed {seed}\n")
        return 1
    sys.stdout.write(f"{json.dumps(found, indent=2)}\n")
    return 0


def main(argv: list[str] | None = None) -> int:
    """0 once everything was measured; 1 if an answer was wrong. A goal that is missed is shown, not an error."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("part", nargs="?", choices=(*PARTS, "all", "exact", "soak"), default="all")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (%(default)s)")
    parser.add_argument("--seconds", type=float, default=1.0, help="per case and round (%(default)s)")
    parser.add_argument("--json", action="store_true", help="every round, for a machine")
    parser.add_argument("--changes", type=int, default=soak.CHANGES, help="soak: made by people (%(default)s)")
    parser.add_argument("--kills", type=int, help="soak: of the server (one for every 800 changes)")
    parser.add_argument("--seed", type=int, help="soak: of stories, faults and kills (any)")
    parser.add_argument("--events", type=int, default=1_000_000, help="exact: of usage (%(default)s)")
    given = parser.parse_args(argv)
    if given.part == "exact":
        return _exact(given)
    if given.part == "soak":
        return _soak(given)
    if given.rounds < 1 or given.seconds <= 0:
        parser.error("measure at least one round of more than no time")
    parts = PARTS if given.part == "all" else (given.part,)
    try:
        sections, database = asyncio.run(measure(parts, rounds=given.rounds, seconds=given.seconds))
    except WrongAnswer as exc:
        sys.stderr.write(f"bench: a wrong answer: {exc}\n")
        return 1
    machine = {"python": platform.python_version(), "cores": os.cpu_count(), **database}
    if given.json:
        sys.stdout.write(json.dumps({"machine": machine, "sections": [as_data(each) for each in sections]}, indent=2))
        sys.stdout.write("\n")
        return 0
    out = Console()
    for section in sections:
        show(section, out)
    out.print("  ".join(f"{name} {value}" for name, value in machine.items()), highlight=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
