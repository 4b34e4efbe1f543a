"""The agent registry. Every agent has a sponsor, an owner and a business service (X7)."""

from sqlalchemy import CheckConstraint, Column, Integer, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB

from core.db.tables import identifier, instant, tenant_table

agents = tenant_table(
    "agents",
    identifier("agent_id"),
    Column("name", Text, nullable=False),
    Column("agent_type", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("sponsor", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("business_service", Text, nullable=False),
    Column("attributes", JSONB, nullable=False, server_default="{}"),
    Column("created_by", Text, nullable=False),
    instant("created_at"),
    instant("updated_at"),
    Column("version", Integer, nullable=False, server_default="1"),
    UniqueConstraint("tenant_id", "name"),
    CheckConstraint("state IN ('registered', 'deployed', 'retired')", name="state"),
    key=("agent_id",),
)
