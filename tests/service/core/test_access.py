"""People, roles and tokens on a real database: what is granted holds at once, what is taken away is gone (R3 to R7)."""

from __future__ import annotations

import asyncio
import hashlib
import re
from datetime import timedelta

import pytest
from sqlalchemy import text

from core.access import (
    PermissionMissing,
    ScopeKind,
    TokenRefused,
    TokenScope,
    UnknownPerson,
    add_person,
    authenticate,
    create_token,
    directory,
    grant_role,
    list_grants,
    list_tokens,
    require_scope,
    revoke_role,
    revoke_token,
)
from core.access.errors import PersonExists, ScopeMissing, SelfGrant, TenantRefused, VoteForAnother
from core.access.grants import GrantAboveOwnRole
from core.actor import Door
from core.approvals import get_request
from core.db.listen import Listener
from core.errors import InvalidInput, NotFound
from core.ids import uuid7
from core.roles.hierarchy import UnknownRole
from core.tenants import TenantPolicy
from tests.factories import IP_ADDRESS, START, USER_AGENT, approve_all, ask, found_company

DAY = timedelta(days=1)
PATIENCE_S = 10.0


async def sign_in(company, token, *, tenant=None, database=None):
    return await authenticate(
        database or company.database,
        token,
        door=Door.API,
        ip_address=IP_ADDRESS,
        user_agent=USER_AGENT,
        tenant_override=tenant,
    )


async def token_of(company, who, *, lifetime=DAY, scopes=None):
    return await create_token(company.database, company.actor(who), name="laptop", lifetime=lifetime, scopes=scopes)


async def granted(company, by, to, role, **where):
    return await grant_role(company.database, company.actor(by), email=company.people[to].email, role=role, **where)


async def roles_of(company, who):
    async with company.database.tenant(company.tenant) as tx:
        return (await directory(tx)).roles.get(company.people[who].id, frozenset())


@pytest.mark.row("R5")
async def test_a_token_signs_in_as_its_person_with_what_the_door_knows_of_the_caller(company):
    view, shown = await token_of(company, "agent_developer")
    assert await sign_in(company, shown) == company.actor("agent_developer")
    assert (view.created_at, view.expires_at, view.last_used_at, view.scopes) == (START, START + DAY, None, None)


@pytest.mark.row("R5")
async def test_the_secret_is_shown_once_and_stored_only_as_a_hash(company):
    view, shown = await token_of(company, "agent_developer")
    prefix, secret = shown.rsplit("_", 1)
    assert prefix == f"cst_enterprise-corp_{view.id.hex}"
    assert re.fullmatch("[0-9a-f]{48}", secret)
    async with company.database.tenant(company.tenant) as tx:
        row = (await tx.connection.execute(text("SELECT api_tokens::text AS all, secret_hash FROM api_tokens"))).one()
    assert secret not in row.all
    assert bytes(row.secret_hash) == hashlib.sha256(secret.encode()).digest()
    assert secret not in str(await company.trail())


@pytest.mark.row("R5")
async def test_a_token_ends_to_the_second(company):
    _view, shown = await token_of(company, "agent_developer", lifetime=timedelta(hours=1))
    company.advance(minutes=59, seconds=59)
    await sign_in(company, shown)
    company.advance(seconds=1)
    with pytest.raises(TokenRefused, match=r"The token has expired or was revoked"):
        await sign_in(company, shown)


@pytest.mark.row("R5")
async def test_a_revoked_token_is_refused_from_the_next_call_on(company):
    view, shown = await token_of(company, "agent_developer")
    await sign_in(company, shown)
    await revoke_token(company.database, company.actor("agent_developer"), view.id)
    with pytest.raises(TokenRefused):
        await sign_in(company, shown)
    (listed,) = await list_tokens(company.database, company.actor("agent_developer"))
    assert (listed.id, listed.revoked_at) == (view.id, START)


@pytest.mark.row("R5")
async def test_a_revocation_reaches_the_other_replicas_by_notification(company, other_replica):
    listener = Listener(other_replica.url)
    listening = asyncio.Event()

    async def forget(payload):
        await other_replica.cache.forget()
        listening.set()

    listener.on("countersign_tenants", forget)
    listener.start()
    async with asyncio.timeout(PATIENCE_S):
        await listening.wait()  # it looks once when it has connected
    view, shown = await token_of(company, "agent_developer")
    await sign_in(company, shown, database=other_replica)  # which remembers it now
    listening.clear()
    await revoke_token(company.database, company.actor("agent_developer"), view.id)
    async with asyncio.timeout(PATIENCE_S):
        await listening.wait()
    with pytest.raises(TokenRefused):
        await sign_in(company, shown, database=other_replica)
    await listener.stop()


@pytest.mark.row("R5")
async def test_the_last_use_is_known_to_the_minute(company):
    _view, shown = await token_of(company, "agent_developer")

    async def last_used():
        (view,) = await list_tokens(company.database, company.actor("agent_developer"))
        return view.last_used_at

    assert await last_used() is None
    await sign_in(company, shown)
    assert await last_used() == START
    company.advance(seconds=30)
    await sign_in(company, shown)
    assert await last_used() == START
    company.advance(seconds=31)
    await company.database.cache.forget()
    await sign_in(company, shown)
    assert await last_used() == START + timedelta(seconds=61)


@pytest.mark.row("R5")
async def test_what_is_no_token_of_ours_is_refused_alike(company):
    _view, shown = await token_of(company, "agent_developer")
    prefix, _secret = shown.rsplit("_", 1)
    others = (
        "",
        "Bearer x",
        f"{prefix}_{'0' * 48}",
        shown.replace("enterprise-corp", "northwind"),
        shown.replace("enterprise-corp", "nowhere"),
        f"cst_enterprise-corp_{uuid7().hex}_{'0' * 48}",
        shown + "0",
    )
    messages = set()
    for other in others:
        with pytest.raises(TokenRefused) as refused:
            await sign_in(company, other)
        messages.add(refused.value.message)
    assert messages == {"The token is not valid, has expired or was revoked."}


@pytest.mark.row("R5")
@pytest.mark.parametrize("lifetime", [timedelta(), timedelta(seconds=-1), timedelta(days=366, seconds=1)])
async def test_no_token_lives_for_ever(company, lifetime):
    with pytest.raises(InvalidInput) as refused:
        await token_of(company, "agent_developer", lifetime=lifetime)
    assert refused.value.where == "expires_in"


@pytest.mark.row("R5")
async def test_a_token_covers_its_scopes_alone(company, catalogue):
    _view, shown = await token_of(company, "agent_developer", scopes=frozenset({TokenScope.READ}))
    reader = await sign_in(company, shown)
    assert reader.scopes == {"read"}
    with pytest.raises(ScopeMissing) as refused:
        require_scope(reader, TokenScope.DECIDE)
    assert refused.value.accepted == ("read",)


@pytest.mark.row("R5", "R7")
async def test_a_narrow_token_makes_no_wider_one(company):
    narrow = company.actor("agent_developer", scopes=frozenset({TokenScope.ADMIN, TokenScope.READ}))
    for wider in (None, frozenset({TokenScope.VOTE})):
        with pytest.raises(ScopeMissing):
            await create_token(company.database, narrow, name="more", lifetime=DAY, scopes=wider)
    view, _shown = await create_token(
        company.database, narrow, name="less", lifetime=DAY, scopes=frozenset({TokenScope.READ})
    )
    assert view.scopes == ("read",)


@pytest.mark.row("R5", "R6")
async def test_tokens_of_others_take_the_right_to_manage_users(company):
    owner = company.people["agent_developer"].email
    for who in ("agent_developer", "meta_agent_manager"):
        with pytest.raises(PermissionMissing):
            await create_token(
                company.database,
                company.actor(who),
                name="theirs",
                lifetime=DAY,
                email=company.people["agent_operator"].email,
            )
    view, shown = await create_token(
        company.database, company.actor("tenant_administrator"), name="robot", lifetime=DAY, email=owner
    )
    assert (await sign_in(company, shown)).email == owner
    with pytest.raises(PermissionMissing):
        await revoke_token(company.database, company.actor("agent_operator"), view.id)
    await revoke_token(company.database, company.actor("tenant_administrator"), view.id)
    denied = await company.trail(result="denied")
    assert [(entry["action"], entry["user_id"]) for entry in denied] == [
        ("token.create", owner),
        ("token.create", company.people["meta_agent_manager"].email),
        ("token.revoke", company.people["agent_operator"].email),
    ]


@pytest.mark.row("R7", "R6")
async def test_a_token_made_for_somebody_else_never_votes(company):
    async def made(scopes):
        return await create_token(
            company.database,
            company.actor("tenant_administrator"),
            name="robot",
            lifetime=DAY,
            email=company.people["security_manager"].email,
            scopes=scopes,
        )

    view, _shown = await made(None)
    assert view.scopes == ("admin", "decide", "read", "request")
    with pytest.raises(VoteForAnother) as refused:
        await made(frozenset({TokenScope.READ, TokenScope.VOTE}))
    assert refused.value.accepted == ("admin", "decide", "read", "request")
    (denied,) = await company.trail(result="denied")
    assert (denied["action"], denied["details"]["code"]) == ("token.create", "access.vote_for_another")


@pytest.mark.row("R7", "R6")
@pytest.mark.parametrize("above", ["enterprise_administrator", "system_administrator"])
async def test_nobody_makes_a_token_for_somebody_whose_role_they_could_not_grant(company, above):
    with pytest.raises(GrantAboveOwnRole):
        await create_token(
            company.database,
            company.actor("tenant_administrator"),
            name="ladder",
            lifetime=DAY,
            email=company.people[above].email,
        )
    (denied,) = await company.trail(result="denied")
    assert (denied["action"], denied["details"]["code"]) == ("token.create", "access.grant_above_own_role")


@pytest.mark.row("R7", "R6")
async def test_nobody_grants_a_role_to_themselves(company):
    for who in ("tenant_administrator", "enterprise_administrator"):
        with pytest.raises(SelfGrant):
            await granted(company, who, who, "agent_developer")
    denied = await company.trail(result="denied", action="role.grant")
    assert [(entry["user_id"], entry["details"]["role"], entry["details"]["code"]) for entry in denied] == [
        (company.people[who].email, "agent_developer", "access.self_grant")
        for who in ("tenant_administrator", "enterprise_administrator")
    ]


@pytest.mark.row("R7", "R6")
@pytest.mark.parametrize("role", ["tenant_administrator", "enterprise_administrator", "system_administrator"])
async def test_nobody_grants_what_stands_not_below_their_own_role(company, role):
    with pytest.raises(GrantAboveOwnRole):
        await granted(company, "tenant_administrator", "agent_developer", role)
    assert await roles_of(company, "agent_developer") == {"agent_developer"}
    (denied,) = await company.trail(result="denied")
    assert (denied["action"], denied["details"]["code"]) == ("role.grant", "access.grant_above_own_role")


@pytest.mark.row("R7", "R6")
async def test_who_may_not_manage_users_grants_and_revokes_nothing(company):
    with pytest.raises(PermissionMissing):
        await granted(company, "meta_agent_manager", "agent_operator", "agent_developer")
    grant = (await list_grants(company.database, company.actor("audit_reviewer")))[0]
    with pytest.raises(PermissionMissing):
        await revoke_role(company.database, company.actor("meta_agent_manager"), grant.id)
    assert [entry["action"] for entry in await company.trail(result="denied")] == ["role.grant", "role.revoke"]


@pytest.mark.row("R3", "R7")
async def test_a_grant_and_its_revocation_hold_from_the_next_decision_on(company, catalogue):
    async def may_ask():
        return (await ask(company, catalogue, "agent_operator")).decision != "deny"

    assert await may_ask() is False
    grant = await granted(company, "tenant_administrator", "agent_operator", "Agent Developer")
    assert grant.role == "agent_developer"
    assert await may_ask() is True
    await revoke_role(company.database, company.actor("tenant_administrator"), grant.id)
    assert await may_ask() is False
    recorded = await company.trail(category="security", result="success", contains="role.")
    assert [(entry["action"], entry["details"]["role"]) for entry in recorded] == [
        ("role.grant", "agent_developer"),
        ("role.revoke", "agent_developer"),
    ]
    with pytest.raises(NotFound):
        await revoke_role(company.database, company.actor("tenant_administrator"), grant.id)


@pytest.mark.row("R7", "R6")
async def test_nobody_takes_a_role_from_others_that_they_could_not_give_them(company):
    grants = await list_grants(company.database, company.actor("tenant_administrator"))
    (above,) = (grant for grant in grants if grant.role == "enterprise_administrator")
    with pytest.raises(GrantAboveOwnRole):
        await revoke_role(company.database, company.actor("tenant_administrator"), above.id)
    assert await roles_of(company, "enterprise_administrator") == {"enterprise_administrator"}
    (denied,) = await company.trail(result="denied")
    assert (denied["action"], denied["details"]["code"]) == ("role.revoke", "access.grant_above_own_role")
    (own,) = (grant for grant in grants if grant.email == company.actor("tenant_administrator").email)
    await revoke_role(company.database, company.actor("tenant_administrator"), own.id)
    assert await roles_of(company, "tenant_administrator") == set()


async def test_granting_twice_answers_with_the_grant_that_is_there(company):
    first = await granted(company, "tenant_administrator", "agent_operator", "agent_developer")
    second = await granted(company, "tenant_administrator", "agent_operator", "agent_developer")
    assert second.id == first.id
    await revoke_role(company.database, company.actor("tenant_administrator"), second.id)
    assert await roles_of(company, "agent_operator") == {"agent_operator"}


async def test_a_role_that_does_not_exist_is_named_with_a_guess(company):
    with pytest.raises(UnknownRole, match="Did you mean 'agent_developer'"):
        await granted(company, "tenant_administrator", "agent_operator", "agent_develper")


@pytest.mark.row("R3", "P6")
@pytest.mark.parametrize(("scope", "scope_id"), [(ScopeKind.PROJECT, "payables"), (ScopeKind.AGENT, "invoice-reader")])
async def test_a_role_on_one_project_or_agent_makes_no_approver_of_the_tenant(company, catalogue, scope, scope_id):
    await company.add("project_manager", "meta_agent_manager", scope=scope, scope_id=scope_id)
    assert await roles_of(company, "project_manager") == frozenset()
    pending = await ask(company, catalogue)
    request = await get_request(company.database, company.actor("agent_developer"), pending.request_id)
    assert [person.email for person in request.stages[0].approvers] == [company.people["meta_agent_manager"].email]
    denied = await ask(company, catalogue, "project_manager")
    assert (denied.decision, denied.reasons[0].code) == ("deny", "access.permission_missing")


@pytest.mark.row("R7")
async def test_a_role_on_one_project_grants_nothing_to_others(company):
    await company.add("project_admin", "tenant_administrator", scope=ScopeKind.PROJECT, scope_id="payables")
    with pytest.raises(PermissionMissing):
        await granted(company, "project_admin", "agent_operator", "agent_developer")


@pytest.mark.row("R5", "X7")
async def test_a_leaver_is_signed_out_asked_no_more_and_found_no_more(company, catalogue):
    _view, shown = await token_of(company, "security_manager")
    await sign_in(company, shown)
    await company.leaves("security_manager")
    with pytest.raises(TokenRefused, match="The person behind this token is not active any more"):
        await sign_in(company, shown)
    with pytest.raises(UnknownPerson):
        await granted(company, "tenant_administrator", "security_manager", "agent_developer")
    pending = await ask(company, catalogue)
    await company.add("successor", "security_manager")
    with pytest.raises(NotFound):
        await create_token(
            company.database,
            company.actor("tenant_administrator"),
            name="back door",
            lifetime=DAY,
            email=company.people["security_manager"].email,
        )
    company.people["security_manager"] = company.people["successor"]
    request = await approve_all(company, pending.request_id)
    assert [vote.voter.email for vote in request.stages[1].votes] == [company.people["successor"].email]


async def test_a_person_is_added_once_whatever_the_capitals(company):
    added = await add_person(
        company.database, company.actor("tenant_administrator"), email=" Lee@Example.ORG ", name="Lee"
    )
    assert added.email == "lee@example.org"
    with pytest.raises(PersonExists):
        await add_person(company.database, company.actor("tenant_administrator"), email="LEE@example.org", name="L")
    with pytest.raises(PermissionMissing):
        await add_person(company.database, company.actor("agent_developer"), email="eve@example.org", name="Eve")


@pytest.fixture
async def northwind(database, clock):
    return await found_company(database, clock, TenantPolicy(tenant_id="northwind"))


@pytest.mark.row("T1", "R6")
async def test_only_an_enterprise_administrator_enters_another_tenant_and_everybody_else_is_recorded(
    company, northwind
):
    _view, developer = await token_of(company, "agent_developer")
    _view, administrator = await token_of(company, "tenant_administrator")
    for shown in (developer, administrator):
        for tenant in ("northwind", "nowhere"):
            with pytest.raises(TenantRefused) as refused:
                await sign_in(company, shown, tenant=tenant)
            assert refused.value.where == "X-Tenant-Id"
    denied = await company.trail(result="denied")
    assert [(entry["user_id"], entry["action"], entry["resource"]) for entry in denied] == [
        (company.people[who].email, "tenant.enter", tenant)
        for who in ("agent_developer", "tenant_administrator")
        for tenant in ("northwind", "nowhere")
    ]
    assert {(entry["ip_address"], entry["user_agent"], entry["details"]["reason"]) for entry in denied} == {
        (IP_ADDRESS, USER_AGENT, "Only enterprise administrators may act in another tenant.")
    }
    assert await northwind.trail() == []


@pytest.mark.row("T1", "R7")
async def test_an_enterprise_administrator_administers_another_tenant_but_is_nobody_there(
    company, northwind, catalogue
):
    _view, shown = await token_of(company, "enterprise_administrator")
    visitor = await sign_in(company, shown, tenant="northwind")
    assert (visitor.tenant, visitor.user, visitor.is_enterprise_admin) == ("northwind", None, True)
    grant = await grant_role(
        company.database, visitor, email=northwind.people["agent_operator"].email, role="agent_developer"
    )
    assert grant.granted_by == company.people["enterprise_administrator"].email
    assert await roles_of(northwind, "agent_operator") == {"agent_operator", "agent_developer"}
    with pytest.raises(NotFound):
        await sign_in(company, shown, tenant="nowhere")
    same = await sign_in(company, shown, tenant="enterprise-corp")
    assert same.user == company.people["enterprise_administrator"].id


@pytest.mark.row("T1", "R6")
async def test_an_entry_into_another_tenant_is_recorded_there_only_by_what_is_done(company, northwind):
    _view, shown = await token_of(company, "enterprise_administrator")
    visitor = await sign_in(company, shown, tenant="northwind")
    await add_person(company.database, visitor, email="lee@northwind.example", name="Lee")
    (recorded,) = await northwind.trail()
    assert (recorded["user_id"], recorded["action"], recorded["tenant_id"], recorded["ip_address"]) == (
        company.people["enterprise_administrator"].email,
        "user.create",
        "northwind",
        IP_ADDRESS,
    )


@pytest.mark.row("R7")
async def test_a_visiting_administrator_cannot_make_themselves_a_member_with_a_role(company, northwind):
    _view, shown = await token_of(company, "enterprise_administrator")
    visitor = await sign_in(company, shown, tenant="northwind")
    await add_person(company.database, visitor, email=visitor.email, name=visitor.name)
    with pytest.raises(SelfGrant):
        await grant_role(company.database, visitor, email=visitor.email, role="security_manager")
