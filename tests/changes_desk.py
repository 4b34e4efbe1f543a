"""Somebody at work in the registry of changes, for tests of its use cases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from config.yamlfile import parse_yaml
from core.approvals import cast_vote
from core.approvals.state import Choice
from core.changes import (
    ChangeCatalogue,
    Proposal,
    draft,
    get_change,
    hear_of_request,
    implement,
    roll_back,
    schedule,
    show_evidence,
    submit,
)
from core.outbox import past_events
from tests.factories import START
from tests.service.conftest import CHANGES

HOUR = timedelta(hours=1)
TOMORROW = START + timedelta(days=1)  # a Tuesday, 09:00
EVERYBODY = ("meta_agent_manager", "security_manager", "compliance_manager", "tenant_administrator")
FRAMEWORK = (CHANGES / "default.yaml").read_text()
STANDARD = """\
  templates:
    - template: "rotate_key"
      title: "Rotate a key"
      type: "configuration_change"
      resources: ["service:Payments", "data:*"]
      testing: "Rehearsed weekly."
      rollback_plan: "Put the former key back."
      communication: "Announced in the calendar."
"""


def with_policy(extension):
    return ChangeCatalogue({"default": parse_yaml(FRAMEWORK + extension, file="default.yaml")})


@pytest.fixture
def desk(company, change_catalogue):
    return Desk(company, change_catalogue)


class Desk:
    """Somebody at work in the registry: every use case by the name of who calls it."""

    def __init__(self, company, catalogue):
        self.company, self.catalogue, self.database = company, catalogue, company.database

    async def do(self, use_case, who, *what, **how):
        return await use_case(self.database, self.catalogue, self.company.actor(who), *what, **how)

    async def draft(self, who="agent_developer", *, template="", **proposal):
        said = {
            "title": None if template else "Raise the limit",
            "description": "Month-end needs more.",
            "type": "configuration_change",
            "resources": ["service:Payments"],
            "starts_at": TOMORROW,
            "ends_at": TOMORROW + HOUR,
        }
        return await self.do(draft, who, Proposal(**{**said, **proposal}), template=template)

    async def evidence(self, change, who="agent_developer", gates=("testing", "rollback_plan", "communication")):
        for gate in gates:
            change = await self.do(show_evidence, who, change.id, gate=gate, summary=f"{gate} is there.")
        return change

    async def submitted(self, **proposal):
        change = await self.evidence(await self.draft(**proposal))
        return await self.do(submit, "agent_developer", change.id)

    async def vote(self, change, *whos, choice=Choice.APPROVE):
        for who in whos:
            await cast_vote(
                self.database, self.company.actor(who), change.request_id, choice=choice, reason="Checked.", stage=None
            )
        return await self.now(change)

    async def scheduled(self, **proposal):
        change = await self.submitted(**proposal)
        await self.vote(change, "meta_agent_manager")
        return await self.do(schedule, "agent_developer", change.id)

    async def started(self, **proposal):
        change = await self.scheduled(**proposal)
        self.company.clock.advance(change.starts_at - self.company.clock.now())
        return await self.do(implement, "agent_developer", change.id)

    async def agreed(self, change, who="meta_agent_manager", *, choice=Choice.APPROVE):
        """Somebody has decided about the rollback that was asked for."""
        actor, database = self.company.actor(who), self.database
        await cast_vote(database, actor, change.rollback_request_id, choice=choice, reason="Looked.", stage=None)
        await self.deliver()
        return await self.now(change)

    async def rolled_back(self, change, reason="Slow."):
        """The change, asked to be rolled back, with a yes."""
        return await self.agreed(await self.do(roll_back, "agent_developer", change.id, reason=reason))

    async def now(self, change):
        return await get_change(self.database, self.company.actor("audit_reviewer"), change.id)

    async def deliver(self):
        """What the outbox would bring to the registry."""
        async with self.database.tenant(self.company.tenant) as tx:
            kinds = ["request.approved", "request.rejected", "request.withdrawn", "request.expired"]
            found = await past_events(tx, types=kinds, since=START, limit=100)
        for event in found:
            await hear_of_request(self.database, event)

    async def events(self, change):
        async with self.database.tenant(self.company.tenant) as tx:
            found = await tx.connection.execute(
                text("SELECT type FROM outbox_events WHERE subject = :s ORDER BY position"),
                {"s": f"change:{change.id}"},
            )
            return [each.removeprefix("change.") for each in found.scalars()]
