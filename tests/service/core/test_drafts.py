"""Drafts: written at leisure, seen by nobody else, asked when ready (P9)."""

from __future__ import annotations

from uuid import UUID

import pytest

from core.approvals import get_request
from core.approvals.errors import InvalidRequest
from core.drafts import discard, get_draft, list_drafts, save, submit
from core.drafts.service import DRAFTS_MAX
from core.errors import Conflict, NotFound
from tests.factories import agent

AUTHOR, OTHER = "agent_developer", "meta_agent_manager"


async def written(company, resource=None, who=AUTHOR, draft_id: UUID | None = None):
    return await save(
        company.database,
        company.actor(who),
        action="agent.create",
        resource=agent() if resource is None else resource,
        justification="Reads invoices.",
        draft_id=draft_id,
    )


@pytest.mark.row("P9")
async def test_a_draft_asks_nobody_until_it_is_submitted_and_is_gone_then(company, catalogue):
    draft = await written(company, {"name": "invoice-reader"})
    assert await company.trail(action="request.open") == []
    gate = company.gate(catalogue)
    denied = await submit(company.database, gate, company.actor(AUTHOR), draft.id)
    assert (denied.decision, len(await list_drafts(company.database, company.actor(AUTHOR)))) == ("deny", 1)
    await written(company, draft_id=draft.id)
    decision = await submit(company.database, gate, company.actor(AUTHOR), draft.id)
    request = await get_request(company.database, company.actor(AUTHOR), decision.request_id)
    assert (request.status, request.justification) == ("pending", "Reads invoices.")
    assert await list_drafts(company.database, company.actor(AUTHOR)) == ()


@pytest.mark.row("P9", "T1")
async def test_nobody_sees_changes_or_submits_anothers_draft(company, catalogue):
    draft = await written(company)
    other = company.actor(OTHER)
    assert await list_drafts(company.database, other) == ()
    for attempt in (
        get_draft(company.database, other, draft.id),
        written(company, who=OTHER, draft_id=draft.id),
        discard(company.database, other, draft.id),
        submit(company.database, company.gate(catalogue), other, draft.id),
    ):
        with pytest.raises(NotFound):
            await attempt
    assert await get_draft(company.database, company.actor(AUTHOR), draft.id) == draft


async def test_a_draft_keeps_what_fits_and_says_what_does_not(company):
    with pytest.raises(InvalidRequest) as caught:
        await written(company, {"name": "x" * 5000})
    assert caught.value.where == "resource.name"
    for _ in range(DRAFTS_MAX):
        await written(company, {})
    with pytest.raises(Conflict):
        await written(company)
    kept = await list_drafts(company.database, company.actor(AUTHOR))
    await discard(company.database, company.actor(AUTHOR), kept[0].id)
    assert len(await list_drafts(company.database, company.actor(AUTHOR))) == DRAFTS_MAX - 1
