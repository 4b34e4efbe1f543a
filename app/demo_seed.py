"""What the demo starts with: tenants, people, tokens, and three requests in different states, by the real paths."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from app import demo_world as world
from app.administration import operator
from config.settings import SHIPPED
from config.yamlfile import load_yaml
from core import access, signin
from core.db import Database
from core.ids import TenantId
from core.tenants import WeeklyReport, provision
from core.tenants.policy_file import read_tenant


async def seed_people(database: Database, file: Path) -> dict[str, dict[str, str]]:
    """Both tenants and everybody in them exist; their tokens, from `file` if they were made before."""
    known = await asyncio.to_thread(_read, file)
    if known:
        return known
    tokens: dict[str, dict[str, str]] = {}
    for name, people in ((world.TENANT, world.PEOPLE), (world.SECOND_TENANT, world.SECOND_PEOPLE)):
        policy = read_tenant(load_yaml(SHIPPED / "tenants" / f"{name}.yaml"))
        # The framework's document stays as it is; the demo's week is reported all the same.
        policy = replace(policy, weekly_report=policy.weekly_report or WeeklyReport())
        tenant = await provision(database, policy, name=policy.name or None)
        tokens[tenant] = {person.email: await _add(database, tenant, person) for person in people}
    await asyncio.to_thread(_write, file, tokens)
    return tokens


async def seed_passwords(database: Database, file: Path) -> dict[str, dict[str, str]]:
    """Everybody of both tenants can sign in with a password; those from `file` if they were made before."""
    known = await asyncio.to_thread(_read, file)
    if known:
        return known
    passwords: dict[str, dict[str, str]] = {}
    for name, people in ((world.TENANT, world.PEOPLE), (world.SECOND_TENANT, world.SECOND_PEOPLE)):
        passwords[name] = {person.email: secrets.token_urlsafe(12) for person in people}
        for email, password in passwords[name].items():
            token = await signin.invite(database, operator(TenantId(name)), email=email)
            await signin.accept_invitation(database, token, password=password)
    await asyncio.to_thread(_write, file, passwords)
    return passwords


async def _add(database: Database, tenant: TenantId, person: world.DemoPerson) -> str:
    actor = operator(tenant)
    async with database.tenant(tenant) as tx:
        is_known = person.email in (await access.directory(tx)).by_email
    if not is_known:
        await access.add_person(
            database, actor, email=person.email, name=person.name, title=person.title, time_zone=person.time_zone
        )
        await access.grant_role(database, actor, email=person.email, role=person.role)
    _view, token = await access.create_token(
        database, actor, name="demo", lifetime=timedelta(days=366), email=person.email
    )
    return token


class Api:
    """The product's API as one person."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str, token: str) -> None:
        self._session = session
        self._base_url = base_url
        self._headers = {"Authorization": f"Bearer {token}"}

    async def post(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The answer's body; raises RuntimeError with the problem document for an error."""
        async with self._session.post(self._base_url + path, json=body or {}, headers=self._headers) as answer:
            return await _body(answer)

    async def get(self, path: str) -> dict[str, Any]:
        """As `post`."""
        async with self._session.get(self._base_url + path, headers=self._headers) as answer:
            return await _body(answer)


async def seed_requests(status: Mapping[str, Any]) -> None:
    """One request approved and created, one rejected, one half way, each asked for by the developer."""
    people = status["tenants"][world.TENANT]["people"]
    async with aiohttp.ClientSession() as session:

        def api(role: str) -> Api:
            token = next(person["token"] for person in people.values() if person["role"] == role)
            return Api(session, status["base_url"], token)

        developer = api("agent_developer")
        done = await _ask(
            developer,
            "invoice-matcher",
            "Accounts payable",
            "Matches supplier invoices to orders; finance spends two days a week on it by hand.",
        )
        for role, reason in (
            ("meta_agent_manager", "Fits the platform."),
            ("security_manager", "Reads only."),
            ("compliance_manager", "Covered by the SOX controls."),
            ("tenant_administrator", "Worth it."),
        ):
            await api(role).post(f"/api/v1/requests/{done}/votes", {"decision": "approve", "reason": reason})
        decision = await developer.post("/api/v1/decisions", _question("invoice-matcher", "Accounts payable", ""))
        await developer.post(f"/api/v1/decisions/{decision['id']}/outcome", {"status": "succeeded"})
        refused = await _ask(
            developer, "resume-screener", "People operations", "Ranks applications before a recruiter sees them."
        )
        await api("meta_agent_manager").post(
            f"/api/v1/requests/{refused}/votes", {"decision": "approve", "reason": "Technically sound."}
        )
        await api("security_manager").post(
            f"/api/v1/requests/{refused}/votes",
            {
                "decision": "reject",
                "reason": "It would read applicants' data without a legal basis. Ask again with one.",
            },
        )
        waiting = await _ask(
            developer,
            "contract-summariser",
            "Legal operations",
            "Summarises supplier contracts for the legal team; saves about six hours a week.",
        )
        await api("meta_agent_manager").post(
            f"/api/v1/requests/{waiting}/votes",
            {"decision": "approve", "reason": "Reuses the approved retrieval stack."},
        )
        await api("security_manager").post(
            f"/api/v1/requests/{waiting}/comments",
            {"kind": "question", "text": "Where are the contracts stored, and for how long?"},
        )


async def seed_usage(status: Mapping[str, Any]) -> None:
    """What agents have used so far: customer care is close to the next threshold of its budget."""
    people = status["tenants"][world.TENANT]["people"]
    token = next(person["token"] for person in people.values() if person["role"] == "agent_operator")
    now = datetime.now(UTC)  # noqa: TID251  the demo plays in the present
    used = (
        ("seed-care-1", "cpu_hours", "240", "customer-care", "invoice-matcher", 90),
        ("seed-care-2", "memory_gb_hours", "300", "customer-care", "invoice-matcher", 30),
        ("seed-data-1", "cpu_hours", "5200", "data-platform", "contract-summariser", 60),
        ("seed-data-2", "storage_gb_months", "900", "data-platform", "contract-summariser", 20),
    )
    events = [
        {
            "id": id_,
            "meter": meter,
            "quantity": quantity,
            "project": project,
            "agent": agent,
            "time": (now - timedelta(minutes=minutes)).isoformat(),
        }
        for id_, meter, quantity, project, agent, minutes in used
    ]
    async with aiohttp.ClientSession() as session:
        await Api(session, status["base_url"], token).post("/api/v1/usage", {"events": events})


async def _ask(developer: Api, name: str, service: str, justification: str) -> str:
    decision = await developer.post("/api/v1/decisions", _question(name, service, justification))
    return str(decision["request_id"])


def _question(name: str, service: str, justification: str) -> dict[str, Any]:
    return {
        "action": "agent.create",
        "resource": {
            "type": "agent",
            "name": name,
            "sponsor": "amara.okafor@enterprise-corp.example",
            "owner": "dana.reyes@enterprise-corp.example",
            "business_service": service,
        },
        "context": {"justification": justification},
    }


async def _body(answer: aiohttp.ClientResponse) -> dict[str, Any]:
    if answer.status >= 400:
        raise RuntimeError(f"{answer.method} {answer.url.path} answered {answer.status}: {await answer.text()}")
    if answer.status == 204:
        return {}
    body: dict[str, Any] = await answer.json()
    return body


def _read(file: Path) -> dict[str, dict[str, str]]:
    if not file.exists():
        return {}
    known: dict[str, dict[str, str]] = json.loads(file.read_text())
    return known


def _write(file: Path, tokens: Mapping[str, Mapping[str, str]]) -> None:
    file.touch(mode=0o600)
    file.write_text(json.dumps(tokens))
