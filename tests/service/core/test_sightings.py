"""Who has looked at which version of a request, on a real database (P9)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from core.actor import Door
from core.approvals import Choice, amend, cast_vote, get_request, load_catalogue, see_request, sightings_of
from core.approvals.errors import StaleDigest, UnknownRequest
from tests.factories import ask
from tests.service.conftest import POLICIES

DEVELOPER, MANAGER = "agent_developer", "meta_agent_manager"


@pytest.fixture
async def request_id(company, catalogue):
    return (await ask(company, catalogue)).request_id


async def looks(company, request_id):
    found = await sightings_of(company.database, company.actor(DEVELOPER), request_id)
    return [(each.person.name, each.revision, each.door) for each in found]


async def changed(company, request_id):
    changes = {"business_service": "Treasury"}
    return await amend(
        company.database, load_catalogue(POLICIES), company.actor(DEVELOPER), request_id, changes=changes
    )


@pytest.mark.row("P9")
async def test_a_look_is_known_with_the_version_that_was_looked_at_and_where(company, request_id):
    slack = replace(company.actor(MANAGER), door=Door.SLACK)
    await see_request(company.database, slack, request_id)
    await changed(company, request_id)
    await see_request(company.database, company.actor(DEVELOPER), request_id)
    developer = ("Agent Developer", 2, company.actor(DEVELOPER).door)
    assert await looks(company, request_id) == [("Meta Agent Manager", 1, Door.SLACK), developer]


@pytest.mark.row("P9")
async def test_reading_a_request_to_do_something_with_it_is_no_look(company, request_id):
    await get_request(company.database, company.actor(MANAGER), request_id)
    assert await looks(company, request_id) == []


@pytest.mark.row("P9")
async def test_a_vote_on_a_version_proves_that_it_was_seen_and_one_that_names_none_does_not(company, request_id):
    digest = (await get_request(company.database, company.actor(MANAGER), request_id)).digest
    actor = company.actor(MANAGER)
    await changed(company, request_id)
    with pytest.raises(StaleDigest):
        await cast_vote(company.database, actor, request_id, choice=Choice.APPROVE, seen_digest=digest)
    assert await looks(company, request_id) == []
    digest = (await get_request(company.database, actor, request_id)).digest
    await cast_vote(company.database, actor, request_id, choice=Choice.APPROVE, seen_digest=digest[:16])
    assert await looks(company, request_id) == [("Meta Agent Manager", 2, actor.door)]


async def test_a_look_again_moves_the_last_one_and_whoever_polls_writes_once_a_minute(company, request_id):
    actor = company.actor(MANAGER)
    start = company.clock.now()
    for _ in range(3):
        await see_request(company.database, actor, request_id)
        company.clock.advance(timedelta(seconds=25))
    (once,) = await sightings_of(company.database, actor, request_id)
    assert (once.first_at, once.last_at) == (start, start)
    company.clock.advance(timedelta(seconds=25))
    await asyncio.gather(*(see_request(company.database, actor, request_id) for _ in range(8)))
    (again,) = await sightings_of(company.database, actor, request_id)
    assert (again.first_at, again.last_at) == (start, start + timedelta(seconds=100))


async def test_nothing_is_known_of_a_request_that_does_not_exist(company):
    with pytest.raises(UnknownRequest):
        await sightings_of(company.database, company.actor(MANAGER), uuid4())
