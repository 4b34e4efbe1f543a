"""The one MetaData, and the shape that every tenant-owned table has.

`tenant_id` comes first in the primary key and in every unique constraint, so that the tables can be distributed by
tenant unchanged. Row-level security is added by the migrations; a catalogue test proves it for each table.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, DateTime, ForeignKeyConstraint, MetaData, PrimaryKeyConstraint, Table, Text
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.sql.schema import SchemaItem

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def tenant_table(
    name: str, *items: SchemaItem, key: tuple[str, ...], covering: tuple[str, ...] = (), partition_by: str | None = None
) -> Table:
    """A table owned by tenants: adds `tenant_id`, puts it first in the primary key, and ties it to `tenants`.

    What the key covers can be read from its index alone. One that is parted by `partition_by` has its parts in the
    schema `countersign_parts`, where nobody looks but by it.
    """
    return Table(
        name,
        metadata,
        Column("tenant_id", Text, nullable=False),
        *items,
        PrimaryKeyConstraint("tenant_id", *key, postgresql_include=covering),
        ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name=f"fk_{name}_tenants"),
        postgresql_partition_by=partition_by,
    )


def stream_table(
    name: str, *items: SchemaItem, key: tuple[str, ...], covering: tuple[str, ...] = (), partition_by: str | None = None
) -> Table:
    """As `tenant_table`, for what is written by the thousand: not tied to `tenants`, which would be asked at each row.

    Row-level security lets nobody write a row for another tenant than the transaction's, whose rights were looked up.
    """
    return Table(
        name,
        metadata,
        Column("tenant_id", Text, nullable=False),
        *items,
        PrimaryKeyConstraint("tenant_id", *key, postgresql_include=covering),
        postgresql_partition_by=partition_by,
    )


def instant(name: str, *, nullable: bool = False) -> Column[Any]:
    """A column holding an aware UTC instant."""
    return Column(name, DateTime(timezone=True), nullable=nullable)


def identifier(name: str, *, nullable: bool = False) -> Column[Any]:
    """A column holding a UUIDv7."""
    return Column(name, UUID(as_uuid=True), nullable=nullable)
