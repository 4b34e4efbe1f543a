"""A database of its own with one tenant, "bench": for what is measured below the doors."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg

from core.clock import SystemClock
from core.db import Database
from core.db.embedded import EmbeddedPostgres
from core.db.migrate import derived_app_url, migrate
from core.sealing import KEY_BYTES, Keyring, MasterKey
from core.tenants import provision
from core.tenants.policy import TenantPolicy


@contextlib.asynccontextmanager
async def installation() -> AsyncIterator[tuple[asyncpg.Connection, Database]]:
    """The owner's connection, which sees every row, and the database as the product uses it; removed at the end."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="countersign-bench-"))
    server = EmbeddedPostgres(folder / "postgresql")
    try:
        url = (await asyncio.to_thread(server.start)).owner_url
        await migrate(url, derived_app_url(url))
        database = Database(
            derived_app_url(url), clock=SystemClock(), keyring=Keyring(MasterKey(secrets.token_bytes(KEY_BYTES)))
        )
        await provision(database, TenantPolicy(tenant_id="bench"), name="Bench")
        owner = await asyncpg.connect(url.replace("postgresql+asyncpg", "postgresql"))
        try:
            yield owner, database
        finally:
            await owner.close()
            await database.close()
    finally:
        await asyncio.to_thread(server.stop)
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
