"""The approval engine on a real database: durable transitions per second, and a policy change put to history.

A vote is what a click leads to: the request locked, the rule asked, and state, audit record, outbox event and deadline
written in one transaction. The yardstick is a transaction of one row, committed as durably, at the same concurrency.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

import asyncpg

from bench.errors import WrongAnswer
from bench.installation import installation
from bench.report import Case, Round, Section
from config.yamlfile import parse_yaml
from core.access import add_person, directory, grant_role
from core.actor import Actor, Door
from core.approvals import Choice, PolicyCatalogue, cast_vote, simulate
from core.db import Database
from core.decisions import Gate
from core.ids import TenantId
from core.named_tickets import Desks
from core.receipts import Issuer

COMMIT, VOTE, TRANSITION = "one row committed", "votes", "durable transitions"
READ, REPLAYED = "requests read", "requests replayed under two policies"
REQUESTS: Final = 40  # in each round, four votes each
AT_ONCE: Final = 8
HISTORY: Final = 10_000
TENANT: Final = TenantId("bench")
ROLES: Final = ("meta_agent_manager", "security_manager", "compliance_manager", "tenant_administrator")
ASKER: Final = "agent_developer"
_STAGES: Final = "".join(
    f"    - {{stage: s{number}, approvers: [{role}], timeout: 24 hours}}\n" for number, role in enumerate(ROLES)
)
_POLICY: Final = f"Agent Creation Approval:\n  stages:\n{_STAGES}"
_SOMETIMES: Final = "approvers: [security_manager], when: 'risk.score >= 20'"
_CHANGED: Final = _POLICY.replace("approvers: [security_manager]", _SOMETIMES)
_PAST: Final = """
INSERT INTO requests (tenant_id, request_id, number, action, resource_name, resource, justification, requester_id,
                      state, policy_key, policy_version, digest, assessment, created_at, decided_at)
SELECT tenant_id, gen_random_uuid(), 1000000 + n, action, 'past-' || n,
       resource || jsonb_build_object('name', 'past-' || n)
                || jsonb_build_object('environment', CASE n % 3 WHEN 0 THEN 'production' ELSE 'test' END),
       justification, requester_id, 'rejected', policy_key, policy_version, digest, assessment,
       created_at - n * interval '1 minute', created_at
FROM requests, generate_series(1, $1) n WHERE number = (SELECT min(number) FROM requests)
"""


async def run(*, rounds: int) -> list[Section]:
    """Raises WrongAnswer."""
    catalogue = PolicyCatalogue([parse_yaml(_POLICY, file="bench.yaml")])
    async with installation() as (owner, database):
        people = await _staffed(database)
        gate = Gate(database, catalogue, Issuer(database, address="https://bench.example"), Desks())
        await owner.execute("CREATE TABLE yardstick (n bigint); GRANT INSERT ON yardstick TO PUBLIC")
        try:
            voted = await _votes(owner, database, gate, people, rounds)
            return [voted, await _history(owner, database, catalogue, people[ASKER], rounds)]
        finally:
            await gate.close()


async def _votes(
    owner: asyncpg.Connection, database: Database, gate: Gate, people: dict[str, Actor], rounds: int
) -> Section:
    measured: dict[str, list[Round]] = {COMMIT: [], VOTE: [], TRANSITION: []}
    for number in range(rounds):
        requests = [await _opened(gate, people[ASKER], f"agent-{number}-{each}") for each in range(REQUESTS)]
        before = await owner.fetchval("SELECT count(*) FROM outbox_events")
        spent_s = await _spent(lambda request: _approve(database, people, request), requests)
        moved = await owner.fetchval("SELECT count(*) FROM outbox_events") - before
        measured[VOTE].append(Round(REQUESTS * len(ROLES) / spent_s))
        measured[TRANSITION].append(Round(moved / spent_s))
        spent_s = await _spent(lambda _request: _commit(database), requests * len(ROLES))
        measured[COMMIT].append(Round(REQUESTS * len(ROLES) / spent_s))
    pending = await owner.fetchval("SELECT count(*) FROM requests WHERE state <> 'approved'")
    if pending:
        raise WrongAnswer(f"{pending} requests with four approvals are not approved")
    note = f"{AT_ONCE} at once. A transition is a state, audit record and outbox event in one transaction."
    cases = tuple(Case(name, tuple(each)) for name, each in measured.items())
    return Section("The approval engine, durable", cases, baselines=(COMMIT,), notes=(note,))


async def _history(
    owner: asyncpg.Connection, database: Database, catalogue: PolicyCatalogue, asker: Actor, rounds: int
) -> Section:
    await owner.execute(_PAST, HISTORY)
    await owner.execute("ANALYZE requests")
    changed = PolicyCatalogue([parse_yaml(_CHANGED, file="changed.yaml")])
    since = database.clock.now() - timedelta(days=3650)
    measured: dict[str, list[Round]] = {READ: [], REPLAYED: []}
    heard: list[int] = []
    for _ in range(rounds):
        begun = time.perf_counter()
        rows = await owner.fetch("SELECT * FROM requests")
        measured[READ].append(Round(len(rows) / (time.perf_counter() - begun)))
        begun = time.perf_counter()
        found = await simulate(
            database, catalogue, asker, changed, since=since, progress=lambda done, _total: heard.append(done)
        )
        measured[REPLAYED].append(Round(found.requests / (time.perf_counter() - begun)))
        if found.requests != len(rows) or not 0 < found.differing < found.requests or not heard:
            raise WrongAnswer(f"of {len(rows)} requests {found.requests} were replayed and {found.differing} differ")
    cases = tuple(Case(name, tuple(each)) for name, each in measured.items())
    note = f"{found.requests:,} requests, {found.differing:,} would go another way; progress told {len(heard)} times."
    return Section("A changed policy put to past requests", cases, baselines=(READ,), notes=(note,))


async def _staffed(database: Database) -> dict[str, Actor]:
    """One person for each role, as callers."""
    operator = Actor(
        tenant=TENANT,
        user=None,
        email="operator@bench.example",
        name="Operator",
        door=Door.CLI,
        is_enterprise_admin=True,
    )
    for role in (ASKER, *ROLES):
        await add_person(database, operator, email=f"{role}@bench.example", name=role)
        await grant_role(database, operator, email=f"{role}@bench.example", role=role)
    async with database.tenant(TENANT) as tx:
        known = (await directory(tx)).by_email
    found = {role: known[f"{role}@bench.example"] for role in (ASKER, *ROLES)}
    return {
        role: Actor(tenant=TENANT, user=person.id, email=person.email, name=person.name, door=Door.API)
        for role, person in found.items()
    }


async def _opened(gate: Gate, asker: Actor, name: str) -> UUID:
    facts = {"type": "agent", "name": name, "sponsor": asker.email, "owner": asker.email, "business_service": "Bench"}
    decision = await gate.decide(asker, action="agent.create", resource=facts, context={"justification": "Measured."})
    if decision.request_id is None:
        raise WrongAnswer(f"nobody is asked: {decision.reasons}")
    return decision.request_id


async def _approve(database: Database, people: dict[str, Actor], request: UUID) -> None:
    for role in ROLES:
        await cast_vote(database, people[role], request, choice=Choice.APPROVE, reason="Checked.")


async def _commit(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql("INSERT INTO yardstick VALUES (1)")


async def _spent(work: Callable[[UUID], Awaitable[None]], items: Sequence[UUID]) -> float:
    """Seconds until every item was worked on, AT_ONCE at a time."""
    waiting = asyncio.Semaphore(AT_ONCE)

    async def one(item: UUID) -> None:
        async with waiting:
            await work(item)

    begun = time.perf_counter()
    await asyncio.gather(*(one(item) for item in items))
    return time.perf_counter() - begun
