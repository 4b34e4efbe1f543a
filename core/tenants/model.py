"""Table of tenants. The policy document is the validated form of the tenant's YAML."""

from sqlalchemy import Column, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from core.db.tables import instant, metadata

tenants = Table(
    "tenants",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("policy", JSONB, nullable=False),
    instant("created_at"),
    instant("updated_at"),
)
