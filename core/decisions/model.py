"""What the gate answered, and what the platform says it did; quotas as counters under a row lock."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from core.db.tables import identifier, instant, tenant_table

decisions = tenant_table(
    "decisions",
    identifier("decision_id"),
    identifier("user_id", nullable=True),
    Column("user_email", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("resource_name", Text, nullable=False),
    Column("resource", JSONB, nullable=False),
    Column("context", JSONB, nullable=False),
    Column("decision", Text, nullable=False),
    Column("reasons", JSONB, nullable=False),
    identifier("request_id", nullable=True),
    identifier("bypass_id", nullable=True),
    identifier("agent_id", nullable=True),
    instant("decided_at"),
    Column("operation", Text, nullable=False),  # none | running | succeeded | failed | lapsed
    Column("outcome", JSONB, nullable=True),
    instant("outcome_at", nullable=True),
    Column("receipt", Text, nullable=True),
    CheckConstraint("decision IN ('allow', 'deny', 'pending')", name="decision"),
    CheckConstraint("operation IN ('none', 'running', 'succeeded', 'failed', 'lapsed')", name="operation"),
    Index("ix_decisions_running", "tenant_id", "resource_name", postgresql_where=text("operation = 'running'")),
    Index("ix_decisions_request", "tenant_id", "request_id"),
    Index("ix_decisions_bypass", "tenant_id", "bypass_id", postgresql_where=text("bypass_id IS NOT NULL")),
    key=("decision_id",),
)

quota_counters = tenant_table(
    "quota_counters",
    Column("quota", Text, nullable=False),
    Column("used", BigInteger, nullable=False),
    CheckConstraint("used >= 0", name="not_negative"),
    key=("quota",),
)
