"""What tests of chat on a real database share: a Teams that has met two people, and something that waits there."""

from __future__ import annotations

import pytest

from tests.factories import agent
from tests.teams_office import office

DEVELOPER = "agent.developer@enterprise-corp.example"
REVIEWER = "meta.agent.manager@enterprise-corp.example"


@pytest.fixture
async def met(company, catalogue):
    """A Teams where the developer has added the app to a channel, and the developer and the reviewer for themselves."""
    async with office(company, company.gate(catalogue)) as opened:
        await opened.act("install", user=DEVELOPER, channel="#approvals")
        await opened.act("install", user=DEVELOPER)
        await opened.act("install", user=REVIEWER)
        yield opened


@pytest.fixture
async def request_id(company, catalogue):
    """What the developer has asked for; the reviewer is asked."""
    decision = await company.gate(catalogue).decide(
        company.actor("agent_developer"),
        action="agent.create",
        resource=agent(),
        context={"justification": "Reads invoices."},
    )
    return decision.request_id
