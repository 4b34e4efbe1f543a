"""Repeated calls on a real database: the work is done once, and everybody gets the first answer (N6)."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from app.administration import operator
from app.housekeeping import Housekeeping
from core.actor import CallKey
from core.audit import AuditResult, record
from core.errors import InvalidInput
from core.idempotency import Begun, CarriedOut, StoredAnswer, abandon, begin, complete
from core.idempotency.service import ABANDONED_AFTER, KEPT, TakenOver
from core.ids import uuid7
from core.tenants import TenantPolicy
from tests.factories import found_company

ANSWER = StoredAnswer(
    status=201, headers={"Location": "/api/v1/requests/7"}, body='{"id": 7, "für": "Zürich"}'.encode()
)
SUBJECT = uuid7()
KEY = CallKey("8e03978e-40d5-43dd-bc93-6894a57f9324", uuid7())


@pytest.fixture
async def tenant(database, clock):
    return await found_company(database, clock, roles=())


async def begun(company, *, actor="lee@enterprise-corp.example", key=KEY, fingerprint="POST /requests abc"):
    async with company.database.tenant(company.tenant) as tx:
        return await begin(tx, actor=actor, key=key, fingerprint=fingerprint)


async def completed(company, answer=ANSWER, *, actor="lee@enterprise-corp.example"):
    async with company.database.tenant(company.tenant) as tx:
        await complete(tx, actor=actor, key=KEY, answer=answer)


@pytest.mark.row("N6")
async def test_the_first_call_works_and_later_ones_get_its_answer_byte_for_byte(tenant):
    assert await begun(tenant) == (Begun.FRESH, None)
    await completed(tenant)
    tenant.advance(hours=23)
    assert [await begun(tenant), await begun(tenant)] == [(Begun.REPLAY, ANSWER)] * 2


@pytest.mark.row("N6")
async def test_of_forty_equal_calls_at_once_one_works_and_the_others_hear_that_it_is_under_way(tenant):
    found = await asyncio.gather(*(begun(tenant) for _ in range(40)))
    assert Counter(outcome for outcome, _answer in found) == Counter({Begun.FRESH: 1, Begun.IN_FLIGHT: 39})


@pytest.mark.row("N6")
@pytest.mark.parametrize("is_answered", [True, False])
async def test_another_call_under_the_same_key_is_told_so_and_never_gets_the_answer(tenant, is_answered):
    await begun(tenant)
    if is_answered:
        await completed(tenant)
    assert await begun(tenant, fingerprint="POST /requests xyz") == (Begun.MISMATCH, None)


@pytest.mark.row("N6", "T1")
async def test_a_key_is_its_caller_s_and_its_tenant_s_own(tenant, database, clock):
    neighbour = await found_company(database, clock, TenantPolicy(tenant_id="northwind"), roles=())
    await begun(tenant)
    await completed(tenant)
    assert await begun(tenant, actor="kim@enterprise-corp.example") == (Begun.FRESH, None)
    assert await begun(neighbour) == (Begun.FRESH, None)


@pytest.mark.row("N6")
async def test_a_call_that_changed_nothing_frees_its_key(tenant):
    await begun(tenant)
    async with tenant.database.tenant(tenant.tenant) as tx:
        await abandon(tx, actor="lee@enterprise-corp.example", key=KEY)
    assert await begun(tenant, fingerprint="POST /requests xyz") == (Begun.FRESH, None)


@pytest.mark.row("N6")
async def test_a_call_that_died_with_its_process_frees_its_key_after_a_while_for_one(tenant):
    await begun(tenant)
    tenant.clock.advance(ABANDONED_AFTER)
    assert await begun(tenant) == (Begun.IN_FLIGHT, None)
    tenant.clock.advance(timedelta(milliseconds=1))
    found = await asyncio.gather(*(begun(tenant) for _ in range(10)))
    assert Counter(outcome for outcome, _answer in found) == Counter({Begun.FRESH: 1, Begun.IN_FLIGHT: 9})


async def worked(company, result=AuditResult.SUCCESS, *, key=KEY, fails=False):
    """What a use case does under the key, as far as records go."""
    actor = replace(operator(company.tenant), email="lee@enterprise-corp.example", idempotency_key=key)
    async with company.database.tenant(company.tenant) as tx:
        await record(tx, actor, action="bypass.grant", resource="agent-7", subject_id=SUBJECT, result=result)
        await record(tx, actor, action="more", resource="of it", result=result)
        if fails:
            raise InvalidInput("Something was wrong after all.")


@pytest.mark.row("N6")
async def test_a_call_whose_process_died_after_its_work_is_never_worked_on_again(tenant):
    await begun(tenant)
    await worked(tenant)
    assert await begun(tenant) == (Begun.IN_FLIGHT, None)
    tenant.clock.advance(ABANDONED_AFTER + timedelta(milliseconds=1))
    lost = (Begun.ANSWER_LOST, CarriedOut("bypass.grant agent-7", SUBJECT))
    assert [await begun(tenant), await begun(tenant)] == [lost, lost]


@pytest.mark.row("N6")
async def test_a_slow_call_that_counted_as_dead_cannot_do_its_work_beside_the_one_that_took_its_place(tenant):
    later = CallKey(KEY.key, uuid7())
    await begun(tenant)
    tenant.clock.advance(ABANDONED_AFTER + timedelta(milliseconds=1))
    assert await begun(tenant, key=later) == (Begun.FRESH, None)
    with pytest.raises(TakenOver):
        await worked(tenant)
    await completed(tenant)  # nor does its answer count
    assert await begun(tenant) == (Begun.IN_FLIGHT, None)
    await worked(tenant, key=later)
    assert [record["action"] for record in await tenant.trail()] == ["bypass.grant", "more"]


@pytest.mark.row("N6")
async def test_work_that_was_rolled_back_or_refused_leaves_the_key_free_for_another_try(tenant):
    await begun(tenant)
    with pytest.raises(InvalidInput):
        await worked(tenant, fails=True)
    await worked(tenant, AuditResult.DENIED)
    tenant.clock.advance(ABANDONED_AFTER + timedelta(milliseconds=1))
    assert await begun(tenant) == (Begun.FRESH, None)


@pytest.mark.row("N6")
async def test_a_call_that_was_carried_out_cannot_be_abandoned_and_can_still_be_completed(tenant):
    await begun(tenant)
    await worked(tenant)
    async with tenant.database.tenant(tenant.tenant) as tx:
        await abandon(tx, actor="lee@enterprise-corp.example", key=KEY)
    assert await begun(tenant) == (Begun.IN_FLIGHT, None)
    await completed(tenant)
    assert await begun(tenant) == (Begun.REPLAY, ANSWER)


@pytest.mark.row("N6")
async def test_an_answer_is_kept_for_a_day_and_then_the_key_may_mean_something_else(tenant):
    await begun(tenant)
    await completed(tenant)
    tenant.clock.advance(KEPT)
    assert await begun(tenant) == (Begun.REPLAY, ANSWER)
    tenant.clock.advance(timedelta(milliseconds=1))
    assert await begun(tenant, fingerprint="POST /requests xyz") == (Begun.FRESH, None)
    await completed(tenant, StoredAnswer(204, {}, b""))
    assert await begun(tenant, fingerprint="POST /requests xyz") == (Begun.REPLAY, StoredAnswer(204, {}, b""))


async def test_expired_keys_of_all_tenants_are_purged_and_no_others(tenant, database, clock):
    neighbour = await found_company(database, clock, TenantPolicy(tenant_id="northwind"), roles=())
    for company in (tenant, neighbour):
        await begun(company, key=CallKey("old", uuid7()))
    clock.advance(KEPT + timedelta(milliseconds=1))
    await begun(tenant, key=CallKey("new", uuid7()))
    housekeeping = Housekeeping(database)
    assert [await housekeeping.clean(), await housekeeping.clean()] == [2, 0]
    assert await begun(tenant, key=CallKey("new", uuid7())) == (Begun.IN_FLIGHT, None)
