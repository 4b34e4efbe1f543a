"""The table of standing delegations."""

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY

from core.db.tables import identifier, instant, tenant_table

delegations = tenant_table(
    "delegations",
    identifier("delegation_id"),
    identifier("absent_id"),
    identifier("stand_in_id"),
    instant("starts_at"),
    instant("ends_at"),
    Column("actions", ARRAY(Text), nullable=True),  # NULL: every action
    Column("stages", ARRAY(Text), nullable=True),  # NULL: every stage
    Column("reason", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    instant("created_at"),
    instant("ended_at", nullable=True),  # before its time
    Column("ended_by", Text, nullable=True),
    CheckConstraint("starts_at < ends_at", name="window"),
    CheckConstraint("absent_id <> stand_in_id", name="self"),
    ForeignKeyConstraint(
        ["tenant_id", "absent_id"], ["users.tenant_id", "users.user_id"], name="fk_delegations_absent"
    ),
    ForeignKeyConstraint(
        ["tenant_id", "stand_in_id"], ["users.tenant_id", "users.user_id"], name="fk_delegations_stand_in"
    ),
    # All that is not over, in one look: every opening of a stage asks for it.
    Index("ix_delegations_live", "tenant_id", "ends_at", postgresql_where=text("ended_at IS NULL")),
    key=("delegation_id",),
)
