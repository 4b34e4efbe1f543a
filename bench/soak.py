"""A soak: thousands of changes through four ticket systems that fail, while the server is killed at random.

In the end every ticket is compared, field by field, with what the product says has happened. One that is missing,
doubled, out of step or noted twice ends the soak as failed.
"""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import asyncpg

from app.container import DatabaseUrls
from bench.soak_check import WRITTEN, Happened, Subject, faults_of, words_of
from bench.soak_faults import RandomFaults
from bench.soak_load import Load
from bench.soak_systems import SoakSystem, systems
from bench.soak_world import Server, seeded, serving
from bench.world import new_folder
from core.db.embedded import EmbeddedPostgres
from core.db.migrate import derived_app_url

CHANGES: Final = 20_000
CHANGES_PER_KILL: Final = 800
SETTLES_WITHIN_S: Final = 1800.0
CLEARS_AFTER_S: Final = 600.0  # of settling: from then on nothing fails, for what is asked is whether all arrives
LOOKS_WITHIN_S: Final = 45.0  # twice the time between looks that nobody hurries, and a failure
SHOWN: Final = 20  # of the faults found, in the text
_SUBJECTS: Final = """
SELECT 'request' AS kind, tenant_id, request_id AS id, 'REQ-' || number AS reference, resource_name AS name,
       justification FROM requests
UNION ALL
SELECT 'bypass', tenant_id, bypass_id, 'BYP-' || number, resource_name, justification FROM bypasses
"""
_EVENTS: Final = "SELECT subject, type, data FROM outbox_events WHERE type = ANY($1) ORDER BY position"
_LEFT: Final = """
SELECT (SELECT count(*) FROM outbox_events WHERE routed_at IS NULL)
     + (SELECT count(*) FROM deliveries WHERE state = 'pending')
"""
_NOT_LOOKED: Final = "SELECT count(*) FROM ticket_inboxes WHERE looked_at <= $1"


@dataclass(frozen=True, slots=True)
class Soaked:
    """What a soak did and found. Times in seconds."""

    seed: int
    changes: int  # that people made
    events: int  # that were to be written into tickets
    tickets: int
    files: int  # that hang on them
    asked: int  # approvals that people were asked for on the desk
    requests_lost: int  # calls to the product whose answer never came
    kills: int
    down_s: float  # how long the server was gone, in all
    calls: dict[str, int]  # to each system
    met: dict[str, dict[str, int]]  # faults by system
    retries: int  # attempts beyond the first, of deliveries that were noted
    dead: int
    load_s: float
    settled_s: float  # until nothing waited any more, after the last change
    faults: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        """Whether nothing was lost, doubled or dead."""
        return not self.faults and not self.dead

    def as_data(self) -> dict[str, Any]:
        """For a machine."""
        return {**asdict(self), "is_sound": self.is_sound}

    def __str__(self) -> str:
        met = {slug: sum(each.values()) for slug, each in self.met.items()}
        lines = [
            f"Soak with seed {self.seed}: {'sound' if self.is_sound else 'NOT SOUND'}",
            f"  changes           {self.changes:,}, of which {self.events:,} events for {self.tickets:,} tickets",
            f"  on them           {self.files:,} files, {self.asked:,} approvals asked for on the desk",
            f"  time              {self.load_s:,.0f} s of load, {self.settled_s:,.0f} s until nothing waited",
            f"  kills             {self.kills}, down for {self.down_s:,.0f} s, {self.requests_lost} answers lost",
            f"  calls there       {sum(self.calls.values()):,}, faults met {sum(met.values()):,} ({met})",
            f"  attempts repeated {self.retries:,}, dead letters {self.dead}",
            f"  tickets at fault  {len(self.faults)}",
        ]
        return "\n".join([*lines, *(f"    {each}" for each in self.faults[:SHOWN])])


async def soak(*, changes: int, kills: int, seed: int) -> Soaked:
    """What came of it. Raises WrongAnswer if the product gave an answer that no story allows."""
    folder = await asyncio.to_thread(new_folder)
    database = EmbeddedPostgres(folder / "postgresql")
    weather = RandomFaults(seed=seed)
    try:
        owner = (await asyncio.to_thread(database.start)).owner_url
        urls = DatabaseUrls(owner, derived_app_url(owner))
        async with systems(weather, folder) as running:
            people = await seeded(folder, urls, [one.tenant for one in running])
            async with serving(folder, urls, running) as server:
                load = Load(server, people, seed, changes)
                begun = time.monotonic()
                await _together(load, server, kills=kills, seed=seed)
                loaded = time.monotonic()
                connection = await asyncpg.connect(owner)
                try:
                    await _settled(connection, weather)
                    done = time.monotonic()
                    return await _found(connection, running, load, weather, times=(loaded - begun, done - loaded))
                finally:
                    await connection.close()
    finally:
        await asyncio.to_thread(database.stop)
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def _together(load: Load, server: Server, *, kills: int, seed: int) -> None:
    """The load, and a killer who strikes whenever so many changes are done; once more when the load is over."""
    chance = random.Random(seed)
    moments = sorted(chance.uniform(0.02, 0.98) * load.changes for _ in range(max(0, kills - 1)))
    loading = asyncio.create_task(load.run())
    try:
        for moment in moments:
            await load.reaches(moment, loading)
            await asyncio.sleep(chance.uniform(0.0, 0.5))
            await server.kill()
        await loading
    finally:
        loading.cancel()
        await asyncio.gather(loading, return_exceptions=True)
    if kills:
        await asyncio.sleep(chance.uniform(0.2, 2.0))
        await server.kill()


async def _settled(connection: asyncpg.Connection, weather: RandomFaults) -> None:
    """Nothing waits, and what is known of tickets was read after the last of them was written.

    A look that was under way then may still bring what stood there before: the one after it cannot.
    """
    begun = time.monotonic()
    for _look in ("under way", "after it"):
        while await connection.fetchval(_LEFT):
            if time.monotonic() > begun + SETTLES_WITHIN_S:
                return  # what still waits is found as missing
            weather.is_raining = weather.is_raining and time.monotonic() < begun + CLEARS_AFTER_S
            await asyncio.sleep(0.5)
        since = await connection.fetchval("SELECT clock_timestamp()")
        looked_by = time.monotonic() + LOOKS_WITHIN_S
        while await connection.fetchval(_NOT_LOOKED, since):
            if time.monotonic() > looked_by:
                break  # one of a system that tells by itself
            await asyncio.sleep(0.5)


async def _found(
    connection: asyncpg.Connection,
    running: Sequence[SoakSystem],
    load: Load,
    weather: RandomFaults,
    *,
    times: tuple[float, float],
) -> Soaked:
    faults: list[str] = []
    subjects = await _subjects(connection, {one.tenant: one.slug for one in running})
    for one in running:
        mine = [subject for tenant, subject in subjects if tenant == one.tenant]
        faults += [f"{one.slug}: {each}" for each in faults_of(mine, one.by_key(), one.states)]
    tickets = [kept for one in running for found in one.by_key().values() for kept in found]
    met: dict[str, dict[str, int]] = {}
    for (slug, fault), count in sorted(weather.met.items()):
        met.setdefault(slug, {})[fault] = count
    slugs = [one.slug for one in running]
    retries, dead = await connection.fetchrow(
        "SELECT coalesce(sum(attempts - 1), 0), count(*) FILTER (WHERE state = 'dead') FROM deliveries"
        " WHERE subscriber = ANY($1) AND attempts > 0 AND (batch IS NULL OR batch = event_id)",
        slugs,
    )
    return Soaked(
        seed=load.seed,
        changes=load.done,
        events=sum(len(subject.happened) for _tenant, subject in subjects),
        tickets=len(subjects),
        files=sum(len(kept.files) for kept in tickets),
        asked=sum(len(kept.asked) for kept in tickets),
        requests_lost=load.lost,
        kills=load.server.kills,
        down_s=load.server.down_s,
        calls=dict(weather.calls),
        met=met,
        retries=int(retries),
        dead=int(dead),
        load_s=times[0],
        settled_s=times[1],
        faults=tuple(faults),
    )


async def _subjects(connection: asyncpg.Connection, slugs: dict[str, str]) -> list[tuple[str, Subject]]:
    people = {str(row["user_id"]): row["email"] for row in await connection.fetch("SELECT user_id, email FROM users")}
    happened: dict[str, list[Happened]] = {}
    for row in await connection.fetch(_EVENTS, sorted(WRITTEN)):
        data = json.loads(row["data"])
        one = Happened(row["type"], words_of(data), people.get(data.get("voter"), ""), str(data.get("decision", "")))
        happened.setdefault(row["subject"], []).append(one)
    links = {
        (row["tenant_id"], row["subject_id"], row["system"]): (row["number"], row["state"])
        for row in await connection.fetch("SELECT tenant_id, subject_id, system, number, state FROM tickets")
    }
    found = []
    for row in await connection.fetch(_SUBJECTS):
        tenant = row["tenant_id"]
        number, state = links.get((tenant, row["id"], slugs[tenant]), ("", ""))
        subject = Subject(
            key=str(row["id"]),
            reference=row["reference"],
            name=row["name"],
            justification=row["justification"],
            happened=tuple(happened.get(f"{row['kind']}:{row['id']}", ())),
            number=number,
            state=state,
        )
        found.append((tenant, subject))
    return found
