"""A real PostgreSQL, migrated once as a template; each test gets a fresh copy of it.

There are two templates: an empty one, and one in which enterprise-corp has its people already, for tests that ask for
`company`.
"""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from core import approvals, budgets, changes, decisions, emergency, incidents, rollouts
from core.approvals import load_catalogue
from core.budgets import load_budget_catalogue
from core.changes import load_change_catalogue
from core.clock import ManualClock
from core.db import Database
from core.db.embedded import EmbeddedPostgres
from core.db.migrate import derived_app_url, migrate
from core.deadlines import DeadlineRunner
from core.ids import TenantId
from tests.factories import ADDRESS, KEYRING, START, Company, found_company
from tests.memory import folder_in_memory

TEMPLATE = "countersign_template"
STAFFED = "countersign_staffed"
DEADLINES = {
    **approvals.DEADLINES,
    **budgets.DEADLINES,
    **changes.DEADLINES,
    **decisions.DEADLINES,
    **emergency.DEADLINES,
    **incidents.DEADLINES,
    **rollouts.DEADLINES,
}
POLICIES = Path(__file__).parents[2] / "config" / "policies"
BUDGETS = Path(__file__).parents[2] / "config" / "budgets"
CHANGES = Path(__file__).parents[2] / "config" / "changes"
_numbers = count(1)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    """The owner's address of a running server.

    Its files are in memory where there is room: a fresh database for a test is then a copy ten times as fast.
    """
    with (
        folder_in_memory(tmp_path_factory.getbasetemp()) as folder,
        EmbeddedPostgres(folder, fast=True) as server,
    ):
        yield server.address().owner_url


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def template(postgres):
    """The name of a database with the newest schema and no rows."""
    await execute_as_owner(postgres, f"CREATE DATABASE {TEMPLATE}")
    url = in_database(postgres, TEMPLATE)
    await migrate(url, derived_app_url(url))
    return TEMPLATE


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def staff(postgres, template):
    """The people of enterprise-corp, one per role, as they are in the template STAFFED."""
    await _copy(postgres, template, STAFFED)
    database = Database(derived_app_url(in_database(postgres, STAFFED)), clock=ManualClock(START))
    founded = await found_company(database, ManualClock(START))
    await database.close()
    return founded.people


@pytest_asyncio.fixture
async def owner_url(postgres, template, staff, request):
    """A fresh migrated database, under its owner."""
    name = f"test_{next(_numbers)}"
    await _copy(postgres, STAFFED if "company" in request.fixturenames else template, name)
    yield in_database(postgres, name)
    await execute_as_owner(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def clock():
    return ManualClock(START)


@pytest_asyncio.fixture
async def database(owner_url, clock):
    opened = Database(derived_app_url(owner_url), clock=clock, address=ADDRESS, keyring=KEYRING)
    yield opened
    await opened.close()
    assert opened.engine.pool.checkedout() == 0, "a connection was not given back"  # type: ignore[attr-defined]


@pytest_asyncio.fixture
async def other_replica(owner_url, clock):
    """A second process of the same installation: its own pool and cache, the same database and time."""
    opened = Database(derived_app_url(owner_url), clock=clock, keyring=KEYRING)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def catalogue():
    """The policies that ship with Countersign."""
    return load_catalogue(POLICIES)


@pytest.fixture(scope="session")
def change_catalogue():
    """The change policies that ship with Countersign."""
    return load_change_catalogue(CHANGES)


@pytest.fixture(scope="session")
def budget_catalogue():
    """The budget policy that ships with Countersign."""
    return load_budget_catalogue(BUDGETS)


@pytest.fixture
def company(database, clock, staff):
    """enterprise-corp, one person per role."""
    return Company(database, clock, TenantId("enterprise-corp"), dict(staff))


@pytest.fixture
def runner(database):
    """What handles everything due when told to: `await runner.run_due()`."""
    return DeadlineRunner(database, DEADLINES)


def in_database(url: str, name: str) -> str:
    """The address with another database."""
    return make_url(url).set(database=name).render_as_string(hide_password=False)


async def _copy(postgres: str, source: str, name: str) -> None:
    # by files: PostgreSQL's other way writes every page to the log, six times slower
    await execute_as_owner(postgres, f"CREATE DATABASE {name} TEMPLATE {source} STRATEGY FILE_COPY")


async def execute_as_owner(url: str, statement: str) -> None:
    """One statement outside any transaction."""
    engine = create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"), poolclass=NullPool, isolation_level="AUTOCOMMIT"
    )
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()
