"""Policies against history: what past requests would have met under changed policies (P10, X11). Nothing is changed.

Each past request is put again as it was asked, at the instant it was asked, to the policies in force and to the changed
ones. People and their roles are today's: who held which role on that day is in the audit trail, not in the directory.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row

from core.access import Directory, TokenScope, directory, permitted
from core.actor import Actor
from core.approvals import queries
from core.approvals.assessment import Circumstances
from core.approvals.catalogue import PolicyCatalogue
from core.approvals.explaining import Outlook, outlook
from core.approvals.facts import person_facts
from core.approvals.policy import PolicySet
from core.db import Database
from core.ids import UserId
from core.tenants import TenantPolicy, tenant_policy

PAGE: Final = 500  # requests read at once: memory stays flat however long the history is
DIFFERENCES_MAX: Final = 1000  # named one by one; all are counted

Progress = Callable[[int, int], None]  # done, of all


@dataclass(frozen=True, slots=True)
class Side:
    """What one set of policies makes of a request."""

    policy: str  # its title; empty: none applies
    outcome: str  # Outlook.outcome
    stages: tuple[str, ...]  # that people decide
    risk: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A past request that would go another way."""

    reference: str
    action: str
    resource: str
    state: str  # how it really ended
    before: Side
    after: Side


@dataclass(frozen=True, slots=True)
class Simulation:
    """What would differ. `outcomes_*` count every request by what it would meet."""

    requests: int
    differing: int
    outcomes_before: dict[str, int]
    outcomes_after: dict[str, int]
    stages_before: int  # decisions asked of people, all requests together
    stages_after: int
    differences: tuple[Difference, ...]  # the newest, DIFFERENCES_MAX at most


async def simulate(
    database: Database,
    catalogue: PolicyCatalogue,
    actor: Actor,
    changed: PolicyCatalogue,
    *,
    since: datetime,
    progress: Progress | None = None,
) -> Simulation:
    """The difference that the changed policies would have made to every request since then.

    Each action that the changed policies do not cover keeps the policies in force. `progress` hears of each page.
    """
    async with permitted(database, actor, TokenScope.READ, action="policy.simulate", resource="policies") as tx:
        everybody, tenant = await directory(tx), await tenant_policy(tx)
        before = catalogue.for_tenant(tenant)
        after = _merged(before, changed.for_tenant(tenant))
        total, last = await queries.count_since(tx, since), None
        tally = _Tally(before, after, everybody, tenant)
        while rows := await queries.page_since(tx, since, before=last, limit=PAGE):
            await asyncio.to_thread(tally.add, rows)  # a tenth of a second; others are served
            last = rows[-1].number
            if progress is not None:
                progress(tally.requests, total)
        return tally.result()


def _merged(in_force: PolicySet, changed: PolicySet) -> PolicySet:
    """The changed policies where they say anything; an old policy keeps the actions that they leave to it."""
    covered = {action for policy in changed.policies for action in policy.applies_to}
    kept = [
        policy.restricted_to(tuple(action for action in policy.applies_to if action not in covered))
        for policy in in_force.policies
    ]
    return PolicySet((*changed.policies, *(policy for policy in kept if policy.applies_to)))


class _Tally:
    """Adds up page after page."""

    def __init__(self, before: PolicySet, after: PolicySet, everybody: Directory, tenant: TenantPolicy) -> None:
        self._before, self._after, self._everybody, self._tenant = before, after, everybody, tenant
        self.requests = 0
        self._differing = 0
        self._outcomes: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
        self._stages = [0, 0]
        self._differences: list[Difference] = []

    def add(self, rows: Sequence[Row[Any]]) -> None:
        """These requests are counted."""
        for row in rows:
            self._add(row)

    def result(self) -> Simulation:
        """What was counted."""
        return Simulation(
            requests=self.requests,
            differing=self._differing,
            outcomes_before=dict(self._outcomes[0]),
            outcomes_after=dict(self._outcomes[1]),
            stages_before=self._stages[0],
            stages_after=self._stages[1],
            differences=tuple(self._differences),
        )

    def _add(self, row: Row[Any]) -> None:
        circumstances = Circumstances(
            action=row.action,
            resource=row.resource,
            justification=row.justification,
            requester_id=UserId(row.requester_id),
            requester=person_facts(self._everybody.people[UserId(row.requester_id)], self._everybody),
            tenant=self._tenant,
            now=row.created_at,
        )
        self.requests += 1
        sides = [_side(outlook(policies, circumstances, self._everybody)) for policies in (self._before, self._after)]
        for number, side in enumerate(sides):
            self._outcomes[number][side.outcome] += 1
            self._stages[number] += len(side.stages)
        before, after = sides
        if (before.outcome, before.stages) == (after.outcome, after.stages):
            return
        self._differing += 1
        if len(self._differences) < DIFFERENCES_MAX:
            reference = f"REQ-{row.number}"
            difference = Difference(reference, row.action, row.resource_name, row.state, before, after)
            self._differences.append(difference)


def _side(found: Outlook) -> Side:
    return Side(
        policy=found.choice.policy.title if found.choice.policy else "",
        outcome=found.outcome,
        stages=found.needed,
        risk=found.assessment.risk.level.value if found.assessment else "",
    )
