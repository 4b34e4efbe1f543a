"""What the code believes of the tables is what the migrations make of them."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from core.db.migrate import derived_app_url, is_current, migrate
from tests.service.conftest import execute_as_owner, in_database
from tests.service.models import METADATA

CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND conrelid <> 0
      AND conrelid::regclass::text <> 'alembic_version' ORDER BY 1, 2"""
COLUMNS = """
    SELECT attrelid::regclass::text, attname, format_type(atttypid, atttypmod), attnotnull, attidentity,
           pg_get_expr(d.adbin, d.adrelid)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND attnum > 0 AND NOT attisdropped
      AND c.relname <> 'alembic_version' ORDER BY 1, 2"""
INDEXES = "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'"


async def on(url, work):
    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"), poolclass=NullPool)
    async with engine.begin() as connection:
        result = await connection.run_sync(work)
    await engine.dispose()
    return result


def described(connection):
    return {
        name: sorted(map(tuple, connection.execute(text(statement)).all()), key=str)
        for name, statement in (("columns", COLUMNS), ("constraints", CONSTRAINTS), ("indexes", INDEXES))
    }


async def test_the_migrations_leave_nothing_for_autogenerate_to_add(owner_url):
    def differences(connection):
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return compare_metadata(context, METADATA)

    assert await on(owner_url, differences) == []


async def test_a_schema_made_from_the_models_equals_the_migrated_one_to_the_last_constraint(owner_url, postgres):
    await execute_as_owner(postgres, "CREATE DATABASE from_models")
    fresh = in_database(postgres, "from_models")
    await on(fresh, METADATA.create_all)
    expected, found = await on(fresh, described), await on(owner_url, described)
    await execute_as_owner(postgres, "DROP DATABASE from_models WITH (FORCE)")
    assert found == expected


async def test_migrating_again_changes_nothing_and_knows_itself_current(owner_url):
    before = await on(owner_url, described)
    assert await is_current(owner_url) is True
    await migrate(owner_url, derived_app_url(owner_url))
    assert await on(owner_url, described) == before


async def test_an_empty_database_is_not_current(postgres):
    await execute_as_owner(postgres, "CREATE DATABASE never_migrated")
    assert await is_current(in_database(postgres, "never_migrated")) is False
    await execute_as_owner(postgres, "DROP DATABASE never_migrated WITH (FORCE)")


async def test_every_unique_constraint_and_primary_key_begins_with_the_tenant(owner_url):
    found = await on(
        owner_url,
        lambda connection: connection.execute(
            text(
                "SELECT i.indrelid::regclass::text, i.indexrelid::regclass::text FROM pg_index i"
                " JOIN pg_class c ON c.oid = i.indrelid"
                " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
                " WHERE c.relnamespace = 'public'::regnamespace AND i.indisunique AND a.attname <> 'tenant_id'"
                " AND c.relname NOT IN ('alembic_version', 'receipt_keys', 'sealing_keys')"
            )
        ).all(),
    )
    assert found == []
