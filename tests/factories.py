"""A believable company for tests: one person per role, an agent worth asking for, and the walk through its approval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from config.yamlfile import parse_yaml
from core.access import PersonView, ScopeKind, store
from core.access.people import GrantView
from core.actor import Actor, Door
from core.approvals import Choice, PolicyCatalogue, RequestView, cast_vote
from core.audit import AuditFilter, search
from core.budgets import BudgetCatalogue
from core.clock import ManualClock
from core.db import Database
from core.decisions import DecisionView, Gate
from core.ids import TenantId, UserId, uuid7
from core.named_tickets import Desks
from core.receipts import Issuer
from core.roles.hierarchy import ROLES
from core.sealing import Keyring, MasterKey
from core.tenants import TenantPolicy, provision

START: Final = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ADDRESS = "https://countersign.example"
KEYRING: Final = Keyring(MasterKey(b"a key of the tests, of 32 bytes."))
IP_ADDRESS: Final = "192.0.2.17"  # RFC 5737: documentation
USER_AGENT: Final = "Countersign-Test/1.0"
STAGES: Final = (  # of the framework's agent creation policy, with who decides each
    ("technical_review", "meta_agent_manager"),
    ("security_review", "security_manager"),
    ("compliance_review", "compliance_manager"),
    ("business_approval", "tenant_administrator"),
)


@dataclass(slots=True)
class Company:
    """A tenant with people, as the doors would see it. `people` goes by the key under which they were added."""

    database: Database
    clock: ManualClock
    tenant: TenantId
    people: dict[str, PersonView] = field(default_factory=dict)
    desks: Desks = field(default_factory=Desks)  # ticket systems that are connected
    budgets: BudgetCatalogue = field(default_factory=lambda: BudgetCatalogue({}))
    gates: dict[tuple[Database, PolicyCatalogue], Gate] = field(default_factory=dict)

    def gate(self, catalogue: PolicyCatalogue) -> Gate:
        """The gate of one replica: who asks it at once shares a batch."""
        return self.gates.setdefault((self.database, catalogue), new_gate(self, catalogue))

    def actor(self, who: str, *, scopes: frozenset[str] | None = None, door: Door = Door.API) -> Actor:
        """The person as a verified caller."""
        person = self.people[who]
        return Actor(
            tenant=self.tenant,
            user=person.id,
            email=person.email,
            name=person.name,
            door=door,
            ip_address=IP_ADDRESS,
            user_agent=USER_AGENT,
            scopes=scopes,
        )

    def advance(self, **by: float) -> None:
        """Time passes, in timedelta's units."""
        self.clock.advance(timedelta(**by))

    async def add(self, who: str, *roles: str, scope: ScopeKind = ScopeKind.TENANT, scope_id: str = "") -> PersonView:
        """One more person, holding these roles at the scope."""
        person = PersonView(
            id=UserId(uuid7()),
            email=f"{who.replace('_', '.')}@{self.tenant}.example",
            name=who.replace("_", " ").title(),
        )
        async with self.database.tenant(self.tenant) as tx:
            await store.insert_person(tx, person)
            for role in roles:
                await store.insert_grant(
                    tx,
                    GrantView(
                        id=uuid7(),
                        user=person.id,
                        email=person.email,
                        role=role,
                        scope_kind=scope,
                        scope_id=scope_id,
                        granted_by="system",
                    ),
                )
        await self.database.cache.forget()
        self.people[who] = person
        return person

    async def leaves(self, who: str) -> None:
        """The person has left the company."""
        async with self.database.tenant(self.tenant) as tx:
            await store.set_active(tx, self.people[who].id, active=False)
        await self.database.cache.forget()

    async def trail(self, **wanted: Any) -> list[dict[str, Any]]:
        """The audit records that match, oldest first."""
        async with self.database.tenant(self.tenant) as tx:
            found = await search(tx, AuditFilter(**wanted), after=None, limit=10_000)
        return [record for _position, record in reversed(found)]


async def found_company(
    database: Database, clock: ManualClock, policy: TenantPolicy | None = None, *, roles: tuple[str, ...] = ROLES
) -> Company:
    """The tenant of the policy with one person for each role, named by it."""
    tenant = await provision(database, policy or TenantPolicy(tenant_id="enterprise-corp"))
    company = Company(database, clock, tenant)
    for role in roles:
        await company.add(role, role)
    return company


def agent(name: str = "invoice-reader", **changes: str) -> dict[str, str]:
    """What is asked for, with every fact that an agent needs (X7)."""
    facts = {
        "type": "agent",
        "name": name,
        "sponsor": "cfo@enterprise-corp.example",
        "owner": "agent.developer@enterprise-corp.example",
        "business_service": "Accounts Payable",
    }
    return facts | changes


def new_gate(company: Company, catalogue: PolicyCatalogue) -> Gate:
    """The gate of one more replica."""
    return Gate(company.database, catalogue, Issuer(company.database, address=ADDRESS), company.desks, company.budgets)


def policies(text: str) -> PolicyCatalogue:
    """The catalogue of one policy document."""
    return PolicyCatalogue([parse_yaml(text, file="policies.yaml")])


async def ask(
    company: Company,
    catalogue: PolicyCatalogue,
    who: str = "agent_developer",
    *,
    action: str = "agent.create",
    resource: Mapping[str, object] | None = None,
    justification: str = "Reads supplier invoices.",
    gate: Gate | None = None,
    ticket: object = None,
) -> DecisionView:
    """The gate's answer to the person; by default all ask the same replica."""
    return await (gate or company.gate(catalogue)).decide(
        company.actor(who),
        action=action,
        resource=agent() if resource is None else resource,
        context={"justification": justification, **({} if ticket is None else {"ticket": ticket})},
    )


async def vote(
    company: Company,
    request_id: UUID,
    who: str,
    choice: Choice = Choice.APPROVE,
    *,
    reason: str = "Checked.",
    stage: str | None = None,
) -> RequestView:
    """The person's vote, and the request afterwards."""
    return await cast_vote(company.database, company.actor(who), request_id, choice=choice, reason=reason, stage=stage)


async def approve_all(company: Company, request_id: UUID) -> RequestView:
    """The four stages of the framework's creation policy are approved, each by its role."""
    for _stage, role in STAGES[:-1]:
        await vote(company, request_id, role)
    return await vote(company, request_id, STAGES[-1][1])


async def create_agent(
    company: Company,
    catalogue: PolicyCatalogue,
    name: str = "invoice-reader",
    who: str = "agent_developer",
    **attributes: str,
) -> DecisionView:
    """The agent was asked for, approved by everybody and allowed; its platform has not reported yet."""
    pending = await ask(company, catalogue, who, resource=agent(name, **attributes))
    assert pending.request_id is not None
    await approve_all(company, pending.request_id)
    return await ask(company, catalogue, who, resource=agent(name, **attributes))
