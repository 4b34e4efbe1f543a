"""What could cost less, from finding it to measuring what came of it (C6)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from core.access.errors import PermissionMissing
from core.changes import get_change
from core.costs import Usage, UsageWriter, ensure_metering
from core.deadlines import DeadlineRunner
from core.finance import (
    NightlyAdvice,
    accept_recommendation,
    dismiss_recommendation,
    find_recommendations,
    list_recommendations,
)
from core.finance.advising import _effect
from core.finance.errors import AlreadySettled, InvalidReport, UnknownRecommendation
from core.ids import uuid7
from tests.cost_books import books, day
from tests.factories import START, create_agent

__all__ = ["books"]  # a fixture
MANAGER = "meta_agent_manager"


async def found(company, books):
    return await find_recommendations(company.database, books, company.actor(MANAGER))


@pytest.fixture
async def triage(company, books, catalogue):
    """claims-triage is in the registry; it has done nothing for three weeks."""
    await create_agent(company, catalogue, name="claims-triage")
    await create_agent(company, catalogue, name="dunning")


@pytest.mark.row("C6")
async def test_an_idle_agent_is_found_once_however_often_it_is_looked_for(company, books, triage):
    (first,) = await found(company, books)
    assert (first.kind, first.agent, first.state) == ("idle", "claims-triage", "open")
    assert first.saving == Decimal("15.21")  # 28 days of monitoring at 50 cents, by the month
    company.advance(days=1)
    (again,) = await found(company, books)
    assert (again.id, again.found_at, again.title) == (
        first.id,
        first.found_at,
        "claims-triage has done nothing for 23 days",
    )


@pytest.mark.row("C6")
async def test_what_is_accepted_is_a_drafted_change_with_the_saving_and_its_evidence(
    company, books, triage, change_catalogue
):
    (advice,) = await found(company, books)
    taken = await accept_recommendation(company.database, change_catalogue, company.actor(MANAGER), advice.id)
    assert (taken.state, taken.change_state, taken.decided_by.email) == (
        "accepted",
        "draft",
        company.people[MANAGER].email,
    )
    change = await get_change(company.database, company.actor(MANAGER), taken.change_id)
    assert change.resources == ("agent:claims-triage",)
    assert "Expected saving: 15.21 USD a month." in change.description
    assert "Last deed" in change.description
    assert await found(company, books) == ()  # it is not open any more, and not made anew
    for settle in (
        accept_recommendation(company.database, change_catalogue, company.actor(MANAGER), advice.id),
        dismiss_recommendation(company.database, company.actor(MANAGER), advice.id, "No."),
    ):
        with pytest.raises(AlreadySettled, match="accepted already"):
            await settle
    assert len(await company.trail(action="change.drafted")) == 1


@pytest.mark.row("C6", "R6")
async def test_what_is_dismissed_stays_so_with_its_reason_and_needs_one(company, books, triage):
    (advice,) = await found(company, books)
    with pytest.raises(InvalidReport, match="Say why"):
        await dismiss_recommendation(company.database, company.actor(MANAGER), advice.id, " ")
    with pytest.raises(PermissionMissing):
        await dismiss_recommendation(company.database, company.actor("security_operator"), advice.id, "No.")
    with pytest.raises(UnknownRecommendation):
        await dismiss_recommendation(company.database, company.actor(MANAGER), uuid7(), "No.")
    await dismiss_recommendation(company.database, company.actor(MANAGER), advice.id, "It is needed at year's end.")
    assert await found(company, books) == ()
    (kept,) = await list_recommendations(company.database, company.actor("audit_reviewer"), state="dismissed")
    assert kept.reason == "It is needed at year's end."


@pytest.mark.row("C6")
async def test_what_does_something_again_is_gone_until_it_is_found_again(company, books, triage):
    (advice,) = await found(company, books)
    writer = UsageWriter(company.database, books)
    used = Usage("again", "audit_logging", Decimal(1), START - timedelta(days=1), "claims", "claims-triage")
    await writer.record(company.actor(MANAGER), [used])
    await writer.close()
    assert await found(company, books) == ()
    assert await list_recommendations(company.database, company.actor(MANAGER)) == ()
    company.advance(days=20)
    assert advice.id in {each.id for each in await found(company, books)}


@pytest.mark.row("C6")
async def test_the_effect_is_measured_from_the_ledger_against_the_other_agents(company, books, triage):
    async with company.database.tenant(company.tenant) as tx:
        effect = await _effect(tx, "claims-triage", day(22), currency="USD")
        assert await _effect(tx, "claims-triage", day(3), currency="USD") is None  # two days are too few
    assert effect.days == 21
    assert effect.before > 3
    assert effect.after == pytest.approx(0.5)
    assert effect.saving == pytest.approx((effect.before * effect.control - 0.5) * 365 / 12)
    assert effect.is_sure


@pytest.mark.row("C6")
async def test_the_night_looks_by_itself_and_again_the_night_after(company, books, triage):
    runner = DeadlineRunner(company.database, NightlyAdvice(books).deadlines)
    await ensure_metering(company.database)  # as a worker does when it starts
    await runner.run_due()
    (advice,) = await list_recommendations(company.database, company.actor("audit_reviewer"))
    company.advance(days=1)
    await runner.run_due()
    (again,) = await list_recommendations(company.database, company.actor("audit_reviewer"))
    assert again.id == advice.id
    assert again.seen_at > advice.seen_at
