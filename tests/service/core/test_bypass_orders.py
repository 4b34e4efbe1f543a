"""Whatever happens to a bypass in whatever order: one review, nothing allowed after its end, nobody reviews their own."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest

from core.decisions import report_outcome
from core.emergency import ask_extension, confirm_extension, end, get_bypass, grant, review
from core.errors import CountersignError
from tests.factories import agent, ask

HOLDER, OTHER = "meta_agent_manager", "tenant_administrator"
STEPS = ("used", "ended", "extended", "late", "reviewed")


@pytest.mark.row("E1", "E2", "E5")
@pytest.mark.parametrize("first", STEPS)
async def test_a_bypass_keeps_its_promises_in_every_order(company, catalogue, runner, first):
    rest = [step for step in STEPS if step != first]
    for number, order in enumerate(permutations(rest, 2)):
        bypass = await grant(
            company.database,
            company.actor(HOLDER),
            action="*",
            resource=f"a{number}",
            justification="Payments stand still since 08:40.",
            duration=timedelta(hours=1),
        )
        for step in (first, *order):
            await _step(company, catalogue, runner, bypass, step)
            now = await get_bypass(company.database, company.actor("audit_reviewer"), bypass.id)
            assert now.reviewed_by is None or now.reviewed_by.id != now.requester.id
            assert (now.review_status == "done") == (now.review_verdict is not None) == (now.reviewed_at is not None)
            assert all(use.at < now.expires_at for use in now.uses)
            assert now.ended_at is None or all(use.at <= now.ended_at for use in now.uses)
            is_running = now.status == "active" and company.clock.now() < now.expires_at
            assert now.review_status != "done" or not is_running
        reviews = await company.trail(action="bypass.review", result="success")
        assert len([each for each in reviews if each["details"]["bypass"] == bypass.reference]) <= 1
        if (await get_bypass(company.database, company.actor(HOLDER), bypass.id)).review_status != "done":
            await _step(company, catalogue, runner, bypass, "reviewed")  # a debt would block the next one


async def _step(company, catalogue, runner, bypass, step):
    database = company.database
    try:
        match step:
            case "used":
                before = await get_bypass(database, company.actor(HOLDER), bypass.id)
                done = await ask(company, catalogue, HOLDER, resource=agent(bypass.resource))
                may = before.status == "active" and company.clock.now() < before.expires_at
                assert (done.bypass_id == bypass.id) == may
                if done.operation == "running":
                    await report_outcome(database, company.actor(HOLDER), done.id, status="failed", details={})
            case "ended":
                await end(database, company.actor(HOLDER), bypass.id)
            case "extended":
                await ask_extension(
                    database, company.actor(HOLDER), bypass.id, extra=timedelta(minutes=30), reason="More."
                )
                await confirm_extension(database, company.actor(OTHER), bypass.id)
            case "late":
                company.advance(minutes=61)
                await runner.run_due()
            case "reviewed":
                with pytest.raises(CountersignError):
                    await review(database, company.actor(HOLDER), bypass.id, verdict="justified", notes="Mine.")
                await review(database, company.actor(OTHER), bypass.id, verdict="justified", notes="Needed.")
    except CountersignError:
        pass  # refused: what it would have broken is looked at by the caller
