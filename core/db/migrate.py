"""Brings a database to the newest schema, safely from several replicas at once.

Runs as the owner. The application's own login (never the owner) is created here where the owner may create roles; a
production database names one in COUNTERSIGN_DATABASE_APP_URL instead.
"""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

APP_ROLE: Final = "countersign_app"  # holds the privileges; cannot log in
APP_LOGIN: Final = "countersign_service"  # the default member of it
_MIGRATION_LOCK: Final = 0x436F756E746572  # any constant; one migration at a time per database
_SCRIPTS: Final = Path(__file__).parent / "migrations"


def derived_app_url(owner_url: str) -> str:
    """The address under which the application connects if none is configured: its password follows from the owner's."""
    url = make_url(owner_url)
    key = (url.password or "").encode()
    password = hmac.new(key, APP_LOGIN.encode(), hashlib.sha256).hexdigest()
    return url.set(username=APP_LOGIN, password=password).render_as_string(hide_password=False)


async def migrate(owner_url: str, app_url: str) -> None:
    """The schema is the newest one and the login of `app_url` may use it."""
    engine = create_async_engine(make_url(owner_url).set(drivername="postgresql+asyncpg"), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _MIGRATION_LOCK})
            await connection.commit()
            await connection.run_sync(_prepare_roles, app_url)
            await connection.commit()
            await connection.run_sync(_upgrade)
            await connection.commit()
            await connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _MIGRATION_LOCK})
            await connection.commit()
    finally:
        await engine.dispose()


async def is_current(owner_url: str) -> bool:
    """Whether the schema is the newest that this release knows."""
    engine = create_async_engine(make_url(owner_url).set(drivername="postgresql+asyncpg"), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_is_current)
    finally:
        await engine.dispose()


def alembic_config() -> Config:
    """Alembic's view of our migrations, independent of the working directory."""
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.set_main_option("path_separator", "os")
    return config


def _upgrade(connection: Connection) -> None:
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _is_current(connection: Connection) -> bool:
    heads = set(ScriptDirectory.from_config(alembic_config()).get_heads())
    return set(MigrationContext.configure(connection).get_current_heads()) == heads


def _prepare_roles(connection: Connection, app_url: str) -> None:
    url = make_url(app_url)
    login, password = url.username or APP_LOGIN, url.password or ""
    may_create = connection.execute(
        text("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")
    ).scalar_one()
    if not may_create:
        return
    _create_role(connection, APP_ROLE, "NOLOGIN")
    if login == APP_LOGIN:
        _create_role(connection, login, f"LOGIN PASSWORD {_literal(password)}")
    connection.execute(text(f"GRANT {APP_ROLE} TO {connection.dialect.identifier_preparer.quote(login)}"))


def _create_role(connection: Connection, name: str, options: str) -> None:
    # Roles belong to the cluster, and another of its databases may be doing the same at this moment: it sets the same
    # options, so "already there" and "concurrently updated" (internal_error) both mean that nothing is left to do.
    connection.execute(
        text(
            "DO $$ BEGIN "
            f"IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') THEN ALTER ROLE {name} {options}; "
            f"ELSE CREATE ROLE {name} {options}; END IF; "
            "EXCEPTION WHEN duplicate_object OR unique_violation OR internal_error THEN NULL; END $$"
        )
    )


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
