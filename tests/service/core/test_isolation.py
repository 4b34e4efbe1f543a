"""Tenants are kept apart by PostgreSQL itself: row-level security, forced, under a role that cannot bypass it (T1)."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from core.db import Database
from core.errors import ConfigError
from core.ids import TenantId
from core.tenants import TenantPolicy
from tests.factories import agent, ask, create_agent, found_company, vote
from tests.service.models import INSTALLATION, METADATA, TABLES

QUEUES = ["deadlines", "deliveries", "destinations", "idempotency_keys", "outbox_events", "tenants"]
A, B = TenantId("enterprise-corp"), TenantId("northwind")
OWN_ROWS = "(tenant_id = current_setting('app.tenant_id'::text, true))"
OWN_ROWS_OR_SYSTEM = f"({OWN_ROWS} OR (current_setting('app.scope'::text, true) = 'system'::text))"
SYSTEM = "(current_setting('app.scope'::text, true) = 'system'::text)"
INSUFFICIENT_PRIVILEGE = "42501"


@pytest.fixture
async def two_tenants(database, clock, catalogue):
    """Two companies that have both lived: rows in the tables that the core's use cases write."""
    first = await found_company(database, clock)
    second = await found_company(database, clock, TenantPolicy(tenant_id=B))
    for company in (first, second):
        await create_agent(company, catalogue)
        pending = await ask(company, catalogue, resource=agent("ledger-bot"))
        await vote(company, pending.request_id, "meta_agent_manager")
    return first, second


async def rows(database, table, tenant):
    async with database.engine.begin() as connection:
        if tenant is not None:
            await connection.execute(text("SELECT set_config('app.tenant_id', :t, true)"), {"t": tenant})
        found = await connection.execute(text(f"SELECT DISTINCT tenant_id FROM {table}"))  # noqa: S608  our own names
        return sorted(found.scalars())


async def catalog(owner_url, clock, statement):
    owner = Database(owner_url, clock=clock)
    async with owner.engine.connect() as connection:
        found = (await connection.execute(text(statement))).all()
    await owner.close()
    return found


@pytest.mark.row("T1")
async def test_every_table_has_a_tenant_and_forced_row_level_security(owner_url, clock):
    found = await catalog(
        owner_url,
        clock,
        """
        SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity,
               EXISTS (SELECT 1 FROM pg_attribute a
                       WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND a.attnotnull AND NOT a.attisdropped)
        FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> 'alembic_version'
        ORDER BY c.relname
        """,
    )
    everything = sorted([*TABLES, *INSTALLATION])
    assert [tuple(row) for row in found] == [(table, True, True, table in TABLES) for table in everything]


@pytest.mark.row("T1")
async def test_every_table_has_exactly_one_policy_and_only_the_queues_are_open_to_the_system(owner_url, clock):
    found = await catalog(
        owner_url,
        clock,
        """
        SELECT polrelid::regclass::text, polcmd::text,
               pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)
        FROM pg_policy ORDER BY 1
        """,
    )
    expected = []
    for table in sorted([*TABLES, *INSTALLATION]):
        expression = OWN_ROWS_OR_SYSTEM if table in QUEUES else SYSTEM if table in INSTALLATION else OWN_ROWS
        expected.append((table, "*", expression, expression))
    assert [tuple(row) for row in found] == expected


@pytest.mark.row("T1")
async def test_the_application_connects_as_a_role_that_cannot_get_round_row_level_security(database):
    async with database.engine.connect() as connection:
        role = (
            await connection.execute(
                text(
                    "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb,"
                    " (SELECT count(*) FROM pg_class WHERE relowner = r.oid) AS owned"
                    " FROM pg_roles r WHERE rolname = current_user"
                )
            )
        ).one()
    assert tuple(role) == ("countersign_service", False, False, False, False, 0)
    await database.verify_role()


@pytest.mark.row("T1")
async def test_the_owner_is_refused_as_the_application_s_role(owner_url, clock):
    owner = Database(owner_url, clock=clock)
    with pytest.raises(ConfigError) as refused:
        await owner.verify_role()
    await owner.close()
    assert refused.value.key == "database_app_url"
    assert refused.value.message == (
        "The database role may bypass row-level security, so tenants would not be kept apart."
    )


@pytest.mark.row("T1")
async def test_without_a_tenant_nothing_is_visible_and_nothing_is_left_of_the_last_one(two_tenants, database):
    seen = {table: await rows(database, table, None) for table in TABLES}
    assert seen == dict.fromkeys(TABLES, [])


@pytest.mark.row("T1")
@pytest.mark.parametrize("scope", [A, B])
async def test_a_tenant_reads_its_own_rows_alone_in_every_table(two_tenants, database, scope):
    seen = {table: await rows(database, table, scope) for table in TABLES}
    assert {tenant for tenants in seen.values() for tenant in tenants} == {scope}
    lived_in = ("agents", "audit_events", "decisions", "outbox_events", "requests", "tenants", "users", "votes")
    assert {table: seen[table] for table in lived_in} == {table: [scope] for table in lived_in}


@pytest.mark.row("T1")
async def test_no_table_lets_a_tenant_change_or_delete_the_rows_of_another(two_tenants, database, owner_url, clock):
    before = await counts(owner_url, clock)
    for table in TABLES:
        for statement in (
            f"UPDATE {table} SET tenant_id = tenant_id WHERE tenant_id = '{B}'",  # noqa: S608  our own names
            f"DELETE FROM {table} WHERE tenant_id = '{B}'",  # noqa: S608
        ):
            if table in {"audit_events", "usage_ledger"}:
                continue  # refused altogether, see below
            async with database.tenant(A) as tx:
                changed = await tx.connection.execute(text(statement))
                assert (statement, changed.rowcount) == (statement, 0)
    assert await counts(owner_url, clock) == before


@pytest.mark.row("T1")
async def test_no_table_lets_a_tenant_write_a_row_into_another_or_move_one_there(
    two_tenants, database, owner_url, clock
):
    before = await counts(owner_url, clock)
    for table in TABLES:
        columns = [column.name for column in METADATA.tables[table].columns if column.identity is None]
        others = ", ".join(name for name in columns if name != "tenant_id")
        copied = (  # one of A's own rows, with B's name on it
            f"INSERT INTO {table} (tenant_id, {others})"  # noqa: S608  our own names
            f" SELECT '{B}', {others} FROM {table} LIMIT 1"
        )
        moved = f"UPDATE {table} SET tenant_id = '{B}'"  # noqa: S608
        for statement in (copied, moved):
            if not await rows(database, table, A):
                continue
            with pytest.raises(DBAPIError) as refused:
                async with database.tenant(A) as tx:
                    await tx.connection.execute(text(statement))
            assert (statement, refused.value.orig.sqlstate) == (statement, INSUFFICIENT_PRIVILEGE)
    assert await counts(owner_url, clock) == before


@pytest.mark.row("T1", "P11")
async def test_no_tenant_reads_or_writes_the_installations_own_keys(two_tenants, database):
    async with database.system() as tx:
        assert len((await tx.connection.execute(text("SELECT key_id FROM receipt_keys"))).all()) == 1
    async with database.tenant(A) as tx:
        assert (await tx.connection.execute(text("SELECT key_id FROM receipt_keys"))).all() == []
        assert (await tx.connection.execute(text("DELETE FROM receipt_keys"))).rowcount == 0
    with pytest.raises(DBAPIError) as refused:
        async with database.tenant(A) as tx:
            await tx.connection.execute(
                text(
                    "INSERT INTO receipt_keys (key_id, public_key, private_key, created_at) VALUES ('k', '', '', now())"
                )
            )
    assert refused.value.orig.sqlstate == INSUFFICIENT_PRIVILEGE


@pytest.mark.row("T1")
async def test_the_system_sees_the_queues_of_all_tenants_and_no_other_table(two_tenants, database):
    async with database.system() as tx:
        seen = {}
        for table in TABLES:
            found = await tx.connection.execute(text(f"SELECT DISTINCT tenant_id FROM {table}"))  # noqa: S608
            seen[table] = sorted(found.scalars())
    empty = {"deliveries", "destinations", "idempotency_keys"}  # nothing has been dispatched or called by HTTP
    assert seen == {table: [A, B] if table in QUEUES and table not in empty else [] for table in TABLES}


@pytest.mark.row("A1")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_events SET record = '{}'",
        "DELETE FROM audit_events",
        "TRUNCATE audit_events",
        "DROP TABLE audit_events",
        "ALTER TABLE audit_events DISABLE ROW LEVEL SECURITY",
        "UPDATE usage_ledger SET amount = 0",
        "DELETE FROM usage_ledger",
        "TRUNCATE usage_ledger",
    ],
)
async def test_the_application_cannot_change_its_audit_trail_or_its_ledger(company, database, catalogue, statement):
    await ask(company, catalogue)
    before = await company.trail()
    assert before != []
    with pytest.raises(ProgrammingError) as refused:
        async with database.tenant(A) as tx:
            await tx.connection.execute(text(statement))
    assert refused.value.orig.sqlstate == INSUFFICIENT_PRIVILEGE  # type: ignore[union-attr]
    assert await company.trail() == before


@pytest.mark.row("T1")
async def test_an_update_and_a_deletion_without_conditions_touch_the_own_tenant_only(two_tenants, database):
    async with database.tenant(A) as tx:
        await tx.connection.execute(text("DELETE FROM comments"))
        await tx.connection.execute(text("UPDATE agents SET owner = 'somebody@else.example'"))
    async with database.tenant(B) as tx:
        owners = (await tx.connection.execute(text("SELECT owner FROM agents"))).scalars().all()
    assert owners == ["agent.developer@enterprise-corp.example"]


async def counts(owner_url, clock):
    """Rows per table and tenant, and a checksum of them, as a superuser sees them."""
    union = " UNION ALL ".join(
        f"SELECT '{table}', tenant_id, count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t"  # noqa: S608
        " GROUP BY 2"
        for table in TABLES
    )
    return sorted(tuple(row) for row in await catalog(owner_url, clock, union))
