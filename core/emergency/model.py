"""Emergency bypasses with their post-deployment review."""

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB

from core.db.tables import identifier, instant, tenant_table

bypasses = tenant_table(
    "bypasses",
    identifier("bypass_id"),
    Column("number", Integer, nullable=False),
    identifier("requester_id"),
    Column("action", Text, nullable=False),
    Column("resource_name", Text, nullable=False),
    Column("justification", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("risk", JSONB, nullable=False),
    instant("granted_at"),
    instant("expires_at"),
    instant("ended_at", nullable=True),
    identifier("acknowledged_by", nullable=True),
    instant("acknowledged_at", nullable=True),
    instant("review_due_at"),
    Column("review_state", Text, nullable=False),
    identifier("reviewed_by", nullable=True),
    instant("reviewed_at", nullable=True),
    Column("review_verdict", Text, nullable=True),
    Column("review_notes", Text, nullable=True),
    UniqueConstraint("tenant_id", "number"),
    CheckConstraint("state IN ('active', 'ended', 'expired')", name="state"),
    CheckConstraint("review_state IN ('due', 'overdue', 'done')", name="review_state"),
    ForeignKeyConstraint(["tenant_id", "requester_id"], ["users.tenant_id", "users.user_id"]),
    Index("ix_bypasses_active", "tenant_id", "requester_id", postgresql_where=text("state = 'active'")),
    key=("bypass_id",),
)
